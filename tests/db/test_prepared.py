"""Prepared statements: what they give and raise is what SQLAlchemy gives and raises of the same ones."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Double, Select, bindparam, cast, literal, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from db.engines import Database
from db.id_lists import among_bound
from db.metadata import Name, Time
from db.prepared import Prepared, UnpreparableError
from db.projects import projects
from db.text import encode_text
from db.upsert import insert_for
from tests.statements import executed

c = projects.c
KEYS = ("project_id", "change_seq", "created_at")
ONE = select(
    c.project_id.label("slug"),
    (literal("100% of ") + c.project_id).label("told"),
    cast(c.change_seq, Double) / 1000,
    (c.created_at - bindparam("since", type_=Time)).label("age"),
    literal(None).label("absent"),
).where(c.project_id == bindparam("slug", type_=Name()))
SOME = select(c.project_id, c.change_seq).where(among_bound(c.project_id, "slugs")).order_by(c.project_id)

# Above are the characters as which those are stored that no database takes (db.text).
texts = st.text(st.characters(exclude_categories=(), max_codepoint=0x10EFFF), max_size=20)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


def adding(connection: Connection) -> Prepared:
    return Prepared(insert_for(connection.dialect.name, projects).on_conflict_do_nothing(), KEYS)


def row(slug: str, changes: int = 0) -> dict[str, Any]:
    return {"project_id": slug, "change_seq": changes, "created_at": 5}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(slug=texts, others=st.lists(texts, max_size=5), changes=st.integers(-(1 << 63), (1 << 63) - 1))
async def test_rows_are_those_of_sqlalchemy(database: Database, slug: str, others: list[str], changes: int) -> None:
    def write(connection: Connection) -> None:
        connection.execute(projects.delete())
        adding(connection).run_many(connection, [row(slug, changes), *(row(other) for other in others)])

    def compare(statement: Select[Any], values: dict[str, Any]) -> Callable[[Connection], list[Any]]:
        def read(connection: Connection) -> list[Any]:
            prepared = Prepared(statement)
            result = connection.execute(statement, values)
            assert prepared.columns(connection) == tuple(result.keys())
            rows = prepared.fetch(connection, values)
            assert rows == [tuple(each) for each in result]
            return rows

        return read

    await database.write(write)
    (found,) = await database.read(compare(ONE, {"slug": slug, "since": 3}))
    assert found[0] == slug
    assert found[3:] == (2, None)
    rows = await database.read(compare(SOME, {"slugs": [slug, *others, "none"]}))
    assert [each for each, _ in rows] == sorted({slug, *others}, key=encode_text)  # as which they are stored


async def test_an_insert_gives_back_what_it_returns(database: Database) -> None:
    def write(connection: Connection) -> Any:
        statement = Prepared(projects.insert().returning(c.change_seq), KEYS)
        return statement.fetch(connection, row("team/app", 7)), statement.columns(connection)

    assert await database.write(write) == ([(7,)], ("change_seq",))


async def test_errors_are_those_of_sqlalchemy(database: Database) -> None:
    def twice(connection: Connection) -> None:
        statement = Prepared(projects.insert(), KEYS)
        statement.run(connection, row("team/app"))
        statement.run(connection, row("team/app"))

    def many(connection: Connection) -> None:
        Prepared(projects.insert(), KEYS).run_many(connection, [row("team/app"), row("team/app")])

    for write in (twice, many):
        with pytest.raises(IntegrityError) as refused:
            await database.write(write)
        assert refused.value.statement is not None
        assert "INSERT INTO projects" in refused.value.statement

    def wrong(connection: Connection) -> None:
        Prepared(select(literal(1)).select_from(projects).where(c.change_seq / bindparam("no") == 1)).fetch(
            connection, {"no": object()}
        )

    with pytest.raises(DBAPIError):
        await database.read(wrong)
    assert await database.read(lambda connection: Prepared(SOME).fetch(connection, {"slugs": []})) == []


async def test_a_value_that_is_missing_is_a_fault(database: Database) -> None:
    with pytest.raises(KeyError, match="since"):
        await database.read(lambda connection: Prepared(ONE).fetch(connection, {"slug": "team/app"}))


async def test_who_listens_to_statements_hears_of_it(database: Database) -> None:
    with executed() as statements:
        await database.read(lambda connection: Prepared(SOME).fetch(connection, {"slugs": ["team/app"]}))
        await database.write(lambda connection: adding(connection).run_many(connection, [row("a/b"), row("a/c")]))
    told = [(sql.split()[0], len(values)) for sql, values in statements if "projects" in sql]
    assert told == [("SELECT", 1), ("INSERT", 2)]


async def test_a_list_that_is_written_out_cannot_be_prepared(database: Database) -> None:
    statement = Prepared(select(c.project_id).where(c.project_id.in_(bindparam("slugs", expanding=True))))
    with pytest.raises(UnpreparableError, match="IN"):
        await database.read(lambda connection: statement.fetch(connection, {"slugs": ["a/b"]}))
