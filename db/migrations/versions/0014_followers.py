"""What follows the changes of projects, and the metrics that are to run.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

from db.metadata import Name

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "followers",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("name", Name(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", Name(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name=op.f("pk_followers")),
    )
    op.create_table(
        "metric_jobs",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("metric_id", Name(), nullable=False),
        sa.Column("call_id", Name(), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("error", Name(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", "metric_id", "call_id", name=op.f("pk_metric_jobs")),
    )
    op.create_index(op.f("ix_metric_jobs_failed_due_at"), "metric_jobs", ["failed", "due_at"])
    op.create_index(
        op.f("ix_metric_jobs_project_id_metric_id_failed_due_at"),
        "metric_jobs",
        ["project_id", "metric_id", "failed", "due_at"],
    )


def downgrade() -> None:
    op.drop_table("metric_jobs")
    op.drop_table("followers")
