"""Lists of tables and files: nothing but columns to select, filter and sort by."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table

from db.files import COLUMNS as FILE_COLUMNS
from db.files import files
from db.pages import Page, PageRequest, select_count, select_page
from db.query.fields import Field, Fields, FieldType
from db.query.order import Direction, Order, compile_order
from db.rows import labelled
from db.tables.reads import COLUMNS as TABLE_COLUMNS
from db.tables.tables import tables

__all__ = ["FILES", "TABLES", "Listing"]

Sorts = Sequence[tuple[str, Direction]]


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of one table that are addressed by their digest."""

    noun: str
    table: Table
    columns: Mapping[str, ColumnElement[Any]]
    fields: Fields

    def order(self, sorts: Sorts) -> Order:
        """By default the first stored comes first. Raises QueryError for a field that rows do not have."""
        return compile_order(sorts or [("created_at", "asc")], self.fields, tiebreak=["digest"])

    def page(
        self, connection: Connection, project_id: str, order: Order, request: PageRequest, columns: Collection[str]
    ) -> Page:
        """A page of the rows of a project; raises CursorError."""
        selected = labelled(self.columns, ("project_slug", "digest"), columns)
        return select_page(connection, self.noun, selected, [self.table.c.project_id == project_id], order, request)

    def count(self, connection: Connection, project_id: str, limit: int | None) -> int:
        """How many rows a project has; counting stops at ``limit``."""
        return select_count(connection, [self.table.c.project_id == project_id], limit)


def _common(table: Table) -> list[Field]:
    return [
        Field("digest", FieldType.TEXT, table.c.digest, nullable=False),
        Field("size_bytes", FieldType.INTEGER, table.c.size_bytes, nullable=False),
        Field("created_at", FieldType.TIME, table.c.created_at, nullable=False),
    ]


TABLES = Listing(
    "Table",
    tables,
    TABLE_COLUMNS,
    Fields([*_common(tables), Field("row_count", FieldType.INTEGER, tables.c.row_count, nullable=False)]),
)
FILES = Listing("File", files, FILE_COLUMNS, Fields([*_common(files), Field("name", FieldType.TEXT, files.c.name)]))
