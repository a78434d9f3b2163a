"""Calls are found by their kind, model, status, turn, type of exception, run and dataset without reading all of them.

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

COLUMNS = ("turn_id", "kind", "model", "exception_type", "wb_run_id", "dataset_id")


def upgrade() -> None:
    for name in COLUMNS:
        _create(name, f"{name} IS NOT NULL")
    _create("status", "status != 'success'")


def _create(name: str, where: str) -> None:
    op.create_index(
        op.f(f"ix_calls_project_id_{name}_started_at_id"),
        "calls",
        ["project_id", name, "started_at", "id"],
        unique=False,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def downgrade() -> None:
    for name in (*COLUMNS, "status"):
        op.drop_index(op.f(f"ix_calls_project_id_{name}_started_at_id"), "calls")
