"""Spans as HoneyHive's SDK 1.7 exports them: JSON, to a path of its own, the project named by the key alone."""

from typing import Any

import httpx
import pytest

from tests.conftest import running_app

pytestmark = pytest.mark.anyio

SESSION = "41bf5c06-6cea-43c6-8af7-e340d0282b71"
TRACE = "fc322c5c59946ec4f70a14edbc1b5412"
ROOT, CHILD, GRANDCHILD = "ab9e9a57aa532e4b", "61fb959e20ddf778", "ad4285a447e7f654"
EVENT = "01941f29-7c00-4000-8000-000000000020"
START = 1_767_225_600_000_000_000

DOCUMENT = """query($project: String!, $trace: String!) { project(slug: $project) {
    calls(first: 10) { nodes {
        callId traceId parentId sessionId opName kind status exception wbUserId inputs output attributes
        session { sessionId } usage { model totalTokens } startedAt latencyMs
    } }
    trace(traceId: $trace) { roots { callId } root { callId } }
} }"""


def value(given: Any) -> dict[str, Any]:
    match given:
        case bool():
            return {"boolValue": given}
        case int():
            return {"intValue": str(given)}
        case float():
            return {"doubleValue": given}
        case _:
            return {"stringValue": given}


def span(span_id: str, parent: str | None, name: str, **attributes: Any) -> dict[str, Any]:
    """A span of the trace; ``_`` in names of attributes stands for themselves, ``__`` for a dot."""
    named = {"honeyhive.session_id": SESSION, "traceloop.association.properties.session_id": SESSION}
    named |= {"honeyhive.project": "proj", "honeyhive.source": "dev"}
    named |= {key.replace("__", "."): given for key, given in attributes.items()}
    return {
        "traceId": TRACE,
        "spanId": span_id,
        "parentSpanId": parent,
        "name": name,
        "kind": "SPAN_KIND_INTERNAL",
        "startTimeUnixNano": str(START),
        "endTimeUnixNano": str(START + 2_000_000_000),
        "attributes": [{"key": key, "value": value(given)} for key, given in named.items()],
        "events": [],
        "status": {"code": "STATUS_CODE_UNSET"},
    }


async def export(client: httpx.AsyncClient, *spans: dict[str, Any]) -> None:
    body = {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"spans": list(spans)}]}]}
    answer = await client.post("/opentelemetry/v1/traces", json=body, headers={"authorization": "Bearer hh_key"})
    assert (answer.status_code, answer.json()) == (200, {"partial_success": None})


async def asked(client: httpx.AsyncClient) -> Any:
    body = {"query": DOCUMENT, "variables": {"project": "default/default", "trace": TRACE}}
    return (await client.post("/graphql", json=body)).json()["data"]["project"]


async def test_attributes_become_the_sections_of_an_event(client: httpx.AsyncClient) -> None:
    await export(
        client,
        span(
            ROOT,
            None,
            "__main__.main",
            honeyhive_event_type="model",
            honeyhive_event_name="main",
            honeyhive_inputs__q="France",
            honeyhive_inputs__messages='[{"role": "user"}]',
            honeyhive_outputs__result__found__0="Paris",
            honeyhive_outputs__result__found__1="Lyon",
            honeyhive_config__model="gpt-4o",
            honeyhive_metadata__nest__a__0=1,
            honeyhive_metadata__nest__a__1__b=2,
            honeyhive_metadata__cached=False,
            honeyhive_metrics__precision=0.5,
            honeyhive_feedback__rating=5,
            honeyhive_user_properties__user_id="ada",
            honeyhive__inputs__x="flat",
            honeyhive_duration_ms=1.5,
        ),
    )
    (call,) = (await asked(client))["calls"]["nodes"]
    attributes = call.pop("attributes")
    assert call == {
        "callId": ROOT,
        "traceId": TRACE,
        "parentId": SESSION,
        "sessionId": SESSION,
        "session": {"sessionId": SESSION},
        "opName": "main",
        "kind": "LLM",
        "status": "SUCCESS",
        "exception": None,
        "wbUserId": "ada",
        "inputs": {"q": "France", "messages": [{"role": "user"}]},
        "output": {"result": {"found": ["Paris", "Lyon"]}},
        "usage": None,
        "startedAt": "2026-01-01T00:00:00Z",
        "latencyMs": 2000.0,
    }
    assert attributes["honeyhive"] == {
        "event_type": "model",
        "source": "dev",
        "config": {"model": "gpt-4o"},
        "metadata": {
            "honeyhive.inputs.x": "flat",
            "honeyhive_duration_ms": 1.5,
            "nest": {"a": [1, {"b": 2}]},
            "cached": False,
        },
        "metrics": {"precision": 0.5},
        "feedback": {"rating": 5},
        "user_properties": {"user_id": "ada"},
    }
    assert attributes["otel_span"]["name"] == "__main__.main"


async def test_the_first_spans_of_a_session_are_the_roots_of_their_traces(client: httpx.AsyncClient) -> None:
    await export(client, span(ROOT, None, "main"), span(CHILD, ROOT, "inner"))
    project = await asked(client)
    parents = {call["callId"]: call["parentId"] for call in project["calls"]["nodes"]}
    assert parents == {ROOT: SESSION, CHILD: ROOT}
    assert project["trace"] == {"roots": [{"callId": ROOT}], "root": {"callId": ROOT}}


async def test_a_session_is_made_where_spans_ask_for_it(client: httpx.AsyncClient) -> None:
    made = {"honeyhive.session_auto_create": True, "honeyhive.session_name": "nightly"}
    for _ in range(2):
        await export(client, span(ROOT, None, "main", **made), span(CHILD, ROOT, "inner", **made))
    calls = {call["callId"]: call for call in (await asked(client))["calls"]["nodes"]}
    assert calls.keys() == {SESSION, ROOT, CHILD}
    session = calls[SESSION]
    assert (session["opName"], session["kind"], session["sessionId"]) == ("nightly", "SESSION", SESSION)
    assert (session["traceId"], session["parentId"]) == (SESSION, None)
    assert session["attributes"] == {"honeyhive": {"event_type": "session", "source": "dev"}}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)], ids=str)
async def test_an_event_id_leaves_children_that_name_the_span(
    client: httpx.AsyncClient, order: tuple[int, int, int]
) -> None:
    spans = (
        span(ROOT, None, "main"),
        span(CHILD, ROOT, "middle", honeyhive_event_id=EVENT),
        span(GRANDCHILD, CHILD, "inner"),
    )
    for _ in range(2):
        for number in order:
            await export(client, spans[number])
    parents = {call["callId"]: call["parentId"] for call in (await asked(client))["calls"]["nodes"]}
    assert parents == {ROOT: SESSION, EVENT: ROOT, GRANDCHILD: EVENT}


@pytest.mark.parametrize(
    ("attributes", "exception"),
    [
        ({"honeyhive_error": "bad thing", "honeyhive_error_type": "ValueError"}, "ValueError: bad thing"),
        ({"honeyhive_error": "ValueError: bad thing", "honeyhive_error_type": "ValueError"}, "ValueError: bad thing"),
        ({"honeyhive_error": "bad thing"}, "bad thing"),
        ({"honeyhive_error": ""}, None),
    ],
)
async def test_errors(client: httpx.AsyncClient, attributes: dict[str, Any], exception: str | None) -> None:
    await export(client, span(ROOT, None, "main", **attributes))
    (call,) = (await asked(client))["calls"]["nodes"]
    assert (call["exception"], call["status"]) == (exception, "ERROR" if exception else "SUCCESS")


async def test_the_type_of_an_error_is_in_the_metadata_too(client: httpx.AsyncClient) -> None:
    """Where users of HoneyHive look for it; the message is the event's error alone."""
    await export(client, span(ROOT, None, "main", honeyhive_error="bad thing", honeyhive_error_type="ValueError"))
    event = (await client.get(f"/v1/events/{ROOT}")).json()["event"]
    assert (event["error"], event["metadata"]) == ("ValueError: bad thing", {"honeyhive_error_type": "ValueError"})


async def test_the_project_is_that_of_the_setting(sqlite_url: str) -> None:
    async with running_app(sqlite_url, honeyhive_project="team/hive") as client:
        await export(client, span(ROOT, None, "main"))
        body = {"query": '{ project(slug: "team/hive") { calls { totalCount } } }'}
        assert (await client.post("/graphql", json=body)).json()["data"]["project"]["calls"] == {"totalCount": 1}


async def test_broken_exports_are_refused_in_the_form_of_opentelemetry(client: httpx.AsyncClient) -> None:
    answer = await client.post("/opentelemetry/v1/traces", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["code"] == 3
    assert answer.json()["message"].startswith("Malformed content: not JSON")


async def test_model_and_tokens_that_instrumentation_counts_are_those_of_the_event(client: httpx.AsyncClient) -> None:
    """A span of other instrumentation that HoneyHive's SDK typed and sent; what the event says itself stands."""
    counted = {"gen_ai__usage__input_tokens": 5, "gen_ai__usage__output_tokens": 2, "gen_ai__response__model": "gpt-4o"}
    own = {"honeyhive_config__model": "mine", "honeyhive_metadata__total_tokens": 70}
    await export(
        client,
        span(ROOT, None, "top", honeyhive_event_type="chain"),
        span(CHILD, ROOT, "openai.chat", honeyhive_event_type="model", **counted),
        span(GRANDCHILD, ROOT, "openai.chat", honeyhive_event_type="model", **counted, **own),
    )

    def filters(field: str, value: Any) -> list[dict[str, Any]]:
        return [{"field": field, "operator": "is", "value": value}]

    found = {}
    for name, wanted in (("config.model", "gpt-4o"), ("config.model", "mine"), ("metadata.completion_tokens", 2)):
        answer = await client.post("/v1/events/search", json={"filters": filters(name, wanted)})
        found[name, wanted] = {event["event_id"]: event for event in answer.json()["events"]}
    assert [sorted(events) for events in found.values()] == [[CHILD], [GRANDCHILD], sorted([CHILD, GRANDCHILD])]
    tokens = ("prompt_tokens", "completion_tokens", "total_tokens")
    events = found["metadata.completion_tokens", 2]
    assert [events[CHILD]["metadata"][name] for name in tokens] == [5, 2, 7]
    assert [events[GRANDCHILD]["metadata"][name] for name in tokens] == [5, 2, 70]
    assert [events[each]["config"] for each in (CHILD, GRANDCHILD)] == [{"model": "gpt-4o"}, {"model": "mine"}]
    top = (await client.get(f"/v1/events/{ROOT}")).json()["event"]
    assert (top["config"], set(tokens) & set(top["metadata"])) == ({}, set())
