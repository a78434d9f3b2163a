"""Refusals.

    Refusal
    ├── InvalidInputError     what was asked cannot be: a bad name, a bad ref, a value out of range
    │   ├── InvalidNameError  a name with characters it may not have
    │   └── InvalidQueryError a query, an order or a cursor that cannot be read
    ├── NotFoundError         it is not there
    │   └── DeletedError      it was there and is deleted
    ├── ConflictError         it is there already, and differs
    ├── TooLargeError         past a limit of size
    ├── TooSlowError          past the limit of time for a read
    ├── ForbiddenError        the caller may not
    ├── NotConfiguredError    this server is not set up for it
    ├── UnavailableError      not now: the database is away or busy; the same request may do later
    └── ProviderFailedError   the provider of language models did not do it

A refusal is an answer, not a fault: GraphQL mutations put it into ``userErrors``, reads into ``errors`` with its code,
and each REST dialect has its own status and shape for each code.
"""

from collections.abc import Sequence
from enum import StrEnum

__all__ = [
    "ConflictError",
    "DeletedError",
    "ForbiddenError",
    "InvalidInputError",
    "InvalidNameError",
    "InvalidQueryError",
    "NotConfiguredError",
    "NotFoundError",
    "ProviderFailedError",
    "Refusal",
    "RefusalCode",
    "TooLargeError",
    "TooSlowError",
    "UnavailableError",
]


class RefusalCode(StrEnum):
    """The kinds of refusal, as clients see them."""

    INVALID_INPUT = "INVALID_INPUT"
    INVALID_NAME = "INVALID_NAME"
    INVALID_QUERY = "INVALID_QUERY"
    NOT_FOUND = "NOT_FOUND"
    DELETED = "DELETED"
    CONFLICT = "CONFLICT"
    TOO_LARGE = "TOO_LARGE"
    TOO_SLOW = "TOO_SLOW"
    FORBIDDEN = "FORBIDDEN"
    NOT_CONFIGURED = "NOT_CONFIGURED"
    UNAVAILABLE = "UNAVAILABLE"
    PROVIDER_FAILED = "PROVIDER_FAILED"


class Refusal(Exception):  # noqa: N818 - the noun is the point: it is an answer
    """An expected "no". ``field`` is the path into the input it is about, empty where it is about the whole.

    ``in_graph`` is the same in the words of the graph, where REST has others for it.
    """

    code: RefusalCode
    in_graph: "Refusal | None" = None

    def __init__(self, message: str, field: Sequence[str | int] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.field = tuple(field)


class InvalidInputError(Refusal):
    """What was asked cannot be."""

    code = RefusalCode.INVALID_INPUT


class InvalidNameError(InvalidInputError):
    """A name with characters it may not have."""

    code = RefusalCode.INVALID_NAME


class InvalidQueryError(InvalidInputError):
    """A query, an order or a cursor that cannot be read, or that names a field that is not there."""

    code = RefusalCode.INVALID_QUERY


class NotFoundError(Refusal):
    """It is not there."""

    code = RefusalCode.NOT_FOUND


class DeletedError(NotFoundError):
    """It was there; ``deleted_at`` says until when, in microseconds since the epoch."""

    code = RefusalCode.DELETED

    def __init__(self, message: str, deleted_at: int, field: Sequence[str | int] = ()) -> None:
        super().__init__(message, field)
        self.deleted_at = deleted_at


class ConflictError(Refusal):
    """It is there already, and differs."""

    code = RefusalCode.CONFLICT


class TooLargeError(Refusal):
    """Past a limit of size."""

    code = RefusalCode.TOO_LARGE


class TooSlowError(Refusal):
    """A read took longer than the setting ``query_timeout`` allows; the message says what would help."""

    code = RefusalCode.TOO_SLOW


class ForbiddenError(Refusal):
    """The caller may not."""

    code = RefusalCode.FORBIDDEN


class NotConfiguredError(Refusal):
    """This server is not set up for it; the message says which setting is missing."""

    code = RefusalCode.NOT_CONFIGURED


class UnavailableError(Refusal):
    """Not now: the same request may do a moment later."""

    code = RefusalCode.UNAVAILABLE


class ProviderFailedError(Refusal):
    """The provider of language models refused, failed, or could not be reached."""

    code = RefusalCode.PROVIDER_FAILED
