"""Indexes on JSON paths: what is answered with one is what is answered without, and by it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, insert, select

from db.calls.fields import call_fields
from db.calls.tables import calls
from db.engines import engine_for, parse_url
from db.json_text import dump_json, query_form
from db.migrate import migrate
from db.pages import PageRequest, select_page
from db.path_indexes.changes import add_path_index, path_indexes_of, remove_path_index
from db.path_indexes.known import know
from db.path_indexes.paths import EVERY_PROJECT, PathIndex, can_be_indexed, parse_path, paths_in
from db.query.compile import compile_query
from db.query.expression import QueryError, parse_query
from db.query.order import compile_order
from tests.plans import Access, accesses
from tests.statements import executed

APP = "team/app"
INDEX = PathIndex(APP, "inputs.v")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with an index, which the module shares."""
    if request.param == "sqlite":
        found = f"sqlite:///{tmp_path_factory.mktemp('indexes') / 'tracegraph.db'}"
    else:
        found = request.getfixturevalue("shared_postgres_url")
    migrate(found)
    add_path_index(found, INDEX)
    return found


@pytest.fixture(scope="module")
def engine(url: str) -> Iterator[Engine]:
    engine = engine_for(parse_url(url), pool_size=2)
    yield engine
    engine.dispose()


@contextmanager
def knowing(*indexes: PathIndex) -> Iterator[None]:
    know(indexes)
    try:
        yield
    finally:
        know([])


def fill(connection: Connection, texts: list[str], project: str = APP) -> None:
    """A call for each JSON text of its inputs."""
    connection.execute(delete(calls).where(calls.c.project_id == project))
    made = {"project_id": project, "status": "success", "created_at": 0, "change_seq": 1, "trace_id": "t"}
    rows = [
        {**made, "id": f"c{number:04}", "op_name": "o", "started_at": number, "inputs": text}
        | {"inputs_query": query_form(text)}
        for number, text in enumerate(texts)
    ]
    connection.execute(insert(calls), rows)


def selected(connection: Connection, query: dict[str, Any], project: str = APP) -> list[str]:
    condition = compile_query(parse_query({"$expr": query}), call_fields(project))
    where = (calls.c.project_id == project, calls.c.started_at.is_not(None), calls.c.deleted_at.is_(None), condition)
    return sorted(connection.execute(select(calls.c.id).where(*where)).scalars())


def in_pages(connection: Connection, direction: Any, size: int, *, backwards: bool) -> list[str]:
    order = compile_order([("inputs.v", direction), ("started_at", "desc")], call_fields(APP))
    found: list[str] = []
    cursor: str | None = None
    more = True
    while more:
        place = {"before": cursor} if backwards else {"after": cursor}
        page = select_page(
            connection,
            "Call",
            [calls.c.id],
            [calls.c.project_id == APP],
            order,
            PageRequest(size=size, backwards=backwards, **place),
        )
        ids = [row[0] for row in page.rows]
        found = ids + found if backwards else found + ids
        more = page.has_previous if backwards else page.has_next
        cursor = page.cursor(0 if backwards else -1) if ids else None
    return found


FIELD = {"$getField": "inputs.v"}
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["true", "false", "1", "0", "7", "7.0", "1.50", "-0", "1e3", "9" * 30, "", "é", "null"]),
    st.sampled_from([2**53, 2**53 + 1, 2**63, -(2**63), 0.1, 1e308, 5e-324, 0.1 + 0.2]),
    st.text(max_size=5),
    st.sampled_from(["x" * 99 + "y", "x" * 100 + "a", "x" * 100 + "b", "\U0001f388" * 120]),
    st.characters(codec=None, categories=["Cs"]),
    st.lists(st.integers(0, 2), max_size=2),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 2), max_size=1),
)

held_values = values | st.sampled_from([10**400, -(10**400), float("inf"), "a\0b", {"v": {"v": "\ud800"}}])


@st.composite
def queries(draw: st.DrawFn) -> dict[str, Any]:
    operand: dict[str, Any] = FIELD
    if draw(st.booleans()):
        operand = {"$convert": {"input": FIELD, "to": draw(st.sampled_from(["double", "int", "string", "bool"]))}}
    scalar = values.filter(lambda value: not isinstance(value, list | dict))
    if draw(st.booleans()):
        return {"$in": [operand, [{"$literal": value} for value in draw(st.lists(scalar, min_size=1, max_size=4))]]}
    name = draw(st.sampled_from(["$eq", "$gt", "$gte", "$lt", "$lte"]))
    sides = [operand, {"$literal": draw(scalar)}]
    condition: dict[str, Any] = {name: sides if draw(st.booleans()) else sides[::-1]}
    return {"$not": [condition]} if draw(st.booleans()) else condition


def text_of(value: Any) -> str:
    return dump_json({"v": value} if value is not None else {})


@settings(max_examples=100, deadline=None)
@given(st.lists(held_values, min_size=1, max_size=12), st.lists(queries(), min_size=1, max_size=6))
@example([True, "true", 1, "1", 1.0, "yes"], [{"$eq": [FIELD, {"$literal": True}]}])
@example(["9", 10, "10", "a"], [{"$gt": [FIELD, {"$literal": "1"}]}, {"$lt": [FIELD, {"$literal": "a"}]}])
@example([-0.5, 0.5, "-0.5"], [{"$eq": [{"$convert": {"input": FIELD, "to": "int"}}, {"$literal": 0}]}])
def test_a_query_finds_the_same_with_the_index(engine: Engine, held: list[Any], asked: list[dict[str, Any]]) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        fill(connection, [text_of(value) for value in held])
        for query in asked:
            plain = selected(connection, query)
            with knowing(INDEX):
                assert selected(connection, query) == plain
        transaction.rollback()


@settings(max_examples=40, deadline=None)
@given(st.lists(held_values, min_size=1, max_size=14), st.integers(1, 4), st.sampled_from(["asc", "desc"]), st.booleans())
def test_pages_are_the_same_with_the_index(
    engine: Engine, held: list[Any], size: int, direction: str, backwards: bool
) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        fill(connection, [text_of(value) for value in held])
        plain = in_pages(connection, direction, 100, backwards=False)
        with knowing(INDEX):
            assert in_pages(connection, direction, size, backwards=backwards) == plain
        transaction.rollback()
