"""Pages of many lists in one statement: the children of each of these calls, the calls of each of these traces."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from db.calls.reads import select_calls_by_id
from db.calls.tables import calls
from db.chunks import chunked
from db.pages import Page, PageRequest
from db.query.order import Order
from db.rows import Row, RowSet

__all__ = ["select_partition_counts", "select_partition_pages"]


def select_partition_pages(
    connection: Connection,
    project_id: str,
    keys: Iterable[str],
    *,
    column: ColumnElement[Any],
    columns: Collection[str],
    conditions: Sequence[ColumnElement[bool]],
    order: Order,
    request: PageRequest,
) -> dict[str, Page]:
    """The page of ``request`` of each list: the calls that fulfil ``conditions`` and have a key in ``column``.

    Two statements a chunk: ids and cursors of all pages, then the calls. A key without calls is missing.
    """
    cursors: list[ColumnElement[bool]] = []
    if request.after is not None:
        cursors.append(order.after(order.decode(request.after)))
    if request.before is not None:
        cursors.append(order.before(order.decode(request.before)))
    direction = order.reversed() if request.backwards else order
    place = func.row_number().over(partition_by=column, order_by=direction.order_by).label("place")
    ranked: defaultdict[str, list[Any]] = defaultdict(list)
    for chunk in chunked(keys):
        numbered = (
            select(column.label("key"), calls.c.id.label("call_id"), place, *order.columns)
            .where(*conditions, *cursors, column.in_(chunk))
            .subquery()
        )
        first = request.offset
        statement = (
            select(numbered)
            .where(numbered.c.place > first, numbered.c.place <= first + request.size + 1)
            .order_by(numbered.c.place)
        )
        for row in connection.execute(statement):
            ranked[row.key].append(row)
    wanted = [row.call_id for rows in ranked.values() for row in rows[: request.size]]
    found = select_calls_by_id(connection, project_id, wanted, columns)
    return {key: _page(rows, found, order, request) for key, rows in ranked.items()}


def _page(ranked: Sequence[Any], found: dict[str, Row], order: Order, request: PageRequest) -> Page:
    more = len(ranked) > request.size
    kept = [row for row in ranked[: request.size] if row.call_id in found]
    if request.backwards:
        kept.reverse()
    rows = [found[row.call_id] for row in kept]
    return Page(
        RowSet("Call", rows[0].columns if rows else (), rows),
        [order.values(row._mapping) for row in kept],
        has_next=request.before is not None if request.backwards else more,
        has_previous=more if request.backwards else request.after is not None or request.offset > 0,
        order=order,
    )


def select_partition_counts(
    connection: Connection,
    _project_id: str,
    keys: Iterable[str],
    *,
    column: ColumnElement[Any],
    conditions: Sequence[ColumnElement[bool]],
) -> dict[str, int]:
    """How many calls each list has; a key without calls is missing."""
    counts: dict[str, int] = {}
    for chunk in chunked(keys):
        statement = select(column, func.count()).where(*conditions, column.in_(chunk)).group_by(column)
        counts.update((key, count) for key, count in connection.execute(statement))
    return counts
