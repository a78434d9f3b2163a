"""Reading events over HoneyHive's REST API."""

from typing import Any

import httpx

from tests.graph.recording import call, record

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
    assert '"config":{"model":"gpt","zeta":1.0,"alpha":1000000000000000000000000000000}' in response.text


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
