"""Which change a call was seen to start, end, change and go at, and feedback that was purged.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

from db.metadata import Name

revision = "0006"
down_revision = "0005"

KINDS = ("started", "ended", "updated", "deleted")


def upgrade() -> None:
    op.drop_index(op.f("ix_calls_project_id_change_seq"), "calls")
    for kind in KINDS:
        op.add_column("calls", sa.Column(f"{kind}_seq", sa.BigInteger()))
    op.add_column("calls", sa.Column("updated_at", sa.BigInteger()))
    # When each happened was not kept so far: the last change stands for all.
    for kind in ("started", "ended", "deleted"):
        op.execute(f"UPDATE calls SET {kind}_seq = change_seq WHERE started_at IS NOT NULL AND {kind}_at IS NOT NULL")
    for kind in KINDS:
        op.create_index(
            op.f(f"ix_calls_project_id_{kind}_seq_id"),
            "calls",
            ["project_id", f"{kind}_seq", "id"],
            unique=False,
            sqlite_where=sa.text(f"{kind}_seq IS NOT NULL"),
            postgresql_where=sa.text(f"{kind}_seq IS NOT NULL"),
        )
    op.create_table(
        "purged_feedback",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("id", Name(), nullable=False),
        sa.Column("target_ref", Name(), nullable=False),
        sa.Column("feedback_type", Name(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("purged_at", sa.BigInteger(), nullable=False),
        sa.Column("purged_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "purged_seq", "id", name=op.f("pk_purged_feedback")),
    )
    op.create_index(
        op.f("ix_purged_feedback_project_id_created_seq_id"),
        "purged_feedback",
        ["project_id", "created_seq", "id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("purged_feedback")
    for kind in KINDS:
        op.drop_index(op.f(f"ix_calls_project_id_{kind}_seq_id"), "calls")
    op.drop_column("calls", "updated_at")
    for kind in KINDS:
        op.drop_column("calls", f"{kind}_seq")
    op.create_index(op.f("ix_calls_project_id_change_seq"), "calls", ["project_id", "change_seq"], unique=False)
