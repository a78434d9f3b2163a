"""Lists of the rows of tables: filtered, ordered, paged, counted, for many tables at once.

A table never changes, so the place of a row in a list of its rows is a cursor that stays good.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from db.bounded_pages import MAX_PAGE_BYTES
from db.pages import Page, PageRequest, decode_cursor
from db.query.compile import compile_query
from db.query.expression import CursorError, Expression
from db.query.fields import Field, Fields, FieldType
from db.query.order import Direction, Order, compile_order
from db.rows import Row, RowSet
from db.tables.lists import Chosen, Place, Span, count_places, select_places, select_row_places
from db.tables.reads import ROW_FIELDS, select_row_digests_at, select_row_sizes, select_rows
from db.tables.tables import table_parts
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.queries import refusing_queries

__all__ = [
    "RowLists",
    "TableRowList",
    "table_row_counts",
    "table_row_pages",
    "table_rows_at",
    "table_rows_of_digest",
]

LONGEST_FILTER = 1000

_POSITION = Fields([Field("position", FieldType.INTEGER, table_parts.c.first_row, nullable=False)])
_POSITIONS: Order = compile_order([("position", "asc")], _POSITION, tiebreak=())
_END = 1 << 62


@dataclass(frozen=True, slots=True)
class TableRowList:
    """Which rows of a table, in which order; by default all of them in the table's own."""

    row_digests: tuple[str, ...] | None = None
    query: Expression | None = None
    sorts: Sequence[tuple[str, Direction]] = ()

    def chosen(self) -> Chosen:
        """In SQL. Raises a Refusal for a filter that is too long, and for a query or an order that cannot be."""
        if self.row_digests is not None and len(self.row_digests) > LONGEST_FILTER:
            raise InvalidInputError(
                f"Parameter: 'row_digests' request length is greater than max length ({LONGEST_FILTER}). "
                f"Actual length: {len(self.row_digests)}",
                ["rowDigests"],
            )
        with refusing_queries("query"):
            conditions = [] if self.query is None else [compile_query(self.query, ROW_FIELDS)]
        with refusing_queries("sortBy", InvalidInputError):
            order_by = compile_order(self.sorts, ROW_FIELDS, tiebreak=()).order_by
        return Chosen(conditions, order_by, self.row_digests)


@dataclass(frozen=True, slots=True, eq=False)
class RowLists:
    """The lists of the rows of many tables, alike but for the table; told apart by identity."""

    chosen: TableRowList
    request: PageRequest
    columns: frozenset[str]


def _position(cursor: str | None, missing: int, argument: str) -> int:
    if cursor is None:
        return missing
    values = decode_cursor(_POSITIONS, cursor, argument)
    position = values[0]
    if not isinstance(position, int) or position < 0:
        raise CursorError(f"{argument}: not a cursor of table rows: {cursor!r}", (argument,))
    return position


async def table_row_pages(context: Context, keys: Sequence[tuple[str, str]], *, lists: RowLists) -> list[Page]:
    """The page of the rows of each (project, table digest), none of an unknown table.

    Where values are asked for, pages are cut before they pass some megabytes together. A few statements a project and
    chunk; without a filter and an order only what holds the pages is read.
    """
    chosen, request = lists.chosen.chosen(), lists.request
    with refusing_queries("after"):
        after, before = _position(request.after, -1, "after"), _position(request.before, _END, "before")
    if not request.size:
        return [Page.empty() for _ in keys]

    def read(connection: Connection, project: str, digests: list[str]) -> Mapping[str, Page]:
        spans = select_places(connection, project, digests, chosen, request, after=after, before=before)
        if "val" in lists.columns:
            spans = _bounded(connection, project, spans, request)
        return _pages(connection, project, spans, lists.columns)

    return [page or Page.empty() for page in await read_by_key(context, keys, read)]


async def table_row_counts(context: Context, keys: Sequence[tuple[str, str]], *, lists: RowLists) -> list[int]:
    """How many rows each list has: one statement a project and chunk."""
    chosen = lists.chosen.chosen()

    def read(connection: Connection, project: str, digests: list[str]) -> Mapping[str, int]:
        return count_places(connection, project, digests, chosen)

    return [count or 0 for count in await read_by_key(context, keys, read)]


def _bounded(connection: Connection, project: str, spans: Mapping[str, Span], request: PageRequest) -> dict[str, Span]:
    """The spans cut, from the end that is away from where the pages begin, so that each has its share of bytes; at
    least one row stays."""
    sizes = select_row_sizes(connection, project, (place.digest for span in spans.values() for place in span.places))
    share = MAX_PAGE_BYTES // max(len(spans), 1)
    found = {}
    for table, span in spans.items():
        places = list(reversed(span.places)) if request.backwards else span.places
        total = kept = 0
        for place in places:
            total += sizes[place.digest]
            if total > share and kept:
                break
            kept += 1
        cut = len(places) - kept
        found[table] = (
            Span(span.places[cut:], span.start + cut, span.total)
            if request.backwards
            else Span(span.places[:kept], span.start, span.total)
        )
    return found


_IN_TABLE = ("project_slug", "table_digest", "original_index", "digest")


def _pages(
    connection: Connection, project: str, spans: Mapping[str, Span], columns: Collection[str]
) -> dict[str, Page]:
    places = {table: span.places for table, span in spans.items()}
    rows = _rows(connection, project, places, columns)
    return {
        table: Page(
            rows[table],
            [(position,) for position in range(span.start, span.start + len(span.places))],
            has_next=span.start + len(span.places) < span.total,
            has_previous=span.start > 0,
            order=_POSITIONS,
        )
        for table, span in spans.items()
    }


def _rows(
    connection: Connection, project: str, places: Mapping[str, Sequence[Place]], columns: Collection[str]
) -> dict[str, RowSet]:
    extra = sorted(set(columns) - {*_IN_TABLE})
    wanted = {place.digest for held in places.values() for place in held}
    found = select_rows(connection, project, wanted, extra) if extra and wanted else {}

    def values(table: str, place: Place) -> tuple[Any, ...]:
        row = found.get(place.digest)
        return (project, table, *place, *(getattr(row, name) for name in extra))

    names = (*_IN_TABLE, *extra)
    return {
        table: RowSet("TableRow", names, (values(table, place) for place in held)) for table, held in places.items()
    }


async def table_rows_at(
    context: Context, keys: Sequence[tuple[str, tuple[str, int]]], *, columns: frozenset[str]
) -> list[Row | None]:
    """The row at each (project, (table digest, position)); None past the end."""

    def read(connection: Connection, project: str, wanted: list[Any]) -> Mapping[Any, Row]:
        digests = select_row_digests_at(connection, project, wanted)
        places = [(table, Place(index, digest)) for (table, index), digest in digests.items()]
        return dict(zip(digests, _each(connection, project, places, columns), strict=True))

    return await read_by_key(context, keys, read)


async def table_rows_of_digest(
    context: Context, keys: Sequence[tuple[str, tuple[str, str]]], *, columns: frozenset[str]
) -> list[Row | None]:
    """The first row with each (project, (table digest, row digest)); None where the table has none."""

    def read(connection: Connection, project: str, wanted: list[Any]) -> Mapping[Any, Row]:
        indexes = select_row_places(connection, project, wanted)
        places = [(table, Place(index, digest)) for (table, digest), index in indexes.items()]
        return dict(zip(indexes, _each(connection, project, places, columns), strict=True))

    return await read_by_key(context, keys, read)


def _each(
    connection: Connection, project: str, places: Sequence[tuple[str, Place]], columns: Collection[str]
) -> list[Row]:
    """The row at each place of a table, in their order."""
    by_table: dict[str, list[Place]] = {}
    for table, place in places:
        by_table.setdefault(table, []).append(place)
    rows = {
        (table, row.original_index): row
        for table, held in _rows(connection, project, by_table, columns).items()
        for row in held
    }
    return [rows[table, place.original_index] for table, place in places]
