"""Traces: what the calls of one trace id add up to."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.chunks import chunked

__all__ = ["select_trace_sizes"]

c = calls.c


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
