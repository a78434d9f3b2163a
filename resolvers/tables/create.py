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
from db.tables.reads import select_row_sizes
from db.tables.writes import NewRows, insert_rows, insert_table, is_table, new_rows
from resolvers.context import Context, now
from resolvers.digests import check_expected, json_digests, table_digest
from resolvers.errors import InvalidInputError, NotFoundError

__all__ = ["TableCreated", "check_row", "table_create", "table_create_from_digests", "write_table"]

_rows_of = msgspec.json.Decoder(list[msgspec.Raw])


class TableCreated(NamedTuple):
    """A table that exists now, and the digests of its rows, in order."""

    digest: str
    row_digests: list[str]


def check_row(row: JSONText, field: Sequence[str | int]) -> None:
    """Raise InvalidInputError about ``field`` where ``row`` is no JSON object."""
    if not row.lstrip().startswith("{"):
        raise InvalidInputError(f"Rows must be objects, but {'.'.join(map(str, field))} is {row[:80]}", field)


class _Prepared(NamedTuple):
    """A table, ready to be stored."""

    digest: str
    row_digests: list[str]
    size: int
    rows: NewRows
    """One of each digest."""


def _prepare(rows: JSONText | Sequence[JSONText]) -> _Prepared:
    if isinstance(rows, JSONText):
        try:
            rows = [JSONText(raw, "utf-8") for raw in _rows_of.decode(rows.encode())]
        except msgspec.ValidationError as error:
            raise InvalidInputError(f"Rows must be a list, not {rows[:80]}", ["rows"]) from error
    for index, row in enumerate(rows):
        if not row.startswith("{"):  # there may be white space first
            check_row(row, ["rows", index])
    digests = json_digests(rows)
    one_of_each = dict(zip(digests, rows, strict=True))
    new = new_rows(list(one_of_each), list(one_of_each.values()))
    sizes = dict(zip(new.digests, new.sizes, strict=True))
    return _Prepared(table_digest(digests), digests, sum(map(sizes.__getitem__, digests)), new)


async def table_create(
    context: Context, project: str, rows: JSONText | Sequence[JSONText], expected_digest: str | None = None
) -> TableCreated:
    """Keep a table of ``rows``, JSON objects, given one by one or as one JSON list.

    Raises InvalidInputError naming a row that is no object, ConflictError where ``expected_digest`` is another than
    the table has.
    """
    context.caller.require_write(project)
    prepared = await asyncio.to_thread(_prepare, rows)
    digest, digests = prepared.digest, prepared.row_digests
    check_expected(expected_digest, digest, f"table of {len(digests)} rows")
    await write_table(context, project, digest, list(chunked(digests, CHUNK_ROWS)), prepared.size, prepared.rows)
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
    rows: NewRows | None = None,
    *,
    known_chunks: Sequence[str | None] = (),
) -> None:
    """Write a table and the ``rows`` of it that may be new; one that is there already is not touched."""
    at = now()

    def is_there(connection: Connection) -> bool:
        return is_table(connection, project, digest)

    def write(connection: Connection) -> None:
        lock(connection, project, at)
        # Asked again: the same content cut into other chunks must not be mixed into it.
        if not is_there(connection):
            if rows is not None:
                insert_rows(connection, project, rows)
            values = {"project_id": project, "digest": digest, "size_bytes": size, "created_at": at}
            insert_table(connection, values, chunks, known_chunks)

    if not await context.read(is_there, at_once=True):
        await context.database.write(write)
