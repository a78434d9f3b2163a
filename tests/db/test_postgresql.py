"""Connections to PostgreSQL: prepared where they are direct, and made anew where they broke."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, make_url, text

from db.bulk import insert_new
from db.calls.tables import calls
from db.calls.writes import select_states
from db.engines import Database
from db.json_text import JSONText
from db.postgresql import PREPARED_AFTER, DatabaseAwayError
from db.projects import lock, projects, select_heads
from resolvers.callers import LOCAL
from resolvers.calls.events import CallEnd, CallEvent, CallStart
from resolvers.calls.record import record_calls
from resolvers.context import Context
from tests.conftest import postgres_database
from tests.proxies import proxy

PROJECT = "team/app"
ROOMY = sorted(str(index.name) for index in calls.indexes if index.dialect_options["postgresql"]["with"])


@pytest.fixture
def url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """URL of a PostgreSQL database with empty tables."""
    with postgres_database(postgres_server, postgres_template) as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    yield database
    await database.close()


def end_connections(url: str) -> int:
    """End all connections of ours; returns how many there were."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE application_name = 'tracegraph' AND datname = current_database()"
        ).fetchall()
    return len(found)


def head(connection: Connection) -> int:
    return select_heads(connection, [PROJECT])[PROJECT]


def prepared(connection: Connection) -> list[str]:
    return list(connection.execute(text("SELECT statement FROM pg_prepared_statements")).scalars())


def head_often(connection: Connection) -> list[str]:
    """What is prepared after a statement came often."""
    for _ in range(PREPARED_AFTER + 1):
        head(connection)
    return [statement for statement in prepared(connection) if "projects" in statement]


async def test_what_comes_often_is_prepared(database: Database) -> None:
    assert len(await database.read(head_often)) == 1


async def test_plans_are_made_for_the_values_at_hand(database: Database) -> None:
    mode = await database.read(lambda connection: connection.execute(text("SHOW plan_cache_mode")).scalar_one())
    assert mode == "force_custom_plan"


async def test_nothing_is_prepared_behind_a_pooler(url: str) -> None:
    async with proxy(url, pooling=True) as pooler:
        database = Database(pooler.url)
        assert await database.read(head_often) == []
        await database.close()


async def test_reads_and_writes_outlive_their_connections(database: Database, url: str) -> None:
    numbers = itertools.count(1)
    for _ in range(2):
        await asyncio.gather(*(database.read(head) for _ in range(8)))
        assert await database.write(lambda connection: lock(connection, PROJECT, 0)) == next(numbers)
        assert await asyncio.to_thread(end_connections, url) > 1
        assert await asyncio.gather(*(database.read(head) for _ in range(8))) == [await database.read(head)] * 8
        await asyncio.to_thread(end_connections, url)
        assert await database.write(lambda connection: lock(connection, PROJECT, 0)) == next(numbers)


async def test_a_connection_that_breaks_inside_a_read_or_a_write_is_made_again(database: Database, url: str) -> None:
    runs: list[str] = []

    def broken(work: Any) -> Any:
        def run(connection: Connection) -> Any:
            connection.execute(text("SELECT 1"))
            runs.append(work.__name__)
            if runs.count(work.__name__) == 1:
                end_connections(url)
            return work(connection)

        return run

    def states(connection: Connection) -> Any:
        return select_states(connection, PROJECT, ["c1"])

    def insert(connection: Connection) -> None:
        insert_new(connection, projects, [{"project_id": PROJECT, "change_seq": 7, "created_at": 1}])

    assert await database.read(broken(states)) == {}
    await database.write(broken(insert))
    assert await database.read(head) == 7
    assert runs == ["states", "states", "insert", "insert"]


async def test_a_commit_that_breaks_is_not_made_twice(database: Database, url: str) -> None:
    runs = []

    def write(connection: Connection) -> None:
        lock(connection, PROJECT, 0)
        runs.append(1)
        end_connections(url)

    with pytest.raises(DatabaseAwayError, match="may have been written or not"):
        await database.write(write)
    assert len(runs) == 1
    assert await database.read(head) == 0


async def test_a_server_that_is_away_is_said_to_be_so(postgres_server: str) -> None:
    away = make_url(postgres_server).set(host="127.0.0.1", port=1, query={}).render_as_string(hide_password=False)
    database = Database(away)
    with pytest.raises(DatabaseAwayError, match="cannot be reached"):
        await database.read(head)
    with pytest.raises(DatabaseAwayError, match="cannot be reached"):
        await database.write(lambda connection: lock(connection, PROJECT, 0))
    await database.close()


async def test_a_batch_of_any_size_takes_few_round_trips(url: str) -> None:
    async with proxy(url) as way:
        database = Database(way.url, direct_url=url)  # notifications do not count
        context = Context(database, LOCAL)
        ref = f"weave:///{PROJECT}/object/model:v1"

        def start(call: str) -> CallStart:
            inputs = JSONText(f'{{"model": "{ref}", "other": "{ref}2"}}')
            return CallStart(PROJECT, call, "t1", None, "op", 1, JSONText("{}"), inputs)

        def end(call: str) -> CallEnd:
            return CallEnd(PROJECT, call, 2, JSONText(f'"{ref}"'), JSONText("{}"))

        async def trips(events: Sequence[CallEvent]) -> int:
            before = way.waits
            await record_calls(context, events)
            return way.waits - before

        waited: dict[str, list[int]] = {"starts": [], "ends": [], "complete": []}
        for turn, size in enumerate((2, 2, 2, 10, 100, 900)):
            names = [f"{turn}-{number}" for number in range(size)]
            waited["starts"].append(await trips([start(name) for name in names]))
            waited["ends"].append(await trips([end(name) for name in names]))
            both = [event for name in names for event in (start(f"{name}b"), end(f"{name}b"))]
            waited["complete"].append(await trips(both))
        await database.close()
    # BEGIN, the project's row, what is there, COPY or the updates, what the calls refer to, COMMIT.
    # By then everything is prepared.
    assert {name: trips[3:] for name, trips in waited.items()} == {
        "starts": [6, 6, 6],
        "ends": [6, 6, 6],
        "complete": [6, 6, 6],
    }


async def test_indexes_have_room_for_the_ends_of_calls(database: Database) -> None:
    context = Context(database, LOCAL)

    def starts(number: int) -> list[CallStart]:
        return [
            CallStart(PROJECT, f"{call:032}", f"t{call}", None, "op", call, JSONText("{}"), JSONText("{}"))
            for call in range(100 * number, 100 * number + 100)
        ]

    def ends(number: int) -> list[CallEnd]:
        return [
            CallEnd(PROJECT, call.id, call.started_at + 1, JSONText("1"), JSONText("{}")) for call in starts(number)
        ]

    for number in range(25):
        await record_calls(context, starts(number))
        if number > 4:
            await record_calls(context, ends(number - 5))

    def measure(connection: Connection) -> dict[str, int]:
        sizes = text("SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relname LIKE 'ix_calls_%'")
        return {name: size for name, size in connection.execute(sizes) if name in ROOMY}

    written = await database.read(measure)

    def rebuild(connection: Connection) -> None:
        for name in ROOMY:
            connection.execute(text(f"ALTER INDEX {name} RESET (fillfactor)"))
            connection.execute(text(f"REINDEX INDEX {name}"))

    await database.write(rebuild)
    tidy = await database.read(measure)
    assert len(ROOMY) == 2
    assert {name: written[name] / tidy[name] < 1.3 for name in ROOMY} == dict.fromkeys(ROOMY, True)
