"""Followers get each change once, whoever else follows, and whatever stops in between."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest
from sqlalchemy import Connection, text

from db.changes import Change
from db.engines import Database
from db.followers import select_followers, set_following
from db.json_text import JSONText
from db.projects import lock
from resolvers.callers import LOCAL
from resolvers.calls.events import CallEnd, CallStart
from resolvers.calls.record import delete_calls, record_calls
from resolvers.context import Context
from resolvers.followers import Followers, Later, Work
from resolvers.live.follow import CallChange
from resolvers.live.hub import Hub

PROJECT = "team/app"
SECONDS = 60


@dataclass
class Recorder:
    """Writes down what it was given, in a table."""

    worker: str
    name: str = "recorder"
    changes: Collection[CallChange] = (CallChange.ENDED,)
    before: Callable[[Sequence[Change]], object] = len
    seen: list[str] = field(default_factory=list)

    async def handle(self, context: Context, project: str, changes: Sequence[Change]) -> Work | None:
        self.before(changes)
        self.seen += [change.id for change in changes]

        def work(connection: Connection) -> None:
            rows = [{"worker": self.worker, "project": project, "id": change.id} for change in changes]
            connection.execute(text("INSERT INTO handled (worker, project, id) VALUES (:worker, :project, :id)"), rows)

        return work


@pytest.fixture
async def handled(context: Context) -> Context:
    """A context on a database with the table."""
    create = text("CREATE TABLE handled (number INTEGER, worker TEXT, project TEXT, id TEXT)")
    await context.database.write(lambda connection: connection.execute(create).rowcount)
    return context


@asynccontextmanager
async def working(url: str, *followers: Recorder) -> AsyncIterator[None]:
    """A process with these followers."""
    database = Database(url)
    hub = Hub(database)
    task = asyncio.create_task(Followers(lambda: Context(database, LOCAL), hub, followers).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        await hub.close()
        await database.close()


async def follow(context: Context, wanted: bool = True, project: str = PROJECT, name: str = "recorder") -> None:
    def write(connection: Connection) -> None:
        lock(connection, project, 0)
        set_following(connection, project, name, wanted=wanted)

    await context.database.write(write)


def start(call_id: str, project: str = PROJECT) -> CallStart:
    return CallStart(project, call_id, "t", None, "op", 1, JSONText("{}"), JSONText("{}"))


async def end(context: Context, *ids: str, project: str = PROJECT) -> None:
    starts = [start(call_id, project) for call_id in ids]
    ends = [CallEnd(project, call_id, 2, JSONText("1"), JSONText("{}"), None) for call_id in ids]
    await record_calls(context, [*starts, *ends])


async def rows(context: Context) -> list[tuple[str, str]]:
    """Who handled what."""
    select = text("SELECT worker, id FROM handled")
    return [(row[0], row[1]) for row in await context.read(lambda connection: connection.execute(select).all())]


async def until(context: Context, count: int) -> list[str]:
    """The ids that were handled, once they are at least so many."""
    async with asyncio.timeout(SECONDS):
        while len(found := await rows(context)) < count:  # noqa: ASYNC110 - another process writes them
            await asyncio.sleep(0.01)
    return [call_id for _, call_id in found]


async def test_calls_are_handled_from_the_registration_on(handled: Context, database_url: str) -> None:
    await end(handled, "before")
    async with working(database_url, Recorder("a")):
        await follow(handled)
        await end(handled, "a", "b")
        assert sorted(await until(handled, 2)) == ["a", "b"]
        await end(handled, "c")
        assert sorted(await until(handled, 3)) == ["a", "b", "c"]


async def test_what_happens_while_nobody_works_is_handled_later(handled: Context, database_url: str) -> None:
    await follow(handled)
    await end(handled, *(f"c{number}" for number in range(450)))
    async with working(database_url, recorder := Recorder("a")):
        await until(handled, 450)
    assert recorder.seen == [f"c{number}" for number in range(450)]
    async with working(database_url, again := Recorder("b")):
        await end(handled, "last")
        assert len(await until(handled, 451)) == 451
    assert again.seen == ["last"]


async def test_several_processes_handle_each_call_once(handled: Context, database_url: str) -> None:
    await follow(handled)
    ids = [f"c{number}" for number in range(600)]
    async with working(database_url, Recorder("a")), working(database_url, Recorder("b")):
        await asyncio.gather(*(end(handled, *ids[first : first + 20]) for first in range(0, 600, 20)))
        found = await until(handled, 600)
    assert sorted(found) == sorted(ids)


async def test_a_process_that_fails_or_ends_in_between_leaves_its_calls_to_others(
    handled: Context, database_url: str
) -> None:
    await follow(handled)
    await end(handled, *(f"c{number}" for number in range(300)))
    begun = asyncio.Event()

    def fail(_changes: Sequence[Change]) -> None:
        begun.set()
        raise ValueError("no")

    async with working(database_url, Recorder("a", before=fail)):
        await asyncio.wait_for(begun.wait(), SECONDS)
    assert await rows(handled) == []
    async with working(database_url, Recorder("b")):
        assert len(await until(handled, 300)) == 300
    assert len(await rows(handled)) == 300


async def test_later_is_asked_again_from_the_same_place(handled: Context, database_url: str) -> None:
    asked: list[list[str]] = []

    def refuse_once(changes: Sequence[Change]) -> None:
        asked.append([change.id for change in changes])
        if len(asked) == 1:
            raise Later

    await follow(handled)
    await end(handled, "a", "b")
    async with working(database_url, Recorder("a", before=refuse_once)):
        assert sorted(await until(handled, 2)) == ["a", "b"]
    assert asked == [["a", "b"], ["a", "b"]]


async def test_only_what_is_registered_is_followed(handled: Context, database_url: str) -> None:
    await follow(handled, project="team/other")
    await follow(handled, name="somebody else")
    async with working(database_url, Recorder("a")):
        await end(handled, "a")
        await end(handled, "b", project="team/other")
        assert await until(handled, 1) == ["b"]
        await follow(handled, wanted=False, project="team/other")
        await end(handled, "c", project="team/other")
        await follow(handled, project="team/other")
        await end(handled, "d", project="team/other")
        assert sorted(await until(handled, 2)) == ["b", "d"]


async def test_registering_again_changes_nothing(handled: Context, database_url: str) -> None:
    await follow(handled)
    await end(handled, "a")
    await follow(handled)
    async with working(database_url, Recorder("a")):
        assert await until(handled, 1) == ["a"]
    (following,) = await handled.read(partial(select_followers, names=["recorder"]))
    assert (following.project, following.name) == (PROJECT, "recorder")


async def test_kinds_of_change(handled: Context, database_url: str) -> None:
    await follow(handled)
    kinds = (CallChange.STARTED, CallChange.ENDED, CallChange.DELETED)
    await record_calls(handled, [start("open")])
    await end(handled, "a")
    await delete_calls(handled, PROJECT, ["a"])
    async with working(database_url, Recorder("a", changes=kinds)):
        assert await until(handled, 4) == ["open", "a", "a", "a"]
