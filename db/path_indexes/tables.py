"""Which paths are indexed."""

from sqlalchemy import Column, PrimaryKeyConstraint, Table

from db.metadata import Name, metadata

__all__ = ["path_indexes"]

path_indexes = Table(
    "path_indexes",
    metadata,
    # A project, or ``EVERY_PROJECT``.
    Column("project_id", Name, nullable=False),
    Column("path", Name, nullable=False),
    PrimaryKeyConstraint("project_id", "path"),
    info={"distribute_by": "project_id"},
)
"""A row for each index that is there and whole."""
