"""Traces: all calls of one trace id."""

from collections.abc import Sequence

from db.traces import select_trace_sizes
from resolvers.batches import read_by_key
from resolvers.context import Context

__all__ = ["trace_sizes"]


async def trace_sizes(context: Context, keys: Sequence[tuple[str, str]]) -> list[int]:
    """Bytes of the calls of each (project, trace id)."""
    return [size or 0 for size in await read_by_key(context, keys, select_trace_sizes)]
