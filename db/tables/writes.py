"""Writing tables.

Rows, chunks and tables are content-addressed and never change, so what is there already is left alone. The functions
run inside a write transaction that holds the project (``db.projects.lock``).
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, literal, select

from db.bulk import insert_missing, insert_new
from db.json_text import JSONText, query_forms
from db.metadata import Name
from db.prepared import Prepared
from db.tables.tables import table_chunks, table_parts, table_rows, tables
from db.text import utf8_size

__all__ = ["NewRows", "insert_rows", "insert_table", "is_table", "new_rows"]


class NewRows(NamedTuple):
    """Rows of ``table_rows``, which may be there already, but for their project: their values column by column."""

    digests: Sequence[str]
    sizes: Sequence[int]
    vals: Sequence[JSONText]
    query_forms: Sequence[str | None]


def new_rows(digests: Sequence[str], vals: Sequence[JSONText]) -> NewRows:
    """What is stored of rows."""
    return NewRows(digests, [utf8_size(val) for val in vals], vals, query_forms(vals))


def insert_rows(connection: Connection, project_id: str, rows: NewRows) -> None:
    """Write rows that are not there yet."""
    columns = {
        "project_id": [project_id] * len(rows.digests),
        "digest": rows.digests,
        "size_bytes": rows.sizes,
        "val": rows.vals,
        "val_query": rows.query_forms,
    }
    insert_missing(connection, table_rows, "digest", columns)


_IS_TABLE = Prepared(
    select(literal(1)).where(
        tables.c.project_id == bindparam("b_project", type_=Name()),
        tables.c.digest == bindparam("b_digest", type_=Name()),
    )
)


def is_table(connection: Connection, project_id: str, digest: str) -> bool:
    """Whether the project has the table."""
    return bool(_IS_TABLE.fetch(connection, {"b_project": project_id, "b_digest": digest}))


def insert_table(
    connection: Connection, values: Mapping[str, Any], chunks: Sequence[Sequence[str]], known: Sequence[str | None] = ()
) -> None:
    """Write a table that is not there yet: ``values`` hold every column of it but ``row_count``, ``chunks`` the digests
    of its rows, which exist. ``known`` are digests of those chunks that exist too, in the same places."""
    project_id = values["project_id"]
    digests, texts = [], []
    parts = []
    first_row = 0
    for number, chunk in enumerate(chunks):
        digest = known[number] if number < len(known) else None
        if digest is None:
            text = orjson.dumps(chunk)
            digest = hashlib.sha256(text).hexdigest()
            digests.append(digest)
            texts.append(text.decode())
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
    new = {"project_id": [project_id] * len(digests), "digest": digests, "row_digests": texts}
    insert_missing(connection, table_chunks, "digest", new)
    insert_new(connection, table_parts, parts)
    insert_new(connection, tables, [{**values, "row_count": first_row}])
