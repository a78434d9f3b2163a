"""What a call used of each model stands in a column of its own, and on SQLite in the index of traces.

Revision: 0022, after 0021
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from db.calls.model_usage import usage_text
from db.json_text import parse_json
from db.metadata import JSONColumn, Name

revision = "0022"
down_revision = "0021"

BATCH = 1000
OF_TRACES = ["project_id", "trace_id", "started_at", "id", "deleted_at"]
OF_TRACES_NAME = f"ix_calls_{'_'.join(OF_TRACES)}"
USED_NAME = "ix_calls_used"
TOKENS = ("input_tokens", "output_tokens", "total_tokens")

calls = sa.table(
    "calls",
    *(sa.column(name, Name()) for name in ("project_id", "id")),
    *(sa.column(name, sa.BigInteger()) for name in TOKENS),
    *(sa.column(name, JSONColumn()) for name in ("usage", "summary")),
)


def upgrade() -> None:
    op.add_column("calls", sa.Column("usage", JSONColumn()))
    connection = op.get_bind()
    counted = sa.select(calls.c.project_id, calls.c.id, calls.c.summary).where(
        sa.or_(*(calls.c[name].is_not(None) for name in TOKENS)), calls.c.summary.is_not(None)
    )
    said = (
        sa.update(calls)
        .where(calls.c.project_id == sa.bindparam("b_project"), calls.c.id == sa.bindparam("b_id"))
        .values(usage=sa.bindparam("said"))
    )
    # Along the table, as it lies: of a million calls, each has a page of its own. What is updated stays where it is
    # (SQLite), or is not seen by the statement that reads (PostgreSQL).
    for rows in connection.execute(counted, execution_options={"stream_results": True}).partitions(BATCH):
        connection.execute(said, [_said(*row) for row in rows])
    if connection.dialect.name == "sqlite":
        op.drop_index(OF_TRACES_NAME, "calls")
        op.create_index(USED_NAME, "calls", [*OF_TRACES, "parent_id", "usage"], unique=False)


def _said(project: str, call_id: str, summary: str) -> dict[str, Any]:
    parsed = parse_json(summary)
    usage = parsed.get("usage") if isinstance(parsed, dict) else None
    return {"b_project": project, "b_id": call_id, "said": usage_text(usage)}


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index(USED_NAME, "calls")
        op.create_index(OF_TRACES_NAME, "calls", OF_TRACES, unique=False)
    op.drop_column("calls", "usage")
