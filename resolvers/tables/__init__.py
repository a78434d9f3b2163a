"""Tables: creating, updating and reading content-addressed lists of rows."""

from resolvers.tables.create import TableCreated, table_create, table_create_from_digests
from resolvers.tables.read import (
    table_by_digest,
    table_rows_by_digest,
    table_rows_page,
    tables_by_digest,
)
from resolvers.tables.update import Append, Insert, Pop, TableUpdate, TableUpdated, table_update

__all__ = [
    "Append",
    "Insert",
    "Pop",
    "TableCreated",
    "TableUpdate",
    "TableUpdated",
    "table_by_digest",
    "table_create",
    "table_create_from_digests",
    "table_rows_by_digest",
    "table_rows_page",
    "table_update",
    "tables_by_digest",
]
