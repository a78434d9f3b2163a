"""The experiment, the dataset and the datapoint that a call belongs to; sections of HoneyHive stand in attributes.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

from db.metadata import JSONColumn, Name

revision = "0009"
down_revision = "0008"

COLUMNS = ("experiment_id", "dataset_id", "datapoint_id")
INDEXED = ("experiment_id", "datapoint_id")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("calls", sa.Column(name, Name(), nullable=True))
    op.drop_column("calls", "event")
    for name in INDEXED:
        op.create_index(
            op.f(f"ix_calls_project_id_{name}_started_at_id"),
            "calls",
            ["project_id", name, "started_at", "id"],
            unique=False,
            sqlite_where=sa.text(f"{name} IS NOT NULL"),
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )


def downgrade() -> None:
    for name in INDEXED:
        op.drop_index(op.f(f"ix_calls_project_id_{name}_started_at_id"), "calls")
    op.add_column("calls", sa.Column("event", JSONColumn(), nullable=True))
    for name in reversed(COLUMNS):
        op.drop_column("calls", name)
