"""Events that HoneyHive's routes write are calls, read through Weave's API and the graph with nothing lost."""

import uuid
from typing import Any

import httpx

from tests.rest_compat.honeyhive.calls import graph, post, put, weave

SESSION = "0b1f7d1e-2c52-4f0a-9a42-6a3f2f9c1a11"
EVENT = "7a0b6c1d-93d2-4a1e-8a35-3f2c1b0a9d88"

EVERYTHING: dict[str, Any] = {
    "event_id": EVENT,
    "session_id": SESSION,
    "event_type": "model",
    "event_name": "ask",
    "source": "sdk-python",
    "inputs": {"q": "é \U0001f600", "n": 1},
    "outputs": {"content": "hi"},
    "error": None,
    "start_time": 1767225600123,
    "end_time": 1767225601623.5,
    "duration": 1200,
    "config": {"model": "gpt-4o", "hyperparameters": {"temperature": 0.5}},
    "metadata": {"prompt_tokens": 10, "completion_tokens": 5, "run_id": "r", "dataset_id": "d", "datapoint_id": "p"},
    "metrics": {"accuracy": 0.9},
    "feedback": {"rating": 5},
    "user_properties": {"user_id": "u"},
    "children_ids": ["c1"],
}


async def test_an_event_with_everything_is_read_as_a_call(client: httpx.AsyncClient) -> None:
    assert await post(client, "/v1/events", EVERYTHING) == {"event_id": EVENT, "success": True}
    call = await weave(client, EVENT)
    assert call["attributes"] == {
        "honeyhive": {
            "event_type": "model",
            "config": EVERYTHING["config"],
            "metadata": EVERYTHING["metadata"],
            "metrics": {"accuracy": 0.9},
            "feedback": {"rating": 5},
            "user_properties": {"user_id": "u"},
            "source": "sdk-python",
            "children_ids": ["c1"],
        }
    }
    assert call["wb_user_id"] == "u"
    usage = {"requests": 1, "prompt_tokens": 10, "completion_tokens": 5}
    assert (call["id"], call["trace_id"], call["parent_id"]) == (EVENT, SESSION, SESSION)
    assert (call["op_name"], call["display_name"], call["exception"]) == ("ask", "ask", None)
    assert (call["inputs"], call["output"]) == (EVERYTHING["inputs"], EVERYTHING["outputs"])
    assert (call["started_at"], call["ended_at"]) == ("2026-01-01T00:00:00.123000Z", "2026-01-01T00:00:01.623500Z")
    assert call["summary"] == {
        "usage": {"gpt-4o": usage},
        "weave": {"status": "success", "latency_ms": 1200, "display_name": "ask"},
    }
    found = await graph(
        client,
        EVENT,
        "kind model status latencyMs sessionId usage { inputTokens outputTokens totalTokens } cost { total } "
        "session { sessionId callCount } parent { callId } trace { traceId }",
    )
    assert found["cost"].pop("total") > 0
    assert found == {
        "kind": "LLM",
        "model": "gpt-4o",
        "status": "SUCCESS",
        "latencyMs": 1200,
        "sessionId": SESSION,
        "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15},
        "cost": {},
        "session": {"sessionId": SESSION, "callCount": 1},
        "parent": None,
        "trace": {"traceId": SESSION},
    }


async def test_the_least_that_an_event_says(client: httpx.AsyncClient) -> None:
    answer = await post(client, "/v1/events", {"event_type": "tool", "inputs": {}})
    assert str(uuid.UUID(answer["event_id"])) == answer["event_id"]
    call = await weave(client, answer["event_id"])
    assert uuid.UUID(call["trace_id"]).version == 4
    assert (call["op_name"], call["parent_id"], call["ended_at"]) == ("unknown", call["trace_id"], None)
    assert call["attributes"] == {"honeyhive": {"event_type": "tool", "source": "unknown"}}
    assert call["summary"]["weave"] == {"status": "running", "display_name": "unknown"}


async def test_updates_merge_objects_and_replace_outputs(client: httpx.AsyncClient) -> None:
    await post(client, "/v1/events", EVERYTHING)
    answer = await put(
        client,
        f"/v1/events/{EVENT}",
        {
            "metadata": {"total_tokens": 20, "more": None},
            "metrics": {"judge": {"score": 1}},
            "feedback": {"rating": 1},
            "config": {"provider": "openai"},
            "user_properties": {"plan": "pro"},
            "outputs": "text",
            "duration": 7,
            "children_ids": [],
            "inputs": {"ignored": True},
        },
    )
    assert answer == {"success": True}
    await put(client, "/events", {"event_id": EVENT, "end_time": 1767225602000, "children_ids": ["c2"]})
    call = await weave(client, EVENT)
    sections = call["attributes"]["honeyhive"]
    assert sections["metadata"] == {**EVERYTHING["metadata"], "total_tokens": 20, "more": None}
    assert sections["metrics"] == {"accuracy": 0.9, "judge": {"score": 1}}
    assert sections["feedback"] == {"rating": 1}
    assert sections["config"] == {**EVERYTHING["config"], "provider": "openai"}
    assert sections["user_properties"] == {"user_id": "u", "plan": "pro"}
    assert sections["children_ids"] == ["c2"]
    assert (call["inputs"], call["output"]) == (EVERYTHING["inputs"], "text")
    assert call["ended_at"] == "2026-01-01T00:00:02Z"
    assert call["summary"]["weave"]["latency_ms"] == 7
    assert call["summary"]["usage"] == {
        "gpt-4o": {"requests": 1, "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 20}
    }


async def test_what_cannot_be_updated_is_refused(client: httpx.AsyncClient) -> None:
    answer = await put(client, f"/v1/events/{EVENT}", {"outputs": 1}, 400)
    assert answer == {"message": f"Bad request: Call {EVENT!r} not found", "errorCode": "NOT_FOUND"}
    answer = await put(client, "/events", {"event_id": EVENT, "metadata": [1]}, 400)
    assert answer["message"] == "Bad request: metadata: Input should be a valid dictionary"
    answer = await put(client, "/events", {"metadata": {}}, 400)
    assert answer["message"] == "Bad request: event_id: Field required"
