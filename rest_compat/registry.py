"""What an endpoint is: a path, a request model, a GraphQL operation, and two small functions between them.

The routes, the OpenAPI page and the table of docs/rest.md are made from the list of these.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response
from strawberry.schema import BaseSchema

from graph.operations import Operation
from graph.written import Writers
from resolvers.errors import InvalidInputError

__all__ = [
    "OPERATIONS",
    "Endpoint",
    "Request",
    "Stream",
    "connection_of",
    "document_of",
    "first_page",
    "following_page",
    "limit_of",
    "load_operations",
    "operation_of",
]

OPERATIONS = Path(__file__).parent / "operations"

Variables = dict[str, Any]
Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has been read: the validated body, and the path's parameters."""

    body: Any
    path: Mapping[str, str]
    query: Any = None
    """The validated parameters of the query string, an ``Endpoint.parameters``."""

    project: str = ""
    """The project of whoever asks, where the dialect's requests do not name one."""


@dataclass(frozen=True, slots=True)
class Stream:
    """How the pages of a connection become one answer: of JSON lines, or of a JSON object with a list.

    The operation takes ``first``, ``after`` and ``offset`` and selects ``pageInfo``; ``following`` gives the variables
    of the page after.
    """

    connection: Callable[[Data], Mapping[str, Any] | None]
    """The connection in the data; None where there is nothing to page through. May refuse the first page's data."""

    line: Callable[[Mapping[str, Any], Request], Any]
    """The line, or list item, of a node that no writer of the endpoint has written."""

    member: str | None = None
    """The member of the JSON object that holds the list; None for JSON lines."""

    before: Callable[[Data], Mapping[str, Any]] = lambda _data: {}
    """What the JSON object has before the list, out of the first page's data."""

    later: Mapping[str, Any] = field(default_factory=dict)
    """Variables that are others on the pages after the first, such as whether to count again."""


FIRST_PAGE, OTHER_PAGES = 100, 1000
"""Rows of a stream's first page, which should be there soon, and of the others."""


def first_page(request: Request) -> Variables:
    """The variables of a stream's, or a list's, first page, from the body's ``limit`` and ``offset``.

    Raises InvalidInputError for negative ones.
    """
    for name in ("limit", "offset"):
        value = getattr(request.body, name)
        if value is not None and value < 0:
            raise InvalidInputError(f"{name} must be 0 or more, not {value}", [name])
    limit = request.body.limit
    size = FIRST_PAGE if limit is None else min(FIRST_PAGE, max(1, limit))
    return {"first": size, "after": None, "offset": request.body.offset or None}


def limit_of(request: Request) -> int | None:
    """How many rows a request asks for at most, in its body or else in its query string; None for all, as of an
    endpoint that takes no limit."""
    limit: int | None = getattr(request.query if request.body is None else request.body, "limit", None)
    return limit


def following_page(
    connection: Mapping[str, Any], request: Request, variables: Variables, sent: int
) -> Variables | None:
    """The variables of the page after ``connection``'s, of the usual size; None where it was the last, or ``limit``
    lines are sent."""
    limit = limit_of(request)
    if not connection["pageInfo"]["hasNextPage"] or (limit is not None and sent >= limit):
        return None
    size = OTHER_PAGES if limit is None else min(OTHER_PAGES, limit - sent)
    return {**variables, "first": size, "after": connection["pageInfo"]["endCursor"], "offset": None}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One documented endpoint."""

    path: str
    operation: str
    """The document that answers it: ``weave/calls_upsert`` is ``operations/weave/calls_upsert.graphql``."""

    summary: str
    variables: Callable[[Request], Variables] = lambda _request: {}
    respond: Callable[[Data, Request], Any] = lambda _data, _request: {}
    """The answer, out of the operation's data; or a Starlette response."""

    model: type[BaseModel] | None = None
    parameters: type[BaseModel] | None = None
    """What the query string may hold (``rest_compat.parameters``); without one it is not looked at."""

    method: Literal["GET", "POST", "PUT", "DELETE"] = "POST"
    status: int = 200
    """The status of an answer that is no refusal."""

    deprecated: bool = False
    """Whether the documents say that a newer endpoint is to be used."""

    form: bool = False
    """Whether the body is a multipart form and not JSON."""

    read: Callable[[HTTPRequest, int], Awaitable[Any]] | None = None
    """Reads a body that is of neither kind; the number is the most bytes that it may have."""

    refuse: Callable[[HTTPRequest, Response], Response] | None = None
    """Puts what the dialect says to an error into the form that whoever sends such a body reads."""

    stream: Stream | None = None

    writers: Callable[[Request], Writers] = lambda _request: {}
    """What writes rows in the answer as they are, in place of what GraphQL gives of them (``graph.written``)."""

    line: Callable[[Data], Any] | None = None
    """Where the operation is a subscription: the JSON line of an event; None for an event without one."""


def connection_of(name: str) -> Callable[[Data], Mapping[str, Any] | None]:
    """Finds the connection ``name`` of the project in an operation's data; None where there is no project."""

    def connection(data: Data) -> Mapping[str, Any] | None:
        project: Mapping[str, Any] | None = data["project"]
        return None if project is None else project[name]

    return connection


def load_operations(endpoints: Iterable[Endpoint], schema: BaseSchema) -> dict[str, Operation]:
    """The operations that ``endpoints`` name."""
    names = dict.fromkeys(endpoint.operation for endpoint in endpoints)
    return {name: operation_of(name, schema) for name in names}  # type: ignore[arg-type]  # a schema is itself alone


@cache
def operation_of(name: str, schema: BaseSchema) -> Operation:
    """An operation, the same for all who run it on this schema: it is read once."""
    return Operation(Path(name).name, document_of(name), schema)


@cache
def document_of(name: str) -> str:
    """The document of an operation, with the fragments that it spreads and does not define: those of its dialect, each
    in a file of its name in ``operations/DIALECT/fragments``."""
    document = (OPERATIONS / f"{name}.graphql").read_text(encoding="utf-8")
    fragments = (OPERATIONS / name).parent / "fragments"
    while missing := set(_SPREAD.findall(document)) - set(_FRAGMENT.findall(document)):
        texts = [(fragments / f"{each}.graphql").read_text(encoding="utf-8") for each in sorted(missing)]
        document = "\n".join([document, *texts])
    return document


_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)(\w+)")
_FRAGMENT = re.compile(r"^fragment (\w+) on ", re.MULTILINE)
