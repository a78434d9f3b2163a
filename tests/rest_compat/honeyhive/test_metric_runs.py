"""Running metrics over HoneyHive's API, and in the graph on calls."""

import json
from typing import Any

import httpx
import pytest

PROJECT = "default/default"
EVENT = {
    "event_type": "model",
    "event_name": "Answer 😀",
    "inputs": {"question": "Wie heißt du?", "n": 10**30},
    "outputs": {"content": "hello"},
    "feedback": {"ground_truth": "hallo", "rating": 3},
    "metadata": {"a.b": [1, {"c": None}]},
    "metrics": {"given": 0.25},
}


def metric(criteria: str, **fields: Any) -> dict[str, Any]:
    return {"name": "m", "type": "PYTHON", "criteria": criteria, **fields}


async def run(client: httpx.AsyncClient, of: Any, event: Any = EVENT, path: str = "/v1/metrics/run") -> Any:
    response = await client.post(path, content=json.dumps({"metric": of, "event": event}))
    assert response.status_code == 200, response.text
    assert response.json().keys() == {"success", "loading", "result", "explanation"}
    return response.json()


@pytest.mark.parametrize("path", ["/v1/metrics/run", "/v1/metrics/run_metric"])
async def test_a_metric_gives_its_value(client: httpx.AsyncClient, path: str) -> None:
    value = {"success": True, "loading": False, "explanation": None}
    for of, result in (
        (metric('len(event["outputs"]["content"])', scale=10), 5),
        (metric('event["inputs"]["n"] > 5 and event["event_type"] == "model"', return_type="boolean"), True),
        (metric('event["event_name"]', return_type="string"), "Answer 😀"),
        (metric('event["feedback"]["ground_truth"]', return_type="string", needs_ground_truth=True), "hallo"),
        (metric('event["metadata"]["a.b"][0] + event["feedback"]["rating"]'), 4),
        (
            metric(
                "'b'",
                return_type="categorical",
                categories=[{"category": "a", "score": 1}, {"category": "b", "score": None}],
            ),
            "b",
        ),
    ):
        assert await run(client, of, path=path) == {**value, "result": result}
    composite: dict[str, Any] = {"name": "c", "type": "COMPOSITE", "criteria": "Weighted Average", "scale": 4}
    composite["child_metrics"] = [{"name": "given", "weight": 2}]
    answer = await run(client, composite, path=path)
    assert (answer["success"], answer["loading"], answer["result"]) == (True, False, 1)
    human = {"name": "h", "type": "HUMAN", "criteria": "How was it?"}
    waits = {"success": True, "loading": True, "result": None, "explanation": None}
    assert await run(client, human, {}, path=path) == waits
    response = await client.get("/v1/metrics")
    assert response.json() == {"metrics": []}


async def test_a_metric_that_fails_says_why(client: httpx.AsyncClient) -> None:
    for of, says in (
        (metric("1 / 0"), "ZeroDivisionError"),
        (metric("import socket\nsocket.socket()"), "socket"),
        (metric("'text'"), "a number"),
        (metric("def ("), "Syntax"),
        (metric("11", scale=10), "0 to 10"),
        (metric("1", needs_ground_truth=True), "ground truth"),
        ({"name": "c", "type": "COMPOSITE", "criteria": "x"}, "no child"),
    ):
        answer = await run(client, of, {"inputs": {}})
        assert (answer["success"], answer["loading"], answer["result"]) == (False, False, None), answer
        assert says in answer["explanation"], answer


async def test_bad_runs_are_refused(client: httpx.AsyncClient) -> None:
    for body, says in (
        ({"event": EVENT}, "metric"),
        ({"metric": metric("1")}, "event"),
        ({"metric": metric("1"), "event": []}, "event"),
        ({"metric": metric("1"), "event": {"inputs": 1}}, "event.inputs"),
        ({"metric": metric("1"), "event": {"feedback": None}}, "event.feedback"),
        ({"metric": metric("1"), "event": {"event_type": 1}}, "event.event_type"),
        ({"metric": metric(""), "event": EVENT}, "metric.criteria"),
        ({"metric": metric("1", id="x"), "event": EVENT}, "metric.id"),
        ({"metric": metric("1", type="OTHER"), "event": EVENT}, "metric.type"),
        ({"metric": metric("1", threshold={"min": 2, "max": 1}), "event": EVENT}, "2.0 is above 1.0"),
    ):
        for path in ("/v1/metrics/run", "/v1/metrics/run_metric"):
            response = await client.post(path, json=body)
            assert (response.status_code, response.json().keys()) == (400, {"message", "errorCode"}), response.text
            assert says in response.json()["message"]
    more = {"metric": metric("1"), "event": {}, "more": 1}
    assert (await client.post("/v1/metrics/run", json=more)).status_code == 400
    assert (await client.post("/v1/metrics/run_metric", json=more)).status_code == 200
    # No provider of language models is configured.
    response = await client.post(
        "/v1/metrics/run", json={"metric": metric("?", type="LLM", model_name="m"), "event": {}}
    )
    assert (response.status_code, response.json()["errorCode"]) == (501, "NOT_CONFIGURED")


RUN = """mutation($input: MetricRunInput!) { metricRun(input: $input) {
  value explanation error waiting passed call { callId attributes } userErrors { code message field } } }"""


async def mutate(client: httpx.AsyncClient, document: str, **given: Any) -> Any:
    body = {"query": document, "variables": {"input": {"project": PROJECT, **given}}}
    response = (await client.post("/graphql", json=body)).json()
    assert "errors" not in response, response
    (payload,) = response["data"].values()
    return payload


async def test_stored_metrics_run_on_calls(client: httpx.AsyncClient) -> None:
    start = {
        "project_id": PROJECT,
        "id": "call-1",
        "op_name": f"weave:///{PROJECT}/op/answer:1",
        "trace_id": "t",
        "started_at": "2026-01-01T00:00:00Z",
        "attributes": {"kind": "llm", "honeyhive": {"metrics": {"old": 1, "length": 0}}},
        "inputs": {"model": "m"},
    }
    end = {"project_id": PROJECT, "id": "call-1", "ended_at": "2026-01-01T00:00:02Z", "output": "hello", "summary": {}}
    assert (await client.post("/call/start", json={"start": start})).status_code == 200
    assert (await client.post("/call/end", json={"end": end})).status_code == 200
    create = "mutation($input: MetricCreateInput!) { metricCreate(input: $input) { metricId } }"
    definition: dict[str, Any] = {"name": "length", "type": "PYTHON", "criteria": 'len(event["outputs"]["result"])'}
    threshold = {"max": 4}
    created = await mutate(client, create, definition={**definition, "threshold": threshold})
    metric_id = created["metricId"]

    ran = await mutate(client, RUN, metricId=metric_id, callId="call-1")
    result: dict[str, Any] = {"explanation": None, "error": None, "waiting": False, "userErrors": []}
    assert (ran["value"], ran["passed"]) == (5, False)
    assert ran["call"] == {"callId": "call-1", "attributes": start["attributes"]}
    ran = await mutate(client, RUN, metricId=metric_id, callId="call-1", save=True)
    attributes = {"kind": "llm", "honeyhive": {"metrics": {"old": 1, "length": 5}}}
    assert ran == {**result, "value": 5, "passed": False, "call": {"callId": "call-1", "attributes": attributes}}

    # All of the call is there to be read, and nothing is kept of what fails, waits, or is not to be saved.
    criteria = (
        '[event["event_id"], event["session_id"], event["event_type"], event["event_name"], str(event["start_time"]), '
        'event["duration"], event["config"], event["metrics"], event["error"], event["inputs"]] == '
        '["call-1", "t", "chain", "answer", "1767225600000", 2000, {"model": "m"}, {"old": 1, "length": 5}, None, '
        '{"model": "m"}]'
    )
    given: dict[str, Any] = {"name": "new", "type": "PYTHON", "criteria": criteria, "returnType": "BOOLEAN"}
    ran = await mutate(client, RUN, definition={**given, "threshold": {"passWhen": True}}, callId="call-1")
    assert (ran["value"], ran["error"], ran["passed"]) == (True, None, True)
    for changes in ({"criteria": "1 / 0"}, {"type": "HUMAN"}):
        ran = await mutate(client, RUN, definition={**given, **changes}, callId="call-1", save=True)
        assert (ran["value"], ran["passed"], ran["call"]["attributes"]) == (None, None, attributes)
        assert (ran["error"] is not None, ran["waiting"]) == ("type" not in changes, "type" in changes)

    # A version runs as well as what is deployed.
    update = "mutation($input: MetricUpdateInput!) { metricUpdate(input: $input) { metricId } }"
    await mutate(client, update, metricId=metric_id, changes={"criteria": "2"})
    assert (await mutate(client, RUN, metricId=metric_id, event={}))["value"] == 2
    assert (await mutate(client, RUN, metricId=metric_id, version="v1", callId="call-1"))["value"] == 5

    bad: tuple[tuple[dict[str, Any], str, list[str]], ...] = (
        ({"metricId": "none", "event": {}}, "NOT_FOUND", ["metricId"]),
        ({"metricId": metric_id, "version": "v9", "event": {}}, "NOT_FOUND", ["version"]),
        ({"metricId": metric_id, "callId": "none"}, "NOT_FOUND", ["callId"]),
        ({"metricId": metric_id}, "INVALID_INPUT", ["callId"]),
        ({"metricId": metric_id, "callId": "call-1", "event": {}}, "INVALID_INPUT", ["callId"]),
        ({"event": {}}, "INVALID_INPUT", ["metricId"]),
        ({"metricId": metric_id, "definition": definition, "event": {}}, "INVALID_INPUT", ["metricId"]),
        ({"definition": definition, "version": "v1", "event": {}}, "INVALID_INPUT", ["version"]),
        ({"metricId": metric_id, "event": {}, "save": True}, "INVALID_INPUT", ["save"]),
        ({"metricId": metric_id, "event": [1]}, "INVALID_INPUT", ["event"]),
        ({"definition": {**definition, "scale": 0}, "event": {}}, "INVALID_INPUT", ["definition", "scale"]),
    )
    for asked, code, field in bad:
        ran = await mutate(client, RUN, **asked)
        (error,) = ran["userErrors"]
        assert (error["code"], error["field"], ran["value"], ran["call"]) == (code, field, None, None), error
