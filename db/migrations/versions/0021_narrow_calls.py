"""On SQLite calls are listed and added up by an index that has their narrow columns, without a look at payloads.

Revision: 0021, after 0020
"""

from alembic import op

revision = "0021"
down_revision = "0020"

NAME = "ix_calls_narrow"
COLUMNS = (
    "project_id",
    "started_at",
    "id",
    "deleted_at",
    "trace_id",
    "parent_id",
    "session_id",
    "thread_id",
    "turn_id",
    "op_name",
    "display_name",
    "kind",
    "ended_at",
    "duration",
    "status",
    "model",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "wb_user_id",
    "start_size",
    "end_size",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(NAME, "calls", COLUMNS, unique=False)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index(NAME, "calls")
