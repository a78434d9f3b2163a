"""Completions whose reader goes away."""

from contextlib import aclosing

from db.json_text import parse_json
from resolvers.calls.read import calls_by_id
from resolvers.completions.create import completion_stream
from resolvers.completions.provider import Provider
from resolvers.completions.requests import CompletionRequest
from resolvers.context import Context
from tests.fake_provider import running_provider

CHUNKS = [{"choices": [{"index": 0, "delta": {"content": text}}]} for text in ("one ", "two ", "three ", "four")]


async def test_a_stream_that_is_left_is_recorded_as_far_as_it_came(context: Context) -> None:
    with running_provider() as fake:
        fake.answer = lambda _body: CHUNKS
        context.provider = Provider(fake.url, "", timeout=30, retries=0)
        chunks = await completion_stream(context, CompletionRequest("team/app", "m", [{"content": "Count"}]))
        async with aclosing(chunks):
            seen = [await anext(chunks) for _ in range(3)]
        await context.provider.close()
    assert [part.chunk and parse_json(part.chunk) for part in seen] == [None, *CHUNKS[:2]]
    key = ("team/app", seen[0].call_id or "")
    (call,) = await calls_by_id(context, [key], columns=frozenset({"output", "exception", "status"}))
    assert call is not None
    assert (call.exception, call.status) == ("The reader of the stream went away before its end", "error")
    assert parse_json(call.output)["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "one two "}, "finish_reason": None}
    ]


async def test_a_provider_without_a_key_gets_none(context: Context) -> None:
    with running_provider() as fake:
        context.provider = Provider(fake.url, "", timeout=30, retries=0)
        chunks = await completion_stream(context, CompletionRequest("team/app", "m", track=False))
        fake.answer = lambda _body: []
        assert [part async for part in chunks] == [(None, None, None)]
        assert fake.headers[0]["authorization"] == "Bearer none"
        await context.provider.close()
