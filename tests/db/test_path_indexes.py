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
from db.engines import engine_for, parse_url, preparing
from db.json_text import dump_json, query_form
from db.migrate import bring_up_to_date
from db.pages import PageRequest, select_page
from db.path_indexes.changes import add_path_index, path_indexes_of, remove_path_index
from db.path_indexes.known import know
from db.path_indexes.paths import EVERY_PROJECT, PathIndex, can_be_indexed, parse_path, paths_in
from db.query.compile import compile_query
from db.query.expression import QueryError, parse_query
from db.query.order import Direction, compile_order
from tests.examples import examples
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
    with preparing(found) as engine:
        bring_up_to_date(engine)
        add_path_index(engine, INDEX)
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
        page = select_page(
            connection,
            "Call",
            [calls.c.id],
            [calls.c.project_id == APP],
            order,
            PageRequest(size, backwards, None if backwards else cursor, cursor if backwards else None),
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


@settings(max_examples=examples(100), deadline=None)
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


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(held_values, min_size=1, max_size=14), st.integers(1, 4), st.sampled_from(["asc", "desc"]), st.booleans()
)
def test_pages_are_the_same_with_the_index(
    engine: Engine, held: list[Any], size: int, direction: str, backwards: bool
) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        fill(connection, [text_of(value) for value in held])
        plain = in_pages(connection, direction, 100, backwards=False)
        with knowing(INDEX):
            assert in_pages(connection, direction, size, backwards=backwards) == plain
        transaction.rollback()


def many(connection: Connection, project: str) -> None:
    """Calls of which few have any one value: every third a number, the others texts."""
    fill(
        connection, [text_of(number % 77 if number % 3 == 0 else f"m{number % 50}") for number in range(3000)], project
    )


SERVED: dict[str, dict[str, Any]] = {
    "text": {"$eq": [FIELD, {"$literal": "m7"}]},
    "number": {"$eq": [FIELD, {"$literal": 9}]},
    "texts": {"$in": [FIELD, [{"$literal": "m1"}, {"$literal": "m2"}]]},
    "range": {"$gte": [FIELD, {"$literal": 70}]},
    "converted": {"$gt": [{"$convert": {"input": FIELD, "to": "double"}}, {"$literal": 70}]},
    "text range": {"$gt": [FIELD, {"$literal": "m49"}]},
    "a part": {"$and": [{"$eq": [FIELD, {"$literal": "m7"}]}, {"$not": [{"$eq": [FIELD, {"$literal": 3}]}]}]},
}


@pytest.mark.parametrize("project", [APP, EVERY_PROJECT])
def test_the_index_is_used(new_database_url: str, project: str) -> None:
    url = new_database_url
    index = PathIndex(project, "inputs.v")
    engine = engine_for(parse_url(url), pool_size=1)
    bring_up_to_date(engine)
    with engine.begin() as connection:
        many(connection, APP)
        many(connection, "team/lab")
    assert add_path_index(engine, index)
    assert not add_path_index(engine, index)
    assert path_indexes_of(engine) == [index]

    def read(query: dict[str, Any]) -> tuple[list[str], list[Access]]:
        with engine.connect() as connection, executed() as statements:
            return selected(connection, query), accesses(url, statements)

    with engine.connect() as connection:
        plain = {name: selected(connection, query) for name, query in SERVED.items()}
    with knowing(index):
        for name, query in SERVED.items():
            ids, used = read(query)
            assert (name, ids) == (name, plain[name])
            assert {access.name for access in used if access.name} == {index.name}, (name, used)
        directions: list[tuple[Direction, bool]] = [("asc", False), ("desc", False), ("asc", True)]
        for direction, backwards in directions:
            order = compile_order([("inputs.v", direction)], call_fields(APP))
            request = PageRequest(size=10, backwards=backwards)
            with engine.connect() as connection, executed() as statements:
                select_page(connection, "Call", [calls.c.id], [calls.c.project_id == APP], order, request)
            by_index = [access for access in accesses(url, statements) if access.name == index.name]
            assert by_index, direction
    assert remove_path_index(engine, index)
    assert not remove_path_index(engine, index)
    assert path_indexes_of(engine) == []
    engine.dispose()


AWKWARD = [
    '{"v": "' + "\U0001f388" * 5_000_000 + '"}',
    '{"v": ' + "[" * 500 + "]" * 500 + "}",
    '{"v": "a\\u0000b \\ud800"}',
    '{"v": 1e400, "w": -123456789012345678901234567890}',
    '{"v": "NaN"}',
    '{"v": null}',
    '[{"v": 1}]',
    '"v"',
    "null",
]


def test_no_payload_keeps_a_call_from_being_written(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        fill(connection, AWKWARD)
        with knowing(INDEX):
            assert selected(connection, {"$eq": [FIELD, {"$literal": "a\0b \ud800"}]}) == ["c0002"]
            assert selected(connection, {"$eq": [FIELD, {"$literal": "\U0001f388" * 5_000_000}]}) == ["c0000"]
            found = in_pages(connection, "asc", 2, backwards=False)
        transaction.rollback()
    assert found == ["c0003", "c0004", "c0001", "c0002", "c0000", "c0008", "c0007", "c0006", "c0005"]


ODD_PATHS = [
    "inputs.a b",
    "inputs.a%b",
    r"inputs.a\.b",
    "inputs.0.x",
    "attributes.$x",
    "output.a?:b",
    "summary.usage.a-b",
]


def test_paths_of_any_characters(engine: Engine) -> None:
    for path in ODD_PATHS:
        index = PathIndex(APP, parse_path(path))
        assert add_path_index(engine, index)
        assert index in path_indexes_of(engine)
        assert remove_path_index(engine, index)


def test_what_cannot_be_indexed() -> None:
    for path in ("inputs", "op_name", "", "input.model", "summary.weave.status", "inputs.x.-1", 'inputs."', "inputs.é"):
        with pytest.raises(QueryError, match="cannot be indexed"):
            parse_path(path)
    assert not can_be_indexed("inputs." + "x" * 500)


def test_the_paths_that_a_statement_reads() -> None:
    query = {"$and": [{"$eq": [FIELD, {"$literal": 1}]}, {"$eq": [{"$getField": r"output.a\.b.0"}, {"$literal": 1}]}]}
    condition = compile_query(parse_query({"$expr": query}), call_fields(APP))
    order = compile_order([("attributes.x", "asc")], call_fields(APP))
    statement = select(calls.c.id, calls.c.inputs).where(condition).order_by(*order.order_by)
    assert sorted(paths_in(statement)) == ["attributes.x", "inputs.v", r"output.a\.b.0"]
