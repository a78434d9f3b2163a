"""Completions over Weave's API and the graph, by a provider on this machine."""

import json
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, PlainTextResponse

from tests.conftest import running_app
from tests.fake_provider import KEY, FakeProvider, completion

PROJECT = "team/app"
USER = {"role": "user", "content": "Say hello"}


def body(inputs: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"project_id": PROJECT, "inputs": {"model": "gpt-4o", "messages": [USER], **(inputs or {})}, **fields}


async def post(client: httpx.AsyncClient, path: str, content: Any, status: int = 200) -> Any:
    response = await client.post(path, json=content)
    assert response.status_code == status, response.text
    return response.json()


async def lines(client: httpx.AsyncClient, content: Any) -> list[Any]:
    response = await client.post("/completions/create_stream", json=content)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/jsonl"), response.text
    return [json.loads(line) for line in response.text.splitlines()]


async def calls(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    response = await client.post("/calls/stream_query", json={"project_id": PROJECT})
    return [json.loads(line) for line in response.text.splitlines()]


async def test_a_completion_is_answered_and_recorded_with_its_usage(
    provided: httpx.AsyncClient, provider: FakeProvider
) -> None:
    answer = await post(provided, "/completions/create", body({"temperature": 0.5, "seed": None}))
    assert answer["response"] == completion("gpt-4o", "Hello!")
    assert provider.requests == [{"model": "gpt-4o", "messages": [USER], "temperature": 0.5}]
    assert provider.headers[0]["authorization"] == f"Bearer {KEY}"
    (call,) = await calls(provided)
    assert call["id"] == answer["weave_call_id"]
    assert (call["op_name"], call["parent_id"], call["exception"], call["wb_user_id"]) == (
        "weave.completions_create",
        None,
        None,
        "local",
    )
    assert call["inputs"] == {"model": "gpt-4o", "messages": [USER], "temperature": 0.5}
    assert call["output"] == completion("gpt-4o", "Hello!")
    usage = call["summary"]["usage"]["gpt-4o"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (7, 5, 12)
    query = """
      query($id: String!) {
        project(slug: "team/app") {
          call(callId: $id) { kind status usage { model inputTokens outputTokens totalTokens } }
        }
      }
    """
    found = await post(provided, "/graphql", {"query": query, "variables": {"id": call["id"]}})
    assert found["data"]["project"]["call"] == {
        "kind": "LLM",
        "status": "SUCCESS",
        "usage": {"model": "gpt-4o", "inputTokens": 7, "outputTokens": 5, "totalTokens": 12},
    }


async def test_a_completion_that_is_not_tracked_leaves_nothing(provided: httpx.AsyncClient) -> None:
    answer = await post(provided, "/completions/create", body(track_llm_call=False))
    assert answer == {"response": completion("gpt-4o", "Hello!"), "weave_call_id": None}
    assert await calls(provided) == []


async def test_all_parameters_reach_the_provider_but_those_about_the_request(
    provided: httpx.AsyncClient, provider: FakeProvider
) -> None:
    inputs = {
        "stop": ["."],
        "n": 1,
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "response_format": {"type": "json_object"},
        "reasoning_effort": "low",
        "stream": True,
        "timeout": "5.5",
        "api_version": "2024-10-21",
        "extra_headers": {"X-Team": "blue"},
        "api_key": "sk-of-the-user",
    }
    await post(provided, "/completions/create", body(inputs))
    kept = {name: inputs[name] for name in ("stop", "n", "tools", "response_format", "reasoning_effort")}
    assert provider.requests == [{"model": "gpt-4o", "messages": [USER], **kept}]
    assert provider.headers[0]["x-team"] == "blue"
    assert provider.paths == ["/v1/chat/completions?api-version=2024-10-21"]
    (call,) = await calls(provided)
    assert call["inputs"] == {"model": "gpt-4o", "messages": [USER], **kept}


async def test_a_completion_is_recorded_where_newer_sdks_say(
    provided: httpx.AsyncClient, provider: FakeProvider
) -> None:
    where = {"trace_id": "t1", "parent_id": "c1", "conversation_id": "s1"}
    ignored = {"conversation_name": "chat", "source": "playground", "inference_route": None}
    await post(provided, "/completions/create", body({"vertex_credentials": "secret"}, **where, **ignored))
    assert provider.requests == [{"model": "gpt-4o", "messages": [USER]}]
    query = """{ project(slug: "team/app") { calls(first: 9) { nodes { traceId parentId sessionId inputs } } } }"""
    found = await post(provided, "/graphql", {"query": query})
    assert found["data"]["project"]["calls"]["nodes"] == [
        {"traceId": "t1", "parentId": "c1", "sessionId": "s1", "inputs": {"model": "gpt-4o", "messages": [USER]}}
    ]
    refused = await post(
        provided, "/completions/create", body(inference_route={"base_url": "http://10.0.0.1", "connection": "x"}), 422
    )
    assert [item["loc"] for item in refused["detail"]] == [["body", "inference_route"]]


async def test_a_prompt_and_its_variables_make_the_messages(
    provided: httpx.AsyncClient, provider: FakeProvider
) -> None:
    prompt = {
        "_type": "MessagesPrompt",
        "messages": [{"role": "system", "content": "Be {mood}. {{literally}}"}],
        "_class_name": "MessagesPrompt",
        "_bases": ["Prompt", "Object", "BaseModel"],
    }
    obj = {"project_id": PROJECT, "object_id": "chat", "val": prompt}
    digest = (await post(provided, "/obj/create", {"obj": obj}))["digest"]
    ref = f"weave:///{PROJECT}/object/chat:{digest}"
    parts = [{"type": "text", "text": "Hi {name}"}, {"type": "image_url", "image_url": {"url": "http://x/{name}"}}]
    inputs = {
        "prompt": ref,
        "template_vars": {"mood": "kind", "name": ["Ada"]},
        "messages": [{"role": "user", "content": parts}],
    }
    await post(provided, "/completions/create", body(inputs))
    sent = [
        {"role": "system", "content": "Be kind. {literally}"},
        {"role": "user", "content": [{"type": "text", "text": "Hi ['Ada']"}, parts[1]]},
    ]
    assert provider.requests == [{"model": "gpt-4o", "messages": sent}]
    (call,) = await calls(provided)
    assert call["inputs"] == {
        "model": "gpt-4o",
        "messages": sent,
        "prompt": ref,
        "template_vars": inputs["template_vars"],
    }


@pytest.mark.parametrize(
    ("inputs", "status", "reason"),
    [
        (
            {"messages": [{"content": "{x}"}], "template_vars": {"y": 1}},
            400,
            "A template asks for {x}; the variables are: y",
        ),
        (
            {"messages": [{"content": "{y.__class__}"}], "template_vars": {"y": 1}},
            400,
            "A template cannot reach into a value: {y.__class__}",
        ),
        (
            {"messages": [{"content": "{y:9999999999}"}], "template_vars": {"y": 1}},
            400,
            "A template formats with '9999999999', at most 999 is taken",
        ),
        (
            {"messages": [{"content": "{y"}], "template_vars": {"y": 1}},
            400,
            "Not a template: expected '}' before end of string: '{y'",
        ),
        ({"timeout": "soon"}, 400, "timeout must be a number of seconds, not 'soon'"),
        ({"extra_headers": {"x": 1}}, 400, "extra_headers must be an object of strings"),
        ({"model": ""}, 400, "A completion needs a model, not ''"),
        (
            {"prompt": "weave:///team/app/object/none:v0"},
            404,
            "Ref 'weave:///team/app/object/none:v0' not found: there is no object none:v0",
        ),
    ],
)
@pytest.mark.parametrize("path", ["/completions/create", "/completions/create_stream"])
async def test_what_cannot_be_asked_is_refused_and_not_recorded(
    provided: httpx.AsyncClient, provider: FakeProvider, path: str, inputs: dict[str, Any], status: int, reason: str
) -> None:
    refused = await post(provided, path, body(inputs), status)
    assert refused["reason"] == reason
    assert provider.requests == []
    assert await calls(provided) == []


async def test_a_malformed_body_is_answered_as_documented(provided: httpx.AsyncClient) -> None:
    refused = await post(provided, "/completions/create", {"project_id": PROJECT, "inputs": {}, "x": 1}, 422)
    assert [(item["loc"], item["type"]) for item in refused["detail"]] == [
        (["body", "inputs", "model"], "missing"),
        (["body", "x"], "extra_forbidden"),
    ]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (
            JSONResponse({"error": {"message": f"Wrong key {KEY}", "code": "invalid_api_key"}}, 401),
            "The provider refused: 401 Wrong key ***",
        ),
        (PlainTextResponse("overloaded", 503), "The provider refused: 503 overloaded"),
        (PlainTextResponse("<html>"), "The provider answered with no JSON object but '<html>'"),
    ],
)
async def test_what_the_provider_refuses_is_answered_and_recorded(
    provided: httpx.AsyncClient, provider: FakeProvider, answer: Any, error: str
) -> None:
    provider.answer = lambda _body: answer
    answered = await post(provided, "/completions/create", body())
    assert answered["response"] == {"error": error}
    (call,) = await calls(provided)
    assert (call["id"], call["exception"], call["output"]) == (answered["weave_call_id"], error, {"error": error})
    assert call["summary"]["weave"]["status"] == "error"


CHUNKS: list[dict[str, Any]] = [
    {"id": "c1", "object": "chat.completion.chunk", "model": "gpt-4o-x", "choices": [{"index": 0, "delta": delta}]}
    for delta in (
        {"role": "assistant", "content": ""},
        {"content": "Hel"},
        {"role": "assistant", "content": "lo ✓"},
        {"tool_calls": [{"index": 0, "id": "t1", "type": "function", "function": {"name": "f", "arguments": '{"a"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}, {"index": 1, "id": "t2"}]},
    )
]
LAST: list[dict[str, Any]] = [
    {"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}], "usage": None},
    {"id": "c1", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}},
]
WHOLE: dict[str, Any] = {
    "id": "c1",
    "object": "chat.completion",
    "model": "gpt-4o-x",
    "usage": LAST[1]["usage"],
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hello ✓",
                "tool_calls": [
                    {
                        "index": 0,
                        "id": "t1",
                        "type": "function",
                        "function": {"name": "f", "arguments": '{"a":1}'},
                    },
                    {"index": 1, "id": "t2"},
                ],
            },
            "finish_reason": "tool_calls",
        }
    ],
}


async def test_a_stream_gives_the_chunks_and_records_their_sum(
    provided: httpx.AsyncClient, provider: FakeProvider
) -> None:
    provider.answer = lambda _body: [*CHUNKS, *LAST]
    meta, *chunks = await lines(provided, body())
    assert chunks == [*CHUNKS, *LAST]
    assert provider.requests == [
        {"model": "gpt-4o", "messages": [USER], "stream": True, "stream_options": {"include_usage": True}}
    ]
    (call,) = await calls(provided)
    assert meta == {"_meta": {"weave_call_id": call["id"]}}
    assert call["output"] == WHOLE
    assert call["summary"]["usage"]["gpt-4o"]["total_tokens"] == 7
    assert call["exception"] is None


async def test_a_stream_that_is_not_tracked_has_chunks_only(
    provided: httpx.AsyncClient, provider: FakeProvider
) -> None:
    provider.answer = lambda _body: CHUNKS
    assert await lines(provided, body(track_llm_call=False)) == CHUNKS
    assert await calls(provided) == []


async def test_a_stream_that_breaks_ends_with_the_error(provided: httpx.AsyncClient, provider: FakeProvider) -> None:
    provider.answer = lambda _body: [*CHUNKS[:2], {"error": {"message": "out of luck"}}]
    *_, last = await lines(provided, body())
    assert last == {"error": "The provider failed: out of luck"}
    (call,) = await calls(provided)
    assert call["exception"] == "The provider failed: out of luck"
    assert call["output"]["choices"][0]["message"] == {"role": "assistant", "content": "Hel"}


async def test_the_graph_streams_as_well(provided: httpx.AsyncClient, provider: FakeProvider) -> None:
    provider.answer = lambda _body: CHUNKS[:2]
    document = """
      subscription($input: CompletionCreateInput!) { completionStream(input: $input) { callId chunk error } }
    """
    variables = {"input": {"project": PROJECT, "model": "m", "messages": [USER], "track": False}}
    response = await provided.post(
        "/graphql",
        json={"query": document, "variables": variables},
        headers={"accept": "text/event-stream"},
    )
    events = [
        json.loads(line.removeprefix("data: "))["data"]["completionStream"]
        for line in response.text.splitlines()
        if line.startswith("data: {")
    ]
    assert events == [
        {"callId": None, "chunk": None, "error": None},
        {"callId": None, "chunk": CHUNKS[0], "error": None},
        {"callId": None, "chunk": CHUNKS[1], "error": None},
    ]


@pytest.mark.parametrize("path", ["/completions/create", "/completions/create_stream"])
async def test_without_a_provider_the_answer_says_so(client: httpx.AsyncClient, path: str) -> None:
    assert await post(client, path, body(), 501) == {
        "reason": "No provider of language models is configured: set --provider-base-url or --provider-api-key"
    }


async def test_a_provider_that_is_not_there(sqlite_url: str) -> None:
    async with running_app(sqlite_url, provider_base_url="http://127.0.0.1:9/v1", provider_retries=0) as client:
        answered = await post(client, "/completions/create", body())
        assert answered["response"] == {"error": "The provider cannot be reached"}
