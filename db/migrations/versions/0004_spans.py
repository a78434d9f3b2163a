"""Finding spans that are kept under another id than their own.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index(
        op.f("ix_calls_project_id_span_id"),
        "calls",
        ["project_id", "span_id"],
        unique=False,
        sqlite_where=sa.text("span_id IS NOT NULL"),
        postgresql_where=sa.text("span_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_calls_project_id_span_id"), "calls")
