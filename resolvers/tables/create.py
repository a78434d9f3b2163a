"""Creating tables."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from db.chunks import chunked
from db.json_text import JSONText
from db.projects import lock
from db.tables import CHUNK_ROWS
from db.tables.reads import select_row_sizes, select_tables
from db.tables.writes import RowValues, insert_rows, insert_table, row_values
from resolvers.context import Context, now
from resolvers.digests import check_expected, json_digest, table_digest
from resolvers.errors import InvalidInputError, NotFoundError

__all__ = ["TableCreated", "prepare_row", "table_create", "table_create_from_digests", "write_table"]

_rows_of = msgspec.json.Decoder(list[msgspec.Raw])


class TableCreated(NamedTuple):
    """A table that exists now, and the digests of its rows, in order."""

    digest: str
    row_digests: list[str]


def prepare_row(row: JSONText, field: Sequence[str | int]) -> RowValues:
    """A row, hashed and ready to be stored. Raises InvalidInputError about ``field`` where it is no JSON object."""
    _check_row(row, field)
    return row_values([json_digest(row)], [row])[0]


def _check_row(row: JSONText, field: Sequence[str | int]) -> None:
    if not row.startswith("{") and not row.lstrip().startswith("{"):
        raise InvalidInputError(f"Rows must be objects, but {'.'.join(map(str, field))} is {row[:80]}", field)


def _prepare(rows: JSONText | Sequence[JSONText]) -> list[RowValues]:
    if isinstance(rows, JSONText):
        try:
            rows = [JSONText(bytes(raw).decode()) for raw in _rows_of.decode(rows.encode())]
        except msgspec.ValidationError as error:
            raise InvalidInputError(f"Rows must be a list, not {rows[:80]}", ["rows"]) from error
    for index, row in enumerate(rows):
        _check_row(row, ["rows", index])
    return row_values([json_digest(row) for row in rows], rows)


async def table_create(
    context: Context, project: str, rows: JSONText | Sequence[JSONText], expected_digest: str | None = None
) -> TableCreated:
    """Keep a table of ``rows``, JSON objects, given one by one or as one JSON list.

    Raises InvalidInputError naming a row that is no object, ConflictError where ``expected_digest`` is another than
    the table has.
    """
    context.caller.require_write(project)
    prepared = await asyncio.to_thread(_prepare, rows)
    digests = [row.digest for row in prepared]
    digest = table_digest(digests)
    check_expected(expected_digest, digest, f"table of {len(digests)} rows")
    new = {row.digest: row for row in prepared}
    size = sum(new[row_digest].size_bytes for row_digest in digests)
    await write_table(context, project, digest, list(chunked(digests, CHUNK_ROWS)), size, new_rows=list(new.values()))
    return TableCreated(digest, digests)


async def table_create_from_digests(
    context: Context, project: str, row_digests: Sequence[str], expected_digest: str | None = None
) -> str:
    """Keep a table of rows that the project has already; returns its digest.

    Raises NotFoundError naming digests of rows that it has not, ConflictError as ``table_create``.
    """
    context.caller.require_write(project)
    digest = table_digest(row_digests)
    check_expected(expected_digest, digest, f"table of {len(row_digests)} rows")
    sizes = await context.read(lambda connection: select_row_sizes(connection, project, row_digests))
    if missing := [known for known in dict.fromkeys(row_digests) if known not in sizes]:
        names = ", ".join(map(repr, missing[:5])) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise NotFoundError(f"Rows not found in project {project!r}: {names}", ["rowDigests"])
    size = sum(sizes[row_digest] for row_digest in row_digests)
    await write_table(context, project, digest, list(chunked(row_digests, CHUNK_ROWS)), size)
    return digest


async def write_table(
    context: Context,
    project: str,
    digest: str,
    chunks: Sequence[Sequence[str]],
    size: int,
    *,
    known_chunks: Sequence[str | None] = (),
    new_rows: Sequence[RowValues] = (),
) -> None:
    """Write a table and the rows of it that may be new; one that is there already is not touched."""
    at = now()

    def is_there(connection: Connection) -> bool:
        return bool(select_tables(connection, project, [digest], ()))

    def write(connection: Connection) -> None:
        lock(connection, project, at)
        # Asked again: the same content cut into other chunks must not be mixed into it.
        if not is_there(connection):
            insert_rows(connection, project, new_rows)
            values = {"project_id": project, "digest": digest, "size_bytes": size, "created_at": at}
            insert_table(connection, values, chunks, known_chunks)

    if not await context.read(is_there):
        await context.database.write(write)
