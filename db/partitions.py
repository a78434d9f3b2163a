"""Pages of many lists in one statement: the feedback on each of these calls."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from db.chunks import chunked
from db.id_lists import among
from db.pages import Page, PageRequest, between_cursors
from db.query.order import Cursor, Order
from db.rows import Row, RowSet

__all__ = ["Ranked", "count_by", "partition_counts", "partition_pages", "rank"]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row by its id, with its cursor, and the bytes of what may be large in it."""

    id: str
    cursor: Cursor
    size: int = 0


def rank(
    connection: Connection,
    *,
    key: ColumnElement[Any],
    row_id: ColumnElement[Any],
    conditions: Sequence[ColumnElement[bool]],
    order: Order,
    request: PageRequest,
    size: ColumnElement[Any] | None = None,
    skip: int = 0,
) -> dict[str, list[Ranked]]:
    """The first rows of each list that ``key`` tells apart among those that fulfil ``conditions``, in one statement.

    They are those of the page of ``request`` and one more if there is one, but for the ``skip`` that come first; of a
    page from the back, the last row is the first. A list without rows is missing. Raises CursorError for a cursor that
    is none.
    """
    cursors = between_cursors(order, request)
    direction = order.reversed() if request.backwards else order
    place = func.row_number().over(partition_by=key, order_by=direction.order_by).label("place")
    bytes_ = (literal_column("0") if size is None else size).label("size")
    numbered = (
        select(key.label("key"), row_id.label("id"), bytes_, place, *order.columns)
        .where(*conditions, *cursors)
        .subquery()
    )
    statement = (
        select(numbered)
        .where(numbered.c.place > skip, numbered.c.place <= request.offset + request.size + 1)
        .order_by(numbered.c.place)
    )
    ranked: defaultdict[str, list[Ranked]] = defaultdict(list)
    if not request.size:
        return ranked
    for row in connection.execute(statement).mappings():
        ranked[row["key"]].append(Ranked(row["id"], order.values(dict(row)), int(row["size"])))
    return ranked


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
    ranked: dict[str, list[Ranked]] = {}
    for chunk in chunked(keys):
        where = [*conditions, among(key, chunk)]
        ranked |= rank(
            connection, key=key, row_id=row_id, conditions=where, order=order, request=request, skip=request.offset
        )
    rows = read([row.id for rows in ranked.values() for row in rows[: request.size]])
    return {name: _page(noun, listed, rows, order, request) for name, listed in ranked.items()}


def _page(noun: str, ranked: Sequence[Ranked], found: Mapping[str, Row], order: Order, request: PageRequest) -> Page:
    more = len(ranked) > request.size
    kept = [row for row in ranked[: request.size] if row.id in found]
    if request.backwards:
        kept.reverse()
    rows = [found[row.id] for row in kept]
    return Page(
        RowSet(noun, rows[0].columns if rows else (), rows),
        [row.cursor for row in kept],
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
        counts |= count_by(connection, key=key, conditions=[*conditions, among(key, chunk)])
    return counts


def count_by(
    connection: Connection, *, key: ColumnElement[Any], conditions: Sequence[ColumnElement[bool]]
) -> dict[str, int]:
    """How many rows that fulfil ``conditions`` have each value of ``key``, in one statement."""
    statement = select(key, func.count()).where(*conditions).group_by(key)
    return {row[0]: row[1] for row in connection.execute(statement)}
