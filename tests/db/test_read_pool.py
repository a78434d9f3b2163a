"""Reads: on threads, and at once where nothing else is at work."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from db.engines import Database
from db.projects import lock, select_heads
from db.watchdog import SlowStatementError
from tests.processes import SECONDS

LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, readers=2)
    await database.write(lambda connection: lock(connection, "team/app", 0))
    yield database
    await database.close()


def where(connection: Connection) -> tuple[bool, int]:
    """Whether this is the thread of the event loop, and which connection was given, where a project was found."""
    assert select_heads(connection, ["team/app"]) == {"team/app": 1}
    driver: Any = connection.connection.dbapi_connection
    return threading.current_thread() is threading.main_thread(), id(driver)


async def at_once(database: Database) -> list[bool]:
    return [(await database.read(where, at_once=True))[0] for _ in range(3)]


async def test_what_is_small_is_read_where_it_was_asked_for(database: Database) -> None:
    # The first opens the connection of the others, on a thread.
    expected = [False, True, True] if database.dialect == "sqlite" else [False] * 3
    assert await at_once(database) == expected
    assert [(await database.read(where))[0] for _ in range(3)] == [False] * 3


async def test_beside_others_it_is_read_on_a_thread(database: Database) -> None:
    await at_once(database)
    begun, go = threading.Event(), threading.Event()

    def wait(_connection: Connection, _items: Sequence[Any] = ()) -> list[None]:
        begun.set()
        assert go.wait(SECONDS)
        return [None]

    for other in (database.read(wait), database.write(wait), database.write_together(wait, None)):
        begun.clear()
        go.clear()
        waiting = asyncio.ensure_future(other)
        assert await asyncio.to_thread(begun.wait, SECONDS)
        try:
            assert await at_once(database) == [False] * 3
        finally:
            go.set()
            await waiting
    assert all(await at_once(database)) is (database.dialect == "sqlite")


async def test_a_read_that_fails_takes_no_connection_with_it(database: Database) -> None:
    for how in (True, False):
        await at_once(database)

        def fail(connection: Connection) -> None:
            connection.execute(text("SELECT 1"))
            raise ValueError("a bad one")

        def wrong(connection: Connection) -> None:
            connection.execute(text("SELECT nothing FROM nowhere"))

        for _ in range(5):
            with pytest.raises(ValueError, match="a bad one"):
                await database.read(fail, at_once=how)
            with pytest.raises(DBAPIError):
                await database.read(wrong, at_once=how)
        assert (await database.read(where, at_once=how))[1]


async def test_a_slow_one_is_stopped_there_too(database_url: str) -> None:
    database = Database(database_url, query_timeout=0.2)
    await database.write(lambda connection: lock(connection, "team/app", 0))
    try:
        await at_once(database)
        for _ in range(2):
            with pytest.raises(SlowStatementError):
                await database.read(lambda connection: connection.execute(text(LONG)).all(), at_once=True)
            await at_once(database)
    finally:
        await database.close()


async def test_the_event_loop_does_not_wait_for_the_lock_of_another_process(database: Database) -> None:
    if database.dialect != "sqlite":
        return
    assert (await at_once(database))[-1]
    path = database.engines[0].url.database
    assert path is not None
    seen: list[bool] = []

    def locked(connection: Connection) -> str:
        here = threading.current_thread() is threading.main_thread()
        seen.append(here)
        if here:
            # As while another process takes the log into the database after a crash.
            driver: Any = connection.connection.dbapi_connection
            assert driver.execute("PRAGMA busy_timeout").fetchone() == (0,)
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                driver.execute("PRAGMA query_only = OFF")
                connection.execute(text("DELETE FROM projects"))
        return "read"

    assert await database.read(locked, at_once=True) == "read"
    assert seen == [True, False]
    assert await database.read(where)
