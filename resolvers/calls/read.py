"""Reading calls."""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial

from db.calls.children import select_child_ids
from db.calls.reads import select_calls_by_id
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context

__all__ = ["MOST_CHILDREN", "CallStatus", "calls_by_id", "child_ids"]

MOST_CHILDREN = 1_000
"""Ids of children that are listed of a call."""


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
    return await read_by_key(context, keys, partial(select_calls_by_id, columns=columns), rows=True)


async def child_ids(context: Context, keys: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The ids of the children of each (project, call id), the oldest first, ``MOST_CHILDREN`` at most."""
    read = partial(select_child_ids, most=MOST_CHILDREN)
    return [found or [] for found in await read_by_key(context, keys, read)]
