"""Weave calls and HoneyHive events are the same calls, whoever writes to them."""

import json
from typing import Any

import httpx
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from db.json_members import members_of, object_of
from db.json_text import dump_json, parse_json
from resolvers.calls.sections import SECTIONS, merged
from tests.examples import examples
from tests.rest_compat.honeyhive.calls import PROJECT, ask, graph, post, put, weave
from tests.statements import counted

SESSION = "0b1f7d1e-2c52-4f0a-9a42-6a3f2f9c1a11"


async def weave_call(client: httpx.AsyncClient, call_id: str, **fields: Any) -> None:
    start = {
        "project_id": PROJECT,
        "id": call_id,
        "trace_id": "t",
        "op_name": "op",
        "started_at": "2026-01-01T00:00:00Z",
        "attributes": {"mine": 1.0, "weave": {"kind": "llm"}},
        "inputs": {"model": "asked"},
        **fields,
    }
    await post(client, "/call/start", {"start": start})


async def weave_end(client: httpx.AsyncClient, call_id: str, summary: Any) -> None:
    end = {
        "project_id": PROJECT,
        "id": call_id,
        "ended_at": "2026-01-01T00:00:02Z",
        "output": "out",
        "summary": summary,
    }
    await post(client, "/call/end", {"end": end})


async def test_a_weave_call_is_updated_as_an_event(client: httpx.AsyncClient) -> None:
    await weave_call(client, "w")
    tokens = {"prompt_tokens": 1, "output_tokens": 2}
    await put(client, "/v1/events/w", {"metadata": {"run_id": "r", **tokens}, "metrics": {"m": True}})
    call = await weave(client, "w")
    assert call["attributes"] == {
        "mine": 1.0,
        "weave": {"kind": "llm"},
        "honeyhive": {"metadata": {"run_id": "r", **tokens}, "metrics": {"m": True}},
    }
    assert (call["ended_at"], call["summary"]["weave"]["status"]) == (None, "running")
    usage = {"requests": 1, "prompt_tokens": 1, "completion_tokens": 2}
    assert call["summary"]["usage"] == {"usage": usage}
    # The client's own count stands, whatever the metadata says before and after it.
    await weave_end(client, "w", {"usage": {"gpt-4o": {"total_tokens": 30}}})
    await put(client, "/v1/events/w", {"metadata": {"prompt_tokens": 5}, "outputs": [1], "end_time": 1767225603000})
    call = await weave(client, "w")
    assert call["summary"]["usage"] == {"gpt-4o": {"total_tokens": 30}}
    assert (call["output"], call["ended_at"]) == ([1], "2026-01-01T00:00:03Z")
    assert await graph(client, "w", "model usage { totalTokens } status latencyMs") == {
        "model": "gpt-4o",
        "usage": {"totalTokens": 30},
        "status": "SUCCESS",
        "latencyMs": 3000,
    }


async def test_outputs_alone_end_a_call_at_no_known_time(client: httpx.AsyncClient) -> None:
    await weave_call(client, "w")
    await put(client, "/v1/events/w", {"outputs": None})
    assert await graph(client, "w", "status output") == {"status": "RUNNING", "output": None}
    await put(client, "/v1/events/w", {"outputs": "a"})
    found = await graph(client, "w", "status endedAt latencyMs trace { status endedAt }")
    assert found == {
        "status": "SUCCESS",
        "endedAt": None,
        "latencyMs": None,
        "trace": {"status": "SUCCESS", "endedAt": None},
    }
    await put(client, "/v1/events/w", {"duration": 0.25})
    found = await graph(client, "w", "status endedAt latencyMs trace { endedAt }")
    ended = "2026-01-01T00:00:00.000250Z"
    assert found == {"status": "SUCCESS", "endedAt": ended, "latencyMs": 0.25, "trace": {"endedAt": ended}}


async def test_weave_renames_ends_and_deletes_events(client: httpx.AsyncClient) -> None:
    event = {"event_id": "e", "session_id": SESSION, "event_type": "tool", "inputs": {}, "event_name": "first"}
    await post(client, "/v1/sessions", {"session_id": SESSION})
    await post(client, "/v1/events", event)
    await post(client, "/call/update", {"project_id": PROJECT, "call_id": "e", "display_name": "Named"})
    await weave_end(client, "e", {})
    # Told again: the first start and the last end, and sections that were not there.
    again = {**event, "event_name": "second", "outputs": {"last": 1}, "metadata": {"new": 1}, "source": "late"}
    await post(client, "/v1/events", again)
    await post(client, "/v1/events", {**again, "metadata": {"new": 2, "newer": 3}})
    call = await weave(client, "e")
    assert (call["op_name"], call["display_name"], call["output"]) == ("first", "Named", {"last": 1})
    assert call["attributes"]["honeyhive"] == {
        "event_type": "tool",
        "source": "unknown",
        "metadata": {"new": 1, "newer": 3},
    }
    deleted = await post(client, "/calls/delete", {"project_id": PROJECT, "call_ids": [SESSION]})
    assert deleted == {"num_deleted": 2}
    assert await post(client, "/v1/events", again) == {"event_id": "e", "success": True}
    assert await weave(client, "e") is None
    answer = await put(client, "/v1/events/e", {"metrics": {"a": 1}}, 400)
    assert answer["message"] == "Bad request: Call 'e' was deleted"
    answer = await post(client, "/v1/sessions", {"session_id": SESSION}, 400)
    assert answer["message"] == f"Bad request: Call '{SESSION}' was deleted"


async def test_values_stay_as_they_were_sent(client: httpx.AsyncClient) -> None:
    odd = (
        '{"n":1.0,"big":123456789012345678901234567890,"nul":"\\u0000","lone":"\\ud800","e":1e400,"\\ud800":NaN,"":[]}'
    )
    kept = odd.replace("NaN", '"NaN"')
    headers = {"content-type": "application/json"}
    sections = ("config", "metadata", "metrics", "feedback", "user_properties")
    members = ",".join(f'"{name}":{odd}' for name in (*sections, "inputs", "outputs"))
    body = '{"event":{"event_id":"odd","event_type":"tool",' + members + ',"other":' + odd + "}}"
    response = await client.post("/events", content=body, headers=headers)
    assert response.status_code == 200, response.text
    response = await client.put(
        "/v1/events/odd", content=f'{{"metadata":{odd},"metrics":{{"x":{odd}}}}}', headers=headers
    )
    assert response.status_code == 200, response.text
    response = await client.post("/call/read", json={"project_id": PROJECT, "id": "odd"})
    for name in ("config", "metadata", "feedback", "user_properties", "inputs", "other"):
        assert f'"{name}":{kept}' in response.text, name
    assert f'"output":{kept}' in response.text
    assert f'"metrics":{kept[:-1]},"x":{kept}}}' in response.text


async def test_spans_of_a_session_are_part_of_its_run(client: httpx.AsyncClient) -> None:
    span = {
        "traceId": "1" * 32,
        "spanId": "2" * 16,
        "name": "step",
        "startTimeUnixNano": "1767225600000000000",
        "endTimeUnixNano": "1767225601000000000",
        "attributes": [{"key": "session.id", "value": {"stringValue": SESSION}}],
    }
    run = "AAAAAAAA-2C52-4F0A-9A42-6A3F2F9C1A11"
    await post(client, "/v1/sessions", {"session_id": SESSION, "metadata": {"run_id": run}})
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    response = await client.post("/otel/v1/traces", json=body, headers={"project_id": PROJECT})
    assert response.status_code == 200
    # Runs have UUIDs in small letters.
    answer = await post(client, "/v1/events/search", {"evaluation_id": run.lower()})
    assert sorted(event["event_id"] for event in answer["events"]) == sorted([SESSION, "2" * 16])
    await put(client, f"/v1/events/{'2' * 16}", {"metadata": {"run_id": "own"}})
    answer = await post(client, "/v1/events/search", {"evaluation_id": run.lower()})
    assert [event["event_id"] for event in answer["events"]] == [SESSION]


SCORES = """query($p: String!) { project(slug: $p) { calls(orderBy: [{ field: "callId" }]) { nodes { callId
  scores { name scorerName source value label passed reason createdAt feedback { feedbackId } }
  some: scores(scorers: ["judge"]) { name } } } } }"""


async def test_metrics_are_scores(client: httpx.AsyncClient) -> None:
    metrics = {
        "accuracy": 0.5,
        "ok": True,
        "tone": "calm",
        "judge": {"score": 3, "explanation": "fine", "parts": [1, None]},
        "none": None,
    }
    for event_id, found in (("a", metrics), ("b", {}), ("c", {"big": "x" * 40_000})):
        event = {"event_id": event_id, "event_type": "model", "inputs": {}, "metrics": found, "feedback": {"rating": 1}}
        await post(client, "/v1/events", event)
    feedback = {
        "project_id": PROJECT,
        "weave_ref": f"weave:///{PROJECT}/call/a",
        "feedback_type": "wandb.reaction.1",
        "payload": {"emoji": "\N{THUMBS UP SIGN}"},
    }
    await post(client, "/feedback/create", feedback)
    calls = (await ask(client, SCORES, p=PROJECT))["project"]["calls"]["nodes"]
    assert [(call["callId"], [score["name"] for score in call["some"]]) for call in calls] == [
        ("a", ["judge.score", "judge.parts.0"]),
        ("b", []),
        ("c", []),
    ]
    scores = calls[0]["scores"]
    assert [(s["name"], s["source"], s["value"], s["label"], s["passed"], s["reason"]) for s in scores] == [
        ("reaction", "REACTION", None, "\N{THUMBS UP SIGN}", None, None),
        ("accuracy", "METRIC", 0.5, None, None, None),
        ("ok", "METRIC", 1, "true", True, None),
        ("tone", "METRIC", None, "calm", None, None),
        ("judge.score", "METRIC", 3, None, None, "fine"),
        ("judge.parts.0", "METRIC", 1, None, None, "fine"),
    ]
    assert [(s["scorerName"], s["createdAt"], s["feedback"]) for s in scores[4:5]] == [("judge", None, None)]
    assert [call["scores"] for call in calls[1:]] == [[], []]
    query = {"$gte": [{"$getField": "attributes.honeyhive.metrics.judge.score"}, {"$literal": 3}]}
    response = await client.post("/calls/stream_query", json={"project_id": PROJECT, "query": {"$expr": query}})
    assert [json.loads(line)["id"] for line in response.text.splitlines()] == ["a"]


async def test_a_large_batch_takes_few_statements(client: httpx.AsyncClient) -> None:
    def events(count: int, name: str) -> list[dict[str, Any]]:
        return [
            {
                "event_id": f"{name}{index}",
                "session_id": SESSION,
                "parent_id": f"{name}{index - 1}" if index else SESSION,
                "event_type": "tool",
                "inputs": {"n": index},
                "outputs": {"n": index},
                "metadata": {"run_id": "r", "total_tokens": 3},
            }
            for index in range(count)
        ]

    await post(client, "/v1/events/batch", {"events": events(3, "warm")})
    with counted() as few:
        await post(client, "/v1/events/batch", {"events": events(10, "few")})
    with counted() as many:
        answer = await post(client, "/v1/events/batch", {"events": events(1000, "many")})
    assert answer["event_ids"] == [f"many{index}" for index in range(1000)]
    # Lists of ids are bound a thousand at a time: the ids of this batch and their parents are one more.
    assert len(many) <= len(few) + 1
    assert len(few) <= 12
    with counted() as again:
        await post(client, "/v1/events/batch", {"events": events(1000, "many")})
    assert len(again) <= len(many) + 2


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda each: st.lists(each, max_size=2),
    max_leaves=3,
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "c", "d.e", "", "\ud800"]), VALUES, max_size=4)
PATCHES = st.lists(st.tuples(st.sampled_from(SECTIONS), OBJECTS, st.booleans()), max_size=6)


@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.too_slow])
@given(before=OBJECTS, patches=PATCHES)
@example(before={"a": ["\U0010f800\U0010f001\U0010f000"], "\ud800": "\U0010ffff\0\udfff"}, patches=[])
def test_sections_are_merged_key_by_key(
    before: dict[str, Any], patches: list[tuple[str, dict[str, Any], bool]]
) -> None:
    attributes = dump_json({"mine": before})
    expected: dict[str, Any] = {"mine": before}
    for section, value, newer in patches:
        text = {section: dump_json(value)}
        attributes = merged(attributes, text, {}) if newer else merged(attributes, {}, text)
        sections = expected.setdefault("honeyhive", {})
        there = sections.get(section, {})
        sections[section] = {**there, **value} if newer else {**value, **there}
    assert parse_json(attributes) == expected
    assert parse_json(object_of(members_of(attributes))) == expected
