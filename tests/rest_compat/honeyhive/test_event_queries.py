"""Reading events over HoneyHive's REST API."""

import json
from typing import Any

import httpx
import pytest

from tests.graph.recording import ask, call, record

START = 1_767_225_600_000


async def event_of(client: httpx.AsyncClient, call_id: str) -> dict[str, Any]:
    response = await client.get(f"/v1/events/{call_id}")
    assert response.status_code == 200, response.text
    answer = response.json()
    assert list(answer) == ["event"]
    event: dict[str, Any] = answer["event"]
    return event


def of_default(call: dict[str, Any]) -> dict[str, Any]:
    """The call in the project that every key stands for."""
    return {**call, "project_id": "default/default"}


async def test_an_event_comes_back_as_it_was_sent(client: httpx.AsyncClient) -> None:
    sections: dict[str, Any] = {
        "config": {"model": "gpt", "zeta": 1.0, "alpha": 10**30},
        "metadata": {"a.b": "\ud800", "cost": 0.5},
        "metrics": {"accuracy": 1},
        "feedback": {"rating": None},
        "user_properties": {"user_id": "ü"},
    }
    honeyhive = {"event_type": "model", "source": "sdk-python", "children_ids": ["late"], "extra": [1], **sections}
    parent = call(
        "p", second=1, op_name="answer", attributes={"weave": {"kind": "llm"}, "honeyhive": honeyhive},
        inputs={"q": [1.0, "\u0000"]}, output={"z": 1, "a": None}, ended=2.5, exception="boom",
    )  # fmt: skip
    children = [call("c2", "p", second=3), call("c1", "p", second=2)]
    await record(client, map(of_default, [parent, *children]))
    assert await event_of(client, "p") == {
        "project": "default",
        "project_id": "default/default",
        "org_id": "default",
        "workspace_id": "default",
        "tenant": "default",
        "event_id": "p",
        "session_id": "t",
        "event_type": "model",
        "event_name": "answer",
        "source": "sdk-python",
        **sections,
        "inputs": {"q": [1.0, "\u0000"]},
        "outputs": {"z": 1, "a": None},
        "error": "boom",
        "start_time": START + 1000,
        "end_time": START + 2500,
        "duration": 1500,
        "children_ids": ["late", "c1", "c2"],
        "extra": [1],
    }
    response = await client.get("/v1/events/p")
    assert '"config":{"model": "gpt", "zeta": 1.0, "alpha": 1000000000000000000000000000000}' in response.text


async def test_a_call_of_weave_reads_as_an_event(client: httpx.AsyncClient) -> None:
    begun = call(
        "w", second=1, op_name="weave:///default/default/op/chat:abc",
        attributes={"weave": {"kind": "llm"}, "env": "prod"},
        ended=1.25, output="plain", exception='{"type": "KeyError", "message": "k", "traceback": "..."}',
        summary={"usage": {"gpt-4o": {"prompt_tokens": 1000, "completion_tokens": 100}}},
    )  # fmt: skip
    running = call("r", second=2, thread_id="th")
    await record(client, map(of_default, [begun, running]))
    event = await event_of(client, "w")
    assert event.pop("metadata") == {
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "total_tokens": 1100,
        "cost": 0.0035,
        "env": "prod",
    }
    assert event == {
        "project": "default",
        "project_id": "default/default",
        "org_id": "default",
        "workspace_id": "default",
        "tenant": "default",
        "event_id": "w",
        "session_id": "t",
        "event_type": "model",
        "event_name": "chat",
        "source": "unknown",
        "config": {"model": "gpt-4o"},
        "metrics": {},
        "feedback": {},
        "user_properties": {},
        "inputs": {},
        "outputs": {"result": "plain"},
        "error": "KeyError: k",
        "start_time": START + 1000,
        "end_time": START + 1250,
        "duration": 250,
        "children_ids": [],
    }
    event = await event_of(client, "r")
    assert (event["event_type"], event["outputs"], event["error"]) == ("chain", {}, None)
    assert "end_time" not in event
    assert "duration" not in event


async def test_an_event_that_is_not_there(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/events/nothing")
    assert (response.status_code, response.json()) == (
        404,
        {"message": "Event 'nothing' not found", "errorCode": "NOT_FOUND"},
    )


SESSION = "0b1f7d1e-2c52-4f0a-9a42-6a3f2f9c1a11"


def id_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def sent(number: int, **fields: Any) -> dict[str, Any]:
    """The body of an event that begins ``number`` seconds after the start."""
    return {
        "event_id": id_of(number),
        "session_id": SESSION,
        "event_type": "model",
        "event_name": f"event {number}",
        "inputs": {"n": number},
        "start_time": START + 1000 * number,
        "duration": 500,
        **fields,
    }


async def post(client: httpx.AsyncClient, path: str, body: Any, status: int = 200) -> Any:
    response = await client.post(path, json=body)
    assert response.status_code == status, response.text
    return response.json()


async def send(client: httpx.AsyncClient, *events: dict[str, Any]) -> None:
    await post(client, "/v1/events/batch", {"events": events})


def names(answer: Any) -> list[str]:
    return [event["event_name"] for event in answer["events"]]


async def test_search_pages_newest_first_and_counts_all(client: httpx.AsyncClient) -> None:
    await send(client, *(sent(number, start_time=START + 1000 * (number // 2)) for number in range(7)))
    pages = [await post(client, "/v1/events/search", {"limit": 3, "page": page}) for page in (1, 2, 3, 4)]
    assert [names(page) for page in pages] == [
        ["event 6", "event 5", "event 4"],
        ["event 3", "event 2", "event 1"],
        ["event 0"],
        [],
    ]
    assert [page["count"] for page in pages] == [7, 7, 7, 7]
    assert [list(page) for page in pages] == [["count", "events"]] * 4
    assert await post(client, "/v1/events/search", {}) == await post(client, "/v1/events/export", {})


async def test_search_by_filters_dates_and_run(client: httpx.AsyncClient) -> None:
    run = id_of(99)
    await send(
        client,
        *(sent(number, metadata={"cost": number / 100}) for number in range(5)),
        sent(5, metadata={"run_id": run, "cost": 1}, error="boom"),
    )
    filters = [
        {"field": "event_type", "operator": "is", "value": "model", "type": "string"},
        {"field": "metadata.cost", "operator": "greater than", "value": 0.01, "type": "number"},
        {"field": "error", "operator": "not exists", "value": None, "type": "string"},
    ]
    answer = await post(client, "/v1/events/search", {"filters": filters, "limit": 2})
    assert (names(answer), answer["count"]) == (["event 4", "event 3"], 3)
    ends = {"start_time": "2026-01-01T00:00:01Z", "end_time": "2026-01-01T00:00:03Z"}
    for path, chosen in [
        ("search", ends),
        ("export", {"$gte": ends["start_time"], "$lte": ends["end_time"]}),
        ("export", {"$gte": START + 1000, "$lte": str(START + 3000)}),
        ("export", '{"$gte": "2026-01-01T01:00:01+01:00", "$lte": 1767225603000}'),
    ]:
        answer = await post(client, f"/v1/events/{path}", {"dateRange": chosen})
        assert names(answer) == ["event 3", "event 2", "event 1"], chosen
    assert names(await post(client, "/v1/events/export", {"dateRange": {"relative": "2h"}})) == []
    for path in ("search", "export"):
        answer = await post(client, f"/v1/events/{path}", {"evaluation_id": run, "ignore_order": True})
        assert (names(answer), answer["count"]) == (["event 5"], 1)
    by_run = {"filters": [{"field": "metadata.run_id", "operator": "is", "value": run}]}
    assert names(await post(client, "/v1/events/search", by_run)) == ["event 5"]
    assert await post(client, "/v1/events/search", {"evaluation_id": "none"}) == {"count": 0, "events": []}


async def test_an_export_of_some_fields(client: httpx.AsyncClient) -> None:
    await send(client, sent(1, metadata={"a": {"b": 1, "c": 2}, "a.d": 3, "e": 4}, config={"x": 1}, outputs={"y": 2}))
    cases: list[tuple[list[str], dict[str, Any]]] = [
        (["event_name", "start_time"], {"event_name": "event 1", "start_time": START + 1000}),
        (["inputs", "children_ids"], {"inputs": {"n": 1}, "children_ids": []}),
        (
            ["metadata.a.b", "metadata.a.d", "metadata.a.x", "config", "outputs.y", "nothing"],
            {"metadata": {"a": {"b": 1}, "a.d": 3}, "config": {"x": 1}, "outputs": {"y": 2}},
        ),
    ]
    for projections, event in cases:
        answer = await post(client, "/v1/events/export", {"projections": projections})
        assert answer == {"count": 1, "events": [{"event_id": id_of(1), **event}]}


async def test_a_long_export_comes_whole(client: httpx.AsyncClient) -> None:
    large = "x" * 3000
    for start in range(0, 1250, 250):
        await send(client, *(sent(number, outputs={"text": large}) for number in range(start, start + 250)))
    answer = await post(client, "/v1/events/export", {"limit": 7500})
    assert names(answer) == [f"event {number}" for number in reversed(range(1250))]
    assert answer["count"] == 1250
    answer = await post(client, "/v1/events/export", {"limit": 500, "page": 3})
    assert (names(answer)[0], len(answer["events"])) == ("event 249", 250)


OPERATORS = (
    "'exists', 'not exists', 'is', 'is not', 'contains', 'not contains', "
    "'greater than', 'less than', 'after' or 'before'"
)
FIELDS = (
    "event_id, session_id, parent_id, event_type, event_name, source, error, start_time, end_time, duration, "
    "evaluation_id, dataset_id, datapoint_id, project_id, config, inputs, outputs, metadata, metrics, feedback, "
    "user_properties"
)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("search", {"limit": 1001}, "limit: Input should be less than or equal to 1000"),
        ("search", {"page": 0}, "page: Input should be greater than or equal to 1"),
        ("search", {"extra": 1}, "extra: Extra inputs are not permitted"),
        ("search", {"filters": [{"field": "error", "operator": "exists"}]}, "filters.0.value: Field required"),
        (
            "search",
            {"filters": [{"field": "error", "operator": "is", "value": "x", "also": 1}]},
            "filters.0.also: Extra inputs are not permitted",
        ),
        (
            "search",
            {"filters": [{"field": "error", "operator": "equals", "value": "x"}]},
            f"filters.0.operator: Input should be {OPERATORS}",
        ),
        (
            "search",
            {"filters": [{"field": "error", "operator": "is", "value": "x", "type": "date"}]},
            "filters.0.type: Input should be 'string', 'number', 'boolean' or 'datetime'",
        ),
        (
            "search",
            {"filters": [{"field": "nothing", "operator": "is", "value": "x"}]},
            f"Unknown field 'nothing'; known are {FIELDS}, and paths below the last seven",
        ),
        ("search", {"dateRange": {"start_time": "2026-01-01T00:00:00Z"}}, "dateRange.end_time: Field required"),
        (
            "search",
            {"dateRange": {"start_time": "soon", "end_time": "2026-01-01T00:00:00Z"}},
            "dateRange.start_time: Input should be an ISO 8601 time or Unix milliseconds, not 'soon'",
        ),
        ("export", {"limit": 7501}, "limit: Input should be less than or equal to 7500"),
        (
            "export",
            {"dateRange": {"relative": "lately"}},
            "dateRange.relative: Input should be a number and a unit (s, m, h, d, w), such as 24h or 7d, not 'lately'",
        ),
    ],
)
async def test_what_cannot_be_searched(module_client: httpx.AsyncClient, path: str, body: Any, message: str) -> None:
    answer = await post(module_client, f"/v1/events/{path}", body, 400)
    assert answer["message"] == message


async def test_the_schema_of_events(client: httpx.AsyncClient) -> None:
    run = id_of(99)
    empty: dict[str, Any] = {"fields": [], "datasets": [], "mappings": {}}
    assert (await client.get("/v1/events/schema")).json() == empty
    await send(
        client,
        sent(1, event_name="ask", metadata={"run_id": run, "dataset_id": "d2", "a": {"b": 1, "c": None}, "l": [1]}),
        sent(2, event_name="ask", outputs={"text": "x"}, metadata={"dataset_id": "d1"}),
        sent(3, event_name="look", event_type="tool", inputs={}, metrics={"ok": True}),
    )
    fields = [
        {"name": "inputs.n", "event_type": "model"},
        {"name": "metadata.dataset_id", "event_type": "model"},
        {"name": "metadata.a.b", "event_type": "model"},
        {"name": "metadata.l", "event_type": "model"},
        {"name": "metadata.run_id", "event_type": "model"},
        {"name": "metrics.ok", "event_type": "tool"},
        {"name": "outputs.text", "event_type": "model"},
    ]
    entries = [{"field_name": each["name"], "event_type": each["event_type"]} for each in fields]
    assert (await client.get("/v1/events/schema")).json() == {
        "fields": fields,
        "datasets": ["d1", "d2"],
        "mappings": {"ask": [each for each in entries if each["event_type"] == "model"], "look": [entries[5]]},
    }
    of_run = {"datasets": ["d2"], "fields": [], "mappings": {}}
    made = 'mutation($run: String!) { experimentCreate(input: {project: "default/default", experimentId: $run}) '
    await ask(client, f"{made} {{ experimentId }} }}", run=run)
    for path, parameters in [
        ("/v1/events/schema", {"evaluation_id": run}),
        ("/v1/runs/schema", {}),
        (f"/v1/runs/{run}/schema", {}),
        (f"/v1/runs/{run}/schema", {"dateRange": f'{{"$gte": {START}, "$lte": {START + 1000}}}'}),
        ("/v1/runs/schema", {"dateRange[$gte]": "2026-01-01", "dateRange[$lte]": str(START + 5000)}),
    ]:
        answer = (await client.get(path, params=parameters)).json()
        assert answer["datasets"] == of_run["datasets"], path
        assert [each["name"] for each in answer["fields"]] == [
            "inputs.n",
            "metadata.a.b",
            "metadata.dataset_id",
            "metadata.l",
            "metadata.run_id",
        ]
    outside = {"dateRange": '{"$gte": "2026-01-02"}'}
    assert (await client.get("/v1/events/schema", params=outside)).json() == empty


async def test_schemas_that_cannot_be(client: httpx.AsyncClient) -> None:
    malformed = "query.dateRange: Invalid JSON: JSON is malformed: invalid character (byte 0)"
    for path, message in [
        (f"/v1/runs/{id_of(1)}/schema", f"Error fetching events schema: Run '{id_of(1)}' not found"),
        ("/v1/runs/one/schema", "Error fetching events schema: run_id must be a UUID, not 'one'"),
        ("/v1/runs/schema?also=1", "Error fetching events schema: query.also: Extra inputs are not permitted"),
        ("/v1/runs/schema?dateRange=soon", f"Error fetching events schema: {malformed}"),
    ]:
        response = await client.get(path)
        assert (response.status_code, response.json()["message"]) == (400, message)


def filtered(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"filters": [{"field": field, "operator": operator, "value": value}]}


async def test_odd_values_are_looked_for_or_refused(client: httpx.AsyncClient) -> None:
    event = sent(1, metadata={"n": 10**30, "x\u0000": "\ud800", "a%b?:c": "%s{}"})
    assert (await client.post("/v1/events", content=json.dumps(event))).status_code == 200
    many = [{"field": f"outputs.result.k{n}.a.b", "operator": "not contains", "value": "x"} for n in range(100)]
    cases: list[tuple[dict[str, Any], int]] = [
        ({"evaluation_id": "a\u0000b"}, 0),
        ({"filters": many}, 1),
        ({"page": 2**40}, 1),
        ({"limit": 5.0}, 1),
        ({"dateRange": {"start_time": "0001-01-01", "end_time": "9999-12-31T23:59:59.999999Z"}}, 1),
        (filtered("session_id", "is", "\u0000"), 0),
        (filtered("metadata.x\u0000", "is", "\ud800"), 1),
        (filtered("metadata.a%b?:c", "contains", "%s{"), 1),
        (filtered("metadata." + "x." * 90 + "y", "not exists", None), 1),
        (filtered("metadata." + ".".join("0" * 12), "exists", None), 0),
        (filtered("metadata.n", "is", 10**30), 1),
        (filtered("metadata.n", "greater than", "9" * 60), 0),
        (filtered("metadata.", "is", "x"), 0),
        (filtered("start_time", "before", 1e300), 1),
    ]
    for body, count in cases:
        content = json.dumps({"limit": 1, **body})
        response = await client.post("/v1/events/search", content=content)
        assert (response.status_code, response.json().get("count")) == (200, count), (content[:100], response.text)
    for body in [filtered("", "is", "x"), filtered("metadata" + ".x" * 101, "is", 1), {"filters": [*many, *many]}]:
        assert (await post(client, "/v1/events/search", body, 400))["errorCode"] == "INVALID_INPUT"
    assert (await client.get("/v1/events/%00")).status_code == 404
