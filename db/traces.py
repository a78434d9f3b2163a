"""Traces: what the calls of one trace id add up to."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, func, select

from db.calls.reads import SHOWN, labelled
from db.calls.tables import calls
from db.chunks import chunked
from db.rows import Row, fetch

__all__ = ["MOST_ROOTS", "select_trace_roots", "select_trace_sizes"]

c = calls.c

MOST_ROOTS = 100
"""Roots of a trace that are read."""


def select_trace_sizes(connection: Connection, project_id: str, trace_ids: Iterable[str]) -> dict[str, int]:
    """Bytes of the shown calls of each trace that has any."""
    sizes: dict[str, int] = {}
    for chunk in chunked(trace_ids):
        statement = (
            select(c.trace_id, func.sum(c.start_size + c.end_size))
            .where(c.project_id == project_id, c.trace_id.in_(chunk), SHOWN)
            .group_by(c.trace_id)
        )
        sizes.update((trace_id, int(size)) for trace_id, size in connection.execute(statement))
    return sizes


def select_trace_roots(
    connection: Connection, project_id: str, trace_ids: Iterable[str], *, columns: Collection[str]
) -> dict[str, list[Row]]:
    """The first ``MOST_ROOTS`` calls without a parent of each trace, by start and id; a trace without is missing."""
    roots: defaultdict[str, list[Row]] = defaultdict(list)
    for chunk in chunked(trace_ids):
        place = func.row_number().over(partition_by=c.trace_id, order_by=(c.started_at, c.id)).label("place")
        where = (c.project_id == project_id, c.trace_id.in_(chunk), c.parent_id.is_(None), SHOWN)
        numbered = select(c.id, place).where(*where).subquery()
        statement = (
            select(*labelled({*columns, "trace_id"}))
            .where(c.project_id == project_id, c.id.in_(select(numbered.c.id).where(numbered.c.place <= MOST_ROOTS)))
            .order_by(c.started_at, c.id)
        )
        for row in fetch(connection, "Call", statement):
            roots[row.trace_id].append(row)
    return roots
