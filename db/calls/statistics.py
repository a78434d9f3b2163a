"""What statistics of calls read: a few columns of many rows, page by page."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
    type_coerce,
)

from db.calls.groupings import Grouping
from db.calls.reads import SHOWN, duration
from db.calls.tables import calls
from db.calls.usage import COUNTED
from db.id_lists import among
from db.metadata import Name
from db.prepared import execute

__all__ = ["Measures", "Slots", "is_any", "select_bounds", "select_measures", "select_trace_ids", "select_usage"]

c = calls.c

Conditions = Sequence[ColumnElement[bool]]


def select_bounds(connection: Connection, conditions: Conditions) -> tuple[int, int] | None:
    """When the first and the last of the calls began, in microseconds; None of no calls."""
    # Apart: each is found at its end of an index, both together would be found by a look at all calls.
    edges = (select(edge(c.started_at)).where(*conditions).scalar_subquery() for edge in (func.min, func.max))
    first, last = connection.execute(select(*edges)).one()
    return None if first is None else (first, last)


def is_any(connection: Connection, conditions: Conditions) -> bool:
    """Whether there is a call that fulfils the conditions."""
    return connection.execute(select(literal(1)).select_from(calls).where(*conditions).limit(1)).first() is not None


class Slots(NamedTuple):
    """Spans of time that are told apart: each of ``size`` microseconds, the first from ``begin`` on."""

    begin: int
    size: int


class Measures(NamedTuple):
    """What some calls alike add up to, which began in a slot, with the values of what they are grouped by (of op names
    those that calls have)."""

    slot: int
    status: str
    calls: int
    durations: str | None
    """Microseconds that those took which say so, with commas between; None where none does, or nobody asks."""

    key: tuple[Any, ...]


def select_measures(
    connection: Connection,
    grouping: Grouping,
    conditions: Conditions,
    slots: Slots,
    after: tuple[int, str],
    limit: int,
    *,
    timed: bool,
) -> tuple[list[Measures], tuple[int, str] | None]:
    """What a page of calls behind ``after`` (start and id) adds up to, and behind which one the next page is, None
    where there is none. Durations where they are ``timed``."""
    behind = (*conditions, tuple_(c.started_at, c.id) > tuple_(literal(after[0]), literal(after[1], Name())))
    columns = (c.started_at, c.status, duration.label("took"), *grouping.columns)
    in_order = select(*columns).where(*behind).order_by(c.started_at, c.id)
    page = in_order.limit(limit).subquery()
    p = page.c
    slot = ((p.started_at - literal(slots.begin, BigInteger())) // literal(slots.size, BigInteger())).label("slot")
    told = [slot, p.status, *(p[column.key] for column in grouping.columns)]
    took = func.aggregate_strings(cast(p.took, Text), ",") if timed else literal(None, Text())
    # In the same statement: of what another one finds, calls may be gone or others come before them. It is looked for
    # behind a full page alone; start and id are one text, since a subquery is one value.
    place = cast(c.started_at, Name()) + literal(" ", Name()) + c.id
    last = in_order.with_only_columns(place).offset(limit - 1).limit(1).scalar_subquery()
    is_full = func.sum(func.count()).over() >= limit
    statement = select(case((is_full, last)), func.count(), took, *told).group_by(*told)
    rows = connection.execute(statement).all()
    found = [Measures(slot, status, many, durations, tuple(key)) for _, many, durations, slot, status, *key in rows]
    if not rows or rows[0][0] is None:
        return found, None
    start, _, call_id = rows[0][0].partition(" ")
    return found, (int(start), call_id)


def select_trace_ids(connection: Connection, conditions: Conditions) -> list[str]:
    """The traces of those of the calls that report usage; ids as they are stored."""
    return list(connection.execute(select(_as_stored(c.trace_id)).where(*conditions, COUNTED).distinct()).scalars())


def _as_stored(column: ColumnElement[str]) -> ColumnElement[str]:
    """Ids of many calls that are compared with one another alone: to look at each whether it is to be decoded takes
    half as long as to read it (``db.text``)."""
    return type_coerce(column, Text())


def select_usage(
    connection: Connection,
    project_id: str,
    trace_ids: Sequence[str],
    chosen: ColumnElement[bool],
    grouping: Grouping,
    after: tuple[int, str] | None,
    limit: int,
) -> list[tuple[Any, ...]]:
    """A page of all calls of the traces, one trace after another, each in the order of starts and ids; of the one that
    is the only one behind ``after`` (start and id).

    A row is trace id, id, parent id (all as they are stored), start, ``usage``, whether ``chosen`` holds, and the
    values of what is grouped by; these are null of calls that report nothing, and of those that are not ``chosen``. Of
    the model there is no value, since the usage names it.
    """
    reports = c.usage.is_not(None)
    columns = (
        _as_stored(c.trace_id),
        _as_stored(c.id),
        _as_stored(c.parent_id),
        c.started_at,
        c.usage,
        case((and_(reports, chosen), 1)),
        *(
            null() if name == "model" else case((and_(reports, chosen), column))
            for name, column in zip_longest(grouping.by, grouping.columns)
        ),
    )
    where = [c.project_id == project_id, SHOWN, among(c.trace_id, trace_ids)]
    if after is not None:
        where.append(tuple_(c.started_at, c.id) > tuple_(literal(after[0]), literal(after[1], Name())))
    statement = select(*columns).where(*where).order_by(c.trace_id, c.started_at, c.id).limit(limit)
    return execute(connection, statement)[1]
