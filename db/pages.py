"""Pages: rows in an order, from a cursor on, forwards or backwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Select, false, func, literal_column, select, union_all

from db.query.expression import CursorError, QueryError
from db.query.order import Cursor, Order
from db.query.segments import segments
from db.rows import RowSet, fetch

__all__ = [
    "CursorCodec",
    "Page",
    "PageRequest",
    "between_cursors",
    "decode_cursor",
    "page_of",
    "page_statement",
    "select_count",
    "select_page",
]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page: ``size`` rows from the front, or from the back, of what lies between two cursors.

    For a page of no rows nothing need be read, but what is wrong with its order and its cursors is refused.
    """

    size: int
    backwards: bool = False
    after: str | None = None
    before: str | None = None
    offset: int = 0


class CursorCodec(Protocol):
    """What makes the cursors of a list opaque text: an ``Order``, or positions in a list that never changes."""

    def encode(self, cursor: Cursor) -> str: ...


def decode_cursor(order: Order, text: str, argument: str) -> Cursor:
    """The cursor that ``argument`` (``after``, ``before``) holds. Raises CursorError for what is none of this order."""
    try:
        return order.decode(text)
    except QueryError as error:
        raise CursorError(f"{argument}: {error.message}", (argument,)) from error


def between_cursors(order: Order, request: PageRequest) -> list[ColumnElement[bool]]:
    """The conditions that the cursors of a page are. Raises CursorError."""
    found = []
    if request.after is not None:
        found.append(order.after(decode_cursor(order, request.after, "after")))
    if request.before is not None:
        found.append(order.before(decode_cursor(order, request.before, "before")))
    return found


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order, each with its cursor, and whether there are more around them."""

    rows: RowSet
    cursors: Sequence[Cursor]
    has_next: bool
    has_previous: bool
    order: "CursorCodec | None"

    @classmethod
    def empty(cls) -> "Page":
        """A page of nothing, where nothing of it was asked for."""
        return cls(RowSet("", ()), (), has_next=False, has_previous=False, order=None)

    def cursor(self, index: int) -> str:
        """The opaque cursor of the row at ``index``."""
        assert self.order is not None, "an empty page has no cursors"
        return self.order.encode(self.cursors[index])


def select_page(
    connection: Connection,
    noun: str,
    columns: Sequence[ColumnElement[Any]],
    conditions: Sequence[ColumnElement[bool]],
    order: Order,
    request: PageRequest,
    apart: Sequence[ColumnElement[bool]] = (),
    *,
    kept: bool = False,
) -> Page:
    """The page of ``request`` among the rows that fulfil all ``conditions``, each exactly one of those that are to be
    read ``apart``, where there are any: an index may have the rows of each of them in their order. The statement is
    ``kept`` where these objects come again, and hold little.

    One statement, three at most where an indexed path is sorted by, none for no rows; raises CursorError for a cursor
    that is none, or one of another order.
    """
    if not request.size:
        between_cursors(order, request)
        return Page.empty()
    if order.keys is not None and request.offset <= MOST_PASSED:
        statement: Select[Any] = select(*columns, *order.columns).where(*conditions)
        selected = _in_segments(connection, noun, statement, order, request)
    else:
        made = _kept_statement if kept else page_statement
        selected = fetch(connection, noun, made(tuple(columns), tuple(conditions), order, request, tuple(apart)))
    return page_of(noun, selected.columns, selected, len(columns), order, request)


def page_statement(
    columns: Sequence[ColumnElement[Any]],
    conditions: Sequence[ColumnElement[bool]],
    order: Order,
    request: PageRequest,
    apart: Sequence[ColumnElement[bool]] = (),
) -> Select[Any]:
    """The statement of a page: ``columns`` and those of the order, one row more than the page has. Raises CursorError
    for a cursor that is none, or one of another order."""
    between = between_cursors(order, request)
    statement = _ordered(tuple(columns), order, backwards=request.backwards).where(*conditions, *between)
    if len(apart) * (request.offset + request.size) in range(1, MOST_PASSED):
        statement = _merged(statement.limit(request.offset + request.size + 1), order, apart, request)
    statement = statement.limit(request.size + 1)
    return statement.offset(request.offset) if request.offset else statement


_kept_statement = lru_cache(maxsize=256)(page_statement)


def page_of(
    noun: str,
    names: Sequence[str],
    selected: Sequence[Any],
    width: int,
    order: Order,
    request: PageRequest,
    *,
    cut: bool = False,
) -> Page:
    """The page of rows that a ``page_statement`` of ``width`` columns gave; where it was ``cut``, there are more."""
    more = cut or len(selected) > request.size
    kept = list(selected[: request.size])
    if request.backwards:
        kept.reverse()
    return Page(
        RowSet(noun, names[:width], (row[:width] for row in kept)),
        [row[width:] for row in kept],
        has_next=request.before is not None if request.backwards else more,
        has_previous=more if request.backwards else request.after is not None or (request.offset > 0 and bool(kept)),
        order=order,
    )


@lru_cache(maxsize=256)
def _ordered(columns: tuple[ColumnElement[Any], ...], order: Order, *, backwards: bool) -> Select[Any]:
    """The part of a page's statement that is the same for all pages, made once where the order is."""
    return select(*columns, *order.columns).order_by(*(order.reversed() if backwards else order).order_by_columns)


MOST_PASSED = 10_000
"""Rows that are read to be passed over, where a page is read in segments or out of parts."""


def _merged(
    statement: Select[Any], order: Order, apart: Sequence[ColumnElement[bool]], request: PageRequest
) -> Select[Any]:
    """The first rows of each part, as ``statement`` gives them, in order."""
    merged = union_all(*(select(statement.where(part).subquery()) for part in apart)).subquery()
    components = (order.reversed() if request.backwards else order).components
    sorts = [merged.c[f"sort_{index}"] for index in range(len(components))]
    directed = [sort.desc() if part.descending else sort.asc() for sort, part in zip(sorts, components, strict=True)]
    return select(merged).order_by(*directed)


def _in_segments(
    connection: Connection, noun: str, statement: Select[Any], order: Order, request: PageRequest
) -> RowSet:
    """The rows of a page and one more, of an order by an indexed path."""
    after, before = (
        None if text is None else decode_cursor(order, text, name)
        for text, name in ((request.after, "after"), (request.before, "before"))
    )
    wanted = request.offset + request.size + 1
    found: RowSet | None = None
    for segment in segments(order, after, before, backwards=request.backwards):
        part = statement.where(*segment.conditions).order_by(*segment.order_by)
        rows = fetch(connection, noun, part.limit(wanted - len(found or ())))
        found = rows if found is None else found.like([*found, *rows])
        if len(found) == wanted:
            break
    if found is None:  # the cursors lie the wrong way round
        return fetch(connection, noun, statement.where(false()))
    return found.like(found[request.offset :])


def select_count(connection: Connection, conditions: Sequence[ColumnElement[bool]], limit: int | None) -> int:
    """How many rows fulfil ``conditions``; counting stops at ``limit``."""
    if limit is None:
        statement = select(func.count()).where(*conditions)
    else:
        some = select(literal_column("1").label("one")).where(*conditions).limit(limit).subquery()
        statement = select(func.count()).select_from(some)
    return connection.execute(statement).scalar_one()
