"""Reading tables: tables by digest, rows by digest and by position, and the places of all rows."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import orjson
from sqlalchemy import CTE, ColumnElement, Connection, FromClause, cast, func, literal, select, true
from sqlalchemy.dialects.postgresql import JSONB

from db.chunks import chunked
from db.query.fields import Field, Fields, FieldType
from db.rows import Row, fetch_by, labelled
from db.tables.tables import table_chunks, table_parts, table_rows, tables

__all__ = [
    "COLUMNS",
    "ROW_COLUMNS",
    "ROW_FIELDS",
    "Part",
    "placed_rows",
    "select_chunks",
    "select_parts",
    "select_row_digests",
    "select_row_digests_at",
    "select_row_sizes",
    "select_rows",
    "select_tables",
]

COLUMNS: dict[str, ColumnElement[Any]] = {
    "project_slug": tables.c.project_id,
    "digest": tables.c.digest,
    "ref": literal("weave:///") + tables.c.project_id + "/table/" + tables.c.digest,
    "row_count": tables.c.row_count,
    "size_bytes": tables.c.size_bytes,
    "created_at": tables.c.created_at,
}
"""What a table can be asked for, by the names that rows carry. Project and digest are always selected."""

ROW_COLUMNS: dict[str, ColumnElement[Any]] = {
    "project_slug": table_rows.c.project_id,
    "digest": table_rows.c.digest,
    "size_bytes": table_rows.c.size_bytes,
    "val": table_rows.c.val,
}
"""What a row can be asked for; in a table it has ``table_digest`` and ``original_index``, from 0, too."""

ROW_FIELDS = Fields(
    (), root=Field("val", FieldType.JSON, func.coalesce(table_rows.c.val_query, table_rows.c.val), nullable=False)
)
"""What rows can be filtered and sorted by: any path into their values."""

KEYS = ("project_slug", "digest")


class Part(NamedTuple):
    """A run of rows of a table: rows from ``first_row`` on are those of the chunk."""

    table_digest: str
    first_row: int
    row_count: int
    chunk_digest: str


def select_tables(
    connection: Connection, project_id: str, digests: Iterable[str], columns: Collection[str]
) -> dict[str, Row]:
    """Tables by digest; those that are not there are missing."""
    selected = labelled(COLUMNS, KEYS, columns)
    found = fetch_by(connection, "Table", selected, tables.c.digest, digests, tables.c.project_id == project_id)
    return {row.digest: row for row in found}


def select_rows(
    connection: Connection, project_id: str, digests: Iterable[str], columns: Collection[str]
) -> dict[str, Row]:
    """Rows by digest, whatever tables hold them; those that are not there are missing."""
    selected, in_project = labelled(ROW_COLUMNS, KEYS, columns), table_rows.c.project_id == project_id
    found = fetch_by(connection, "TableRow", selected, table_rows.c.digest, digests, in_project)
    return {row.digest: row for row in found}


def select_row_sizes(connection: Connection, project_id: str, digests: Iterable[str]) -> dict[str, int]:
    """Bytes of those rows that exist, by digest."""
    sizes: dict[str, int] = {}
    for chunk in chunked(dict.fromkeys(digests)):
        statement = select(table_rows.c.digest, table_rows.c.size_bytes).where(
            table_rows.c.project_id == project_id, table_rows.c.digest.in_(chunk)
        )
        sizes.update((digest, size) for digest, size in connection.execute(statement))
    return sizes


def select_parts(
    connection: Connection, project_id: str, table_digest: str, start: int = 0, stop: int | None = None
) -> list[Part]:
    """The parts of a table that hold rows from ``start`` to before ``stop``, in order."""
    c = table_parts.c
    statement = (
        select(c.table_digest, c.first_row, c.row_count, c.chunk_digest)
        .where(c.project_id == project_id, c.table_digest == table_digest, c.first_row + c.row_count > start)
        .order_by(c.first_row)
    )
    if stop is not None:
        statement = statement.where(c.first_row < stop)
    return [Part(*row) for row in connection.execute(statement)]


def select_chunks(connection: Connection, project_id: str, digests: Iterable[str]) -> dict[str, list[str]]:
    """Row digests of chunks, by chunk digest."""
    c = table_chunks.c
    found: dict[str, list[str]] = {}
    for chunk in chunked(dict.fromkeys(digests)):
        statement = select(c.digest, c.row_digests).where(c.project_id == project_id, c.digest.in_(chunk))
        found.update((digest, orjson.loads(text)) for digest, text in connection.execute(statement))
    return found


def select_row_digests(
    connection: Connection, project_id: str, table_digest: str, start: int = 0, stop: int | None = None
) -> list[str]:
    """Digests of the rows of a table from ``start`` to before ``stop``; only chunks that hold them are read."""
    parts = select_parts(connection, project_id, table_digest, start, stop)
    if not parts:
        return []
    chunks = select_chunks(connection, project_id, (part.chunk_digest for part in parts))
    digests = [digest for part in parts for digest in chunks[part.chunk_digest]]
    first = parts[0].first_row
    return digests[max(start - first, 0) : None if stop is None else max(stop - first, 0)]


def select_row_digests_at(
    connection: Connection, project_id: str, positions: Collection[tuple[str, int]]
) -> dict[tuple[str, int], str]:
    """Row digests by (table digest, position); positions past the end are missing."""
    c = table_parts.c
    parts: defaultdict[str, list[Part]] = defaultdict(list)
    for chunk in chunked({table for table, _ in positions}):
        statement = select(c.table_digest, c.first_row, c.row_count, c.chunk_digest).where(
            c.project_id == project_id, c.table_digest.in_(chunk)
        )
        for row in connection.execute(statement):
            parts[row.table_digest].append(Part(*row))
    at: dict[tuple[str, int], tuple[str, int]] = {}
    for table, position in positions:
        for part in parts[table]:
            if 0 <= position - part.first_row < part.row_count:
                at[table, position] = part.chunk_digest, position - part.first_row
    chunks = select_chunks(connection, project_id, (chunk for chunk, _ in at.values()))
    return {key: chunks[chunk][offset] for key, (chunk, offset) in at.items()}


def _positions(connection: Connection) -> tuple[FromClause, ColumnElement[int], ColumnElement[str]]:
    """The elements of ``table_chunks.row_digests`` as rows: position in the chunk, and row digest."""
    if connection.dialect.name == "postgresql":
        elements = func.jsonb_array_elements_text(cast(table_chunks.c.row_digests, JSONB)).table_valued(
            "value", with_ordinality="position", name="element"
        )
        # The column names of a function with ordinality have to be spelt out.
        elements = elements.render_derived()
        return elements, elements.c.position - 1, elements.c.value
    elements = func.json_each(table_chunks.c.row_digests).table_valued("key", "value", name="element")
    return elements, elements.c.key, elements.c.value


def placed_rows(connection: Connection, project_id: str, digests: Collection[str]) -> CTE:
    """The places of all rows of tables: ``table_digest``, ``original_index``, ``digest``."""
    elements, position, digest = _positions(connection)
    return (
        select(
            table_parts.c.table_digest,
            (table_parts.c.first_row + position).label("original_index"),
            digest.label("digest"),
        )
        .select_from(
            table_parts.join(
                table_chunks,
                (table_chunks.c.project_id == project_id) & (table_chunks.c.digest == table_parts.c.chunk_digest),
            ).join(elements, true())
        )
        .where(table_parts.c.project_id == project_id, table_parts.c.table_digest.in_(digests))
        .cte("placed")
        .prefix_with("MATERIALIZED")
    )
