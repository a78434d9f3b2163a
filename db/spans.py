"""Spans among the calls: which ids they took, and which calls lie below them.

A span's call id is its span id, or a derived one where that was taken; then ``calls.span_id`` holds the span's own.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select, tuple_

from db.calls.tables import calls
from db.chunks import chunked
from db.id_lists import among

__all__ = ["PlacedSpan", "select_children", "select_spans"]

c = calls.c


class PlacedSpan(NamedTuple):
    """A call, as far as it matters to where spans go. Times are microseconds; ``started_at`` is None for a call whose
    start has not come."""

    id: str
    span_id: str
    trace_id: str | None
    parent_id: str | None
    started_at: int | None
    ended_at: int | None


_COLUMNS = (c.id, func.coalesce(c.span_id, c.id), c.trace_id, c.parent_id, c.started_at, c.ended_at)


def select_spans(connection: Connection, project_id: str, span_ids: Iterable[str]) -> list[PlacedSpan]:
    """The calls that have one of ``span_ids`` as call id or as span id, deleted ones among them: two statements a
    chunk."""
    found: dict[str, PlacedSpan] = {}
    for chunk in chunked(span_ids):
        for column in (c.id, c.span_id):
            statement = select(*_COLUMNS).where(c.project_id == project_id, among(column, chunk))
            found.update((row[0], PlacedSpan(*row)) for row in connection.execute(statement))
    return list(found.values())


def select_children(
    connection: Connection, project_id: str, parent_ids: Sequence[str], *, apart_from: Iterable[tuple[str, str]] = ()
) -> list[PlacedSpan]:
    """The started calls right below ``parent_ids``, deleted ones among them: one statement a chunk.

    ``apart_from`` has pairs of a parent id and a trace id, whose children are left out.
    """
    traces: defaultdict[str, list[str]] = defaultdict(list)
    for parent_id, trace_id in apart_from:
        traces[parent_id].append(trace_id)
    found: list[PlacedSpan] = []
    for chunk in chunked(parent_ids):
        conditions = [c.project_id == project_id, among(c.parent_id, chunk), c.started_at.is_not(None)]
        if pairs := [(parent_id, trace_id) for parent_id in chunk for trace_id in traces[parent_id]]:
            conditions.append(tuple_(c.parent_id, c.trace_id).not_in(pairs))
        found.extend(PlacedSpan(*row) for row in connection.execute(select(*_COLUMNS).where(*conditions)))
    return found
