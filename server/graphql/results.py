"""From the result of an operation to the object that is sent for it."""

import os
import re
from dataclasses import dataclass
from typing import Any

from starlette.requests import HTTPConnection
from strawberry.types.execution import ExecutionResult, PreExecutionError

from graph.errors import presented

__all__ = ["Payload", "payload", "request_id"]

REQUEST_ID = re.compile(r"[\w.-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Payload:
    """What is sent for one operation, whether any of it was executed, and whether it is the same for ever."""

    content: dict[str, Any]
    executed: bool
    fixed: bool = False


def payload(result: ExecutionResult, request_id: str, *, fixed: bool = False) -> Payload:
    """An operation that did not get as far as its first field has no `data` member at all."""
    errors = result.errors or []
    validated = not isinstance(result, PreExecutionError)
    executed = validated and (result.data is not None or any(error.path for error in errors))
    content: dict[str, Any] = {}
    if errors:
        content["errors"] = presented(errors, request_id, executed=validated)
    if executed:
        content["data"] = result.data
    if result.extensions:
        content["extensions"] = result.extensions
    return Payload(content, executed, fixed)


def request_id(connection: HTTPConnection) -> str:
    """The id that a proxy gave the request, or a new one; it ties a masked error to the log."""
    given = connection.headers.get("x-request-id", "")
    return given if given and REQUEST_ID.fullmatch(given) else os.urandom(16).hex()
