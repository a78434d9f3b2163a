"""Whole calls, patches and sessions as a client of the graph writes them."""

import asyncio
from typing import Any

import httpx

from tests.graph.recording import ask

PROJECT = "team/app"
AT = "2026-01-01T00:00:00Z"

RECORD = """mutation($input: CallRecordInput!) { callRecord(input: $input) { callId traceId
  call { callId opName kind parentId sessionId traceId status attributes output }
  userErrors { code message field } } }"""
BATCH = """mutation($input: CallsRecordInput!) { callsRecord(input: $input) { sessionId
  results { callId traceId call { parentId sessionId } userErrors { code } } userErrors { code message field } } }"""
SESSION = """mutation($input: SessionStartInput!) { sessionStart(input: $input) { sessionId session { callCount }
  call { callId attributes startedAt } userErrors { code message field } } }"""
PATCH = """mutation($input: CallPatchInput!) { callPatch(input: $input) { callId call { attributes latencyMs status }
  userErrors { code message field } } }"""


async def mutate(client: httpx.AsyncClient, document: str, **fields: Any) -> Any:
    (payload,) = (await ask(client, document, input={"project": PROJECT, **fields})).values()
    return payload


async def test_a_whole_call(client: httpx.AsyncClient) -> None:
    payload = await mutate(
        client,
        RECORD,
        callId="c",
        sessionId="s",
        opName="ask",
        eventType="embedding",
        attributes={"mine": 1, "honeyhive": {"metadata": {"a": 1, "b": 1}}},
        metadata={"b": 2, "c": 3},
        extra={"tenant": "x", "source": "overridden"},
        source="app",
        output=[1],
    )
    assert payload["userErrors"] == []
    assert payload["call"] == {
        "callId": "c",
        "opName": "ask",
        "kind": "EMBEDDING",
        "parentId": "s",
        "sessionId": "s",
        "traceId": "s",
        "status": "SUCCESS",
        "output": [1],
        "attributes": {
            "mine": 1,
            "honeyhive": {
                "metadata": {"a": 1, "b": 1, "c": 3},
                "event_type": "embedding",
                "tenant": "x",
                "source": "app",
            },
        },
    }


async def test_parents_and_traces(client: httpx.AsyncClient) -> None:
    calls = [
        {"project": PROJECT, "callId": "own", "sessionId": "own"},
        {"project": PROJECT, "callId": "root", "sessionId": "s", "parentId": None, "traceId": "t"},
        {"project": PROJECT, "callId": "below", "sessionId": "s", "parentId": "root"},
        {"project": PROJECT, "callId": "alone"},
    ]
    payload = await ask(client, BATCH, input={"calls": calls})
    results = payload["callsRecord"]["results"]
    assert payload["callsRecord"]["sessionId"] is None
    assert [(each["callId"], each["traceId"], each["call"]) for each in results[:3]] == [
        ("own", "own", {"parentId": None, "sessionId": "own"}),
        ("root", "t", {"parentId": None, "sessionId": "s"}),
        ("below", "t", {"parentId": "root", "sessionId": "s"}),
    ]
    assert results[3]["call"] == {"parentId": None, "sessionId": None}
    assert results[3]["traceId"] not in {"alone", "own", "s", "t"}


async def test_a_batch_keeps_refusals_apart(client: httpx.AsyncClient) -> None:
    session = {"project": PROJECT, "sessionId": "s", "opName": "all"}
    good = {"project": PROJECT, "callId": "good", "sessionId": "elsewhere"}
    bad = [
        {"project": "team/other", "callId": "x"},
        {"project": PROJECT, "callId": "y", "extra": [1]},
        {"project": PROJECT, "callId": "z", "metrics": 1},
        {"project": PROJECT, "callId": "z", "attributes": "text"},
        {"project": PROJECT, "callId": "z" * 513},
    ]
    variables = {"calls": [good, *bad], "session": session}
    payload = (await ask(client, BATCH, input={**variables, "allOrNothing": True}))["callsRecord"]
    assert [each["callId"] for each in payload["results"]] == [None] * 6
    payload = (await ask(client, BATCH, input=variables))["callsRecord"]
    assert payload["sessionId"] == "s"
    assert [each["callId"] for each in payload["results"]] == ["good", None, None, None, None, None]
    assert payload["results"][0]["call"] == {"parentId": "s", "sessionId": "s"}
    assert [(error["field"], error["message"]) for error in payload["userErrors"]] == [
        (["calls", "1", "project"], "The call is of project 'team/other', its session of 'team/app'"),
        (["calls", "2", "extra"], "extra must be a JSON object, not [1]"),
        (["calls", "3", "metrics"], "metrics must be a JSON object, not 1"),
        (["calls", "4", "attributes"], 'attributes must be a JSON object, not "text"'),
        (["calls", "5", "id"], f"id is too long: 513 characters, at most 512: {'z' * 60!r}..."),
    ]
    session = {"project": PROJECT, "sessionId": "s" * 513}
    payload = (await ask(client, BATCH, input={"calls": [good], "session": session}))["callsRecord"]
    assert (payload["results"], payload["sessionId"]) == ([], None)
    assert payload["userErrors"][0]["field"] == ["session", "id"]


async def test_sessions_and_patches(client: httpx.AsyncClient) -> None:
    started = await mutate(client, SESSION, sessionId="s", opName="chat", startedAt=AT, metadata={"a": 1})
    assert (started["sessionId"], started["session"], started["userErrors"]) == ("s", {"callCount": 1}, [])
    again = await mutate(client, SESSION, sessionId="s", opName="other", metadata={"a": 2}, config={"new": 1})
    assert again["call"] == {
        "callId": "s",
        "startedAt": AT,
        "attributes": {"honeyhive": {"event_type": "session", "metadata": {"a": 2}, "config": {"new": 1}}},
    }
    patched = await mutate(client, PATCH, callId="s", metadata={"b": None}, durationMs=1.5, childrenIds=[])
    assert patched["call"]["attributes"]["honeyhive"]["metadata"] == {"a": 2, "b": None}
    assert (patched["call"]["latencyMs"], patched["call"]["status"]) == (1.5, "SUCCESS")
    missing = await mutate(client, PATCH, callId="none", metadata={})
    assert missing == {
        "callId": None,
        "call": None,
        "userErrors": [{"code": "NOT_FOUND", "message": "Call 'none' not found", "field": ["callId"]}],
    }
    bad = await mutate(client, PATCH, callId="s", feedback=[])
    assert bad["userErrors"][0]["message"] == "feedback must be a JSON object, not []"
    long = await mutate(client, PATCH, callId="s", durationMs=1e300)
    assert long["userErrors"][0]["message"].startswith("duration must be within 292,000 years, not 1")


async def test_a_patch_in_no_project_makes_none(client: httpx.AsyncClient) -> None:
    patch = {"project": "team/none", "callId": "x", "metadata": {}}
    payload = (await ask(client, PATCH, input=patch))["callPatch"]
    assert payload["userErrors"][0]["code"] == "NOT_FOUND"
    assert (await ask(client, '{ project(slug: "team/none") { slug } }'))["project"] is None


async def test_patches_at_once_lose_nothing(client: httpx.AsyncClient) -> None:
    keys = [f"k{index}" for index in range(12)]
    await mutate(client, RECORD, callId="c", startedAt=AT)
    await asyncio.gather(*(mutate(client, PATCH, callId="c", metrics={key: 1}, metadata={key: 2}) for key in keys))
    call = (await mutate(client, PATCH, callId="c"))["call"]
    sections = call["attributes"]["honeyhive"]
    assert sections["metrics"] == dict.fromkeys(keys, 1)
    assert sections["metadata"] == dict.fromkeys(keys, 2)
