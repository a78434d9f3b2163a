"""Calls grouped by an id that they share: traces, sessions, threads."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, FromClause, Subquery, case, func, select

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.chunks import chunked
from db.pages import Page, PageRequest, select_count, select_page
from db.query.fields import Field, Fields, FieldType
from db.query.order import Direction, compile_order
from db.rows import Row, fetch
from db.threads import TURN_COLUMNS, turn_fields, turn_statistics

__all__ = [
    "NEWEST_FIRST",
    "SESSIONS",
    "THREADS",
    "TRACES",
    "GroupFilter",
    "Grouping",
    "select_groups",
    "select_groups_count",
    "select_groups_page",
]

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


Sorts = Sequence[tuple[str, Direction]]

NEWEST_FIRST: Sorts = (("started_at", "desc"),)


class GroupFilter(Protocol):
    """Which groups a list holds, by their calls and by what these add up to."""

    @property
    def columns(self) -> Collection[str]: ...

    def of_calls(self) -> list[ColumnElement[bool]]: ...

    def of_groups(self, groups: FromClause, /) -> list[ColumnElement[bool]]: ...


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way to group: the noun of the rows, the name of the key, and the column that holds it.

    ``own`` gives a row a key of what such groups have beside the others, of the columns named in ``own_columns``, or
    None where none of them is asked for; ``own_fields`` what of it sorts can name.
    """

    noun: str
    key: str
    column: ColumnElement[Any]
    own: Callable[[str, Sequence[ColumnElement[bool]], Collection[str]], Subquery | None] = lambda *_: None
    own_columns: Collection[str] = ()
    own_fields: Callable[[FromClause], list[Field]] = lambda _: []

    def subquery(
        self, project_id: str, conditions: Sequence[ColumnElement[bool]], columns: Collection[str]
    ) -> Subquery:
        """The groups among the shown calls of a project, with the aggregates that ``columns`` names and the start."""
        wanted = {"started_at", *columns}
        selected = [expression.label(name) for name, expression in _AGGREGATES.items() if name in wanted]
        groups = (
            select(func.min(c.project_id).label("project_slug"), self.column.label(self.key), *selected)
            .where(c.project_id == project_id, SHOWN, self.column.is_not(None), *conditions)
            .group_by(self.column)
            .subquery()
        )
        own = self.own(project_id, conditions, wanted)
        if own is None:
            return groups
        # Counts of nothing are 0, all else of nothing is null.
        added = [
            func.coalesce(own.c[name], 0).label(name) if name.endswith("_count") else own.c[name]
            for name in self.own_columns
            if name in own.c
        ]
        joined = groups.outerjoin(own, own.c[self.key] == groups.c[self.key])
        return select(*groups.c, *added).select_from(joined).subquery()


TRACES = Grouping("Trace", "trace_id", c.trace_id)
SESSIONS = Grouping("Session", "session_id", c.session_id)
THREADS = Grouping("Thread", "thread_id", c.thread_id, turn_statistics, TURN_COLUMNS, turn_fields)


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
    chosen: GroupFilter | None = None,
    sorts: Sorts = NEWEST_FIRST,
) -> Page:
    """A page of the groups among the calls that fulfil ``conditions``, of those that ``chosen`` lets in.

    Raises ``QueryError`` for a sort that groups do not have, or a cursor that is none.
    """
    wanted = {*columns, *(name for name, _ in sorts), *(chosen.columns if chosen else ())}
    groups = grouping.subquery(project_id, [*conditions, *(chosen.of_calls() if chosen else ())], wanted)
    fields = Fields(
        [
            Field("started_at", FieldType.TIME, groups.c.started_at, nullable=False),
            Field(grouping.key, FieldType.TEXT, groups.c[grouping.key], nullable=False),
            *grouping.own_fields(groups),
        ]
    )
    order = compile_order(sorts, fields, tiebreak=[grouping.key])
    where = chosen.of_groups(groups) if chosen else []
    return select_page(connection, grouping.noun, list(groups.c), where, order, request)


def select_groups_count(
    connection: Connection,
    project_id: str,
    conditions: Sequence[ColumnElement[bool]],
    limit: int | None,
    *,
    grouping: Grouping,
    chosen: GroupFilter | None = None,
) -> int:
    """How many groups there are; counting stops at ``limit``."""
    of_calls, of_groups = (chosen.of_calls(), chosen.columns) if chosen else ([], ())
    groups = grouping.subquery(project_id, [*conditions, *of_calls], of_groups)
    where = chosen.of_groups(groups) if chosen else []
    return select_count(connection, [groups.c.started_at.is_not(None), *where], limit)
