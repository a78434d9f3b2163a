"""Sessions: their own call, what their events have from it, and the batches that belong to them."""

import uuid
from typing import Any

import httpx
import pytest

from tests.rest_compat.honeyhive.calls import PROJECT, ask, graph, post, put, weave

SESSION = "0b1f7d1e-2c52-4f0a-9a42-6a3f2f9c1a11"
EVENT = "7a0b6c1d-93d2-4a1e-8a35-3f2c1b0a9d88"
OTHER = "5d2f9d50-7f0e-4c0c-8a53-1b1f3c9a7e21"

WHOLE = {
    "session_id": SESSION,
    "session_name": "A chat",
    "event_name": "chat",
    "source": "web",
    "start_time": 1767225600000,
    "end_time": 1767225610000,
    "config": {"a": 1},
    "inputs": {"q": "?"},
    "outputs": {"a": "!"},
    "metadata": {"run_id": "run", "n": 1},
    "user_properties": {"plan": "free"},
    "children_ids": ["c"],
}


async def test_a_session_is_its_root_call(client: httpx.AsyncClient) -> None:
    event = await post(client, "/v1/sessions", WHOLE)
    assert {name: event[name] for name in (*WHOLE, "event_id", "event_type", "duration") if name != "session_name"} == {
        **{name: value for name, value in WHOLE.items() if name != "session_name"},
        "event_id": SESSION,
        "event_name": "A chat",
        "event_type": "session",
        "duration": 10000,
    }
    assert "parent_id" not in event
    assert event["project_id"] == PROJECT
    call = await weave(client, SESSION)
    assert (call["op_name"], call["display_name"], call["parent_id"]) == ("chat", "A chat", None)
    found = await graph(
        client, SESSION, "kind status traceId session { sessionId callCount } trace { root { callId } }"
    )
    assert found == {
        "kind": "SESSION",
        "status": "SUCCESS",
        "traceId": SESSION,
        "session": {"sessionId": SESSION, "callCount": 1},
        "trace": {"root": {"callId": SESSION}},
    }


async def test_a_session_that_is_started_again_merges(client: httpx.AsyncClient) -> None:
    await post(client, "/v1/sessions", WHOLE)
    again = {
        "session_id": SESSION,
        "session_name": "Another name",
        "start_time": 1,
        "config": {"a": 2, "b": 3},
        "metadata": {"n": 2, "more": [1.0]},
        "user_properties": {"team": "x"},
    }
    event = await post(client, "/session/start", {"session": again})
    assert event["metadata"] == {"run_id": "run", "n": 2, "more": [1.0]}
    assert event["user_properties"] == {"plan": "free", "team": "x"}
    assert event["config"] == {"a": 1, "b": 3}
    assert (event["event_name"], event["start_time"], event["outputs"]) == ("A chat", 1767225600000, {"a": "!"})


async def test_the_least_that_a_session_says(client: httpx.AsyncClient) -> None:
    event = await post(client, "/v1/sessions", {})
    assert uuid.UUID(event["session_id"]).version == 4
    assert (event["event_id"], event["event_name"], event["source"]) == (event["session_id"], "unknown", "unknown")
    bad = {"session_id": "not-a-uuid", "start_time": "2020-01-01T00:00:00Z", "unheard_of": {"x": 1.0}}
    other = await post(client, "/session/start", {"session": bad})
    assert uuid.UUID(other["session_id"]).version == 4
    assert other["start_time"] > 1767225600000
    assert other["unheard_of"] == {"x": 1.0}
    assert (await weave(client, other["session_id"]))["attributes"]["honeyhive"]["unheard_of"] == {"x": 1.0}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"unheard_of": 1}, "Bad request: unheard_of: Extra inputs are not permitted"),
        ({"metadata": "x"}, "Bad request: metadata: Input should be a valid dictionary"),
        ({"session_name": "x" * 3000}, "Bad request: op_name is too long: 3000 characters, at most 2048: "),
        ({"start_time": 1e18}, "Bad request: "),
    ],
)
async def test_sessions_that_cannot_be(client: httpx.AsyncClient, body: Any, message: str) -> None:
    answer = await post(client, "/v1/sessions", body, 400)
    assert answer["message"].startswith(message)


async def test_events_of_a_session_follow_its_run(client: httpx.AsyncClient) -> None:
    # The first event comes before the session, whose run is known last, and changes.
    await post(client, "/v1/events", {"event_id": EVENT, "session_id": SESSION, "event_type": "tool", "inputs": {}})
    assert await graph(client, EVENT, "callId parentId parent { callId } session { callCount }") == {
        "callId": EVENT,
        "parentId": SESSION,
        "parent": None,
        "session": {"callCount": 1},
    }

    async def members(run: str) -> list[str]:
        query = {"$eq": [{"$getField": "event.evaluation_id"}, {"$literal": run}]}
        body = {"project_id": PROJECT, "query": {"$expr": query}, "sort_by": [{"field": "id", "direction": "asc"}]}
        response = await client.post("/calls/stream_query", json=body)
        assert response.status_code == 200, response.text
        return [line.split('"id":"')[1].split('"')[0] for line in response.text.splitlines()]

    await post(client, "/v1/sessions", {"session_id": SESSION})
    await put(client, f"/v1/events/{SESSION}", {"metadata": {"run_id": "one"}})
    own = {"metadata": {"run_id": "own", "datapoint_id": "p"}}
    await post(
        client, "/v1/events", {"event_id": OTHER, "session_id": SESSION, "event_type": "tool", "inputs": {}, **own}
    )
    assert await members("one") == sorted([SESSION, EVENT])
    assert await members("own") == [OTHER]
    late = (await post(client, "/v1/events", {"session_id": SESSION, "event_type": "tool", "inputs": {}}))["event_id"]
    await put(client, f"/v1/events/{OTHER}", {"metadata": {"run_id": "two"}})
    await put(client, f"/v1/events/{SESSION}", {"metadata": {"run_id": "two"}})
    await put(client, f"/v1/events/{SESSION}", {"metadata": {"run_id": "three"}})
    assert await members("three") == sorted([SESSION, EVENT, late])
    assert await members("two") == [OTHER]
    assert (await weave(client, EVENT))["attributes"]["honeyhive"].get("metadata") is None


async def test_a_batch_in_one_session(client: httpx.AsyncClient) -> None:
    events = [
        {"event_id": EVENT, "event_type": "model", "inputs": {}, "start_time": 1767225600000, "session_id": OTHER},
        {"event_id": "e2", "event_type": "tool", "inputs": {}, "start_time": 1767225500000, "parent_id": EVENT},
    ]
    properties = {"session_name": "all", "metadata": {"run_id": "r"}, "user_properties": {"u": 1}}
    answer = await post(
        client, "/v1/events/batch", {"events": events, "single_session": True, "session_properties": properties}
    )
    assert answer == {"event_ids": [EVENT, "e2"], "session_id": OTHER, "success": True}
    document = """query($p: String!, $s: String!) { project(slug: $p) { session(sessionId: $s) { callCount startedAt
      calls(orderBy: [{ field: "startedAt" }, { field: "callId" }]) { nodes { callId parentId displayName } } } } }"""
    session = (await ask(client, document, p=PROJECT, s=OTHER))["project"]["session"]
    assert (session["callCount"], session["startedAt"]) == (3, "2025-12-31T23:58:20Z")
    assert sorted((call["callId"], call["parentId"], call["displayName"]) for call in session["calls"]["nodes"]) == [
        (OTHER, None, "all"),
        (EVENT, OTHER, "unknown"),
        ("e2", EVENT, "unknown"),
    ]
    legacy = {"events": [{"event_name": "x", "project": "ignored"}], "is_single_session": True, "session": {"a": 1}}
    answer = await post(client, "/events/batch", legacy)
    assert uuid.UUID(answer["session_id"]).version == 4
    call = await weave(client, answer["event_ids"][0])
    assert call["trace_id"] == answer["session_id"]
    assert (await weave(client, answer["session_id"]))["attributes"]["honeyhive"]["a"] == 1


async def test_a_batch_of_which_some_are_refused(client: httpx.AsyncClient) -> None:
    good = {"event_id": "good", "event_type": "tool", "inputs": {}}
    bad = [{"event_type": "agent"}, 3, {"inputs": [1]}, {"event_id": "x" * 600}]
    answer = await post(client, "/events/batch", {"events": [bad[0], good, *bad[1:]]}, 500)
    assert answer["message"].startswith("Events partially created: events.0: event_type: Input should be 'model'")
    assert (answer["errorCode"], answer["success"], answer["event_ids"]) == ("PARTIALLY_CREATED", False, ["good"])
    assert [error["index"] for error in answer["errors"]] == [0, 2, 3, 4]
    assert answer["errors"][3]["message"].startswith("id is too long: 600 characters, at most 512")
    assert (await weave(client, "good"))["id"] == "good"
    answer = await post(client, "/events/batch", {"events": bad}, 400)
    assert answer["message"].startswith("No events created: events.0: event_type: ")
    # The strict form refuses what its schema refuses as a whole, and what is refused by meaning alone.
    strict = {"event_id": "strict", "event_type": "tool", "inputs": {}}
    answer = await post(client, "/v1/events/batch", {"events": [strict, {**strict, "project": "x"}]}, 400)
    assert answer["message"] == "Bad request: events.1.project: Extra inputs are not permitted"
    assert await weave(client, "strict") is None
    answer = await post(client, "/v1/events/batch", {"events": [strict, {**strict, "event_id": "x" * 600}]}, 500)
    assert answer["event_ids"] == ["strict"]


async def test_events_added_to_a_session(client: httpx.AsyncClient) -> None:
    log = {"event_id": "log", "event_type": "tool", "session_id": OTHER, "foo": 1}
    assert await post(client, f"/session/{SESSION}/traces", {"logs": [log]}) == {"success": True}
    assert await post(client, f"/session/{SESSION}/traces", {"events": []}) == {"success": True}
    assert (await post(client, f"/session/{SESSION}/traces", {}, 400))["message"].endswith("must be present")
    event = {"event_id": "batch", "event_type": "model", "inputs": {}, "parent_id": "log"}
    assert await post(client, f"/v1/sessions/{SESSION}/events/batch", {"events": [event]}) == {"success": True}
    calls = [await weave(client, call_id) for call_id in ("log", "batch")]
    assert [(call["trace_id"], call["parent_id"]) for call in calls] == [(SESSION, SESSION), (SESSION, "log")]
    assert calls[0]["attributes"]["honeyhive"] == {"event_type": "tool", "foo": 1, "source": "unknown"}
