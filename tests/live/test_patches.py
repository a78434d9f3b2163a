"""What subscribers are sent of whole calls and patches."""

from typing import Any

import httpx

from resolvers.context import Context
from tests.live.following import following
from tests.live.writing import PROJECT, post

SESSION = "0b1f7d1e-2c52-4f0a-9a42-6a3f2f9c1a11"

RECORD = """mutation($input: CallRecordInput!) { callRecord(input: $input) { callId userErrors { message } } }"""
PATCH = """mutation($input: CallPatchInput!) { callPatch(input: $input) { callId userErrors { message } } }"""


async def mutate(client: httpx.AsyncClient, document: str, **fields: Any) -> None:
    answer = await post(client, "/graphql", {"query": document, "variables": {"input": {"project": PROJECT, **fields}}})
    (payload,) = answer["data"].values()
    assert payload["userErrors"] == []


async def test_whole_calls_start_and_end_and_patches_update(client: httpx.AsyncClient, live: Context) -> None:
    async with following(live) as subscriber:
        at = "2026-01-01T00:00:00Z"
        await mutate(client, RECORD, callId="a", sessionId=SESSION, startedAt=at, durationMs=1000.5, output={"b": 1})
        first, second = await subscriber.take(2)
        assert [(each["type"], each["callId"]) for each in (first, second)] == [("STARTED", "a"), ("ENDED", "a")]
        assert (first["occurredAt"], second["occurredAt"]) == (at, "2026-01-01T00:00:01.000500Z")
        await mutate(client, PATCH, callId="a", metrics={"m": 1})
        patched = await subscriber.next()
        assert (patched["type"], patched["call"]["output"]) == ("UPDATED", {"b": 1})
        await mutate(client, PATCH, callId="a", metrics={"m": 1})  # changes nothing
        # It runs, and ends at no known time.
        await mutate(client, RECORD, callId="b", sessionId=SESSION, startedAt=at)
        await mutate(client, PATCH, callId="b", output=1)
        began, ended = await subscriber.take(2)
        assert [(each["type"], each["callId"]) for each in (began, ended)] == [("STARTED", "b"), ("ENDED", "b")]
        assert ended["occurredAt"] > "2026-01-01T00:00:01Z"
        # What the session is part of, its calls are part of.
        await mutate(client, RECORD, callId=SESSION, sessionId=SESSION, startedAt=at, metadata={"run_id": "r"})
        events = await subscriber.take(3)
        assert sorted((each["type"], each["callId"]) for each in events) == [
            ("STARTED", SESSION),
            ("UPDATED", "a"),
            ("UPDATED", "b"),
        ]
