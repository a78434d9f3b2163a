"""What happens to calls, as a subscriber in another process is sent it."""

from typing import Any

import httpx

from resolvers.context import Context
from tests.live.following import following
from tests.live.writing import delete, end, rename, start, upsert


def told(events: list[Any]) -> list[tuple[str, str]]:
    return [(event["type"], event["callId"]) for event in events]


async def test_each_kind_of_event_comes_once_and_in_order(client: httpx.AsyncClient, live: Context) -> None:
    await upsert(client, start("before"), end("before"))
    async with following(live) as subscriber:
        await upsert(client, start("a"))
        first = await subscriber.next()
        assert first == {
            "type": "STARTED",
            "callId": "a",
            "cursor": first["cursor"],
            "occurredAt": "2026-01-01T00:00:00Z",
            "call": {"callId": "a", "displayName": None, "output": None},
        }
        await upsert(client, end("a", output={"b": [1.0, "é"]}))
        ended = await subscriber.next()
        assert (ended["type"], ended["occurredAt"]) == ("ENDED", "2026-01-01T00:00:01Z")
        assert ended["call"]["output"] == {"b": [1.0, "é"]}
        await rename(client, "a", "ours")
        renamed = await subscriber.next()
        assert (renamed["type"], renamed["call"]["displayName"]) == ("UPDATED", "ours")
        await upsert(client, end("a", output=2))
        again = await subscriber.next()
        assert (again["type"], again["call"]["output"]) == ("UPDATED", 2)
        await delete(client, "a")
        gone = await subscriber.next()
        assert (gone["type"], gone["callId"], gone["call"]) == ("DELETED", "a", None)
        await upsert(client, end("a"), start("a"))  # what comes for a deleted call changes nothing
        await upsert(client, start("b"), end("b"))
        assert told(await subscriber.take(2)) == [("STARTED", "b"), ("ENDED", "b")]
