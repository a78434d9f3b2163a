"""One project, both dialects: what one writes the other finds, and both find the same by filters of their own."""

import json
from typing import Any

import httpx

PROJECT = "default/default"
START = 1_767_225_600_000
SESSION = "0b1f7d1e-2c52-4f0a-9a42-6a3f2f9c1a11"
EVENT = "7a0b6c1d-93d2-4a1e-8a35-3f2c1b0a9d88"
RUN = "c56a4180-65aa-42ec-a945-5fd21dec0538"
SPAN = "00f067aa0ba902b7"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def post(client: httpx.AsyncClient, path: str, body: Any) -> Any:
    response = await client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def exported(client: httpx.AsyncClient, *filters: tuple[str, str, Any]) -> list[dict[str, Any]]:
    """The events that HoneyHive's filters find, newest first."""
    chosen = [dict(zip(("field", "operator", "value"), each, strict=True)) for each in filters]
    answer = await post(client, "/v1/events/export", {"filters": chosen})
    events: list[dict[str, Any]] = answer["events"]
    assert answer["count"] == len(events)
    return events


async def found(client: httpx.AsyncClient, *filters: tuple[str, str, Any]) -> list[str]:
    return [event["event_id"] for event in await exported(client, *filters)]


async def streamed(client: httpx.AsyncClient, query: Any = None) -> dict[str, dict[str, Any]]:
    """The calls that Weave's query finds, by id, newest first."""
    body = {
        "project_id": PROJECT,
        "query": query and {"$expr": query},
        "sort_by": [{"field": "started_at", "direction": "desc"}],
    }
    response = await client.post("/calls/stream_query", json=body)
    assert response.status_code == 200, response.text
    return {call["id"]: call for call in map(json.loads, response.text.splitlines())}


async def write_everything(client: httpx.AsyncClient) -> None:
    """A session with an event by HoneyHive's API, a call with a child by Weave's, and a span."""
    session = {"session_id": SESSION, "session_name": "chat", "start_time": START, "metadata": {"run_id": RUN}}
    await post(client, "/v1/sessions", session)
    event = {
        "event_id": EVENT,
        "session_id": SESSION,
        "event_type": "model",
        "event_name": "ask",
        "inputs": {"q": "Zürich"},
        "outputs": {"content": "hi"},
        "start_time": START + 1000,
        "end_time": START + 1250.5,
        "config": {"model": "gpt-4o"},
        "metadata": {"cost": 0.02, "gen_ai.usage": 7},
        "metrics": {"accuracy": 0.75},
    }
    await post(client, "/v1/events", event)
    call = {"project_id": PROJECT, "trace_id": "t", "inputs": {"q": "Zürich"}}
    parent = {**call, "id": "parent", "op_name": "weave:///default/default/op/answer:abc", "attributes": {"cost": 0.5}}
    child = {**call, "id": "child", "parent_id": "parent", "op_name": "chat", "attributes": {"weave": {"kind": "llm"}}}
    end = {"project_id": PROJECT, "ended_at": "2026-01-01T00:00:03.500Z", "output": [1], "summary": {}}
    usage = {"usage": {"gpt-4o": {"prompt_tokens": 1000, "completion_tokens": 100}}}
    starts = [{**parent, "started_at": "2026-01-01T00:00:02Z"}, {**child, "started_at": "2026-01-01T00:00:03Z"}]
    ends = [{**end, "id": "parent", "exception": "ValueError: no"}, {**end, "id": "child", "summary": usage}]
    batch = [{"mode": "start", "req": {"start": each}} for each in starts]
    batch += [{"mode": "end", "req": {"end": each}} for each in ends]
    await post(client, "/call/upsert_batch", {"batch": batch})
    span = {
        "traceId": TRACE,
        "spanId": SPAN,
        "name": "search",
        "startTimeUnixNano": str((START + 4000) * 10**6),
        "endTimeUnixNano": str((START + 4001) * 10**6),
        "attributes": [
            {"key": "session.id", "value": {"stringValue": SESSION}},
            {"key": "openinference.span.kind", "value": {"stringValue": "RETRIEVER"}},
            {"key": "input.value", "value": {"stringValue": "where"}},
        ],
    }
    spans = {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "x"}, "spans": [span]}]}]}
    response = await client.post("/otel/v1/traces", json=spans, headers={"project_id": PROJECT})
    assert response.status_code == 200, response.text


async def test_honeyhive_exports_what_all_wrote(client: httpx.AsyncClient) -> None:
    await write_everything(client)
    events = {event["event_id"]: event for event in await exported(client)}
    assert list(events) == [SPAN, "child", "parent", EVENT, SESSION]
    shown = ("event_type", "event_name", "session_id", "error", "duration", "inputs", "outputs", "children_ids")
    assert {key: [event.get(name) for name in shown] for key, event in events.items()} == {
        SPAN: ["tool", "search", SESSION, None, 1, {"input.value": "where"}, {}, []],
        "child": ["model", "chat", "t", None, 500, {"q": "Zürich"}, {"result": [1]}, []],
        "parent": ["chain", "answer", "t", "ValueError: no", 1500, {"q": "Zürich"}, {"result": [1]}, ["child"]],
        EVENT: ["model", "ask", SESSION, None, 250.5, {"q": "Zürich"}, {"content": "hi"}, []],
        SESSION: ["session", "chat", SESSION, None, None, {}, {}, [EVENT]],
    }
    assert events["child"]["config"] == {"model": "gpt-4o"}
    tokens = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100, "cost": 0.0035}
    assert events["child"]["metadata"] == tokens
    assert events["parent"]["metadata"] == {"cost": 0.5}
    assert events[EVENT]["metadata"] == {"cost": 0.02, "gen_ai.usage": 7}
    assert [events["parent"].get("parent_id"), events["child"]["parent_id"]] == [None, "parent"]
    assert [events[EVENT]["parent_id"], events[SESSION]["metadata"]] == [SESSION, {"run_id": RUN}]


async def test_filters_of_both_find_the_same(client: httpx.AsyncClient) -> None:
    await write_everything(client)
    cases: list[tuple[list[tuple[str, str, Any]], Any]] = [
        ([("inputs.q", "contains", "ü")], {"$contains": {"input": {"$getField": "inputs.q"}, "substr": literal("ü")}}),
        ([("inputs.q", "is", "Zürich")], {"$eq": [{"$getField": "inputs.q"}, literal("Zürich")]}),
        ([("duration", "greater than", 400)], {"$gt": [{"$getField": "summary.weave.latency_ms"}, literal(400)]}),
        ([("error", "is not", None)], {"$not": [{"$eq": [{"$getField": "exception"}, literal(None)]}]}),
        ([("event_type", "is", "model")], {"$eq": [{"$getField": "kind"}, literal("LLM")]}),
        (
            [("start_time", "after", START + 1000), ("start_time", "before", "2026-01-01T00:00:04Z")],
            {
                "$and": [
                    {"$gt": [started(), literal(START / 1000 + 1)]},
                    {"$lt": [started(), literal(START / 1000 + 4)]},
                ]
            },
        ),
        (
            [("metadata.gen_ai.usage", "is", 7)],
            {"$eq": [{"$getField": r"attributes.honeyhive.metadata.gen_ai\.usage"}, literal(7)]},
        ),
        ([("metadata.cost", "exists", None)], {"$gt": [{"$getField": "event.metadata.cost"}, literal(0)]}),
        ([("metrics.accuracy", "less than", "0.8")], {"$lt": [{"$getField": "event.metrics.accuracy"}, literal(0.8)]}),
    ]
    for filters, query in cases:
        calls = await streamed(client, query)
        assert calls, filters
        assert await found(client, *filters) == list(calls), filters
    assert await found(client, ("evaluation_id", "is", RUN)) == [SPAN, EVENT, SESSION]
    assert await found(client, ("metadata.run_id", "is", RUN)) == [SESSION]


def literal(value: Any) -> dict[str, Any]:
    return {"$literal": value}


def started() -> dict[str, Any]:
    return {"$getField": "started_at"}


async def test_what_honeyhive_wrote_weave_and_the_graph_read(client: httpx.AsyncClient) -> None:
    await write_everything(client)
    call = (await streamed(client))[EVENT]
    assert (call["op_name"], call["trace_id"], call["parent_id"]) == ("ask", SESSION, SESSION)
    assert (call["inputs"], call["output"]) == ({"q": "Zürich"}, {"content": "hi"})
    honeyhive = call["attributes"]["honeyhive"]
    assert (honeyhive["event_type"], honeyhive["metrics"]) == ("model", {"accuracy": 0.75})
    document = """{ project(slug: "default/default") {
      calls(filters: [{field: "metadata.cost", operator: LESS_THAN, value: 0.1}]) {
        totalCount nodes { callId kind latencyMs scores { name value } session { sessionId callCount } }
      }
      ordered: calls(orderBy: [{field: "event.metadata.cost", direction: DESC}], first: 2) { nodes { callId } }
    } }"""
    project = (await post(client, "/graphql", {"query": document}))["data"]["project"]
    assert project == {
        "calls": {
            "totalCount": 1,
            "nodes": [
                {
                    "callId": EVENT,
                    "kind": "LLM",
                    "latencyMs": 250.5,
                    "scores": [{"name": "accuracy", "value": 0.75}],
                    "session": {"sessionId": SESSION, "callCount": 3},
                }
            ],
        },
        "ordered": {"nodes": [{"callId": "parent"}, {"callId": EVENT}]},
    }


async def test_changes_through_one_show_in_the_other(client: httpx.AsyncClient) -> None:
    await write_everything(client)
    renamed = {"project_id": PROJECT, "call_id": EVENT, "display_name": "asked"}
    await post(client, "/call/update", renamed)
    assert await found(client, ("event_name", "is", "asked")) == [EVENT]
    patch = {"feedback": {"rating": 4}, "metadata": {"cost": 0.6, "reviewed": True}}
    response = await client.put("/v1/events/parent", json=patch)
    assert response.status_code == 200, response.text
    assert await found(client, ("feedback.rating", "greater than", 3)) == ["parent"]
    (event,) = await exported(client, ("metadata.reviewed", "is", True))
    assert (event["feedback"], event["metadata"]) == ({"rating": 4}, {"cost": 0.6, "reviewed": True})
    assert (await streamed(client))["parent"]["attributes"] == {"cost": 0.5, "honeyhive": patch}
    await post(client, "/calls/delete", {"project_id": PROJECT, "call_ids": ["parent"]})
    assert await found(client) == [SPAN, EVENT, SESSION]
    assert (await client.get("/v1/events/child")).status_code == 404
