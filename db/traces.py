"""Traces: what the calls of one trace id add up to."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, FromClause, Subquery, func, select

from db.calls.reads import SHOWN, TOP_OF_TRACE, labelled
from db.calls.tables import calls
from db.chunks import chunked
from db.group_filters import GroupFilter
from db.id_lists import among
from db.rows import Row, fetch
from db.unordered import GroupBy

__all__ = ["MOST_ROOTS", "TraceFilter", "root_statuses", "select_trace_roots", "select_trace_sizes"]

c = calls.c

MOST_ROOTS = 100
"""Roots of a trace that are read."""


@dataclass(frozen=True, kw_only=True)
class TraceFilter(GroupFilter):
    """Which traces a list holds, by their earliest root too."""

    root_statuses: Sequence[str] | None = None

    @property
    def columns(self) -> frozenset[str]:
        """The columns that the conditions read."""
        return super().columns | ({"root_status"} if self.root_statuses else frozenset())

    def of_groups(self, groups: FromClause) -> list[ColumnElement[bool]]:
        """Conditions on the traces."""
        found = super().of_groups(groups)
        return [*found, groups.c.root_status.in_(self.root_statuses)] if self.root_statuses else found


def root_statuses(
    project_id: str,
    conditions: Sequence[ColumnElement[bool]],
    columns: Collection[str],
    grouped: GroupBy,
) -> Subquery | None:
    """A row a trace with a root: its id and the ``root_status`` of the earliest; None where it is not asked for. Roots
    are ``grouped`` by trace."""
    if "root_status" not in columns:
        return None
    place = func.row_number().over(partition_by=grouped(c.trace_id), order_by=(c.started_at, c.id)).label("place")
    where = (c.project_id == project_id, SHOWN, TOP_OF_TRACE, *conditions)
    roots = select(c.trace_id, c.status.label("root_status"), place).where(*where).subquery()
    return select(roots.c.trace_id, roots.c.root_status).where(roots.c.place == 1).subquery()


def select_trace_sizes(connection: Connection, project_id: str, trace_ids: Iterable[str]) -> dict[str, int]:
    """Bytes of the shown calls of each trace that has any."""
    sizes: dict[str, int] = {}
    for chunk in chunked(trace_ids):
        statement = (
            select(c.trace_id, func.sum(c.start_size + c.end_size))
            .where(c.project_id == project_id, among(c.trace_id, chunk), SHOWN)
            .group_by(c.trace_id)
        )
        sizes.update((trace_id, int(size)) for trace_id, size in connection.execute(statement))
    return sizes


def select_trace_roots(
    connection: Connection, project_id: str, trace_ids: Iterable[str], *, columns: Collection[str]
) -> dict[str, list[Row]]:
    """The first ``MOST_ROOTS`` calls of each trace that have none of it above them, by start and id.

    A trace without any is missing."""
    roots: defaultdict[str, list[Row]] = defaultdict(list)
    for chunk in chunked(trace_ids):
        place = func.row_number().over(partition_by=c.trace_id, order_by=(c.started_at, c.id)).label("place")
        where = (c.project_id == project_id, among(c.trace_id, chunk), TOP_OF_TRACE, SHOWN)
        numbered = select(c.id, place).where(*where).subquery()
        statement = (
            select(*labelled({*columns, "trace_id"}))
            .where(c.project_id == project_id, c.id.in_(select(numbered.c.id).where(numbered.c.place <= MOST_ROOTS)))
            .order_by(c.started_at, c.id)
        )
        for row in fetch(connection, "Call", statement):
            roots[row.trace_id].append(row)
    return roots
