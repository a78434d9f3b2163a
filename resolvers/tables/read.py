"""Reading tables and their rows."""

from collections.abc import Sequence
from functools import partial
from typing import cast

from sqlalchemy import Connection

from db.rows import Row, RowSet
from db.tables.reads import select_row_digests, select_rows, select_tables
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.errors import NotFoundError

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
    context: Context, project: str, digest: str, *, limit: int, after_index: int | None = None
) -> RowSet:
    """Rows of a table in its order, from the one after ``after_index``: ``project_slug``, ``table_digest``,
    ``original_index``, ``digest`` and ``val`` of each. Only what holds them is read; an unknown table has no rows."""
    context.caller.require_read(project)
    start = 0 if after_index is None else after_index + 1

    def read(connection: Connection) -> RowSet:
        digests = select_row_digests(connection, project, digest, start, start + limit)
        rows = select_rows(connection, project, set(digests), {"val"})
        values = ((project, digest, index, row, rows[row].val) for index, row in enumerate(digests, start))
        return RowSet("TableRow", (*ROW_COLUMNS, "val"), values)

    return await context.read(read)
