"""Tables of rows: both content-addressed, with chunks of row digests that tables share."""

from db.tables.tables import CHUNK_ROWS, table_chunks, table_parts, table_rows, tables

__all__ = ["CHUNK_ROWS", "table_chunks", "table_parts", "table_rows", "tables"]
