"""The exception that ended a call."""

import strawberry

from graph.fields import column

__all__ = ["CallExceptions"]


@strawberry.type
class CallExceptions:
    """The part of Call about its exception: columns of its row."""

    exception_type: str | None = column(
        "The type of the exception that ended it, such as `TimeoutError`; null where it ended well, or the text of "
        "`exception` names no type."
    )
    exception_message: str | None = column(
        "What the exception that ended it says, without its type and traceback: `no answer in 5 s`; all of `exception` "
        "where that is in no known form. Null where it ended well."
    )
