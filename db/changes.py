"""Reading what happened in a project, in the order in which it was committed.

Each change has a number that the project's counter gave it (``db.projects.lock``). Rows keep, by kind of change, the
number at which it happened to them, so what happened is read off the rows: there is no log that grows. A change that is
made over and over leaves the last number only.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, Select, bindparam, literal_column, select, tuple_
from sqlalchemy import union_all as sql_union_all

from db.gathered import gathered
from db.metadata import Name

__all__ = ["START", "Change", "Changes", "Kind", "Position", "beyond", "select_changes"]


class Position(NamedTuple):
    """Where a reader stands: after the change with this number, row id and rank.

    Several rows may have changed with one number, and several things may have happened to a row with it; ranks say in
    which order.
    """

    seq: int
    id: str
    rank: int


def beyond(head: int) -> Position:
    """The position after everything up to the change number ``head``: before anything of the next."""
    return Position(head + 1, "", -1)


START = beyond(0)
"""Before everything."""


class Change(NamedTuple):
    """One thing that happened: to which row, when (microseconds), and how many bytes of payload the row has now."""

    seq: int
    id: str
    rank: int
    at: int
    size: int
    target: str | None

    @property
    def position(self) -> Position:
        """The position of a reader that has seen it."""
        return Position(self.seq, self.id, self.rank)


class Kind(NamedTuple):
    """One kind of change: its rank, and where rows keep its number, their id, its time, their size and their target."""

    rank: int
    seq: Column[int]
    id: Column[str]
    at: ColumnElement[Any]
    size: ColumnElement[Any]
    target: ColumnElement[Any]
    conditions: Sequence[ColumnElement[bool]]


class Changes(NamedTuple):
    """Some changes in order, and the position of a reader that has seen them and whatever it did not ask for."""

    changes: Sequence[Change]
    end: Position


def select_changes(
    connection: Connection, kinds: Sequence[Kind], after: Position, head: int, limit: int, max_bytes: int
) -> Changes:
    """What happened after ``after`` up to the change number ``head``, in one statement.

    At most ``limit`` changes, and no more than have ``max_bytes`` of payload together, but at least one.
    """
    arms = [_arm(kind, after, head, limit).subquery() for kind in kinds]
    union = sql_union_all(*(select(arm) for arm in arms)).subquery()
    statement = select(union).order_by(union.c.seq, union.c.id, union.c.rank).limit(limit)
    changes = [Change(*row) for row in gathered(connection, statement)]
    whole = len(changes) < limit
    total = 0
    for index, change in enumerate(changes):
        total += change.size
        if total > max_bytes and index:
            changes, whole = changes[:index], False
            break
    return Changes(changes, beyond(head) if whole else changes[-1].position)


def _arm(kind: Kind, after: Position, head: int, limit: int) -> Select[Any]:
    place = tuple_(kind.seq, kind.id)
    position = tuple_(bindparam(None, after.seq, BigInteger()), bindparam(None, after.id, Name()))
    return (
        select(
            kind.seq.label("seq"),
            kind.id.label("id"),
            literal_column(str(kind.rank), BigInteger()).label("rank"),
            kind.at.label("at"),
            kind.size.label("size"),
            kind.target.label("target"),
        )
        .where(place >= position if kind.rank > after.rank else place > position, kind.seq <= head, *kind.conditions)
        .order_by(kind.seq, kind.id)
        .limit(limit)
    )
