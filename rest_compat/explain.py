"""The way out of REST: which GraphQL request does what a REST request does.

``X-Explain: graphql`` on any request of the dialects, or the request as the body of ``POST /rest/explain``, answers
with ``operationName``, ``query`` and ``variables``; nothing is run.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Message
from strawberry.schema import BaseSchema

from graph.encoding import encode
from graph.explain import explained
from graph.json_text import parse_json
from graph.operations import Operation
from resolvers.errors import InvalidInputError
from rest_compat.bodies import InvalidBodyError, decode_body
from rest_compat.json_fields import JSONAny
from rest_compat.reading import BodyTooLargeError, read_body

__all__ = ["EXPLAIN_HEADER", "asks_to_explain", "explain_route", "explanation"]

EXPLAIN_HEADER = "x-explain"
PATH = "/rest/explain"
_BOUNDARY = "explained-form"


class ExplainReq(BaseModel):
    """A REST request. ``body`` is its JSON body; of a form, an object with a text for each field."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    method: str = "POST"
    path: str
    body: JSONAny | None = None
    headers: dict[str, str] = {}


def asks_to_explain(http: HTTPRequest) -> bool:
    """Whether a request is to be explained; raises InvalidInputError for another word than ``graphql``.

    A request that was not to be run must not run because of a slip of the pen.
    """
    asked = http.headers.get(EXPLAIN_HEADER)
    if asked is None:
        return False
    if asked.strip().lower() != "graphql":
        raise InvalidInputError(f"X-Explain can only be 'graphql', not {asked!r}")
    return True


async def explanation(operation: Operation, schema: BaseSchema, variables: Mapping[str, Any]) -> Response:
    """The answer to such a request."""
    told = await asyncio.to_thread(explained, operation, schema, variables)
    return Response(encode(told), media_type="application/json")


def explain_route(routes: Sequence[Route], forms: frozenset[str], max_body_bytes: int) -> Route:
    """``POST /rest/explain`` for requests to ``routes``; the paths in ``forms`` take multipart forms."""

    async def explain(http: HTTPRequest) -> Response:
        try:
            asked = decode_body(await read_body(http, max_body_bytes), ExplainReq)
        except InvalidBodyError as error:
            return _json(422, {"detail": error.errors})
        except BodyTooLargeError:
            return _json(413, {"reason": f"Request too large: at most {max_body_bytes} bytes"})
        path, _, query = asked.path.partition("?")
        scope = {
            **http.scope,
            "method": asked.method.upper(),
            "path": unquote(path),
            "raw_path": path.encode(errors="replace"),
            "query_string": query.encode(errors="replace"),
            "path_params": {},
        }
        others = set()
        for route in routes:
            match, child = route.matches(scope)
            if match is Match.FULL:
                content_type, body = _encoded(asked, form=route.path in forms)
                scope |= {**child, "headers": _headers(http, asked, content_type, body)}
                return cast("Response", await route.endpoint(HTTPRequest(scope, _once(body))))
            if match is Match.PARTIAL:
                others |= route.methods or set()
        if others:
            allowed = ", ".join(sorted(others - {"HEAD"}))
            return _json(405, {"reason": f"{path} takes {allowed}, not {asked.method}"})
        return _json(404, {"reason": f"There is no REST endpoint {asked.path!r}; /docs/rest lists them"})

    return Route(PATH, explain, methods=["POST"])


def _encoded(asked: ExplainReq, *, form: bool) -> tuple[str, bytes]:
    """Content type and bytes of the body."""
    if not form:
        return "application/json", b"" if asked.body is None else asked.body.encode()
    fields = parse_json(asked.body) if asked.body is not None else {}
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{_filename(name)}\r\n\r\n{value}\r\n'
        for name, value in (fields.items() if isinstance(fields, dict) else ())
        if value is not None
    ]
    return f"multipart/form-data; boundary={_BOUNDARY}", "".join([*parts, f"--{_BOUNDARY}--\r\n"]).encode(
        errors="replace"
    )


def _filename(field: str) -> str:
    return '; filename="file"' if field == "file" else ""


def _headers(http: HTTPRequest, asked: ExplainReq, content_type: str, body: bytes) -> list[tuple[bytes, bytes]]:
    """The headers of the explained request: the asker's rights, its own, and what the body says."""
    given = {name.lower(): value for name, value in asked.headers.items()}
    said = {"content-type": content_type, "content-length": str(len(body)), EXPLAIN_HEADER: "graphql"}
    rights = {name: http.headers[name] for name in ("authorization", "cookie") if name in http.headers}
    return [
        (name.encode(errors="replace"), value.encode(errors="replace"))
        for name, value in {**given, **rights, **said}.items()
    ]


def _once(body: bytes) -> Any:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _json(status: int, content: object) -> Response:
    return Response(encode(content), status, media_type="application/json")
