"""What an endpoint is: a path, a request model, a GraphQL operation, and two small functions between them.

The routes, the OpenAPI page and the table of docs/rest.md are made from the list of these.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel
from strawberry.schema import BaseSchema

from graph.operations import Operation

__all__ = ["OPERATIONS", "Endpoint", "Request", "Stream", "load_operations"]

OPERATIONS = Path(__file__).parent / "operations"

Variables = dict[str, Any]
Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has been read: the validated body and the path's parameters."""

    body: Any
    path: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stream:
    """How the pages of one operation become one answer of JSON lines."""

    lines: Callable[[Data, Request], Iterable[Any]]
    """The items of a page, each written as a line."""

    following: Callable[[Data, Variables], Variables | None]
    """The variables of the next page, or None after the last."""


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
    method: Literal["GET", "POST", "PUT", "DELETE"] = "POST"
    form: bool = False
    """Whether the body is a multipart form and not JSON."""

    stream: Stream | None = None


def load_operations(endpoints: Iterable[Endpoint], schema: BaseSchema) -> dict[str, Operation]:
    """The operations that ``endpoints`` name, parsed and validated; raises InvalidOperationError."""
    names = dict.fromkeys(endpoint.operation for endpoint in endpoints)
    return {name: Operation.load(OPERATIONS / f"{name}.graphql", schema) for name in names}
