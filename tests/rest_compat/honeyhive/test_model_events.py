"""Events of models: their own fields become keys of the sections that all events have."""

import httpx

from tests.rest_compat.honeyhive.calls import graph, post, weave

REQUEST = {
    "event_id": "m",
    "event_name": "ask",
    "model": "gpt-4o",
    "model_version": "2024-08-06",
    "provider": "openai",
    "messages": [{"role": "user", "content": "hi \N{GRINNING FACE}"}],
    "template": [{"role": "user", "content": "{{x}}"}],
    "template_inputs": {"x": "hi"},
    "hyperparameters": {"temperature": 0.10},
    "tools": [],
    "tool_choice": "auto",
    "response_format": {"type": "text"},
    "response": {"role": "assistant", "content": "hello"},
    "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    "cost": 0.25,
    "start_time": 1767225600000,
    "duration": 1500,
    "unheard_of": {"deep": [1.0]},
}


async def test_every_field_has_its_place(client: httpx.AsyncClient) -> None:
    assert await post(client, "/events/model", {"model_event": REQUEST}) == {"event_id": "m", "success": True}
    call = await weave(client, "m")
    names = ("model", "model_version", "provider", "hyperparameters", "template", "tools", "tool_choice")
    assert call["attributes"]["honeyhive"] == {
        "event_type": "model",
        "unheard_of": {"deep": [1.0]},
        "config": {**{name: REQUEST[name] for name in names}, "response_format": {"type": "text"}},
        "metadata": {"cost": 0.25, "prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
        "source": "unknown",
    }
    assert call["inputs"] == {"messages": REQUEST["messages"], "template_inputs": {"x": "hi"}}
    assert call["output"] == {"role": "assistant", "content": "hello"}
    assert (call["ended_at"], call["summary"]["weave"]["latency_ms"]) == ("2026-01-01T00:00:01.500000Z", 1500)
    assert await graph(client, "m", "kind model usage { totalTokens } ownUsage { inputTokens }") == {
        "kind": "LLM",
        "model": "gpt-4o",
        "usage": {"totalTokens": 7},
        "ownUsage": {"inputTokens": 3},
    }


async def test_what_sections_say_themselves_stands(client: httpx.AsyncClient) -> None:
    event = {
        "event_id": "m",
        "event_type": "tool",
        "config": {"model": "mine"},
        "model": "gpt-4o",
        "provider": "openai",
        "inputs": {"q": 1},
        "messages": [1],
        "outputs": {"a": 1},
        "response": "text",
        "metadata": {"total_tokens": 9},
        "usage": {"total_tokens": 7},
    }
    answer = await post(client, "/events/model/batch", {"model_events": [event, {"messages": "bad", "inputs": 3}]}, 500)
    assert answer["event_ids"] == ["m"]
    assert answer["message"] == "Events partially created: events.1: inputs: Input should be a valid dictionary"
    call = await weave(client, "m")
    assert call["attributes"]["honeyhive"] == {
        "event_type": "model",
        "model": "gpt-4o",
        "usage": {"total_tokens": 7},
        "config": {"model": "mine", "provider": "openai"},
        "metadata": {"total_tokens": 9},
        "source": "unknown",
    }
    assert (call["inputs"], call["output"]) == ({"q": 1, "messages": [1]}, {"a": 1, "response": "text"})
    assert call["summary"]["usage"] == {"mine": {"requests": 1, "total_tokens": 9}}


async def test_a_model_that_failed_is_named(client: httpx.AsyncClient) -> None:
    event = {"event_id": "m", "event_type": "model", "inputs": {}, "config": {"model": "gpt-4o"}, "error": "boom"}
    await post(client, "/events", {"event": event})
    found = await graph(client, "m", "model status exception endedAt usage { totalTokens }")
    assert found == {"model": "gpt-4o", "status": "ERROR", "exception": "boom", "endedAt": None, "usage": None}
