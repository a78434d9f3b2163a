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


def downgrade() -> None:
    op.drop_table("followers")
