"""An order by an indexed path, as three lists that follow one another: what has a number there, what has another text,
and what has nothing. An index serves each of the first two in either direction, and no index their whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from db.query.order import Cursor, Order
from db.query.path_keys import bind_start

__all__ = ["Segment", "segments"]

_NUMBERS, _TEXTS, _MISSING = range(3)
_NO_VALUE, _NO_NUMBER, _NUMBER, _TEXT = range(4)
"""Components of the order that the path makes (``db.query.order``)."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Conditions on its rows, and their order."""

    conditions: Sequence[ColumnElement[bool]]
    order_by: Sequence[ColumnElement[Any]]


def segments(order: Order, after: Cursor | None, before: Cursor | None, *, backwards: bool) -> list[Segment]:
    """The lists that make up what lies between the cursors, in the order of a page that is read ``backwards`` or not.

    ``order`` begins with an indexed path.
    """
    first = _NUMBERS if after is None else _segment_of(after)
    last = _MISSING if before is None else _segment_of(before)
    found = []
    for segment in range(first, last + 1):
        conditions = _rows_of(order, segment)
        for cursor, side in ((after, 1), (before, -1)):
            if cursor is not None and _segment_of(cursor) == segment:
                conditions.append(order.after(cursor) if side > 0 else order.before(cursor))
                conditions += _beyond(order, segment, cursor, side)
        found.append(Segment(conditions, _order_of(order.reversed() if backwards else order, segment)))
    return found[::-1] if backwards else found


def _segment_of(cursor: Cursor) -> int:
    return _MISSING if cursor[_NO_VALUE] else _TEXTS if cursor[_NO_NUMBER] else _NUMBERS


def _rows_of(order: Order, segment: int) -> list[ColumnElement[bool]]:
    keys = order.keys
    assert keys is not None, "the order begins with an indexed path"
    match segment:
        case 0:
            return [keys.here, keys.number.is_not(None)]
        case 1:
            return [keys.here, keys.number.is_(None)]
        case _:
            return [keys.start.is_(None)]


def _beyond(order: Order, segment: int, cursor: Cursor, side: int) -> list[ColumnElement[bool]]:
    """Where the index begins to be read: roughly what ``order.after`` says in full."""
    keys = order.keys
    assert keys is not None, "the order begins with an indexed path"
    if segment == _MISSING:
        return []
    number, text = order.components[_NUMBER], order.components[_TEXT]
    value = number.bind(cursor[_NUMBER]) if segment == _NUMBERS else bind_start(str(cursor[_TEXT]))
    key = keys.number if segment == _NUMBERS else keys.start
    rising = (side > 0) is not text.descending
    return [key >= value if rising else key <= value]


def _order_of(order: Order, segment: int) -> list[ColumnElement[Any]]:
    keys = order.keys
    assert keys is not None, "the order begins with an indexed path"
    descending = order.components[_TEXT].descending
    lead = [] if segment == _MISSING else [keys.number, keys.start]
    rest = order.order_by[_TEXT + 1 if segment == _MISSING else _TEXT :]
    return [*(key.desc() if descending else key.asc() for key in lead), *rest]
