"""What statistics of calls read: a few columns of many rows, page by page."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, literal, select, tuple_

from db.calls.groupings import Grouping
from db.calls.reads import SHOWN, duration
from db.calls.tables import calls
from db.calls.usage import COUNTED, USAGE
from db.metadata import Name

__all__ = ["is_any", "select_bounds", "select_measures", "select_trace_ids", "select_usage"]

c = calls.c

Conditions = Sequence[ColumnElement[bool]]


def select_bounds(connection: Connection, conditions: Conditions) -> tuple[int, int] | None:
    """When the first and the last of the calls began, in microseconds; None of no calls."""
    first, last = connection.execute(select(func.min(c.started_at), func.max(c.started_at)).where(*conditions)).one()
    return None if first is None else (first, last)


def is_any(connection: Connection, conditions: Conditions) -> bool:
    """Whether there is a call that fulfils the conditions."""
    return connection.execute(select(literal(1)).select_from(calls).where(*conditions).limit(1)).first() is not None


def select_measures(
    connection: Connection, grouping: Grouping, conditions: Conditions, after: tuple[int, str], limit: int
) -> Sequence[Row[Any]]:
    """A page of calls behind ``after`` (start and id): start, id, status, microseconds it took, values of what is
    grouped by, of which op names are as calls have them."""
    columns = (c.started_at, c.id, c.status, duration, *grouping.columns)
    behind = tuple_(c.started_at, c.id) > tuple_(literal(after[0]), literal(after[1], Name()))
    statement = select(*columns).where(*conditions, behind).order_by(c.started_at, c.id).limit(limit)
    return connection.execute(statement).all()


def select_trace_ids(connection: Connection, conditions: Conditions) -> list[str]:
    """The traces of those of the calls that report usage."""
    return list(connection.execute(select(c.trace_id).where(*conditions, COUNTED).distinct()).scalars())


def select_usage(
    connection: Connection,
    project_id: str,
    trace_ids: Sequence[str],
    chosen: ColumnElement[bool],
    grouping: Grouping,
    after: tuple[str, str],
    limit: int,
) -> Sequence[Row[Any]]:
    """A page of all calls of the traces behind ``after`` (trace id and id): trace id, id, parent id, start, whether
    ``chosen`` holds, JSON text of ``usage`` in the summary (null without), values of what is
    grouped by (null of calls that are not ``chosen`` or report nothing)."""
    columns = (
        c.trace_id,
        c.id,
        c.parent_id,
        c.started_at,
        case((chosen, 1), else_=0),
        case((COUNTED, USAGE)),
        *(case((and_(chosen, COUNTED), column)).label(column.name) for column in grouping.columns),
    )
    behind = tuple_(c.trace_id, c.id) > tuple_(literal(after[0], Name()), literal(after[1], Name()))
    statement = (
        select(*columns)
        .where(c.project_id == project_id, SHOWN, c.trace_id.in_(trace_ids), behind)
        .order_by(c.trace_id, c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()
