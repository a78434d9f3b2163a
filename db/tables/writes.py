"""Writing tables.

Rows, chunks and tables are content-addressed and never change, so what is there already is left alone. The functions
run inside a write transaction that holds the project (``db.projects.lock``).
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from db.bulk import insert_missing
from db.json_text import JSONText, query_forms
from db.tables.tables import table_chunks, table_parts, table_rows, tables
from db.upsert import insert

__all__ = ["RowValues", "insert_rows", "insert_table", "row_values"]


class RowValues(NamedTuple):
    """A row of ``table_rows`` but for its project."""

    digest: str
    size_bytes: int
    val: JSONText
    val_query: str | None


def row_values(digests: Sequence[str], vals: Sequence[JSONText]) -> list[RowValues]:
    """What is stored of rows."""
    sizes = [len(val) if val.isascii() else len(val.encode()) for val in vals]
    return list(map(RowValues, digests, sizes, vals, query_forms(vals)))


def insert_rows(connection: Connection, project_id: str, rows: Sequence[RowValues]) -> None:
    """Write rows that are not there yet."""
    values = [
        {"project_id": project_id, "digest": digest, "size_bytes": size, "val": val, "val_query": form}
        for digest, size, val, form in rows
    ]
    insert_missing(connection, table_rows, "digest", values)


def insert_table(
    connection: Connection, values: Mapping[str, Any], chunks: Sequence[Sequence[str]], known: Sequence[str | None] = ()
) -> None:
    """Write a table that is not there yet: ``values`` hold every column of it but ``row_count``, ``chunks`` the digests
    of its rows, which exist. ``known`` are digests of those chunks that exist too, in the same places."""
    project_id = values["project_id"]
    new, parts = [], []
    first_row = 0
    for number, chunk in enumerate(chunks):
        digest = known[number] if number < len(known) else None
        if digest is None:
            text = orjson.dumps(chunk)
            digest = hashlib.sha256(text).hexdigest()
            new.append({"project_id": project_id, "digest": digest, "row_digests": text.decode()})
        parts.append(
            {
                "project_id": project_id,
                "table_digest": values["digest"],
                "first_row": first_row,
                "row_count": len(chunk),
                "chunk_digest": digest,
            }
        )
        first_row += len(chunk)
    if new:
        connection.execute(insert(connection, table_chunks).on_conflict_do_nothing(), new)
    if parts:
        connection.execute(insert(connection, table_parts), parts)
    connection.execute(insert(connection, tables), {**values, "row_count": first_row})
