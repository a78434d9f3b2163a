"""Reading calls: what can be selected, and rows by id."""

from collections.abc import Collection, Iterable

from sqlalchemy import BigInteger, ColumnElement, Connection, Double, Integer, and_, case, cast, func, literal, select

from db.calls.tables import calls
from db.chunks import chunked
from db.rows import Row, fetch

__all__ = ["COLUMNS", "SHOWN", "latency_us", "select_calls", "select_calls_by_id", "trace_name"]

c = calls.c

SHOWN = and_(c.started_at.is_not(None), c.deleted_at.is_(None))
"""Calls that exist for readers: started, and not deleted."""

latency_us: ColumnElement[int] = func.coalesce(c.duration, c.ended_at - c.started_at)
"""Microseconds a call took; null while it runs."""

COLUMNS: dict[str, ColumnElement[object]] = {
    "project_slug": c.project_id,
    "call_id": c.id,
    "ref": literal("weave:///") + c.project_id + "/call/" + c.id,
    "trace_id": c.trace_id,
    "parent_id": c.parent_id,
    "session_id": c.session_id,
    "thread_id": c.thread_id,
    "turn_id": c.turn_id,
    "op_name": c.op_name,
    "display_name": c.display_name,
    "kind": c.kind,
    "status": c.status,
    "started_at": c.started_at,
    "ended_at": c.ended_at,
    "latency_ms": cast(latency_us, Double) / 1000,
    "exception": c.exception,
    "model": c.model,
    "input_tokens": c.input_tokens,
    "output_tokens": c.output_tokens,
    "total_tokens": c.total_tokens,
    "wb_user_id": c.wb_user_id,
    "wb_run_id": c.wb_run_id,
    "wb_run_step": c.wb_run_step,
    "wb_run_step_end": c.wb_run_step_end,
    "attributes": c.attributes,
    "inputs": c.inputs,
    "output": c.output,
    "summary": c.summary,
    "storage_size_bytes": c.start_size + c.end_size,
    "created_at": c.created_at,
    "deleted_at": c.deleted_at,
}
"""What a call can be asked for, by the names that rows carry. The keys of a call are always selected."""

KEYS = ("project_slug", "call_id")


def labelled(columns: Collection[str]) -> list[ColumnElement[object]]:
    """The SQL of ``columns`` and the keys, in a fixed order, labelled by name."""
    wanted = {*KEYS, *columns}
    return [expression.label(name) for name, expression in COLUMNS.items() if name in wanted]


def select_calls_by_id(
    connection: Connection, project_id: str, ids: Iterable[str], columns: Collection[str]
) -> dict[str, Row]:
    """Shown calls by id; ids that are not there are missing."""
    found: dict[str, Row] = {}
    for chunk in chunked(ids):
        statement = select(*labelled(columns)).where(c.project_id == project_id, c.id.in_(chunk), SHOWN)
        found.update((row.call_id, row) for row in fetch(connection, "Call", statement))
    return found
