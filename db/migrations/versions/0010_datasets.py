"""Datasets and datapoints.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

from db.metadata import JSONColumn, Name

revision = "0010"
down_revision = "0009"

LINKED = "linked_call_id IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "datapoints",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("id", Name(), nullable=False),
        sa.Column("linked_call_id", Name(), nullable=True),
        sa.Column("created_by", Name(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("inputs", JSONColumn(), nullable=False),
        sa.Column("inputs_query", JSONColumn(), nullable=True),
        sa.Column("history", JSONColumn(), nullable=False),
        sa.Column("history_query", JSONColumn(), nullable=True),
        sa.Column("ground_truth", JSONColumn(), nullable=True),
        sa.Column("ground_truth_query", JSONColumn(), nullable=True),
        sa.Column("metadata", JSONColumn(), nullable=True),
        sa.Column("metadata_query", JSONColumn(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_datapoints")),
        info={"distribute_by": "project_id"},
    )
    op.create_index(
        op.f("ix_datapoints_project_id_created_at_id"), "datapoints", ["project_id", "created_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_datapoints_project_id_linked_call_id_created_at_id"),
        "datapoints",
        ["project_id", "linked_call_id", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text(LINKED),
        postgresql_where=sa.text(LINKED),
    )
    op.create_table(
        "datasets",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("id", Name(), nullable=False),
        sa.Column("name", Name(), nullable=False),
        sa.Column("description", Name(), nullable=True),
        sa.Column("datapoint_count", sa.BigInteger(), nullable=False),
        sa.Column("published_ref", Name(), nullable=True),
        sa.Column("imported_ref", Name(), nullable=True),
        sa.Column("created_by", Name(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_datasets")),
        info={"distribute_by": "project_id"},
    )
    op.create_index(
        op.f("ix_datasets_project_id_created_at_id"), "datasets", ["project_id", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_datasets_project_id_name"), "datasets", ["project_id", "name"], unique=False)
    op.create_table(
        "dataset_members",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("dataset_id", Name(), nullable=False),
        sa.Column("datapoint_id", Name(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "dataset_id", "datapoint_id", name=op.f("pk_dataset_members")),
        info={"distribute_by": "project_id"},
    )
    op.create_index(
        op.f("ix_dataset_members_project_id_dataset_id_position_datapoint_id"),
        "dataset_members",
        ["project_id", "dataset_id", "position", "datapoint_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dataset_members_project_id_datapoint_id_dataset_id"),
        "dataset_members",
        ["project_id", "datapoint_id", "dataset_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("dataset_members")
    op.drop_table("datasets")
    op.drop_table("datapoints")
