"""The filters of events, on calls that came through either API."""

import json
from typing import Any

import httpx
import pytest

from tests.graph.recording import PROJECT, ask, call, record, refusal


def event(call_id: str, second: float, kind: str = "llm", **sections: Any) -> dict[str, Any]:
    """A call as HoneyHive's API records it, with the sections in its attributes."""
    fields = {name: sections.pop(name) for name in ("inputs", "output", "ended", "exception") if name in sections}
    honeyhive = {"event_type": {"llm": "model"}.get(kind, kind), "source": "test", **sections}
    attributes = {"weave": {"kind": kind}, "honeyhive": honeyhive}
    return call(call_id, second=second, op_name=call_id.upper(), attributes=attributes, **fields)


CALLS = [
    event(
        "a", 1, "session", ended=3,
        metadata={"run_id": "run-1", "n": 5, "flag": True, "when": "2026-01-01T00:00:00Z", "a": {"b": 1}},
    ),
    event(
        "b", 2, ended=2.5, inputs={"q": "Zürich?", "n": "7"}, output={"answer": ["x", "yes"]},
        config={"model": "gpt", "t": 0.5}, metrics={"acc": 0.75, "ok": False},
        metadata={"n": "12", "flag": "false", "when": 1767225600500, "a.b": 2, "x": None},
    ),
    event(
        "c", 3, "tool", ended=4, output="plain", exception="ValueError: no such city",
        feedback={"rating": 3}, user_properties={"id": "u1"}, metadata={"n": 1e300, "tags": ["p", "q"]},
    ),
    call("d", second=4, op_name="weave:///team/app/op/answer:abc", attributes={"env": "prod", "n": 9}),
    call(
        "e", second=5, ended=7.25, display_name="Renamed", op_name="chat", attributes={"weave": {"kind": "llm"}},
        summary={"usage": {"gpt-4o": {"prompt_tokens": 20, "completion_tokens": 5}}}, output=[1, 2],
        exception=json.dumps({"type": "KeyError", "message": "k", "traceback": "..."}),
    ),
]  # fmt: skip

CASES: list[tuple[Any, str]] = [
    (("event_type", "is", "model"), "be"),
    (("event_type", "is", "tool"), "c"),
    (("event_type", "is", "chain"), "d"),
    (("event_type", "is", "session"), "a"),
    (("event_type", "is not", "model"), "acd"),
    (("event_type", "contains", "o"), "abce"),
    (("event_type", "exists", None), "abcde"),
    (("event_name", "is", "B"), "b"),
    (("event_name", "is", "answer"), "d"),
    (("event_name", "is", "Renamed"), "e"),
    (("event_name", "contains", "chat"), ""),
    (("event_id", "is", "c"), "c"),
    (("session_id", "is", "t"), "abcde"),
    (("session_id", "is", "other"), ""),
    (("session_id", "is not", "t"), ""),
    (("parent_id", "not exists", None), "abcde"),
    (("project_id", "is", PROJECT), "abcde"),
    (("source", "is", "test"), "abc"),
    (("source", "is", "unknown"), "de"),
    (("error", "exists", None), "ce"),
    (("error", "not exists", None, "string"), "abd"),
    (("error", "is", None), "abd"),
    (("error", "is not", None), "ce"),
    (("error", "contains", "city"), "c"),
    (("error", "not contains", "city"), "abde"),
    (("error", "is", "KeyError: k"), "e"),
    (("start_time", "after", "2026-01-01T00:00:03Z"), "de"),
    (("start_time", "before", "2026-01-01T01:00:02+01:00", "datetime"), "a"),
    (("start_time", "is", 1767225602000), "b"),
    (("start_time", "greater than", 1767225603000, "number"), "de"),
    (("start_time", "greater than", "1767225603000"), "de"),
    (("end_time", "exists", None), "abce"),
    (("end_time", "less than", "2026-01-01T00:00:03Z", "datetime"), "b"),
    (("duration", "greater than", 1000), "ae"),
    (("duration", "is", 2250), "e"),
    (("duration", "less than", "1000.5", "number"), "bc"),
    (("duration", "greater than", 500), "ace"),
    (("metadata.run_id", "is", "run-1"), "a"),
    (("metadata.run_id", "is not", "run-1"), "bcde"),
    (("evaluation_id", "is", "run-1"), "a"),
    (("metadata.run_id", "contains", "run"), "a"),
    (("metadata.run_id", "exists", None), "a"),
    (("metadata.n", "greater than", 5), "bcd"),
    (("metadata.n", "greater than", "5", "string"), "bcd"),
    (("metadata.n", "is", 12), "b"),
    (("metadata.n", "is", "12"), "b"),
    (("metadata.n", "is", "5"), "a"),
    (("metadata.n", "is", "5", "number"), "a"),
    (("metadata.n", "is not", 5), "bcde"),
    (("metadata.n", "less than", 6), "a"),
    (("metadata.flag", "is", True), "a"),
    (("metadata.flag", "is", "false", "boolean"), "b"),
    (("metadata.flag", "is", "true"), "a"),
    (("metadata.flag", "is not", True), "bcde"),
    (("metadata.when", "after", "2026-01-01"), "b"),
    (("metadata.when", "before", "2026-01-01T00:00:00.501"), "ab"),
    (("metadata.when", "is", "2026-01-01T01:00:00+01:00", "datetime"), "a"),
    (("metadata.when", "greater than", 1767225600000, "datetime"), "b"),
    (("metadata.a.b", "greater than", 0), "ab"),
    (("metadata.a.b", "is", 2), "b"),
    ((r"metadata.a\.b", "exists", None), "b"),
    (("metadata.a", "exists", None), "a"),
    (("metadata.x", "exists", None), ""),
    (("metadata.x", "not exists", None), "abcde"),
    (("metadata.tags", "contains", "q"), "c"),
    (("metadata.tags.1", "is", "q"), "c"),
    (("metadata.env", "is", "prod"), "d"),
    (("metadata.total_tokens", "greater than", 24), "e"),
    (("metadata.weave", "exists", None), ""),
    (("config.model", "is", "gpt"), "b"),
    (("config.model", "contains", "gpt"), "be"),
    (("config.t", "is", "0.5"), "b"),
    (("inputs.q", "contains", "ü"), "b"),
    (("inputs.q", "contains", "Ü"), ""),
    (("inputs.n", "greater than", 6), "b"),
    (("outputs.answer", "contains", "yes"), "b"),
    (("outputs.result", "is", "plain"), "c"),
    (("outputs.result.1", "is", 2), "e"),
    (("outputs", "not exists", None), "ad"),
    (("metrics.acc", "greater than", 0.7), "b"),
    (("metrics.ok", "is", False), "b"),
    (("metrics.ok", "is", 0), "b"),
    (("feedback.rating", "is", 3), "c"),
    (("user_properties.id", "is", "u1", "string"), "c"),
]  # fmt: skip

LISTED = """query($filters: [EventFilterInput!]) {
  project(slug: "team/app") { calls(filters: $filters) { totalCount nodes { callId } } }
}"""


def written(field: str, operator: str, value: Any, kind: str | None = None) -> dict[str, Any]:
    """A filter as a variable."""
    name = operator.upper().replace(" ", "_")
    return {"field": field, "operator": name, "value": value, "type": kind and kind.upper()}


async def found(client: httpx.AsyncClient, *filters: Any) -> str:
    calls = (await ask(client, LISTED, filters=[written(*each) for each in filters]))["project"]["calls"]
    assert calls["totalCount"] == len(calls["nodes"])
    return "".join(node["callId"] for node in calls["nodes"])


async def test_each_filter_finds_the_events_that_it_means(client: httpx.AsyncClient) -> None:
    await record(client, CALLS)
    answers = [(case, await found(client, case)) for case, _ in CASES]
    assert answers == CASES


async def test_all_filters_must_hold_beside_filter_and_query(client: httpx.AsyncClient) -> None:
    await record(client, CALLS)
    both = [("metadata.n", "greater than", 4), ("event_type", "is not", "session")]
    assert await found(client, *both) == "bcd"
    filters = [written(*each) for each in both]
    document = """query($filters: [EventFilterInput!]) {
      project(slug: "team/app") {
        calls(
          filters: $filters, filter: {kinds: [LLM, TOOL]}
          query: {gt: [{getField: "event.duration"}, {literal: {value: 600}}]}
          orderBy: [{field: "event.metadata.n", direction: DESC}]
        ) { nodes { callId } }
        trace(traceId: "t") { calls(filters: $filters, last: 1) { totalCount nodes { callId } } }
        traces { nodes { calls(filters: $filters) { totalCount } } }
        facets(fields: ["event.event_type"]) { values { value count } }
      }
    }"""
    project = (await ask(client, document, filters=filters))["project"]
    assert project == {
        "calls": {"nodes": [{"callId": "c"}]},
        "trace": {"calls": {"totalCount": 3, "nodes": [{"callId": "d"}]}},
        "traces": {"nodes": [{"calls": {"totalCount": 3}}]},
        "facets": [
            {
                "values": [
                    {"value": "model", "count": 2},
                    {"value": "chain", "count": 1},
                    {"value": "session", "count": 1},
                    {"value": "tool", "count": 1},
                ]
            }
        ],
    }


@pytest.fixture(scope="module")
async def holding(module_client: httpx.AsyncClient) -> httpx.AsyncClient:
    await record(module_client, CALLS[:1])
    return module_client


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("event_typ", "is", "x"), "Unknown field 'event_typ'; did you mean 'event_type'?"),
        (("duration.x", "is", 1), "Unknown field 'duration.x'; did you mean 'duration'?"),
        (("metadata.n", "greater than", "much"), "'metadata.n' greater than 'much': it is no number"),
        (("metadata.n", "is", "x", "number"), "'metadata.n' is 'x' as number: it is no number"),
        (("metadata.n", "is", "x", "boolean"), "'metadata.n' is 'x' as boolean: it is neither true nor false"),
        (
            ("start_time", "after", "soon"),
            "'start_time' after 'soon': a time is ISO 8601 text or a number of Unix milliseconds",
        ),
        (
            ("error", "contains", None),
            "'error' contains null: null has nothing to compare with; 'is', 'is not' and the two of 'exists' take it",
        ),
        (("error", "is", ["x"]), "The value of a filter is text, a number, true, false or null, not ['x']"),
    ],
)
async def test_a_filter_that_cannot_be(holding: httpx.AsyncClient, given: Any, message: str) -> None:
    filters = [written("error", "exists", None), written(*given)]
    response = await holding.post("/graphql", json={"query": LISTED, "variables": {"filters": filters}})
    (error,) = response.json()["errors"]
    where = ["filters", 1, "field" if message.startswith("Unknown") else "value"]
    assert (error["message"], error["extensions"]["code"]) == (message, "INVALID_INPUT")
    assert error["extensions"]["field"] == where


async def test_too_many_filters(client: httpx.AsyncClient) -> None:
    await record(client, CALLS[:1])
    filters = ", ".join(['{field: "error", operator: EXISTS}'] * 101)
    assert await refusal(client, f"calls(filters: [{filters}]) {{ totalCount }}") == (
        "At most 100 filters can be given, not 101"
    )
