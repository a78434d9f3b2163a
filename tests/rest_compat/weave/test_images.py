"""Images over Weave's API, by a provider on this machine."""

import base64
import hashlib
import json
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse

from tests.fake_provider import FakeProvider

PROJECT = "team/app"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
JPEG = b"\xff\xd8\xff\xe0" + b"jpeg"
USAGE = {"input_tokens": 9, "output_tokens": 4160, "total_tokens": 4169}
ANSWER: dict[str, Any] = {
    "created": 1700000000,
    "data": [
        {"b64_json": base64.b64encode(PNG).decode(), "revised_prompt": "a tall tree"},
        {"b64_json": base64.b64encode(JPEG).decode()},
        {"url": "https://images.example/1.png"},
        {"b64_json": "no base64!"},
    ],
    "usage": USAGE,
}


def body(n: int | None = None, **fields: Any) -> dict[str, Any]:
    return {"project_id": PROJECT, "inputs": {"model": "gpt-image-1", "prompt": "a tree", "n": n}, **fields}


async def post(client: httpx.AsyncClient, content: Any, status: int = 200) -> Any:
    response = await client.post("/image/create", json=content)
    assert response.status_code == status, response.text
    return response.json()


async def calls(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    response = await client.post("/calls/stream_query", json={"project_id": PROJECT})
    return [json.loads(line) for line in response.text.splitlines()]


async def content(client: httpx.AsyncClient, digest: str) -> bytes:
    return (await client.post("/file/content", json={"project_id": PROJECT, "digest": digest})).content


async def test_images_are_answered_as_they_came_and_recorded_as_files(
    provided: httpx.AsyncClient, provider: FakeProvider
) -> None:
    provider.answer = lambda _body: ANSWER
    answer = await post(provided, body(4))
    assert answer["response"] == ANSWER
    assert provider.requests == [{"model": "gpt-image-1", "prompt": "a tree", "n": 4}]
    assert provider.paths == ["/v1/images/generations"]
    (call,) = await calls(provided)
    assert call["id"] == answer["weave_call_id"]
    assert call["op_name"] == "weave.image_generation_create"
    assert call["inputs"] == {"model": "gpt-image-1", "prompt": "a tree", "n": 4}
    usage = call["summary"]["usage"]["gpt-image-1"]
    assert {name: usage[name] for name in USAGE} == USAGE
    png, jpeg, *others = call["output"]["data"]
    assert others == ANSWER["data"][2:]
    assert png["revised_prompt"] == "a tall tree"
    for image, data, kind in ((png, PNG, "png"), (jpeg, JPEG, "jpeg")):
        stored = image["b64_json"]
        assert (stored["_type"], stored["weave_type"]) == (
            "CustomWeaveType",
            {"type": "weave.type_wrappers.Content.content.Content"},
        )
        assert await content(provided, stored["files"]["content"]) == data
        assert json.loads(await content(provided, stored["files"]["metadata.json"])) == {
            "size": len(data),
            "mimetype": f"image/{kind}",
            "digest": hashlib.sha256(data).hexdigest(),
            "filename": f"image.{kind}",
            "content_type": "base64",
            "input_type": "str",
            "encoding": "base64",
            "extension": f".{kind}",
        }


async def test_an_image_that_is_not_tracked_leaves_nothing(provided: httpx.AsyncClient, provider: FakeProvider) -> None:
    provider.answer = lambda _body: ANSWER
    assert await post(provided, body(track_llm_call=False)) == {"response": ANSWER, "weave_call_id": None}
    assert provider.requests == [{"model": "gpt-image-1", "prompt": "a tree"}]
    assert await calls(provided) == []


async def test_what_the_provider_refuses_is_recorded(provided: httpx.AsyncClient, provider: FakeProvider) -> None:
    provider.answer = lambda _body: JSONResponse({"error": {"message": "not this"}}, 400)
    answer = await post(provided, body())
    error = "The provider refused: 400 not this"
    assert answer["response"] == {"error": error}
    (call,) = await calls(provided)
    assert (call["exception"], call["output"]) == (error, {"error": error})


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"model": "", "prompt": "x"}, "An image needs a model, not ''"),
        ({"model": "m", "prompt": ""}, "An image needs a prompt, not ''"),
        ({"model": "m", "prompt": "x", "n": 0}, "n must be 1 to 100, not 0"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    provided: httpx.AsyncClient, provider: FakeProvider, inputs: Any, reason: str
) -> None:
    assert await post(provided, {"project_id": PROJECT, "inputs": inputs}, 400) == {"reason": reason}
    assert provider.requests == []
    assert await calls(provided) == []


async def test_without_a_provider_the_answer_says_so(client: httpx.AsyncClient) -> None:
    assert await post(client, body(), 501) == {
        "reason": "No provider of language models is configured: set --provider-base-url or --provider-api-key"
    }
