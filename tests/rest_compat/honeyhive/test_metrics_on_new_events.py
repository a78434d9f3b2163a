"""Metrics that run on new events by themselves."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from resolvers.metrics.production import work
from resolvers.metrics.production.intake import is_sampled
from tests.conftest import running_app
from tests.fake_provider import completion, running_provider

SECONDS = 60
LENGTH = 'def length(event):\n    return len(event["outputs"]["text"])\n'
ENABLED = {"type": "PYTHON", "criteria": LENGTH, "enabled_in_prod": True, "sampling_percentage": 100}
STATE = """{ project(slug: "default/default") { metrics(first: 10) { nodes { name productionRuns {
  pendingCount failedCount failures { callId error attempts call { callId } } } } } } }"""


async def ok(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()


async def metric(client: httpx.AsyncClient, **fields: Any) -> str:
    made = await ok(await client.post("/v1/metrics", json={"name": "length", **ENABLED, **fields}))
    metric_id: str = made["metric_id"]
    return metric_id


async def event(client: httpx.AsyncClient, text: str | None = "four", **more: Any) -> str:
    outputs = {} if text is None else {"outputs": {"text": text}}
    body = {"event_type": "tool", "event_name": "e", "inputs": {}, "event_id": str(uuid.uuid4()), **outputs, **more}
    await ok(await client.post("/v1/events", json=body))
    return str(body["event_id"])


async def found(client: httpx.AsyncClient) -> dict[str, Any]:
    """All events by id."""
    dates = {"start_time": "2000-01-01T00:00:00Z", "end_time": "2100-01-01T00:00:00Z"}
    answer = await ok(await client.post("/v1/events/search", json={"filters": [], "dateRange": dates, "limit": 1000}))
    return {each["event_id"]: each for each in answer["events"]}


async def until(client: httpx.AsyncClient, done: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The events, once they are as they are to be."""
    async with asyncio.timeout(SECONDS):
        while not done(events := await found(client)):  # noqa: ASYNC110 - another task writes them
            await asyncio.sleep(0.05)
    return events


async def state(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await ok(await client.post("/graphql", json={"query": STATE}))
    assert "errors" not in answer, answer
    return {each["name"]: each["productionRuns"] for each in answer["data"]["project"]["metrics"]["nodes"]}


def measured(*ids: str) -> Callable[[dict[str, Any]], object]:
    return lambda events: all("length" in events[each]["metrics"] for each in ids)


async def test_events_that_end_are_measured(client: httpx.AsyncClient) -> None:
    before = await event(client, "before")
    await metric(client)
    one, two = await event(client), await event(client, "fourteen chars", metrics={"other": 1})
    own = await event(client, "x", metrics={"length": -1})
    running = await event(client, None)
    events = await until(client, measured(one, two))
    assert events[one]["metrics"] == {"length": 4}
    assert events[two]["metrics"] == {"other": 1, "length": 14}
    assert "metric_errors.length" not in events[one]["metadata"]
    await ok(await client.put(f"/v1/events/{running}", json={"outputs": {"text": "now"}}))
    events = await until(client, measured(running))
    assert events[running]["metrics"] == {"length": 3}
    assert events[own]["metrics"] == {"length": -1}
    assert events[before]["metrics"] == {}
    assert await state(client) == {"length": {"pendingCount": 0, "failedCount": 0, "failures": []}}


async def test_a_metric_that_is_disabled_runs_no_more(client: httpx.AsyncClient) -> None:
    metric_id = await metric(client)
    one = await event(client)
    await until(client, measured(one))
    await ok(await client.put(f"/v1/metrics/{metric_id}", json={"enabled_in_prod": False}))
    two = await event(client)
    await ok(await client.put(f"/v1/metrics/{metric_id}", json={"enabled_in_prod": True}))
    three = await event(client)
    events = await until(client, measured(three))
    assert events[two]["metrics"] == {}


async def test_filters_and_sampling(client: httpx.AsyncClient) -> None:
    filters = {"filterArray": [{"field": "event_name", "operator": "is", "value": "yes", "type": "string"}]}
    await metric(client, filters=filters)
    await metric(client, name="never", sampling_percentage=0)
    await metric(client, name="person", type="HUMAN", criteria="?")
    no, yes = await event(client, event_name="no"), await event(client, event_name="yes")
    events = await until(client, measured(yes))
    assert (events[yes]["metrics"], events[no]["metrics"]) == ({"length": 4}, {})


@pytest.mark.parametrize(("percentage", "least", "most"), [(0, 0, 0), (30, 250, 350), (100, 1000, 1000)])
def test_sampling_of_a_thousand_ids(percentage: float, least: int, most: int) -> None:
    ids = [str(uuid.UUID(int=number)) for number in range(1000)]
    sampled = {each for each in ids if is_sampled("metric", each, percentage)}
    assert least <= len(sampled) <= most
    assert sampled <= {each for each in ids if is_sampled("metric", each, min(100, percentage + 10))}
    assert sampled == {each for each in ids if is_sampled("metric", each, percentage)}


async def test_errors_are_noted(client: httpx.AsyncClient) -> None:
    await metric(client, criteria="1 / 0")
    await metric(client, name="loop", criteria="x = 1\nraise ValueError('bäd\\n')\n")
    one = await event(client)
    events = await until(client, lambda events: len(events[one]["metadata"]) == 2)
    assert events[one]["metadata"] == {
        "metric_errors.length": "ZeroDivisionError: division by zero",
        "metric_errors.loop": "ValueError: bäd\n (line 2)",
    }
    assert events[one]["metrics"] == {}
    error = events[one]["metadata"]["metric_errors.length"]
    failure = {"callId": one, "error": error, "attempts": 1, "call": {"callId": one}}
    assert (await state(client))["length"] == {"pendingCount": 0, "failedCount": 1, "failures": [failure]}


async def test_deleted_metrics_and_calls_leave_nothing(client: httpx.AsyncClient) -> None:
    metric_id = await metric(client, criteria="1 / 0")
    one = await event(client)
    await until(client, lambda events: events[one]["metadata"])
    await ok(await client.delete(f"/v1/metrics/{metric_id}"))
    await metric(client)
    two, three = await event(client), await event(client)
    await ok(await client.post("/calls/delete", json={"project_id": "default/default", "call_ids": [two]}))
    await until(client, measured(three))
    assert await state(client) == {"length": {"pendingCount": 0, "failedCount": 0, "failures": []}}


async def test_a_provider_that_is_busy_is_asked_again(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "PAUSES", (0, 0))
    with running_provider() as provider:
        answers = iter(["no verdict", "neither", '{"explanation": "short", "result": 3}'])
        provider.answer = lambda body: completion(body["model"], next(answers))
        async with running_app(database_url, provider_base_url=provider.url) as client:
            await metric(client, type="LLM", criteria="Rate {{outputs.text}}", model_name="m")
            one = await event(client)
            events = await until(client, measured(one))
            assert (events[one]["metrics"], events[one]["metadata"]) == (
                {"length": 3, "length_explanation": "short"},
                {},
            )
            provider.answer = lambda body: completion(body["model"], "never")
            two = await event(client)
            events = await until(client, lambda events: events[two]["metadata"])
            assert events[two]["metadata"] == {
                "metric_errors.length": "The result is 'never'; the metric returns a number"
            }
            assert [each["attempts"] for each in (await state(client))["length"]["failures"]] == [3]
            # Judging made no events.
            assert set(events) == {one, two}


async def test_events_are_taken_while_metrics_hang(database_url: str) -> None:
    async with running_app(database_url, metric_timeout=60, metric_backlog=2, metric_concurrency=2) as client:
        await metric(client, criteria="while True: pass")
        await event(client)
        async with asyncio.timeout(SECONDS):
            while not (await state(client))["length"]["pendingCount"]:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
        ids = [await event(client) for _ in range(20)]
        assert set(ids) <= set(await found(client))


async def test_two_processes_and_a_restart_measure_each_event_once(database_url: str) -> None:
    with running_provider() as provider:
        provider.answer = lambda body: completion(body["model"], "3")
        given = {"provider_base_url": provider.url, "metric_backlog": 10}
        async with running_app(database_url, **given) as one, running_app(database_url, **given) as two:
            await metric(one, type="LLM", criteria="Rate {{event_name}}.", model_name="m")
            names = [f"event-{number}" for number in range(30)]
            await asyncio.gather(*(event((one, two)[index % 2], event_name=name) for index, name in enumerate(names)))
        async with running_app(database_url, **given) as client:
            last = await event(client, event_name="last")
            await until(client, measured(last))
            events = await until(client, lambda events: all("length" in each["metrics"] for each in events.values()))
    assert sorted(each["event_name"] for each in events.values()) == sorted([*names, "last"])
    asked = [request["messages"][0]["content"] for request in provider.requests]
    # A run that the end of its process cut off is done again; every other one once.
    assert {name: sum(f">{name}<" in each for each in asked) >= 1 for name in names} == dict.fromkeys(names, True)
    assert len(asked) <= 31 + 8
