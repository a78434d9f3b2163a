"""Writing calls: what is known of them before, and the rows that go in.

All functions here run inside a write transaction that holds the project (``db.projects.lock``), so what was read is
still true when it is written.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, func, select, update

from db.bulk import insert_new, update_rows
from db.calls.tables import calls
from db.calls.trees import descendant_ids
from db.chunks import chunked
from db.gathered import Gathered
from db.id_lists import among, among_bound
from db.prepared import Prepared

__all__ = [
    "RUNNING",
    "CallContent",
    "CallState",
    "insert_calls",
    "mark_deleted",
    "select_contents",
    "select_states",
    "select_trace_ids",
    "update_calls",
]


RUNNING = "running"
"""The status of a call whose end has not come."""


class CallState(NamedTuple):
    """What decides how an arriving event changes a call."""

    id: str
    started_at: int | None
    ended: bool
    """Whether it is over; of some it is not known when."""

    renamed: bool
    deleted_at: int | None
    model: str | None
    counted: bool
    """Whether an end reported tokens."""

    op_name: str | None = None


class CallContent(NamedTuple):
    """What a patch of a call is merged into. Times and the duration are microseconds."""

    id: str
    session_id: str | None
    started_at: int | None
    ended_at: int | None
    duration: int | None
    status: str
    exception: str | None
    model: str | None
    kind: str | None
    experiment_id: str | None
    dataset_id: str | None
    datapoint_id: str | None
    start_size: int
    end_size: int
    attributes: str | None
    summary: str | None


def select_states(connection: Connection, project_id: str, ids: Iterable[str]) -> dict[str, CallState]:
    """The states of those calls of ``ids`` that exist, started or not, deleted or not."""
    return {row[0]: CallState._make(row) for row in _known(connection, _STATES, project_id, ids)}


def select_contents(connection: Connection, project_id: str, ids: Iterable[str]) -> dict[str, CallContent]:
    """What patches of those calls of ``ids`` that exist are merged into."""
    return {row[0]: CallContent._make(row) for row in _known(connection, _CONTENTS, project_id, ids)}


def select_trace_ids(connection: Connection, project_id: str, ids: Iterable[str]) -> dict[str, str]:
    """Trace ids of the calls of ``ids`` that have one."""
    return dict(_known(connection, _TRACES, project_id, ids))


def _known(
    connection: Connection, statement: Prepared | Gathered, project_id: str, ids: Iterable[str]
) -> Iterator[Any]:
    """Rows whose first column is the id."""
    for chunk in chunked(ids):
        yield from statement.fetch(connection, {"project": project_id, "ids": chunk})


_OF_CALLS = and_(calls.c.project_id == bindparam("project"), among_bound(calls.c.id, "ids"))
_COUNTED = func.coalesce(calls.c.input_tokens, calls.c.output_tokens, calls.c.total_tokens).is_not(None)
_STATES = Gathered(
    select(
        calls.c.id,
        calls.c.started_at,
        calls.c.status != RUNNING,
        calls.c.renamed,
        calls.c.deleted_at,
        calls.c.model,
        _COUNTED,
        calls.c.op_name,
    ).where(_OF_CALLS)
)
_CONTENTS = Prepared(select(*(calls.c[name] for name in CallContent._fields)).where(_OF_CALLS))
_TRACES = Gathered(select(calls.c.id, calls.c.trace_id).where(_OF_CALLS, calls.c.trace_id.is_not(None)))


def insert_calls(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert calls that do not exist. Columns a row does not name are null, or their default; beside each of
    ``JSON_COLUMNS`` it names ``<name>_query``."""
    for row in rows:
        row.setdefault("renamed", False)
        row.setdefault("start_size", 0)
        row.setdefault("end_size", 0)
    insert_new(connection, calls, rows)


def update_calls(connection: Connection, project_id: str, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Set the given columns of existing calls: ``{call id: {column: value}}``; ``<name>_query`` beside each of
    ``JSON_COLUMNS``."""
    alike: defaultdict[frozenset[str], list[dict[str, Any]]] = defaultdict(list)
    for call_id, values in changes.items():
        alike[frozenset(values)].append({"id": call_id, **values})
    for rows in alike.values():
        update_rows(connection, calls, project_id, "id", rows)


def mark_deleted(connection: Connection, project_id: str, ids: Sequence[str], now: int, change_seq: int) -> int:
    """Delete calls and the descendants they have now; returns how many calls that were not deleted are.

    Rows stay, marked, so that an event that comes later finds them deleted.
    """
    found: set[str] = set()
    for chunk in chunked(ids):
        statement = select(calls.c.id).where(
            calls.c.project_id == project_id, among(calls.c.id, chunk), calls.c.deleted_at.is_(None)
        )
        found.update(connection.execute(statement).scalars())
    found.update(descendant_ids(connection, project_id, ids))
    for chunk in chunked(sorted(found)):
        connection.execute(
            update(calls)
            .where(calls.c.project_id == project_id, among(calls.c.id, chunk), calls.c.deleted_at.is_(None))
            .values(
                deleted_at=now,
                change_seq=change_seq,
                # What nobody saw is not seen to go.
                deleted_seq=case((calls.c.started_at.is_not(None), change_seq)),
            )
        )
    return len(found)
