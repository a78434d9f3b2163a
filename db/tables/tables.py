"""The tables of tables: rows, chunks of row digests, and the parts that a table is made of."""

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table

from db.metadata import JSONColumn, Name, Time, metadata

__all__ = ["CHUNK_ROWS", "table_chunks", "table_parts", "table_rows", "tables"]

CHUNK_ROWS = 1000
"""Rows a chunk holds; an append writes the last chunk again and shares the others."""

table_rows = Table(
    "table_rows",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("digest", Name, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    # Last: SQLite reads past a long value to get at the columns behind it.
    Column("val", JSONColumn, nullable=False),
    Column("val_query", JSONColumn),
    PrimaryKeyConstraint("project_id", "digest"),
    info={"distribute_by": "project_id"},
)

tables = Table(
    "tables",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("digest", Name, nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", Time, nullable=False),
    PrimaryKeyConstraint("project_id", "digest"),
    info={"distribute_by": "project_id"},
)

table_chunks = Table(
    "table_chunks",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("digest", Name, nullable=False),
    # A JSON list of row digests, in order.
    Column("row_digests", JSONColumn, nullable=False),
    PrimaryKeyConstraint("project_id", "digest"),
    info={"distribute_by": "project_id"},
)

table_parts = Table(
    "table_parts",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("table_digest", Name, nullable=False),
    Column("first_row", BigInteger, nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("chunk_digest", Name, nullable=False),
    PrimaryKeyConstraint("project_id", "table_digest", "first_row"),
    Index(None, "project_id", "chunk_digest"),
    info={"distribute_by": "project_id"},
)
