"""The objects table."""

from sqlalchemy import BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, Table

from db.metadata import JSONColumn, Name, Time, metadata

__all__ = ["objects"]

objects = Table(
    "objects",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("object_id", Name, nullable=False),
    Column("digest", Name, nullable=False),
    Column("version_index", BigInteger, nullable=False),
    Column("is_latest", Boolean, nullable=False),
    Column("base_object_class", Name),
    Column("leaf_object_class", Name),
    Column("size_bytes", BigInteger, nullable=False),
    Column("wb_user_id", Name),
    Column("created_at", Time, nullable=False),
    # When this content was last published; the newest of what is not deleted is the latest version.
    Column("published_seq", BigInteger, nullable=False),
    Column("deleted_at", Time),
    # Last: SQLite reads past a long value to get at the columns behind it.
    Column("val", JSONColumn, nullable=False),
    Column("val_query", JSONColumn),
    PrimaryKeyConstraint("project_id", "kind", "object_id", "digest"),
    Index(None, "project_id", "object_id", "digest"),
    Index(None, "project_id", "kind", "object_id", "is_latest", "version_index"),
    Index(None, "project_id", "created_at", "object_id", "digest"),
    info={"distribute_by": "project_id"},
)
