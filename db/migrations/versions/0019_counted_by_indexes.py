"""Calls are counted without looking at them, and what they say is found the newest first.

The indexes of calls by what they have say which are deleted, too. On SQLite the texts of search get numbers that say
when their calls began: the server writes them anew.

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

OF_ALL = ("trace_id", "parent_id", "op_name")
OF_SOME = (
    "session_id",
    "thread_id",
    "turn_id",
    "kind",
    "model",
    "exception_type",
    "wb_user_id",
    "wb_run_id",
    "experiment_id",
    "dataset_id",
    "datapoint_id",
)


def upgrade() -> None:
    _replace(["deleted_at"], [])
    if op.get_bind().dialect.name == "sqlite":
        _forget_texts()


def downgrade() -> None:
    _replace([], ["deleted_at"])
    if op.get_bind().dialect.name == "sqlite":
        _forget_texts()


def _replace(last: list[str], last_before: list[str]) -> None:
    for name in ("", *OF_ALL, *OF_SOME, "status"):
        where = f"{name} IS NOT NULL" if name in OF_SOME else "status != 'success'" if name == "status" else None
        columns = ["project_id", *([name] if name else []), "started_at", "id"]
        op.drop_index(_name([*columns, *last_before]), "calls")
        condition = None if where is None else sa.text(where)
        op.create_index(
            _name([*columns, *last]),
            "calls",
            [*columns, *last],
            unique=False,
            sqlite_where=condition,
            postgresql_where=condition,
            postgresql_with=None if name else {"fillfactor": 75},
        )


def _name(columns: list[str]) -> str:
    return op.f(f"ix_calls_{'_'.join(columns)}")


def _forget_texts() -> None:
    op.execute("DROP TABLE IF EXISTS call_texts_index")  # made by db.search_index.prepare_search
    op.execute("DELETE FROM call_texts")
    op.execute("DELETE FROM followers WHERE name = 'texts'")
