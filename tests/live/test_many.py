"""Many subscribers: what they cost the database, what they hold, and what is left of them."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx
import pytest

from resolvers.callers import Caller
from resolvers.context import Context
from resolvers.live.hub import Hub
from tests.live.following import CALLS, Subscriber, following
from tests.live.writing import change_cursor, delete, end, rename, start, upsert
from tests.statements import counted

LINKED = """subscription($after: String, $filter: CallFilterInput) {
  calls(project: "team/app", after: $after, filter: $filter) {
    type callId call { inputs trace { callCount } project { name } feedback(first: 2) { totalCount } }
  }
}"""


@asynccontextmanager
async def many(context: Context, count: int, document: str, **variables: Any) -> AsyncIterator[list[Subscriber]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(following(context, document, **variables)) for _ in range(count)]


async def statements_of(client: httpx.AsyncClient, live: Context, count: int, name: str, document: str) -> list[str]:
    """The statements that it takes to send three events to so many subscribers who are up to date."""
    after = await change_cursor(client)
    async with many(live, count, document, after=after) as subscribers:
        with counted() as statements:
            await upsert(client, start(f"{name}-a"), end(f"{name}-a"), start(f"{name}-b"))
            for each in await asyncio.gather(*(subscriber.take(3) for subscriber in subscribers)):
                assert [event["callId"] for event in each] == [f"{name}-a", f"{name}-a", f"{name}-b"]
        return [each for each in statements if "change_seq" not in each]  # writing, and looking whether there is more


@pytest.mark.parametrize("document", [CALLS, LINKED], ids=["rows", "links"])
async def test_statements_do_not_grow_with_subscribers(client: httpx.AsyncClient, live: Context, document: str) -> None:
    counts = {size: len(await statements_of(client, live, size, f"of-{size}", document)) for size in (1, 10, 100)}
    assert counts[1] == counts[10] == counts[100], counts


async def test_a_thousand_subscribers_get_everything(client: httpx.AsyncClient, live: Context) -> None:
    hub = cast("Hub", live.live)
    after = await change_cursor(client)
    async with many(live, 1000, CALLS, after=after) as subscribers:
        assert len(hub) == 1000
        for number in range(5):
            await upsert(client, start(f"c{number}"), end(f"c{number}"))
        told = await asyncio.gather(*(subscriber.take(10) for subscriber in subscribers))
        expected = [(kind, f"c{number}") for number in range(5) for kind in ("STARTED", "ENDED")]
        assert [(event["type"], event["callId"]) for event in told[0]] == expected
        assert all(each == told[0] for each in told)
    assert len(hub) == 0


async def test_subscribers_who_join_at_once_take_few_statements(client: httpx.AsyncClient, live: Context) -> None:
    await upsert(client, start("a"))
    with counted() as statements:
        opened = [Subscriber(live, CALLS, {"project": "team/app"}) for _ in range(100)]
        await asyncio.gather(*(subscriber.open() for subscriber in opened))
    assert len(statements) < 10
    for subscriber in opened:
        await subscriber.close()


async def test_nothing_is_left_of_those_who_went(client: httpx.AsyncClient, live: Context) -> None:
    hub = cast("Hub", live.live)
    async with following(live) as stays, following(live, filter={"opNames": ["op"]}) as goes:
        await upsert(client, start("a"))
        assert (await stays.next())["callId"] == (await goes.next())["callId"] == "a"
        assert hub.results.size > 0
        tasks = len(asyncio.all_tasks())
        with_two = hub.results.size
        await goes.close()
        assert hub.results.size < with_two
        assert len(asyncio.all_tasks()) <= tasks
    kept = weakref.ref(stays)
    del stays, goes
    gc.collect()
    assert kept() is None
    assert (len(hub), hub.results.size) == (0, 0)


async def test_a_subscriber_who_leaves_while_it_waits_is_gone_at_once(live: Context) -> None:
    hub = cast("Hub", live.live)
    for _ in range(3):
        async with following(live):
            assert len(hub) == 1
        assert len(hub) == 0


async def test_one_who_is_far_behind_gets_the_rest_in_order(client: httpx.AsyncClient, live: Context) -> None:
    """More pages than are kept for those who are a little behind."""
    after = await change_cursor(client)
    async with following(live, after=after) as slow, following(live, after=after) as quick:
        ids = []
        for batch in range(25):
            names = [f"c{batch:02}-{number:03}" for number in range(100)]
            ids += names
            await upsert(client, *(start(name) for name in names))
            assert [event["callId"] for event in await quick.take(100)] == names
        assert [event["callId"] for event in await slow.take(2500)] == ids


async def test_large_payloads_come_in_small_pages(client: httpx.AsyncClient, live: Context) -> None:
    after = await change_cursor(client)
    large = {"text": "x" * 700_000}
    await upsert(client, *(start(f"c{number}", inputs=large) for number in range(5)))
    async with following(live, after=after) as subscriber:
        with counted() as statements:
            assert [event["callId"] for event in await subscriber.take(5)] == [f"c{number}" for number in range(5)]
    assert len(statements) > 5


@dataclass(frozen=True, slots=True)
class Revoked(Caller):
    """May read until ``rights`` is emptied."""

    rights: tuple[list[str], ...] = ()

    def may_read(self, slug: str) -> bool:
        return slug in self.rights[0]

    def __hash__(self) -> int:
        return hash(self.user_id)


async def test_a_right_that_is_taken_ends_the_subscription(client: httpx.AsyncClient, live: Context) -> None:
    rights = ["team/app"]
    context = Context(live.database, Revoked("eve", (rights,)), live=live.live)
    async with following(context) as subscriber:
        await upsert(client, start("a"))
        assert (await subscriber.next())["callId"] == "a"
        rights.clear()
        await upsert(client, start("b"))
        answer = await subscriber.result()
        assert answer["errors"] == ["No right to read project 'team/app'"]
        with pytest.raises(StopAsyncIteration):
            await subscriber.result()


async def test_callers_do_not_share_what_is_read_for_them(client: httpx.AsyncClient, live: Context) -> None:
    """A link into a project that only one of them may read is null for the other alone."""
    document = """subscription { calls(project: "team/app") { call { op { ref } parent { callId } } } }"""
    mine = Context(live.database, Revoked("eve", (["team/app"],)), live=live.live)
    value = {"obj": {"project_id": "team/other", "object_id": "op", "val": "code"}}
    digest = (await client.post("/obj/create", json=value)).json()["digest"]
    ref = f"weave:///team/other/object/op:{digest}"
    async with following(live, document) as local, following(mine, document) as eve:
        await upsert(client, start("a", op_name=ref))
        assert (await local.next())["call"]["op"] == {"ref": ref}
        assert (await eve.next())["call"]["op"] is None


async def test_a_database_that_fails_for_a_while_loses_nothing(
    client: httpx.AsyncClient, live: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = cast("Hub", live.live)
    failures = iter([OSError("gone"), OSError("gone")])
    read = live.database.read

    async def failing(work: Any) -> Any:
        for error in failures:
            raise error
        return await read(work)

    async with following(live) as subscriber:
        monkeypatch.setattr("resolvers.live.hub.AGAIN", 0.0)
        monkeypatch.setattr(hub, "_database", type("Failing", (), {"read": staticmethod(failing)}))
        await upsert(client, start("a"))
        assert (await subscriber.next())["callId"] == "a"
        assert list(failures) == []
        monkeypatch.undo()


async def test_stopping_ends_every_subscription(client: httpx.AsyncClient, live: Context) -> None:
    hub = cast("Hub", live.live)
    async with following(live) as one, following(live, filter={"opNames": ["x"]}) as other:
        await upsert(client, start("a"))
        await one.next()
        hub.stop()
        for subscriber in (one, other):
            with pytest.raises(StopAsyncIteration):
                await subscriber.result()


async def test_several_kinds_of_change_between_two_reads(client: httpx.AsyncClient, live: Context) -> None:
    after = await change_cursor(client)
    await upsert(client, start("a"), start("b"))
    await rename(client, "a", "x")
    await upsert(client, end("b"))
    await delete(client, "b")
    async with following(live, after=after) as subscriber:
        events = await subscriber.take(5)
    assert [(event["type"], event["callId"]) for event in events] == [
        ("STARTED", "a"),
        ("STARTED", "b"),
        ("UPDATED", "a"),
        ("ENDED", "b"),
        ("DELETED", "b"),
    ]
