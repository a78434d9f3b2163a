"""Feedback on calls and objects."""

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table

from db.metadata import JSONColumn, Name, Time, metadata

__all__ = ["feedback"]

feedback = Table(
    "feedback",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("weave_ref", Name, nullable=False),
    Column("feedback_type", Name, nullable=False),
    Column("payload", JSONColumn, nullable=False),
    Column("payload_query", JSONColumn),
    Column("creator", Name),
    Column("annotation_ref", Name),
    Column("runnable_ref", Name),
    Column("call_ref", Name),
    Column("trigger_ref", Name),
    Column("wb_user_id", Name),
    Column("created_at", Time, nullable=False),
    Column("change_seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("project_id", "id"),
    Index(None, "project_id", "weave_ref", "created_at", "id"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "project_id", "change_seq"),
    info={"distribute_by": "project_id"},
)
