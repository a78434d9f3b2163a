"""The order in which what waits is written on SQLite."""

import asyncio
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from db import write_queue
from db.engines import Database
from db.write_queue import Job, WriteQueue
from tests.processes import SECONDS

pytestmark = pytest.mark.anyio


def nothing(_connection: Connection, items: Sequence[Any]) -> Sequence[Any]:
    return items


def job(name: str, *, background: bool = False, size: int = 0) -> Job:
    return Job(name, nothing, shared=True, size=size, background=background)


def taken(queue: WriteQueue) -> list[list[str]]:
    """All that is there, in the groups in which it is written."""
    groups = []
    queue.end()
    while queue.wait():
        groups.append([each.item for each in queue.take()])
    return groups


@pytest.mark.parametrize(("latest", "groups"), [(60.0, [["a", "b"], ["x"], ["y"]]), (0.0, [["x", "a", "y", "b"]])])
def test_what_nobody_waits_for_comes_after_the_rest_unless_it_has_waited_for_long(
    monkeypatch: pytest.MonkeyPatch, latest: float, groups: list[list[str]]
) -> None:
    monkeypatch.setattr(write_queue, "LATEST", latest)
    queue = WriteQueue()
    for name in "xayb":
        queue.put(job(name, background=name in "xy"))
    assert taken(queue) == groups


def test_a_group_has_no_more_than_is_written_at_once_and_nothing_that_was_cancelled() -> None:
    queue = WriteQueue()
    jobs = [job("a", size=write_queue.MOST_AT_ONCE - 1), job("b", size=1), job("c"), job("d"), job("e")]
    jobs[2].future.cancel()
    for each in jobs:
        queue.put(each)
    assert taken(queue) == [["a", "b"], ["d", "e"]]


def test_only_what_was_cancelled_is_no_end() -> None:
    queue = WriteQueue()
    jobs = [job("a"), job("b", background=True)]
    jobs[0].future.cancel()
    for each in jobs:
        queue.put(each)
    assert taken(queue) == [[], ["b"]]


async def test_a_database_writes_first_what_somebody_waits_for(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_queue, "LATEST", 60.0)
    database = Database(sqlite_url)
    begun, go = threading.Event(), threading.Event()
    order: list[str] = []

    def hold(_connection: Connection) -> None:
        begun.set()
        assert go.wait(SECONDS)

    def note(_connection: Connection, name: str) -> None:
        order.append(name)

    first = asyncio.create_task(database.write(hold))
    await asyncio.get_running_loop().run_in_executor(None, begun.wait, SECONDS)
    background = asyncio.create_task(database.write(partial(note, name="background"), always=True))
    await asyncio.sleep(0)  # it is queued
    assert database.is_awaited
    awaited = [asyncio.create_task(database.write(partial(note, name=name))) for name in "ab"]
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(first, background, *awaited)
    assert order == ["a", "b", "background"]
    assert not database.is_awaited
    await database.close()
