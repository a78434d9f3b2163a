"""How HoneyHive's API says no: ``{"message": ..., "errorCode": ...}`` with a status."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from resolvers.errors import RefusalCode
from rest_compat.bodies import InvalidBodyError
from rest_compat.dialects import Problem, encode
from rest_compat.honeyhive.endpoints import ENDPOINTS
from rest_compat.registry import Endpoint

__all__ = ["STATUS", "HoneyHiveDialect"]

STATUS = {
    RefusalCode.INVALID_INPUT: 400,
    RefusalCode.INVALID_NAME: 400,
    RefusalCode.INVALID_QUERY: 400,
    RefusalCode.NOT_FOUND: 404,
    RefusalCode.DELETED: 404,
    RefusalCode.CONFLICT: 409,
    RefusalCode.TOO_LARGE: 413,
    # No 5xx: clients send again what fails so, and it would be as slow.
    RefusalCode.TOO_SLOW: 400,
    RefusalCode.FORBIDDEN: 403,
    RefusalCode.NOT_CONFIGURED: 501,
    RefusalCode.UNAVAILABLE: 503,
    RefusalCode.PROVIDER_FAILED: 502,
}

MOST_SHOWN = 5
"""Errors of one body that its answer names."""

LONGEST_MESSAGE = 2000
"""Characters of a message: an id or a name that it repeats may be a megabyte."""


@dataclass(frozen=True, slots=True)
class HoneyHiveDialect:
    """HoneyHive; ``project`` is the one that every key stands for."""

    project: str
    endpoints: Sequence[Endpoint] = tuple(ENDPOINTS)

    def invalid(self, error: InvalidBodyError) -> Response:
        """A malformed body or query string: what is wrong, and where."""
        said = [f"{_place(each['loc'])}: {each['msg']}" for each in error.errors[:MOST_SHOWN]]
        more = len(error.errors) - len(said)
        return _refusal(400, "; ".join(said) + (f"; and {more} more" if more else ""), "VALIDATION_ERROR")

    def refused(self, problem: Problem) -> Response:
        """The message of the refusal, and its code."""
        return _refusal(STATUS[problem.code], problem.message, problem.code)

    def too_large(self, limit: int) -> Response:
        """A body past the limit."""
        return _refusal(413, f"Request too large: at most {limit} bytes", RefusalCode.TOO_LARGE)

    def unsupported(self, message: str) -> Response:
        """A body of another type than JSON."""
        return _refusal(415, message, "UNSUPPORTED_MEDIA_TYPE")

    def failed(self) -> Response:
        """What happened is in the log."""
        return _refusal(500, "Internal server error", "INTERNAL_ERROR")


def _place(loc: Sequence[Any]) -> str:
    """Where in the request: ``events.0.event_type`` of the body, ``query.limit`` of the query string."""
    where, *path = loc
    return ".".join(map(str, path if where == "body" and path else loc))


def _refusal(status: int, message: str, code: str) -> Response:
    if len(message) > LONGEST_MESSAGE:
        half = LONGEST_MESSAGE // 2
        message = f"{message[:half]} ... {message[-half:]}"
    return Response(encode({"message": message, "errorCode": code}), status, media_type="application/json")
