"""What a client sees of an error: a message, a place, a code, and for a fault of ours nothing but a request id."""

import logging
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from graphql import GraphQLError, GraphQLSyntaxError

from resolvers.away import answerable
from resolvers.errors import Refusal

__all__ = [
    "MAX_MESSAGE",
    "MAX_TOLD",
    "ErrorCode",
    "FormattedError",
    "LimitExceededError",
    "internal_error",
    "presented",
    "refused",
]

FormattedError: TypeAlias = dict[str, Any]

MAX_TOLD = 1000  # errors of one operation
MAX_MESSAGE = 2000  # characters: validation quotes what it refuses, whole literals too

logger = logging.getLogger("tracegraph.graphql")


class ErrorCode(StrEnum):
    """The `extensions.code` of an error that no resolver named; a resolver's refusal has its own (RefusalCode)."""

    BAD_REQUEST = "BAD_REQUEST"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    TRUSTED_DOCUMENTS_ONLY = "TRUSTED_DOCUMENTS_ONLY"
    INTERNAL = "INTERNAL_SERVER_ERROR"


class LimitExceededError(GraphQLError):
    """The document asks for more than the limit `name` allows; nothing of it was run.

    `requested` is None where that was not counted to the end.
    """

    def __init__(self, message: str, name: str, requested: int | None, limit: int) -> None:
        self.exceeded = {"name": name, "requested": requested, "limit": limit}
        super().__init__(message, extensions={"code": ErrorCode.LIMIT_EXCEEDED.value, "limit": self.exceeded})


def presented(errors: Iterable[GraphQLError], request_id: str, *, executed: bool) -> list[FormattedError]:
    """The errors of one operation as clients may see them.

    `executed` says whether the document passed parsing and validation. An unexpected exception is logged in full under
    `request_id`; the client gets the id and no detail.
    """
    found = list(errors)
    told = [_present(error, request_id, executed=executed) for error in found[:MAX_TOLD]]
    if len(found) > MAX_TOLD:
        told.append({"message": f"{len(found) - MAX_TOLD} more errors are left out."})
    return told


def refused(message: str, code: ErrorCode = ErrorCode.BAD_REQUEST) -> FormattedError:
    """An error about the request as a whole."""
    return {"message": message, "extensions": {"code": code.value}}


def internal_error(request_id: str) -> FormattedError:
    """The error that stands for a fault of ours."""
    return {
        "message": f"Unexpected error; the server's log has the details under request id {request_id}.",
        "extensions": {"code": ErrorCode.INTERNAL.value, "requestId": request_id},
    }


def _present(error: GraphQLError, request_id: str, *, executed: bool) -> FormattedError:
    cause = _cause(error)
    cause = cause and answerable(cause)
    if isinstance(cause, Refusal):
        told = cause.in_graph or cause
        details = {"code": told.code.value} | ({"field": list(told.field)} if told.field else {})
        return _formatted(error, details, None if told is cause else told.message)
    if cause is None or _is_coercion(error):
        return _formatted(error, _code(error, executed=executed))
    logger.error(
        "request %s: %s at %s",
        request_id,
        type(cause).__name__,
        ".".join(map(str, error.path or ())) or "the operation",
        exc_info=cause,
    )
    formatted = _formatted(error, {})
    return formatted | internal_error(request_id)


def _cause(error: GraphQLError) -> Exception | None:
    """The exception at the root of an error, or None where GraphQL itself is what refused."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _is_coercion(error: GraphQLError) -> bool:
    """Whether a scalar refused a value of the client: such an error points into the document and at no result."""
    while isinstance(error.original_error, GraphQLError):
        error = error.original_error
    return error.path is None and bool(error.nodes)


def _code(error: GraphQLError, *, executed: bool) -> Mapping[str, str]:
    if isinstance(error, GraphQLSyntaxError):
        return {"code": ErrorCode.PARSE_FAILED.value}
    if not executed:
        return {"code": ErrorCode.VALIDATION_FAILED.value}
    return {} if error.path else {"code": ErrorCode.BAD_USER_INPUT.value}


def _formatted(error: GraphQLError, details: Mapping[str, object], message: str | None = None) -> FormattedError:
    message = error.message if message is None else message
    shown = f"{message[:MAX_MESSAGE]}..." if len(message) > MAX_MESSAGE else message
    formatted: FormattedError = {**error.formatted, "message": shown}
    extensions = {**details, **formatted.get("extensions", {})}
    return {**formatted, "extensions": extensions} if extensions else formatted
