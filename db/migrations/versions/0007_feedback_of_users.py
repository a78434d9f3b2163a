"""An index for the feedback that a user gave.

Revision: 0007, after 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index(
        op.f("ix_feedback_project_id_wb_user_id_created_at_id"),
        "feedback",
        ["project_id", "wb_user_id", "created_at", "id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_feedback_project_id_wb_user_id_created_at_id"), "feedback")
