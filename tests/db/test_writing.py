"""Writes that wait: done together, each by itself where that fails, and no more of them than may wait."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from db.engines import Database
from db.projects import lock, select_heads
from db.write_queue import WriteLimits, WritesFullError
from tests.processes import SECONDS

LIMITS = WriteLimits(writes=3, size=100)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, write_limits=LIMITS)
    yield database
    await database.close()


@pytest.fixture
async def one_writer(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A database of SQLite's, where all that waits is one group."""
    path = tmp_path / "one.db"
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    yield database
    await database.close()


class Holding:
    """Something to do together, whose first turn waits until it is let go."""

    def __init__(self) -> None:
        self.turns: list[list[str]] = []
        self.begun, self._go = threading.Event(), threading.Event()

    def let_go(self) -> None:
        self._go.set()

    def __call__(self, connection: Connection, items: Sequence[str]) -> list[int]:
        self.turns.append(list(items))
        self.begun.set()
        assert self._go.wait(SECONDS)
        numbers = [lock(connection, f"team/{item}", 0) for item in items]
        if "bad" in items:
            raise ValueError("a bad one")
        return numbers


async def begun(holding: Holding) -> None:
    with ThreadPoolExecutor(1) as threads:
        assert await asyncio.get_running_loop().run_in_executor(threads, holding.begun.wait, SECONDS)


async def heads(database: Database, *projects: str) -> dict[str, int]:
    def read(connection: Connection) -> dict[str, int]:
        return select_heads(connection, projects)

    return await database.read(read)


def writing(database: Database, holding: Holding, *items: str) -> list[asyncio.Task[Any]]:
    return [asyncio.create_task(database.write_together(holding, item, always=True)) for item in items]


async def test_what_waits_is_done_together(database: Database) -> None:
    holding = Holding()
    first = writing(database, holding, "a")
    await begun(holding)
    others = writing(database, holding, "b", "c", "d", "b")
    await asyncio.sleep(0)  # they are queued
    holding.let_go()
    assert await asyncio.gather(*first, *others) == [1, 1, 1, 1, 2]
    assert holding.turns == [["a"], ["b", "c", "d", "b"]]


async def test_what_fails_takes_nothing_from_the_others(database: Database) -> None:
    holding = Holding()
    first = writing(database, holding, "a")
    await begun(holding)
    others = writing(database, holding, "b", "bad", "c")
    await asyncio.sleep(0)
    holding.let_go()
    b, bad, c = await asyncio.gather(*others, return_exceptions=True)
    assert (await first[0], b, c) == (1, 1, 1)
    assert isinstance(bad, ValueError)
    assert holding.turns == [["a"], ["b", "bad", "c"], ["b"], ["bad"], ["c"]]
    assert await heads(database, "team/b", "team/bad", "team/c") == {"team/b": 1, "team/bad": 0, "team/c": 1}


async def test_what_fails_takes_nothing_from_others_of_other_kinds(database: Database) -> None:
    def bad(connection: Connection) -> None:
        lock(connection, "team/bad", 0)
        raise ValueError("a bad one")

    holding = Holding()
    first = writing(database, holding, "a")
    await begun(holding)
    works = (lambda connection: lock(connection, "team/b", 0), bad, lambda connection: lock(connection, "team/c", 0))
    others = [asyncio.create_task(database.write(work, always=True)) for work in works]
    await asyncio.sleep(0)  # they are queued, and are one group
    holding.let_go()
    b, failed, c = await asyncio.gather(*others, return_exceptions=True)
    assert (await first[0], b, c) == (1, 1, 1)
    assert isinstance(failed, ValueError)
    assert await heads(database, "team/b", "team/bad", "team/c") == {"team/b": 1, "team/bad": 0, "team/c": 1}


async def test_what_is_refused_lets_the_others_be_done_once(database: Database) -> None:
    runs: list[str] = []

    def work(name: str, connection: Connection) -> int:
        runs.append(name)
        number = lock(connection, f"team/{name}", 0)
        if name == "refused":
            raise ValueError(name)
        return number

    holding = Holding()
    first = writing(database, holding, "a")
    await begun(holding)
    together = writing(database, holding, "b", "c")
    others = [asyncio.create_task(database.write(partial(work, name))) for name in ("refused", "d")]
    await asyncio.sleep(0)  # they are queued, and are one group
    holding.let_go()
    refused, d = await asyncio.gather(*others, return_exceptions=True)
    assert await asyncio.gather(*first, *together) == [1, 1, 1]
    assert isinstance(refused, ValueError)
    assert d == 1
    assert holding.turns == [["a"], ["b", "c"]]
    assert sorted(runs) == ["d", "refused"]
    assert await heads(database, *(f"team/{name}" for name in ("b", "c", "refused", "d"))) == {
        "team/b": 1,
        "team/c": 1,
        "team/refused": 0,
        "team/d": 1,
    }


async def test_of_a_group_only_what_fails_is_no_longer_done_together(one_writer: Database) -> None:
    holding, other = Holding(), Holding()
    other.let_go()
    first = writing(one_writer, holding, "a")
    await begun(holding)
    failing = writing(one_writer, holding, "b", "bad")
    others = writing(one_writer, other, "c", "d")
    await asyncio.sleep(0)  # they are queued, and are one group
    holding.let_go()
    assert await asyncio.gather(*first, failing[0], *others) == [1, 1, 1, 1]
    with pytest.raises(ValueError, match="a bad one"):
        await failing[1]
    assert holding.turns == [["a"], ["b", "bad"], ["b"], ["bad"]]
    assert other.turns == [["c", "d"]]


async def test_where_much_of_a_group_fails_it_is_done_three_times_at_most(one_writer: Database) -> None:
    holding = Holding()
    others = [Holding() for _ in range(4)]
    first = writing(one_writer, holding, "a")
    await begun(holding)
    tasks = []
    for number, other in enumerate(others):
        other.let_go()
        tasks += writing(one_writer, other, f"good{number}", "bad")
    await asyncio.sleep(0)  # they are queued, and are one group
    holding.let_go()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert await first[0] == 1
    assert [str(result) for result in results] == ["1", "a bad one"] * len(others)
    assert max(sum("bad" in turn for turn in other.turns) for other in others) == 3
    assert await heads(one_writer, "team/good0", "team/good3", "team/bad") == {
        "team/good0": 1,
        "team/good3": 1,
        "team/bad": 0,
    }


async def test_what_is_written_at_a_later_try_answers_no_earlier_error(one_writer: Database) -> None:
    tries = {"b": 0, "c": 0}

    def refused_at_first(connection: Connection) -> int:
        tries["b"] += 1
        if tries["b"] == 1:
            raise ValueError("beside what was written before")
        return lock(connection, "team/b", 0)

    def end_at_first(connection: Connection) -> int:
        tries["c"] += 1
        if tries["c"] == 1:
            connection.connection.dbapi_connection.rollback()  # type: ignore[union-attr]  # as SQLite does of a full disk
            raise OSError("no room")
        return lock(connection, "team/c", 0)

    holding = Holding()
    first = writing(one_writer, holding, "a")
    await begun(holding)
    others = [asyncio.create_task(one_writer.write(work)) for work in (refused_at_first, end_at_first)]
    await asyncio.sleep(0)  # they are queued, and are one group
    holding.let_go()
    assert await asyncio.gather(*first, *others) == [1, 1, 1]
    assert tries == {"b": 2, "c": 2}
    assert await heads(one_writer, "team/b", "team/c") == {"team/b": 1, "team/c": 1}


async def test_a_full_disk_refuses_what_has_no_room_and_says_so(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "small.db"
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}")

    def fill(connection: Connection, items: Sequence[int]) -> list[int]:
        for item in items:
            statement = "INSERT INTO projects (project_id, change_seq, created_at) VALUES (?, 0, 0)"
            connection.exec_driver_sql(statement, ("x" * item,))
        return [1] * len(items)

    def leave_some_room(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")

    await database.write(leave_some_room)
    holding = Holding()
    first = writing(database, holding, "a")
    await begun(holding)
    writes = [asyncio.create_task(database.write_together(fill, size, always=True)) for size in (10, 1_000_000, 20)]
    await asyncio.sleep(0)  # they are queued, and are one group
    holding.let_go()
    small, large, other = await asyncio.gather(*writes, return_exceptions=True)
    assert (await first[0], small, other) == (1, 1, 1)
    assert isinstance(large, OperationalError)
    assert str(large.orig) == "database or disk is full"
    assert await database.write(lambda connection: lock(connection, "team/later", 0)) == 1
    await database.close()


@pytest.mark.parametrize("sizes", [[1, 1, 1], [60, 40], [1000]])
async def test_no_more_waits_than_may(database: Database, sizes: list[int]) -> None:
    holding = Holding()
    waiting = [asyncio.create_task(database.write_together(holding, "a", size=size)) for size in sizes]
    await begun(holding)
    with pytest.raises(WritesFullError, match=f"{len(sizes)} requests of {sum(sizes)} bytes"):
        await database.write_together(holding, "refused", size=1)
    if len(sizes) == LIMITS.writes:
        with pytest.raises(WritesFullError):
            await database.write(lambda connection: lock(connection, "team/refused", 0))
    own = asyncio.create_task(database.write_together(holding, "own", always=True))
    holding.let_go()
    assert await asyncio.gather(*waiting) == list(range(1, len(sizes) + 1))
    assert await own == 1
    assert await database.write_together(holding, "after", size=100) == 1
    assert await heads(database, "team/refused") == {"team/refused": 0}


async def test_who_goes_away_leaves_the_queue_as_it_was(database: Database) -> None:
    holding = Holding()
    waiting = [asyncio.create_task(database.write_together(holding, "a", size=50)) for _ in range(2)]
    await begun(holding)
    for task in waiting:
        task.cancel()
    with pytest.raises(WritesFullError):
        await database.write_together(holding, "a", size=1)
    holding.let_go()
    await asyncio.wait(waiting)
    own = await database.write_together(holding, "a", always=True)
    assert own == 3
    assert await database.write_together(holding, "a", size=100) == 4
