"""Token prices of projects.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

from db.metadata import Name

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "prices",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("id", Name(), nullable=False),
        sa.Column("llm_id", Name(), nullable=False),
        sa.Column("provider_id", Name(), nullable=False),
        sa.Column("prompt_token_cost", sa.Double(), nullable=False),
        sa.Column("completion_token_cost", sa.Double(), nullable=False),
        sa.Column("cache_read_input_token_cost", sa.Double(), nullable=False),
        sa.Column("cache_creation_input_token_cost", sa.Double(), nullable=False),
        sa.Column("prompt_token_cost_unit", Name(), nullable=False),
        sa.Column("completion_token_cost_unit", Name(), nullable=False),
        sa.Column("effective_date", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", Name(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_prices")),
        info={"distribute_by": "project_id"},
    )
    op.create_index(
        op.f("ix_prices_project_id_llm_id_effective_date"),
        "prices",
        ["project_id", "llm_id", "effective_date"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prices_project_id_created_at_id"), "prices", ["project_id", "created_at", "id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("prices")
