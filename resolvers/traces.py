"""Traces: all calls of one trace id."""

from collections.abc import Sequence
from functools import partial

from db.rows import Row
from db.traces import select_trace_roots, select_trace_sizes
from resolvers.batches import read_by_key
from resolvers.context import Context

__all__ = ["trace_roots", "trace_sizes"]


async def trace_sizes(context: Context, keys: Sequence[tuple[str, str]]) -> list[int]:
    """Bytes of the calls of each (project, trace id)."""
    return [size or 0 for size in await read_by_key(context, keys, select_trace_sizes)]


async def trace_roots(context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]) -> list[list[Row]]:
    """The calls without a parent of each (project, trace id), by their start."""
    found = await read_by_key(context, keys, partial(select_trace_roots, columns=columns))
    return [roots or [] for roots in found]
