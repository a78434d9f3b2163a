"""The exception that ended a call."""

from typing import Any

import strawberry

from graph.fields import link
from resolvers.calls.exceptions import exception_parts

__all__ = ["CallExceptions"]


@strawberry.type
class CallExceptions:
    """The part of Call about its exception."""

    @link(
        "The type of the exception that ended it, such as `TimeoutError`; null where it ended well, or the text of "
        "`exception` names no type.",
        needs=("exception",),
    )
    def exception_type(self) -> str | None:
        """Out of the text."""
        row: Any = self
        return None if row.exception is None else exception_parts(row.exception).type

    @link(
        "What the exception that ended it says, without its type and traceback: `no answer in 5 s`; all of `exception` "
        "where that is in no known form. Null where it ended well.",
        needs=("exception",),
    )
    def exception_message(self) -> str | None:
        """Out of the text."""
        row: Any = self
        return None if row.exception is None else exception_parts(row.exception).message
