"""The tables of the trace model.

Revision: 0001, after nothing
"""

import sqlalchemy as sa
from alembic import op

from db.metadata import JSONColumn, Name

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("id", Name(), nullable=False),
        sa.Column("trace_id", Name(), nullable=True),
        sa.Column("parent_id", Name(), nullable=True),
        sa.Column("session_id", Name(), nullable=True),
        sa.Column("thread_id", Name(), nullable=True),
        sa.Column("turn_id", Name(), nullable=True),
        sa.Column("op_name", Name(), nullable=True),
        sa.Column("display_name", Name(), nullable=True),
        sa.Column("renamed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("kind", Name(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("duration", sa.BigInteger(), nullable=True),
        sa.Column("status", Name(), nullable=False),
        sa.Column("exception", Name(), nullable=True),
        sa.Column("model", Name(), nullable=True),
        sa.Column("input_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_tokens", sa.BigInteger(), nullable=True),
        sa.Column("total_tokens", sa.BigInteger(), nullable=True),
        sa.Column("wb_user_id", Name(), nullable=True),
        sa.Column("wb_run_id", Name(), nullable=True),
        sa.Column("wb_run_step", sa.BigInteger(), nullable=True),
        sa.Column("wb_run_step_end", sa.BigInteger(), nullable=True),
        sa.Column("span_id", Name(), nullable=True),
        sa.Column("start_size", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("end_size", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("change_seq", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("attributes", JSONColumn(), nullable=True),
        sa.Column("attributes_query", JSONColumn(), nullable=True),
        sa.Column("inputs", JSONColumn(), nullable=True),
        sa.Column("inputs_query", JSONColumn(), nullable=True),
        sa.Column("output", JSONColumn(), nullable=True),
        sa.Column("output_query", JSONColumn(), nullable=True),
        sa.Column("summary", JSONColumn(), nullable=True),
        sa.Column("summary_query", JSONColumn(), nullable=True),
        sa.Column("event", JSONColumn(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_calls")),
        info={"distribute_by": "project_id"},
    )
    op.create_index(op.f("ix_calls_project_id_change_seq"), "calls", ["project_id", "change_seq"], unique=False)
    op.create_index(
        op.f("ix_calls_project_id_op_name_started_at_id"),
        "calls",
        ["project_id", "op_name", "started_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_calls_project_id_parent_id_started_at_id"),
        "calls",
        ["project_id", "parent_id", "started_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_calls_project_id_session_id_started_at_id"),
        "calls",
        ["project_id", "session_id", "started_at", "id"],
        unique=False,
        sqlite_where=sa.text("session_id IS NOT NULL"),
        postgresql_where=sa.text("session_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_calls_project_id_started_at_id"), "calls", ["project_id", "started_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_calls_project_id_thread_id_started_at_id"),
        "calls",
        ["project_id", "thread_id", "started_at", "id"],
        unique=False,
        sqlite_where=sa.text("thread_id IS NOT NULL"),
        postgresql_where=sa.text("thread_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_calls_project_id_trace_id_started_at_id"),
        "calls",
        ["project_id", "trace_id", "started_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_calls_project_id_wb_user_id_started_at_id"),
        "calls",
        ["project_id", "wb_user_id", "started_at", "id"],
        unique=False,
        sqlite_where=sa.text("wb_user_id IS NOT NULL"),
        postgresql_where=sa.text("wb_user_id IS NOT NULL"),
    )
    op.create_table(
        "feedback",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("id", Name(), nullable=False),
        sa.Column("target_ref", Name(), nullable=False),
        sa.Column("feedback_type", Name(), nullable=False),
        sa.Column("payload", JSONColumn(), nullable=False),
        sa.Column("payload_query", JSONColumn(), nullable=True),
        sa.Column("creator", Name(), nullable=True),
        sa.Column("annotation_ref", Name(), nullable=True),
        sa.Column("runnable_ref", Name(), nullable=True),
        sa.Column("call_ref", Name(), nullable=True),
        sa.Column("trigger_ref", Name(), nullable=True),
        sa.Column("queue_id", Name(), nullable=True),
        sa.Column("details", JSONColumn(), nullable=True),
        sa.Column("details_query", JSONColumn(), nullable=True),
        sa.Column("wb_user_id", Name(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("change_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_feedback")),
        info={"distribute_by": "project_id"},
    )
    op.create_index(op.f("ix_feedback_project_id_change_seq"), "feedback", ["project_id", "change_seq"], unique=False)
    op.create_index(
        op.f("ix_feedback_project_id_created_at_id"), "feedback", ["project_id", "created_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_feedback_project_id_target_ref_created_at_id"),
        "feedback",
        ["project_id", "target_ref", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "file_chunks",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("digest", Name(), nullable=False),
        sa.Column("chunk", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "digest", "chunk", name=op.f("pk_file_chunks")),
        info={"distribute_by": "project_id"},
    )
    op.create_table(
        "files",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("digest", Name(), nullable=False),
        sa.Column("name", Name(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "digest", name=op.f("pk_files")),
        info={"distribute_by": "project_id"},
    )
    op.create_table(
        "objects",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("kind", Name(), nullable=False),
        sa.Column("object_id", Name(), nullable=False),
        sa.Column("digest", Name(), nullable=False),
        sa.Column("version_index", sa.BigInteger(), nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("base_object_class", Name(), nullable=True),
        sa.Column("leaf_object_class", Name(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("wb_user_id", Name(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("published_seq", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("val", JSONColumn(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "kind", "object_id", "digest", name=op.f("pk_objects")),
        info={"distribute_by": "project_id"},
    )
    op.create_index(
        op.f("ix_objects_project_id_created_at_object_id_digest"),
        "objects",
        ["project_id", "created_at", "object_id", "digest"],
        unique=False,
    )
    op.create_index(
        op.f("ix_objects_project_id_object_id_digest"), "objects", ["project_id", "object_id", "digest"], unique=False
    )
    op.create_table(
        "projects",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("change_seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_projects")),
        info={"distribute_by": "project_id"},
    )
    op.create_table(
        "refs",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("source_kind", Name(), nullable=False),
        sa.Column("source_id", Name(), nullable=False),
        sa.Column("role", Name(), nullable=False),
        sa.Column("target", Name(), nullable=False),
        sa.Column("base", Name(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "source_kind", "source_id", "role", "target", name=op.f("pk_refs")),
        info={"distribute_by": "project_id"},
    )
    op.create_index(
        op.f("ix_refs_project_id_target_source_kind_role"),
        "refs",
        ["project_id", "target", "source_kind", "role"],
        unique=False,
    )
    op.create_index(
        op.f("ix_refs_project_id_base_source_kind_role"),
        "refs",
        ["project_id", "base", "source_kind", "role"],
        unique=False,
    )
    op.create_table(
        "table_chunks",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("digest", Name(), nullable=False),
        sa.Column("row_digests", JSONColumn(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "digest", name=op.f("pk_table_chunks")),
        info={"distribute_by": "project_id"},
    )
    op.create_table(
        "table_parts",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("table_digest", Name(), nullable=False),
        sa.Column("first_row", sa.BigInteger(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("chunk_digest", Name(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "table_digest", "first_row", name=op.f("pk_table_parts")),
        info={"distribute_by": "project_id"},
    )
    op.create_index(
        op.f("ix_table_parts_project_id_chunk_digest"), "table_parts", ["project_id", "chunk_digest"], unique=False
    )
    op.create_table(
        "table_rows",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("digest", Name(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("val", JSONColumn(), nullable=False),
        sa.Column("val_query", JSONColumn(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", "digest", name=op.f("pk_table_rows")),
        info={"distribute_by": "project_id"},
    )
    op.create_table(
        "tables",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("digest", Name(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "digest", name=op.f("pk_tables")),
        info={"distribute_by": "project_id"},
    )


def downgrade() -> None:
    for table in (
        "calls",
        "feedback",
        "file_chunks",
        "files",
        "objects",
        "projects",
        "refs",
        "table_chunks",
        "table_parts",
        "table_rows",
        "tables",
    ):
        op.drop_table(table)
