"""What statistics of calls read: a few columns of many rows, page by page."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, func, literal, select, tuple_, type_coerce

from db.calls.reads import SHOWN, duration
from db.calls.tables import calls
from db.calls.usage import COUNTED, USAGE
from db.metadata import Name
from db.query.derived import op_short_name

__all__ = ["DIMENSIONS", "select_bounds", "select_groups", "select_measures", "select_trace_ids", "select_usage"]

c = calls.c

DIMENSIONS: Mapping[str, ColumnElement[Any]] = {
    "op_name": c.op_name,
    "model": c.model,
    "status": c.status,
    "kind": c.kind,
    "wb_user_id": c.wb_user_id,
}
"""What calls can be grouped by; groups put all versions of an op together."""

Conditions = Sequence[ColumnElement[bool]]


def select_bounds(connection: Connection, conditions: Conditions) -> tuple[int, int] | None:
    """When the first and the last of the calls began, in microseconds; None of no calls."""
    first, last = connection.execute(select(func.min(c.started_at), func.max(c.started_at)).where(*conditions)).one()
    return None if first is None else (first, last)


def select_groups(
    connection: Connection, by: Sequence[str], conditions: Conditions, limit: int
) -> tuple[list[tuple[Any, ...]], int]:
    """The values of ``by`` that most calls share, the most frequent first (then in their order, null first), and how
    many there are in all."""
    # First by op names as they are, of which there are few: finding the short name in each call takes longer.
    raw = [DIMENSIONS[name].label(f"key_{index}") for index, name in enumerate(by)]
    counted = select(*raw, func.count().label("calls")).where(*conditions).group_by(*(DIMENSIONS[name] for name in by))
    inner = counted.subquery()
    keys = [
        type_coerce(op_short_name(inner.c[key.name]), Name()) if name == "op_name" else inner.c[key.name]
        for name, key in zip(by, raw, strict=True)
    ]
    labelled = [key.label(f"key_{index}") for index, key in enumerate(keys)]
    found = select(*labelled, func.sum(inner.c.calls).label("calls")).group_by(*keys).subquery()
    own = [found.c[key.name] for key in labelled]
    order = [part for key in own for part in (key.is_not(None), key)]
    rows = connection.execute(select(*own).order_by(found.c.calls.desc(), *order).limit(limit)).all()
    total = connection.execute(select(func.count()).select_from(found)).scalar_one()
    return [tuple(row) for row in rows], total


def select_measures(
    connection: Connection, by: Sequence[str], conditions: Conditions, after: tuple[int, str], limit: int
) -> Sequence[Row[Any]]:
    """A page of calls behind ``after`` (start and id): start, id, status, microseconds it took, values of ``by``, of
    which op names are as calls have them."""
    columns = (c.started_at, c.id, c.status, duration, *(DIMENSIONS[name] for name in by))
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
    by: Sequence[str],
    after: tuple[str, str],
    limit: int,
) -> Sequence[Row[Any]]:
    """A page of all calls of the traces behind ``after`` (trace id and id): trace id, id, parent id, start, whether
    ``chosen`` holds, JSON text of ``usage`` in the summary (null without), values of ``by``."""
    columns = (
        c.trace_id,
        c.id,
        c.parent_id,
        c.started_at,
        case((chosen, 1), else_=0),
        case((COUNTED, USAGE)),
        *(DIMENSIONS[name] for name in by),
    )
    behind = tuple_(c.trace_id, c.id) > tuple_(literal(after[0], Name()), literal(after[1], Name()))
    statement = (
        select(*columns)
        .where(c.project_id == project_id, SHOWN, c.trace_id.in_(trace_ids), behind)
        .order_by(c.trace_id, c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()
