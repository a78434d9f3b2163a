"""Evaluations that the server runs at the moment.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

from db.metadata import Name

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "evaluation_runs",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("call_id", Name(), nullable=False),
        sa.Column("owner", Name(), nullable=False),
        sa.Column("total_rows", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "call_id", name=op.f("pk_evaluation_runs")),
    )
