"""Which traces, sessions or threads a list holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, FromClause, literal, select

from db.calls.filters import CallFilter, conditions
from db.calls.reads import SHOWN
from db.calls.tables import calls

__all__ = ["EVERY_GROUP", "GroupFilter"]

c = calls.c


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFilter:
    """Each field that is set must hold. Times are microseconds, UTC: ``after`` is inclusive, ``before`` exclusive."""

    keys: Sequence[str] | None = None
    started_after: int | None = None
    started_before: int | None = None
    ended_after: int | None = None
    ended_before: int | None = None
    min_duration_ms: float | None = None
    max_duration_ms: float | None = None
    min_call_count: int | None = None
    has_errors: bool | None = None
    statuses: Sequence[str] | None = None
    with_calls: Sequence[CallFilter] = ()
    """For each of these there is a call in the group."""

    @property
    def columns(self) -> frozenset[str]:
        """The columns of groups that the conditions read."""
        read = {
            "started_at": self.started_after is not None or self.started_before is not None,
            "ended_at": self.ended_after is not None or self.ended_before is not None,
            "duration_ms": self.min_duration_ms is not None or self.max_duration_ms is not None,
            "call_count": self.min_call_count is not None,
            "error_count": self.has_errors is not None,
            "status": bool(self.statuses),
        }
        return frozenset(name for name, is_read in read.items() if is_read)

    def of_calls(self, project_id: str, column: ColumnElement[str]) -> list[ColumnElement[bool]]:
        """Conditions on the calls that are grouped by ``column``; they let in all calls of a group or none."""
        found: list[ColumnElement[bool]] = [column.in_(self.keys)] if self.keys else []
        for chosen in self.with_calls:
            where = (c.project_id == project_id, SHOWN, column.is_not(None), *conditions(project_id, chosen))
            # The calls that are sought are others than those that are grouped.
            found.append(column.in_(select(column).where(*where).correlate(None)))
        return found

    def of_groups(self, groups: FromClause) -> list[ColumnElement[bool]]:
        """Conditions on the groups, which have ``columns``."""
        found: list[ColumnElement[bool]] = []
        least = {
            "started_at": self.started_after,
            "ended_at": self.ended_after,
            "duration_ms": self.min_duration_ms,
            "call_count": None if self.min_call_count is None else literal(self.min_call_count, BigInteger),
        }
        found += [groups.c[name] >= value for name, value in least.items() if value is not None]
        if self.started_before is not None:
            found.append(groups.c.started_at < self.started_before)
        if self.ended_before is not None:
            found.append(groups.c.ended_at < self.ended_before)
        if self.max_duration_ms is not None:
            found.append(groups.c.duration_ms <= self.max_duration_ms)
        if self.has_errors is not None:
            found.append(groups.c.error_count > 0 if self.has_errors else groups.c.error_count == 0)
        if self.statuses:
            found.append(groups.c.status.in_(self.statuses))
        return found


EVERY_GROUP = GroupFilter()
"""Leaves nothing out."""
