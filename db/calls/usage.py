"""What calls report that they used, with what it takes to count it once over a tree."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.id_lists import among

__all__ = [
    "COUNTED",
    "Reported",
    "select_member_counts",
    "select_reported",
    "select_reported_of_members",
    "select_reported_of_traces",
    "select_usages",
]

c = calls.c

COUNTED = or_(c.input_tokens.is_not(None), c.output_tokens.is_not(None), c.total_tokens.is_not(None))
"""Calls that report tokens: those whose ``usage`` is not null. The index of narrow columns tells these."""


class Reported(NamedTuple):
    """One call; ``usage`` as ``db.calls.model_usage`` reads it, None where it counts no tokens."""

    id: str
    parent_id: str | None
    started_at: int
    usage: str | None


_REPORTED = (c.id, c.parent_id, c.started_at, c.usage)


def select_reported(connection: Connection, project_id: str, ids: Iterable[str]) -> list[Reported]:
    """The shown calls among ``ids``, in the order in which they began."""
    statement = select(*_REPORTED).where(c.project_id == project_id, among(c.id, ids), SHOWN)
    return sorted((Reported(*row) for row in connection.execute(statement).all()), key=_began)


def _began(call: Reported) -> tuple[int, str]:
    """What sums are made in the order of, so that both databases come to the last digit of the same cost."""
    return call.started_at, call.id


def select_reported_of_traces(
    connection: Connection, project_id: str, traces: Select[Any], most: int
) -> list[Reported] | None:
    """The shown calls of the traces whose ids ``traces`` selects; None where there are more than ``most``."""
    statement = select(*_REPORTED).where(c.project_id == project_id, c.trace_id.in_(traces), SHOWN).limit(most + 1)
    rows = connection.execute(statement).all()
    return None if len(rows) > most else [Reported(*row) for row in rows]


def select_usages(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], limit: int
) -> list[tuple[str, int, str | None]]:
    """Id, start and ``usage`` of the calls that fulfil ``conditions`` and report tokens; ``limit``
    at most, in no order."""
    statement = select(c.id, c.started_at, c.usage).where(*conditions, COUNTED).limit(limit)
    return [(row[0], row[1], row[2]) for row in connection.execute(statement)]


def select_member_counts(
    connection: Connection, project_id: str, keys: Iterable[str], column: ColumnElement[str]
) -> dict[str, int]:
    """How many shown calls have each of ``keys`` in ``column``; keys without any are missing."""
    statement = select(column, func.count()).where(c.project_id == project_id, among(column, keys), SHOWN)
    rows = connection.execute(statement.where(column.is_not(None)).group_by(column)).all()
    return {key: count for key, count in rows}  # noqa: C416  # rows are no pairs to mypy


def select_reported_of_members(
    connection: Connection, project_id: str, keys: Iterable[str], column: ColumnElement[str]
) -> dict[str, list[Reported]]:
    """The shown calls with each of ``keys`` in ``column``, in the order in which they began."""
    found: defaultdict[str, list[Reported]] = defaultdict(list)
    statement = select(column, *_REPORTED).where(c.project_id == project_id, among(column, keys), SHOWN)
    for key, *row in connection.execute(statement.where(column.is_not(None))).all():
        found[key].append(Reported(*row))
    for reported in found.values():
        reported.sort(key=_began)
    return found
