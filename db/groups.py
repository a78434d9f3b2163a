"""Calls grouped by an id that they share: traces, sessions, threads."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Double, FromClause, Select, Subquery, case, cast, func, null, select

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.calls.usage import COUNTED
from db.chunks import chunked
from db.experiments.membership import in_experiments
from db.experiments.membership import members_of as experiment_members_of
from db.group_filters import EVERY_GROUP, GroupFilter
from db.group_windows import Window, windows
from db.id_lists import among
from db.lookups import TOTALS, Totals, names_in, total_fields, totalled
from db.pages import Page, PageRequest, decode_cursor, select_count, select_page
from db.partitions import partition_counts, partition_pages
from db.query.fields import Field, Fields, FieldType
from db.query.order import Direction, Order, compile_order
from db.rows import Row, RowSet, fetch
from db.threads import TURN_COLUMNS, TURN_FIELDS, turn_statistics
from db.traces import root_statuses
from db.unordered import GroupBy, as_it_is, unordered

__all__ = [
    "NEWEST_FIRST",
    "SESSIONS",
    "THREADS",
    "TRACES",
    "GroupList",
    "Grouping",
    "members_of",
    "select_counted_groups",
    "select_group_counts_of",
    "select_group_pages_of",
    "select_groups",
    "select_groups_count",
    "select_groups_page",
]

c = calls.c


def _with_status(status: str) -> ColumnElement[Any]:
    return func.count(case((c.status == status, 1)))


# Null until every call has ended; of some it is not known when.
_ENDED_AT = case((_with_status("running") == 0, func.max(c.ended_at)))

_AGGREGATES: dict[str, ColumnElement[Any]] = {
    "started_at": func.min(c.started_at),
    "last_started_at": func.max(c.started_at),
    "ended_at": _ENDED_AT,
    "duration_ms": cast(_ENDED_AT - func.min(c.started_at), Double) / 1000,
    "call_count": func.count(),
    "success_count": _with_status("success"),
    "error_count": _with_status("error"),
    "running_count": _with_status("running"),
    "descendant_error_count": _with_status("descendant_error"),
    # The worst of its calls.
    "status": case(
        *((_with_status(status) > 0, status) for status in ("error", "running", "descendant_error")), else_="success"
    ),
    "storage_size_bytes": func.sum(c.start_size + c.end_size),
}
"""What the calls of any group add up to."""

_FIELDS = {
    "started_at": FieldType.TIME,
    "last_started_at": FieldType.TIME,
    "ended_at": FieldType.TIME,
    "duration_ms": FieldType.FLOAT,
    "call_count": FieldType.INTEGER,
    "error_count": FieldType.INTEGER,
    "storage_size_bytes": FieldType.INTEGER,
}
"""What any groups can be sorted by."""

_NULLABLE = frozenset({"ended_at", "duration_ms"})

_IN_ORDER = frozenset({"started_at", "last_started_at", "call_count"})
"""What the index that has the groups in order tells of them."""

Sorts = Sequence[tuple[str, Direction]]

NEWEST_FIRST: Sorts = (("started_at", "desc"),)


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """A kind of group: the noun of the rows, the name of the key, and the column that holds it.

    ``aggregates`` are what such groups have beside those of all, ``counts`` those of them that sorts can name. ``own``
    gives a row a key of what needs a statement of its own, of the columns named in ``own_columns``, or None where none
    of them is asked for, given what to group by; ``own_fields`` what of it sorts can name.
    """

    noun: str
    key: str
    column: ColumnElement[Any]
    aggregates: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    counts: Collection[str] = ()
    own: Callable[[str, Sequence[ColumnElement[bool]], Collection[str], GroupBy], Subquery | None] = lambda *_: None
    own_columns: Collection[str] = ()
    own_fields: Mapping[str, FieldType] = field(default_factory=dict)

    def subquery(
        self,
        project_id: str,
        conditions: Sequence[ColumnElement[bool]],
        columns: Collection[str],
        *,
        of_all: bool = False,
    ) -> Subquery:
        """The groups among the shown calls of a project, with the aggregates that ``columns`` names and the start.
        ``of_all`` says that these may be all of its calls."""
        wanted = {"started_at", *columns}
        grouped: GroupBy = unordered if of_all and wanted - _IN_ORDER else as_it_is
        known = {**_AGGREGATES, **self.aggregates}
        selected = [expression.label(name) for name, expression in known.items() if name in wanted]
        groups = (
            select(func.min(c.project_id).label("project_slug"), self.column.label(self.key), *selected)
            .where(c.project_id == project_id, SHOWN, self.column.is_not(None), *conditions)
            .group_by(grouped(self.column))
            .subquery()
        )
        own = self.own(project_id, conditions, wanted, unordered if of_all else as_it_is)
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

    def sorted_by(self) -> list[str]:
        """The names of what such groups can be sorted by, as GraphQL spells them."""
        names = [*_FIELDS, *self.counts, *self.own_fields, *TOTALS, self.key]
        return [re.sub(r"_([a-z])", lambda match: match[1].upper(), name) for name in names]

    def fields(self, groups: FromClause, totals: Iterable[Field]) -> Fields:
        """What such groups can be sorted by, ``totals`` too; columns that ``groups`` lacks are not named by sorts."""
        types = {**_FIELDS, **dict.fromkeys(self.counts, FieldType.INTEGER), **self.own_fields}
        nullable = _NULLABLE | {name for name in self.own_fields if not name.endswith("_count")}
        found = [
            Field(name, type_, groups.c[name] if name in groups.c else null(), nullable=name in nullable)
            for name, type_ in types.items()
        ]
        return Fields([*found, *totals, Field(self.key, FieldType.TEXT, groups.c[self.key], nullable=False)])


TRACES = Grouping(
    "Trace",
    "trace_id",
    c.trace_id,
    {"session_id": func.min(c.session_id), "thread_id": func.min(c.thread_id)},
    own=root_statuses,
    own_columns=("root_status",),
)
SESSIONS = Grouping(
    "Session",
    "session_id",
    c.session_id,
    {
        "trace_count": func.count(c.trace_id.distinct()),
        "thread_count": func.count(c.thread_id.distinct()),
        "turn_count": func.count(case((c.turn_id == c.id, 1))),
    },
    counts=("trace_count", "thread_count", "turn_count"),
)
THREADS = Grouping(
    "Thread",
    "thread_id",
    c.thread_id,
    {"trace_count": func.count(c.trace_id.distinct()), "session_id": func.min(c.session_id)},
    counts=("trace_count",),
    own=turn_statistics,
    own_columns=TURN_COLUMNS,
    own_fields=TURN_FIELDS,
)


@dataclass(frozen=True, slots=True, eq=False)
class GroupList:
    """Which groups of a kind, in which order."""

    grouping: Grouping
    chosen: GroupFilter = EVERY_GROUP
    sorts: Sorts = NEWEST_FIRST
    totals: Totals = field(default_factory=dict)
    """By the names that are in ``totalled``, what groups used or cost, by key."""

    @property
    def totalled(self) -> list[str]:
        """What it is sorted by that SQL does not know."""
        return totalled(self.sorts)

    def keys(self, project_id: str, *where: ColumnElement[bool]) -> Select[Any]:
        """The keys of the groups of a project of which calls fulfil ``where``."""
        groups = GroupList(self.grouping, self.chosen).groups(project_id, (), *where)
        return select(groups.c[self.grouping.key]).where(*self.chosen.of_groups(groups))

    def groups(self, project_id: str, columns: Collection[str], *where: ColumnElement[bool]) -> Subquery:
        """The groups of a project of which calls fulfil ``where``, with what the filter, the order and ``columns``
        need."""
        of_calls = self.chosen.of_calls(project_id, self.grouping.column)
        needed = {*columns, *names_in(self.sorts), *self.chosen.columns}
        of_all = not where and not self.chosen.keys
        return self.grouping.subquery(project_id, [*where, *of_calls], needed, of_all=of_all)

    def order(self, groups: Subquery) -> Order:
        """The order; raises ``QueryError`` for a sort that such groups do not have."""
        key = groups.c[self.grouping.key]
        fields = self.grouping.fields(groups, total_fields(key, self.totals))
        return compile_order(self.sorts, fields, tiebreak=[self.grouping.key])


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
    connection: Connection, project_id: str, request: PageRequest, *, listed: GroupList, columns: Collection[str]
) -> Page:
    """A page of the groups of a project: a statement or a few for their keys, and one for what they add up to.

    Raises ``QueryError`` for a sort that groups do not have, or a cursor that is none.
    """
    noun, key = listed.grouping.noun, listed.grouping.key

    def keys(*window: Window) -> Page:
        within = (each.of_calls(project_id, listed.grouping.column) for each in window)
        groups = listed.groups(project_id, (), *within)
        where = [*listed.chosen.of_groups(groups), *(start for each in window for start in each.of_groups(groups))]
        return select_page(connection, noun, [groups.c[key]], where, listed.order(groups), request)

    for window in _windows(connection, project_id, request, listed):
        page = keys(window)
        if page.has_previous if request.backwards else page.has_next:
            break
    else:
        page = keys()
    # What they add up to is read of the groups of the page alone; most orders are those of an index.
    found = _read(connection, project_id, listed.grouping, columns, [row[0] for row in page.rows])
    kept = [(found[row[0]], cursor) for row, cursor in zip(page.rows, page.cursors, strict=True) if row[0] in found]
    rows = RowSet(noun, kept[0][0].columns if kept else (), (row for row, _ in kept))
    return replace(page, rows=rows, cursors=[cursor for _, cursor in kept])


def _windows(connection: Connection, project_id: str, request: PageRequest, listed: GroupList) -> Iterator[Window]:
    """Where a page may be, if groups are sorted by when they start: one that has more behind it is all there."""
    chosen = listed.chosen
    if not request.size or chosen.keys or names_in(listed.sorts[:1]) != {"started_at"}:
        return
    backwards = request.backwards
    newest_first = (listed.sorts[0][1] == "desc") is not backwards
    bounds = [chosen.started_before if newest_first else chosen.started_after]
    cursor = request.before if backwards else request.after
    if cursor is not None:
        order = listed.order(listed.groups(project_id, ()))
        bounds.append(int(decode_cursor(order, cursor, "before" if backwards else "after")[0]))
    known = [bound for bound in bounds if bound is not None]
    begin = (min if newest_first else max)(known, default=None)
    wanted = request.offset + request.size
    yield from windows(connection, project_id, begin, wanted, newest_first=newest_first)


def select_groups_count(connection: Connection, project_id: str, limit: int | None, *, listed: GroupList) -> int:
    """How many groups there are; counting stops at ``limit``."""
    groups = GroupList(listed.grouping, listed.chosen).groups(project_id, ())
    return select_count(connection, [groups.c.started_at.is_not(None), *listed.chosen.of_groups(groups)], limit)


def members_of(
    project_id: str, owner: ColumnElement[Any], owners: Iterable[str], grouping: Grouping
) -> ColumnElement[bool]:
    """The calls of the groups that have a call with one of ``owners``, however many, in the column ``owner``."""
    of_experiments = owner is c.experiment_id
    owned = in_experiments(project_id, list(owners)) if of_experiments else among(owner, owners)
    where = (c.project_id == project_id, SHOWN, owned, grouping.column.is_not(None))
    return grouping.column.in_(select(grouping.column).where(*where).correlate(None))


def select_counted_groups(
    connection: Connection, project_id: str, *, listed: GroupList, where: Sequence[ColumnElement[bool]], most: int
) -> dict[str, int]:
    """How many calls each group has, of those with a call that reports tokens; ``most`` groups at most. ``where`` are
    conditions on their calls."""
    column = listed.grouping.column
    statement = (
        select(column, func.count())
        .where(c.project_id == project_id, SHOWN, column.in_(listed.keys(project_id, *where)))
        .group_by(column)
        .having(func.count(case((COUNTED, 1))) > 0)
        .limit(most)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def _memberships(project_id: str, owner: ColumnElement[Any], owners: Sequence[str], member: Grouping) -> Subquery:
    """Which groups have a call with one of ``owners`` in the column ``owner``: pairs, each once. Experiments have the
    calls that belong to them (``db.experiments.membership``)."""
    owned: list[ColumnElement[bool]] = [owner.in_(owners)]
    if owner is c.experiment_id:
        members = experiment_members_of(project_id, owners)
        owner, owned = members.c.experiment_id, [members.c.call_id == c.id]
    return (
        select(owner.label("owner"), member.column.label("member"))
        .where(c.project_id == project_id, SHOWN, *owned, member.column.is_not(None))
        .distinct()
        .subquery()
    )


def select_group_pages_of(
    connection: Connection,
    project_id: str,
    owners: Iterable[str],
    request: PageRequest,
    *,
    owner: ColumnElement[Any],
    listed: GroupList,
    columns: Collection[str],
) -> dict[str, Page]:
    """The page of whole groups that have a call with each of ``owners`` in the column ``owner``: the traces of each
    session. Two statements a chunk. One without any is missing. Raises as ``select_groups_page``."""
    grouping = listed.grouping
    pages: dict[str, Page] = {}
    for chunk in chunked(owners):
        members = _memberships(project_id, owner, chunk, grouping)
        groups = listed.groups(project_id, (), grouping.column.in_(select(members.c.member)))
        pages |= partition_pages(
            connection,
            chunk,
            noun=grouping.noun,
            key=members.c.owner,
            row_id=groups.c[grouping.key],
            read=partial(_read, connection, project_id, grouping, columns),
            conditions=[members.c.member == groups.c[grouping.key], *listed.chosen.of_groups(groups)],
            order=listed.order(groups),
            request=request,
        )
    return pages


def _read(
    connection: Connection, project_id: str, grouping: Grouping, columns: Collection[str], keys: Sequence[str]
) -> dict[str, Row]:
    return select_groups(connection, project_id, dict.fromkeys(keys), grouping=grouping, columns=columns)


def select_group_counts_of(
    connection: Connection, project_id: str, owners: Iterable[str], *, owner: ColumnElement[Any], listed: GroupList
) -> dict[str, int]:
    """How many groups have a call with each of ``owners``; one without any is missing. One statement a chunk."""
    grouping = listed.grouping
    counts: dict[str, int] = {}
    for chunk in chunked(owners):
        members = _memberships(project_id, owner, chunk, grouping)
        groups = GroupList(grouping, listed.chosen).groups(
            project_id, (), grouping.column.in_(select(members.c.member))
        )
        where = [members.c.member == groups.c[grouping.key], *listed.chosen.of_groups(groups)]
        counts |= partition_counts(connection, chunk, key=members.c.owner, conditions=where)
    return counts
