"""Files: bytes by digest, in chunks."""

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Table

from db.metadata import Blob, Name, Time, metadata

__all__ = ["CHUNK_BYTES", "file_chunks", "files"]

CHUNK_BYTES = 1 << 20
"""Bytes a chunk holds, but for the last."""

files = Table(
    "files",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("digest", Name, nullable=False),
    Column("name", Name),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", Time, nullable=False),
    PrimaryKeyConstraint("project_id", "digest"),
    info={"distribute_by": "project_id"},
)

file_chunks = Table(
    "file_chunks",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("digest", Name, nullable=False),
    Column("chunk", BigInteger, nullable=False),
    Column("content", Blob, nullable=False),
    PrimaryKeyConstraint("project_id", "digest", "chunk"),
    info={"distribute_by": "project_id"},
)
