"""The tables of annotation queues."""

from sqlalchemy import BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, Table

from db.metadata import JSONColumn, Name, Time, metadata

__all__ = ["queue_items", "queues"]

queues = Table(
    "annotation_queues",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("description", Name, nullable=False),
    Column("enabled", Boolean, nullable=False),
    # A JSON list, as ``resolvers.calls.event_filters`` has it.
    Column("filters", JSONColumn, nullable=False),
    # It takes calls by itself that end at a later change of the project than this one; null where it takes none.
    Column("taking_since", BigInteger),
    Column("created_at", Time, nullable=False),
    Column("created_by", Name, nullable=False),
    Column("updated_at", Time),
    Column("deleted_at", Time),
    PrimaryKeyConstraint("project_id", "id"),
    Index(None, "project_id", "created_at", "id"),
    info={"distribute_by": "project_id"},
)

Index(
    None,
    queues.c.project_id,
    queues.c.taking_since,
    sqlite_where=queues.c.taking_since.is_not(None),
    postgresql_where=queues.c.taking_since.is_not(None),
)

queue_items = Table(
    "annotation_queue_items",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("queue_id", Name, nullable=False),
    # No foreign key: the call may come later, or be deleted.
    Column("call_id", Name, nullable=False),
    # Made of the project's change numbers, so that it grows.
    Column("position", BigInteger, nullable=False),
    Column("state", Name, nullable=False),
    # Whether the queue's filters took it.
    Column("automatic", Boolean, nullable=False),
    Column("added_at", Time, nullable=False),
    # When it was done or skipped, and by whom; null while it waits.
    Column("completed_at", Time),
    Column("completed_by", Name),
    PrimaryKeyConstraint("project_id", "id"),
    Index(None, "project_id", "queue_id", "call_id", unique=True),
    Index(None, "project_id", "queue_id", "position"),
    Index(None, "project_id", "queue_id", "state", "position"),
    Index(None, "project_id", "call_id", "position"),
    info={"distribute_by": "project_id"},
)
