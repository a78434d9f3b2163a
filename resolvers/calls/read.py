"""Reading calls."""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial

from db.calls.reads import select_calls_by_id
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context

__all__ = ["CallStatus", "calls_by_id"]


class CallStatus(StrEnum):
    """How a call stands; the values are those of the column."""

    SUCCESS = "success"
    ERROR = "error"
    RUNNING = "running"
    DESCENDANT_ERROR = "descendant_error"


async def calls_by_id(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Calls by (project, call id), in the order of ``keys``; None for what is not there or may not be seen."""
    return await read_by_key(context, keys, partial(select_calls_by_id, columns=columns))
