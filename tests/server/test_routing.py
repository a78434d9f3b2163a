"""Routes are found by their path as Starlette finds them in their order."""

from itertools import product

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient

from server.routing import looked_up

PATHS = [
    ("/a", ["GET"]),
    ("/a", ["POST"]),
    ("/{name}/b", ["GET"]),
    ("/a/b", ["GET", "PUT"]),
    ("/a/c", ["POST"]),
    ("/a/{name}", ["GET"]),
    ("/a/d", ["GET"]),
]


def _routes() -> list[BaseRoute]:
    def route(number: int, path: str, methods: list[str]) -> Route:
        async def answer(request: Request) -> PlainTextResponse:
            return PlainTextResponse(f"{number} {dict(request.path_params)}")

        return Route(path, answer, methods=methods)

    return [route(number, path, methods) for number, (path, methods) in enumerate(PATHS)]


@pytest.mark.parametrize("root", ["", "/mounted"])
def test_the_same_routes_answer(root: str) -> None:
    def client(routes: list[BaseRoute]) -> TestClient:
        return TestClient(Starlette(routes=[Mount(root, routes=routes)] if root else routes))

    ours, starlettes = client(looked_up(_routes())), client(_routes())
    asked = ["/", "/a", "/a/", "/a/b", "/a/c", "/a/d", "/a/e", "/x/b", "/x", "/mounted", "/a//b"]
    for path, method in product(asked, ["GET", "HEAD", "POST", "PUT", "DELETE"]):
        got, expected = ours.request(method, root + path), starlettes.request(method, root + path)
        told = (method, path)
        assert (got.status_code, got.text) == (expected.status_code, expected.text), told
        assert got.headers.get("allow") == expected.headers.get("allow"), told
