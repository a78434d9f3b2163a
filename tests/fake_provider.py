"""A server with OpenAI's API that answers as a test tells it, on a port and a thread of its own."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

__all__ = ["KEY", "FakeProvider", "completion", "running_provider"]

KEY = "sk-secret-of-the-test"


@dataclass
class FakeProvider:
    """What was asked, and how it is answered: a body by ``answer(body)``, or a status with an error."""

    url: str = ""
    answer: Callable[[dict[str, Any]], Any] = lambda body: completion(body["model"], "Hello!")
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    async def handle(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        self.paths.append(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
        # On a thread of its own: one answer may wait while others are given.
        answer = await run_in_threadpool(self.answer, body)
        if isinstance(answer, Response):
            return answer
        if body.get("stream"):
            events = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in answer) + "data: [DONE]\n\n"
            return StreamingResponse(iter([events]), media_type="text/event-stream")
        return JSONResponse(answer)


def completion(model: str, content: str | None, **more: Any) -> dict[str, Any]:
    """A chat completion of this content, which cost 7 and 5 tokens."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": model,
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": content, **more}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
    }


@contextmanager
def running_provider() -> Iterator[FakeProvider]:
    """A provider that answers until the block ends."""
    fake = FakeProvider()
    app = Starlette(
        routes=[
            Route("/v1/chat/completions", fake.handle, methods=["POST"]),
            Route("/v1/images/generations", fake.handle, methods=["POST"]),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off", ws="none"))
    started = threading.Event()

    class Announced(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            started.set()

    server = Announced(server.config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert started.wait(30), "the fake provider does not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    fake.url = f"http://127.0.0.1:{port}/v1"
    try:
        yield fake
    finally:
        server.should_exit = True
        thread.join(30)
