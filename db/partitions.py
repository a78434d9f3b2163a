"""Pages of many lists in one statement: the feedback on each of these calls."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from db.chunks import chunked
from db.pages import Page, PageRequest, between_cursors
from db.query.order import Order
from db.rows import Row, RowSet

__all__ = ["partition_counts", "partition_pages"]


def partition_pages(
    connection: Connection,
    keys: Iterable[str],
    *,
    noun: str,
    key: ColumnElement[Any],
    row_id: ColumnElement[Any],
    read: Callable[[Sequence[str]], Mapping[str, Row]],
    conditions: Sequence[ColumnElement[bool]],
    order: Order,
    request: PageRequest,
) -> dict[str, Page]:
    """The page of ``request`` of each list: the rows that fulfil ``conditions`` and have one of ``keys`` in ``key``.

    Two statements a chunk: ids and cursors of all pages, then the rows, by ``read`` of their ids. A key without rows is
    missing. Raises CursorError for a cursor that is none.
    """
    cursors = between_cursors(order, request)
    direction = order.reversed() if request.backwards else order
    place = func.row_number().over(partition_by=key, order_by=direction.order_by).label("place")
    ranked: defaultdict[str, list[Any]] = defaultdict(list)
    for chunk in chunked(keys):
        numbered = (
            select(key.label("key"), row_id.label("id"), place, *order.columns)
            .where(*conditions, *cursors, key.in_(chunk))
            .subquery()
        )
        statement = (
            select(numbered)
            .where(numbered.c.place > request.offset, numbered.c.place <= request.offset + request.size + 1)
            .order_by(numbered.c.place)
        )
        for row in connection.execute(statement):
            ranked[row.key].append(row)
    found = read([row.id for rows in ranked.values() for row in rows[: request.size]])
    return {name: _page(noun, rows, found, order, request) for name, rows in ranked.items()}


def _page(noun: str, ranked: Sequence[Any], found: Mapping[str, Row], order: Order, request: PageRequest) -> Page:
    more = len(ranked) > request.size
    kept = [row for row in ranked[: request.size] if row.id in found]
    if request.backwards:
        kept.reverse()
    rows = [found[row.id] for row in kept]
    return Page(
        RowSet(noun, rows[0].columns if rows else (), rows),
        [order.values(row._mapping) for row in kept],  # noqa: SLF001 - SQLAlchemy's name for it
        has_next=request.before is not None if request.backwards else more,
        has_previous=more if request.backwards else request.after is not None or request.offset > 0,
        order=order,
    )


def partition_counts(
    connection: Connection, keys: Iterable[str], *, key: ColumnElement[Any], conditions: Sequence[ColumnElement[bool]]
) -> dict[str, int]:
    """How many rows each list has; a key without rows is missing."""
    counts: dict[str, int] = {}
    for chunk in chunked(keys):
        statement = select(key, func.count()).where(*conditions, key.in_(chunk)).group_by(key)
        counts.update((name, count) for name, count in connection.execute(statement))
    return counts
