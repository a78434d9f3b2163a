"""Calls grouped by an id that they share: traces, sessions, threads."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, case, func, select

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.chunks import chunked
from db.pages import Page, PageRequest, select_count, select_page
from db.query.fields import Field, Fields, FieldType
from db.query.order import compile_order
from db.rows import Row, fetch

__all__ = ["SESSIONS", "THREADS", "TRACES", "Grouping", "select_groups", "select_groups_count", "select_groups_page"]

c = calls.c

_AGGREGATES: dict[str, ColumnElement[Any]] = {
    "started_at": func.min(c.started_at),
    "last_started_at": func.max(c.started_at),
    # Null until every call has ended.
    "ended_at": case((func.count() == func.count(c.ended_at), func.max(c.ended_at))),
    "call_count": func.count(),
    "error_count": func.count(case((c.status == "error", 1))),
    "storage_size_bytes": func.sum(c.start_size + c.end_size),
}


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way to group: the noun of the rows, the name of the key, and the column that holds it."""

    noun: str
    key: str
    column: ColumnElement[Any]

    def subquery(
        self, project_id: str, conditions: Sequence[ColumnElement[bool]], columns: Collection[str]
    ) -> Subquery:
        """The groups among the shown calls of a project, with the aggregates that ``columns`` names and the start."""
        wanted = {"started_at", *columns}
        selected = [expression.label(name) for name, expression in _AGGREGATES.items() if name in wanted]
        return (
            select(func.min(c.project_id).label("project_slug"), self.column.label(self.key), *selected)
            .where(c.project_id == project_id, SHOWN, self.column.is_not(None), *conditions)
            .group_by(self.column)
            .subquery()
        )


TRACES = Grouping("Trace", "trace_id", c.trace_id)
SESSIONS = Grouping("Session", "session_id", c.session_id)
THREADS = Grouping("Thread", "thread_id", c.thread_id)


def select_groups(
    connection: Connection, project_id: str, keys: Iterable[str], *, grouping: Grouping, columns: Collection[str]
) -> dict[str, Row]:
    """Groups by key; one of which no call is shown is missing."""
    found: dict[str, Row] = {}
    for chunk in chunked(keys):
        groups = grouping.subquery(project_id, [grouping.column.in_(chunk)], columns)
        found.update((getattr(row, grouping.key), row) for row in fetch(connection, grouping.noun, select(*groups.c)))
    return found


def select_groups_page(
    connection: Connection,
    project_id: str,
    conditions: Sequence[ColumnElement[bool]],
    request: PageRequest,
    *,
    grouping: Grouping,
    columns: Collection[str],
) -> Page:
    """A page of the groups among the calls that fulfil ``conditions``, newest first by their first start."""
    groups = grouping.subquery(project_id, conditions, columns)
    fields = Fields(
        [
            Field("started_at", FieldType.TIME, groups.c.started_at, nullable=False),
            Field(grouping.key, FieldType.TEXT, groups.c[grouping.key], nullable=False),
        ]
    )
    order = compile_order([("started_at", "desc")], fields, tiebreak=[grouping.key])
    return select_page(connection, grouping.noun, list(groups.c), [], order, request)


def select_groups_count(
    connection: Connection,
    project_id: str,
    conditions: Sequence[ColumnElement[bool]],
    limit: int | None,
    *,
    grouping: Grouping,
) -> int:
    """How many groups there are; counting stops at ``limit``."""
    groups = grouping.subquery(project_id, conditions, ())
    return select_count(connection, [groups.c.started_at.is_not(None)], limit)
