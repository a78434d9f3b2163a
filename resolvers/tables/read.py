"""Reading tables and their rows."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import cast

from sqlalchemy import ColumnElement, Connection

from db.query.expression import QueryError
from db.query.order import Direction, compile_order
from db.rows import Row, RowSet
from db.tables.reads import ROW_FIELDS, select_row_digests, select_rows, select_sorted_rows, select_tables
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.errors import InvalidInputError, NotFoundError

__all__ = ["table_by_digest", "table_rows_by_digest", "table_rows_page", "tables_by_digest"]


async def tables_by_digest(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Tables by (project, digest), in the order of ``keys``; None for what is not there or may not be read."""
    return await read_by_key(context, keys, partial(select_tables, columns=columns))


async def table_rows_by_digest(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Rows by (project, digest), whatever tables hold them, in the order of ``keys``; None as above."""
    return await read_by_key(context, keys, partial(select_rows, columns=columns))


async def table_by_digest(context: Context, project: str, digest: str, *, columns: frozenset[str]) -> Row:
    """One table. Raises NotFoundError naming it, ForbiddenError."""
    context.caller.require_read(project)
    row = cast("Row | None", await context.loaders.load(tables_by_digest, (project, digest), columns=columns))
    if row is None:
        raise NotFoundError(f"Table {digest!r} not found in project {project!r}", ["digest"])
    return row


ROW_COLUMNS = ("project_slug", "table_digest", "original_index", "digest")


async def table_rows_page(
    context: Context,
    project: str,
    digest: str,
    *,
    columns: frozenset[str] = frozenset({"val"}),
    row_digests: Collection[str] | None = None,
    sort_by: Sequence[tuple[str, Direction]] = (),
    offset: int = 0,
    limit: int | None = None,
    after_index: int | None = None,
) -> RowSet:
    """Rows of a table: ``project_slug``, ``table_digest``, ``original_index``, ``digest`` and ``columns`` of each.

    Without ``sort_by`` they come in the table's order, from the one after ``after_index``, and only what holds the page
    is read; with it, by paths into the values (``"a.b"``), ``original_index`` last. With ``row_digests`` only rows that
    are among them. An unknown table has no rows. Raises InvalidInputError for a bad path or a negative number.
    """
    context.caller.require_read(project)
    for name, value in (("limit", limit), ("offset", offset), ("afterIndex", after_index)):
        if value is not None and value < 0:
            raise InvalidInputError(f"Invalid {name} {value}: it must not be negative", [name])
    if not sort_by:
        return await context.database.read(
            lambda connection: _page(connection, project, digest, columns, row_digests, offset, limit, after_index)
        )
    if after_index is not None:
        raise InvalidInputError(f"afterIndex {after_index} has no meaning in sorted rows", ["afterIndex"])
    try:
        order: Sequence[ColumnElement[object]] = compile_order(sort_by, ROW_FIELDS, tiebreak=()).order_by
    except QueryError as error:
        raise InvalidInputError(error.message, ["sortBy", *error.path]) from error
    return await context.database.read(
        lambda connection: select_sorted_rows(
            connection, project, digest, columns, order=order, row_digests=row_digests, limit=limit, offset=offset
        )
    )


def _page(
    connection: Connection,
    project: str,
    table: str,
    columns: frozenset[str],
    row_digests: Collection[str] | None,
    offset: int,
    limit: int | None,
    after_index: int | None,
) -> RowSet:
    start = 0 if after_index is None else after_index + 1
    if row_digests is None:
        start += offset
        stop = None if limit is None else start + limit
        digests = select_row_digests(connection, project, table, start, stop)
        placed = list(enumerate(digests, start))
    else:
        wanted = set(row_digests)
        digests = select_row_digests(connection, project, table, start)
        matching = [(index, digest) for index, digest in enumerate(digests, start) if digest in wanted]
        placed = matching[offset : None if limit is None else offset + limit]
    extra = sorted(columns - {*ROW_COLUMNS})
    rows = select_rows(connection, project, {digest for _, digest in placed}, extra) if extra else {}
    values = (
        (project, table, index, digest, *(getattr(rows[digest], name) for name in extra)) for index, digest in placed
    )
    return RowSet("TableRow", (*ROW_COLUMNS, *extra), values)
