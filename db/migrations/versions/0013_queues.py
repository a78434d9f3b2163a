"""Annotation queues and configurations.

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

from db.metadata import JSONColumn, Name
from db.name_lists import NameList

revision = "0013"
down_revision = "0012"

ITEM_INDEXES = (
    (("project_id", "queue_id", "call_id"), True),
    (("project_id", "queue_id", "position"), False),
    (("project_id", "queue_id", "state", "position"), False),
    (("project_id", "call_id", "position"), False),
)


def upgrade() -> None:
    op.create_table(
        "configurations",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("id", Name(), nullable=False),
        sa.Column("name", Name(), nullable=False),
        sa.Column("type", Name(), nullable=False),
        sa.Column("provider", Name(), nullable=False),
        sa.Column("model", Name(), nullable=False),
        sa.Column("parameters", JSONColumn(), nullable=False),
        sa.Column("environments", NameList(), nullable=False),
        sa.Column("tags", NameList(), nullable=False),
        sa.Column("user_properties", JSONColumn(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_configurations")),
        info={"distribute_by": "project_id"},
    )
    op.create_index(
        op.f("ix_configurations_project_id_created_at_id"),
        "configurations",
        ["project_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "annotation_queues",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("id", Name(), nullable=False),
        sa.Column("name", Name(), nullable=False),
        sa.Column("description", Name(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("filters", JSONColumn(), nullable=False),
        sa.Column("taking_since", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", Name(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_annotation_queues")),
        info={"distribute_by": "project_id"},
    )
    op.create_index(
        op.f("ix_annotation_queues_project_id_created_at_id"),
        "annotation_queues",
        ["project_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_annotation_queues_project_id_taking_since"),
        "annotation_queues",
        ["project_id", "taking_since"],
        unique=False,
        sqlite_where=sa.text("taking_since IS NOT NULL"),
        postgresql_where=sa.text("taking_since IS NOT NULL"),
    )
    op.create_table(
        "annotation_queue_items",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("id", Name(), nullable=False),
        sa.Column("queue_id", Name(), nullable=False),
        sa.Column("call_id", Name(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("state", Name(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("completed_by", Name(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_annotation_queue_items")),
        info={"distribute_by": "project_id"},
    )
    for columns, unique in ITEM_INDEXES:
        op.create_index(
            op.f(f"ix_annotation_queue_items_{'_'.join(columns)}"),
            "annotation_queue_items",
            list(columns),
            unique=unique,
        )
    op.create_index(
        op.f("ix_feedback_project_id_queue_id_created_at_id"),
        "feedback",
        ["project_id", "queue_id", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("queue_id IS NOT NULL"),
        postgresql_where=sa.text("queue_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_feedback_project_id_queue_id_created_at_id"), "feedback")
    op.drop_table("annotation_queue_items")
    op.drop_table("annotation_queues")
    op.drop_table("configurations")
