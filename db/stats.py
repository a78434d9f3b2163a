"""How many bytes a project keeps."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Table, cast, func, select

from db.calls.tables import calls
from db.files import files
from db.objects.tables import objects
from db.rows import RowSet
from db.tables.tables import table_rows

__all__ = ["SIZES", "select_sizes"]

SIZES: dict[str, tuple[Table, ColumnElement[Any], tuple[ColumnElement[bool], ...]]] = {
    "trace_storage_size_bytes": (calls, calls.c.start_size + calls.c.end_size, (calls.c.deleted_at.is_(None),)),
    "objects_storage_size_bytes": (objects, objects.c.size_bytes, (objects.c.deleted_at.is_(None),)),
    # Rows that several tables share are kept once.
    "tables_storage_size_bytes": (table_rows, table_rows.c.size_bytes, ()),
    "files_storage_size_bytes": (files, files.c.size_bytes, ()),
}
"""Each size by its name: the table, the bytes of a row, and which rows count."""


def select_sizes(connection: Connection, project_id: str, columns: Collection[str]) -> RowSet:
    """One row of the project's slug and the sizes that ``columns`` names, one statement each."""
    wanted = [name for name in SIZES if name in columns]
    sums = []
    for name in wanted:
        table, size, conditions = SIZES[name]
        statement = select(cast(func.coalesce(func.sum(size), 0), BigInteger))
        statement = statement.where(table.c.project_id == project_id, *conditions)
        sums.append(connection.execute(statement).scalar_one())
    return RowSet("ProjectStats", ("project_slug", *wanted), [(project_id, *sums)])
