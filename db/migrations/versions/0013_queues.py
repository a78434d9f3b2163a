"""Annotation queues and configurations.

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

from db.metadata import JSONColumn, Name
from db.name_lists import NameList

revision = "0013"
down_revision = "0012"


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


def downgrade() -> None:
    op.drop_table("configurations")
