"""Lists of the rows of a table.

A table never changes, so the place of a row in a list of its rows is a cursor that stays good.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from db.bounded_pages import MAX_PAGE_BYTES
from db.pages import Page, PageRequest, decode_cursor
from db.query.expression import CursorError
from db.query.fields import Field, Fields, FieldType
from db.query.order import Direction, Order, compile_order
from db.rows import RowSet
from db.tables.tables import table_parts
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.queries import refusing_queries
from resolvers.tables.read import table_rows_page, tables_by_digest

__all__ = ["TableRowList", "table_rows_count", "table_rows_list"]

LONGEST_FILTER = 1000

_POSITION = Fields([Field("position", FieldType.INTEGER, table_parts.c.first_row, nullable=False)])
_POSITIONS: Order = compile_order([("position", "asc")], _POSITION, tiebreak=())


@dataclass(frozen=True, slots=True)
class TableRowList:
    """Which rows of a table, in which order; by default all of them in the table's own."""

    project: str
    digest: str
    row_digests: tuple[str, ...] | None = None
    sorts: Sequence[tuple[str, Direction]] = ()


def _position(cursor: str | None, missing: int, argument: str) -> int:
    if cursor is None:
        return missing
    values = decode_cursor(_POSITIONS, cursor, argument)
    position = values[0]
    if not isinstance(position, int) or position < 0:
        raise CursorError(f"{argument}: not a cursor of table rows: {cursor!r}", (argument,))
    return position


async def table_rows_list(
    context: Context, chosen: TableRowList, request: PageRequest, columns: frozenset[str]
) -> Page:
    """A page of rows, none of an unknown table; where values are asked for, it is cut before they pass megabytes."""
    if chosen.row_digests is not None and len(chosen.row_digests) > LONGEST_FILTER:
        raise InvalidInputError(
            f"Parameter: 'row_digests' request length is greater than max length ({LONGEST_FILTER}). "
            f"Actual length: {len(chosen.row_digests)}",
            ["rowDigests"],
        )
    with refusing_queries("after"):
        start = _position(request.after, -1, "after") + 1 + request.offset
        end = _position(request.before, 1 << 62, "before")
    if request.backwards:
        end = min(end, await table_rows_count(context, chosen, None))
        start = max(start, end - request.size)
    size = max(0, min(request.size, end - start))
    if size == 0:
        return Page.empty()
    names = frozenset({"size_bytes"}) if "val" in columns else columns
    rows = await _rows(context, chosen, names, start, size + 1)
    more = len(rows) > size
    kept = _within(rows[:size], request, MAX_PAGE_BYTES) if "val" in columns else len(rows[:size])
    if request.backwards:
        start += len(rows[:size]) - kept
    cut = kept < len(rows[:size])
    read = rows.like(rows[:kept]) if "val" not in columns else await _rows(context, chosen, columns, start, kept)
    return Page(
        read,
        [(position,) for position in range(start, start + len(read))],
        has_next=request.before is not None if request.backwards else more or cut,
        has_previous=start > 0,
        order=_POSITIONS,
    )


def _within(rows: Sequence[object], request: PageRequest, max_bytes: int) -> int:
    """How many rows, from the end that the page begins at, ``max_bytes`` hold; at least one."""
    total = 0
    for index, row in enumerate(reversed(rows) if request.backwards else rows):
        total += row.size_bytes  # type: ignore[attr-defined]  # a column of the row
        if total > max_bytes and index:
            return index
    return len(rows)


async def _rows(context: Context, chosen: TableRowList, columns: frozenset[str], start: int, size: int) -> RowSet:
    return await table_rows_page(
        context,
        chosen.project,
        chosen.digest,
        columns=columns,
        row_digests=chosen.row_digests,
        sort_by=chosen.sorts,
        offset=start,
        limit=size,
    )


async def table_rows_count(context: Context, chosen: TableRowList, limit: int | None) -> int:
    """How many rows there are; at most ``limit``."""
    if chosen.row_digests is None:
        key = (chosen.project, chosen.digest)
        table = (await tables_by_digest(context, [key], columns=frozenset({"row_count"})))[0]
        count = 0 if table is None else table.row_count
    else:
        count = len(
            await table_rows_page(
                context,
                chosen.project,
                chosen.digest,
                columns=frozenset(),
                row_digests=chosen.row_digests,
                limit=limit,
            )
        )
    return count if limit is None else min(count, limit)
