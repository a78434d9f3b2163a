"""Reading calls: what can be selected, and rows by id."""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Double, and_, bindparam, cast, func, literal, or_, select
from sqlalchemy.sql.visitors import iterate

from db.bounded_pages import SIZE, bounded
from db.calls.tables import JSON_COLUMNS, NARROW, calls
from db.chunks import chunked
from db.id_lists import among, of_bound_project
from db.metadata import Name
from db.octets import octets
from db.pages import Page, PageRequest, select_page
from db.prepared import Prepared
from db.query.order import Order
from db.rows import Row, fetch, fetch_by
from db.rows import labelled as labelled_of

__all__ = [
    "COLUMNS",
    "NO_PARENT",
    "PAYLOADS",
    "SHOWN",
    "TOP_OF_TRACE",
    "PayloadSizes",
    "duration",
    "exception_message",
    "latency_ms",
    "select_calls_by_id",
    "select_calls_page",
    "select_matching_ids",
    "select_payload_sizes",
]

c = calls.c

SHOWN = and_(c.started_at.is_not(None), c.deleted_at.is_(None))
"""Calls that exist for readers: started, and not deleted."""

NO_PARENT = c.parent_id.is_(None)
"""Calls that name no parent. Pages of them are read by the index on parents where this very condition is given."""

TOP_OF_TRACE = or_(NO_PARENT, and_(c.parent_id == c.session_id, c.trace_id != c.session_id))
"""Calls with no call of their own trace above them. Below a session's call there are whole traces: the first spans of
each, whose parent is the session (docs/opentelemetry.md)."""

duration: ColumnElement[Any] = func.coalesce(c.duration, c.ended_at - c.started_at)
"""Microseconds a call took; null while it runs."""

latency_ms: ColumnElement[Any] = cast(duration, Double) / 1000
"""Milliseconds a call took; null while it runs."""

exception_message: ColumnElement[Any] = func.coalesce(c.exception_message, c.exception)
"""What the exception says; null where there is none."""

PAYLOADS = frozenset(JSON_COLUMNS)
"""Columns that may hold megabytes."""

COLUMNS: dict[str, ColumnElement[Any]] = {
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
    "latency_ms": latency_ms,
    "exception": c.exception,
    "exception_type": c.exception_type,
    "exception_message": exception_message,
    "model": c.model,
    "input_tokens": c.input_tokens,
    "output_tokens": c.output_tokens,
    "total_tokens": c.total_tokens,
    "dataset_id": c.dataset_id,
    "datapoint_id": c.datapoint_id,
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

NARROWLY = frozenset(
    name
    for name, sql in COLUMNS.items()
    if all(part.name in NARROW for part in iterate(sql) if isinstance(part, Column))
)
"""What can be told from the index of narrow columns."""


labelled = partial(labelled_of, COLUMNS, KEYS)
"""The SQL of given columns and the keys."""


def select_calls_by_id(
    connection: Connection, project_id: str, ids: Iterable[str], columns: Collection[str]
) -> dict[str, Row]:
    """Shown calls by id; ids that are not there are missing."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    single = len(wanted) == 1
    bound = {"project": project_id, "ids": wanted[0] if single else wanted}
    found = fetch(connection, "Call", _by_id(frozenset(columns), single=single), bound)
    place = found.columns.index("call_id")
    return {row[place]: row for row in found}


@lru_cache(maxsize=512)
def _by_id(columns: frozenset[str], *, single: bool) -> Prepared:
    """The statement that reads given columns of one call, or of many."""
    if single:
        key = and_(c.project_id == bindparam("project", type_=Name()), c.id == bindparam("ids", type_=Name()))
    else:
        key = of_bound_project(c.project_id, c.id, "project", "ids")
    return Prepared(select(*labelled(columns)).where(key, SHOWN))


def select_matching_ids(
    connection: Connection, ids: Iterable[str], conditions: Sequence[ColumnElement[bool]]
) -> set[str]:
    """Those of the ids whose calls fulfil ``conditions``, one of which names the project; one statement a chunk."""
    found: set[str] = set()
    for chunk in chunked(ids):
        found.update(connection.execute(select(c.id).where(*conditions, among(c.id, chunk))).scalars())
    return found


def select_calls_page(
    connection: Connection,
    columns: Collection[str],
    conditions: Sequence[ColumnElement[bool]],
    order: Order,
    request: PageRequest,
    max_bytes: int,
    apart: Sequence[ColumnElement[bool]] = (),
    *,
    kept: bool = False,
) -> Page:
    """A page of the calls that fulfil ``conditions``, each exactly one of those that are to be read ``apart``; ``kept``
    as ``db.pages`` says.

    Where payloads are asked for, the page is cut before the call whose payloads would bring it past ``max_bytes`` (but
    not before the first), so that one page stays bounded whatever was recorded. For that ids and sizes are read first,
    as they are where SQLite has to sort and would look at all calls for what is not in the index of narrow columns.
    """
    on_sqlite = connection.dialect.name == "sqlite"
    if not on_sqlite and any(condition is NO_PARENT for condition in conditions):
        order = order.led_by(c.parent_id)
    with_payloads = not PAYLOADS.isdisjoint(columns)
    by_start = order.components[0].sql is c.started_at
    if not with_payloads and (by_start or not on_sqlite or NARROWLY.issuperset(columns)):
        return select_page(connection, "Call", labelled(columns), conditions, order, request, apart, kept=kept)
    page = select_page(connection, "Call", labelled([SIZE]), conditions, order, request, apart, kept=kept)
    return bounded(
        page,
        request,
        key="call_id",
        read=lambda ids: select_calls_by_id(connection, page.rows[0].project_slug, ids, columns),
        max_bytes=max_bytes if with_payloads else None,
    )


class PayloadSizes(NamedTuple):
    """Bytes of each payload."""

    attributes: int
    inputs: int
    output: int
    summary: int


def select_payload_sizes(connection: Connection, project_id: str, ids: Iterable[str]) -> dict[str, PayloadSizes]:
    """Bytes of the payloads of shown calls by id; the payloads stay in the database."""
    sizes = [func.coalesce(octets(c[name]), 0).label(name) for name in PayloadSizes._fields]
    found = fetch_by(connection, "Call", [c.id.label("call_id"), *sizes], c.id, ids, c.project_id == project_id, SHOWN)
    return {row.call_id: PayloadSizes(*row[1:]) for row in found}
