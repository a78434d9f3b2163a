"""How much a project keeps: bytes, and how many of what."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Table, cast, func, select

from db.calls.tables import calls
from db.feedback import feedback
from db.files import files
from db.objects.tables import objects
from db.rows import RowSet
from db.tables.tables import table_rows, tables

__all__ = ["COUNTS", "SIZES", "select_stats"]

SIZES: dict[str, tuple[Table, ColumnElement[Any], tuple[ColumnElement[bool], ...]]] = {
    "trace_storage_size_bytes": (calls, calls.c.start_size + calls.c.end_size, (calls.c.deleted_at.is_(None),)),
    "objects_storage_size_bytes": (objects, objects.c.size_bytes, (objects.c.deleted_at.is_(None),)),
    # Rows that several tables share are kept once.
    "tables_storage_size_bytes": (table_rows, table_rows.c.size_bytes, ()),
    "files_storage_size_bytes": (files, files.c.size_bytes, ()),
}
"""Each size by its name: the table, the bytes of a row, and which rows count."""

_SHOWN = (calls.c.started_at.is_not(None), calls.c.deleted_at.is_(None))

COUNTS: dict[str, tuple[Table, ColumnElement[Any], tuple[ColumnElement[bool], ...]]] = {
    "call_count": (calls, func.count(), _SHOWN),
    "trace_count": (calls, func.count(calls.c.trace_id.distinct()), _SHOWN),
    "session_count": (calls, func.count(calls.c.session_id.distinct()), _SHOWN),
    "thread_count": (calls, func.count(calls.c.thread_id.distinct()), (*_SHOWN, calls.c.thread_id != "")),
    "object_version_count": (objects, func.count(), (objects.c.deleted_at.is_(None), objects.c.kind != "op")),
    "op_version_count": (objects, func.count(), (objects.c.deleted_at.is_(None), objects.c.kind == "op")),
    "table_count": (tables, func.count(), ()),
    "file_count": (files, func.count(), ()),
    "feedback_count": (feedback, func.count(), ()),
}
"""Each count by its name: the table, the count, and which rows count."""


def select_stats(connection: Connection, project_id: str, columns: Collection[str]) -> RowSet:
    """One row of the project's slug and the sizes and counts that ``columns`` names, one statement each."""
    wanted = [name for name in (*SIZES, *COUNTS) if name in columns]
    values = []
    for name in wanted:
        table, value, conditions = SIZES.get(name) or COUNTS[name]
        if name in SIZES:
            value = cast(func.coalesce(func.sum(value), 0), BigInteger)
        statement = select(value).select_from(table).where(table.c.project_id == project_id, *conditions)
        values.append(connection.execute(statement).scalar_one())
    return RowSet("ProjectStats", ("project_slug", *wanted), [(project_id, *values)])
