"""PostgreSQL tidies up after calls sooner, and keeps room in the indexes that grow at their end.

A call is written when it starts and again when it ends, and each index holds both until a vacuum. Where calls come in
the order of an index, its pages are full by the time of the ends and would split in two halves that nothing fills.

Revision: 0018, after 0017
"""

from alembic import op

revision = "0018"
down_revision = "0017"

INDEXES = ("ix_calls_project_id_started_at_id", "ix_calls_project_id_started_seq_id")
OFTEN = {
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_vacuum_insert_scale_factor": "0.1",
    "autovacuum_analyze_scale_factor": "0.02",
    "autovacuum_vacuum_cost_limit": "2000",
}
TABLES = ("calls", "refs", "feedback", "call_texts")
COUNTERS = {"fillfactor": "50", "autovacuum_vacuum_scale_factor": "0", "autovacuum_vacuum_threshold": "1000"}
"""Of tables of few rows that each write changes: their page has room for the next version."""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for name in INDEXES:
        op.execute(f"ALTER INDEX {name} SET (fillfactor = 75)")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} SET ({_written(OFTEN)})")
    for table in ("projects", "followers"):
        op.execute(f"ALTER TABLE {table} SET ({_written(COUNTERS)})")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for name in INDEXES:
        op.execute(f"ALTER INDEX {name} RESET (fillfactor)")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} RESET ({', '.join(OFTEN)})")
    for table in ("projects", "followers"):
        op.execute(f"ALTER TABLE {table} RESET ({', '.join(COUNTERS)})")


def _written(settings: dict[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in settings.items())
