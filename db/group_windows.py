"""The calls that the first groups of a list are made of, where it is sorted by when groups start.

A group starts with the first of its calls. So groups that start in a window of time have a call in it, and those that
have none in it start elsewhere: whatever starts in the window is found by the calls there, which an index has in order.
A page of the newest traces costs some hundred calls, whatever the project has.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, select

from db.calls.reads import SHOWN
from db.calls.tables import calls

__all__ = ["Window", "windows"]

c = calls.c

FEWEST_CALLS = 1000
CALLS_OF_A_GROUP = 20
"""How many calls are looked at for a group at first."""

FACTOR = 8
MOST_CALLS = 10_000
"""Calls of the largest window. Where it does not have the page, groups are sought among all calls, by an index alone:
that takes as long as a look at a tenth of them."""


@dataclass(frozen=True, slots=True)
class Window:
    """Microseconds, both inclusive; open where there is none."""

    first: int | None
    last: int | None

    def of_calls(self, project_id: str, column: ColumnElement[str]) -> ColumnElement[bool]:
        """The calls of all groups by ``column`` that have one in the window."""
        where = (c.project_id == project_id, SHOWN, column.is_not(None), *self._within(c.started_at))
        return column.in_(select(column).where(*where).correlate(None))

    def of_groups(self, groups: FromClause) -> list[ColumnElement[bool]]:
        """The groups that start in the window."""
        return self._within(groups.c.started_at)

    def _within(self, time: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        first = [] if self.first is None else [time >= self.first]
        return first if self.last is None else [*first, time <= self.last]


def windows(
    connection: Connection, project_id: str, begin: int | None, wanted: int, *, newest_first: bool
) -> Iterator[Window]:
    """Windows from ``begin`` on, or from the newest call of the project or its first, each larger than the one before;
    the first is likely to have ``wanted`` groups. A statement each."""
    calls_in_it = max(FEWEST_CALLS, wanted * CALLS_OF_A_GROUP)
    where = [c.project_id == project_id, c.started_at.is_not(None)]
    if begin is not None:
        where.append(c.started_at <= begin if newest_first else c.started_at >= begin)
    order = (c.started_at.desc(), c.id.desc()) if newest_first else (c.started_at, c.id)
    statement = select(c.started_at).where(*where).order_by(*order).limit(1)
    while calls_in_it <= MOST_CALLS:
        end = connection.execute(statement.offset(calls_in_it)).scalar_one_or_none()
        if end is None:
            return
        yield Window(end, begin) if newest_first else Window(begin, end)
        calls_in_it *= FACTOR
