"""From an HTTP request to the operations in it, strictly: whatever is not one is refused with its reason."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message as Header
from typing import Any

from starlette.requests import Request

from db.remembering import remembering
from graph.limits import Limits
from server.graphql.encoding import MalformedJSONError, decode
from server.graphql.negotiation import JSON
from server.graphql.trusted import digest_asked_for

__all__ = ["Operation", "Refused", "operation_of", "read"]


BODY_SECONDS = 30  # that a client may pause within a body


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """The request as a whole is refused with this HTTP status."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation that a client asks for: by the text of its document, by the digest of that, or both."""

    query: str | None
    digest: str | None
    variables: dict[str, Any] | None
    name: str | None


async def read(request: Request, limits: Limits) -> Operation | list[Operation]:
    """The operation of a request, or the list of a batch. Raises Refused."""
    if request.method == "GET":
        return _from_query(request)
    if request.method != "POST":
        message = f"{request.method} is not supported: send GET or POST."
        raise Refused(405, message, {"allow": "GET, POST"})
    _check_headers(request)
    value = _decoded(await _body(request, limits.max_body_bytes), "The request body")
    if not isinstance(value, list):
        return operation_of(value, "The request body")
    if not value:
        raise Refused(400, "The batch is empty.")
    if len(value) > limits.max_batch:
        raise Refused(400, f"The batch has {len(value)} operations; the limit is {limits.max_batch}.")
    return [operation_of(item, f"Operation {index} of the batch") for index, item in enumerate(value)]


def _from_query(request: Request) -> Operation:
    given: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = _decoded(given[name].encode(), f"The parameter `{name}`") if given[name] else None
    return operation_of(given, "The URL")


def operation_of(value: object, source: str) -> Operation:
    """The operation of a decoded request that came from `source`. Raises Refused."""
    if not isinstance(value, dict):
        raise Refused(400, f"{source} must be a JSON object, not {_named(value)}.")
    for name, kind, noun in (
        ("query", str, "a string"),
        ("operationName", str, "a string"),
        ("variables", dict, "an object"),
        ("extensions", dict, "an object"),
    ):
        member = value.get(name)
        if member is not None and not isinstance(member, kind):
            raise Refused(400, f"`{name}` must be {noun}, not {_named(member)}.")
    try:
        digest = digest_asked_for(value)
    except ValueError as error:
        raise Refused(400, str(error)) from error
    query = value.get("query") or None
    if query is None and digest is None:
        raise Refused(400, f"{source} has no `query`.")
    return Operation(query, digest, value.get("variables"), value.get("operationName"))


def _check_headers(request: Request) -> None:
    headers = request.headers
    header = headers.get("content-type", "")
    kind, charset = _media_type(header)
    if kind != JSON:
        raise Refused(415, f"The content type {header!r} is not supported: send application/json.")
    if charset not in ("utf-8", "utf8"):
        raise Refused(415, f"The charset {charset!r} is not supported: send UTF-8.")
    encoding = headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise Refused(415, f"The content encoding {encoding!r} is not supported.")


@remembering(most=100, longest=200)
def _media_type(header: str) -> tuple[str | None, str]:
    """The media type, None where there is none, and the charset in lower case."""
    message = Header()
    message["content-type"] = header
    return message.get_content_type() if header else None, str(message.get_param("charset", "utf-8")).lower()


async def _body(request: Request, limit: int) -> bytes:
    """The body, of which no more than the limit is read."""
    too_large = f"The request body is larger than {limit} bytes."
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
        raise Refused(413, too_large, {"connection": "close"})
    chunks, total = [], 0
    while True:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                message = await request.receive()
        except TimeoutError as error:
            late = f"Nothing of the request body came for {BODY_SECONDS} seconds."
            raise Refused(408, late, {"connection": "close"}) from error
        if message["type"] == "http.disconnect":
            raise Refused(400, "The request body ended early.")
        chunk = message.get("body", b"")
        total += len(chunk)
        if total > limit:
            raise Refused(413, too_large, {"connection": "close"})
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _decoded(data: bytes, source: str) -> Any:
    try:
        return decode(data)
    except MalformedJSONError as error:
        raise Refused(400, f"{source} is not JSON: {error}.") from error


def _named(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object"}
    return "null" if value is None else names[type(value)]
