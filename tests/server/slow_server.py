"""The `tracegraph` command with an application that answers when the test says so; run by test_cli.py.

`POST /slow` sends "open " at once and the request's body when that is complete. `GET /pid` answers the process id.
The application stands in for `server.app`, in worker processes too: they run this file before anything else.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

import tracegraph
from server.settings import Settings


async def slow(_scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"open ", "more_body": True})
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await send({"type": "http.response.body", "body": body})


async def pid(_request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(os.getpid()))


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    if "FAIL_AT_START" in os.environ:
        raise RuntimeError("no start today")
    yield
    sys.stderr.write("lifespan closed\n")


def create_app(_settings: Settings) -> Starlette:
    return Starlette(routes=[Mount("/slow", slow), Route("/pid", pid)], lifespan=lifespan)


app = ModuleType("server.app")
app.__dict__["create_app"] = create_app
sys.modules["server.app"] = app

if __name__ == "__main__":
    sys.exit(tracegraph.main())
