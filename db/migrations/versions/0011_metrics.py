"""Metrics and their versions.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

from db.metadata import JSONColumn, Name

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "metrics",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("id", Name(), nullable=False),
        sa.Column("name", Name(), nullable=False),
        sa.Column("enabled_in_prod", sa.Boolean(), nullable=False),
        sa.Column("deployed", sa.BigInteger(), nullable=False),
        sa.Column("version_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", Name(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_metrics")),
        info={"distribute_by": "project_id"},
    )
    op.create_index(op.f("ix_metrics_project_id_name"), "metrics", ["project_id", "name"], unique=True)
    op.create_index(op.f("ix_metrics_project_id_created_at_id"), "metrics", ["project_id", "created_at", "id"])
    op.create_table(
        "metric_versions",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("metric_id", Name(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("digest", Name(), nullable=False),
        sa.Column("message", Name(), nullable=False),
        sa.Column("changed", JSONColumn(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", Name(), nullable=False),
        sa.Column("name", Name(), nullable=False),
        sa.Column("type", Name(), nullable=False),
        sa.Column("criteria", Name(), nullable=False),
        sa.Column("description", Name(), nullable=True),
        sa.Column("return_type", Name(), nullable=False),
        sa.Column("enabled_in_prod", sa.Boolean(), nullable=False),
        sa.Column("needs_ground_truth", sa.Boolean(), nullable=False),
        sa.Column("sampling_percentage", sa.Double(), nullable=False),
        sa.Column("model_provider", Name(), nullable=True),
        sa.Column("model_name", Name(), nullable=True),
        sa.Column("scale", sa.BigInteger(), nullable=True),
        sa.Column("threshold", JSONColumn(), nullable=True),
        sa.Column("categories", JSONColumn(), nullable=True),
        sa.Column("child_metrics", JSONColumn(), nullable=True),
        sa.Column("filters", JSONColumn(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "metric_id", "number", name=op.f("pk_metric_versions")),
        info={"distribute_by": "project_id"},
    )
    op.create_index(
        op.f("ix_metric_versions_project_id_digest"), "metric_versions", ["project_id", "digest"], unique=True
    )


def downgrade() -> None:
    op.drop_table("metric_versions")
    op.drop_table("metrics")
