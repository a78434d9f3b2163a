"""Experiment runs, and what they name; evaluations that are there already become experiments.

Revision: 0012, after 0011
"""

import time

import sqlalchemy as sa
from alembic import op

from db.calls.tables import calls
from db.experiments.evaluations import is_evaluation, record_evaluations
from db.metadata import JSONColumn, Name

revision = "0012"
down_revision = "0011"

INDEXED = ("dataset_id", "offline_dataset_id", "dataset_ref", "model_ref", "evaluation_ref", "trace_id")


def upgrade() -> None:
    op.create_table(
        "experiments",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("id", Name(), nullable=False),
        sa.Column("origin", Name(), nullable=False),
        sa.Column("name", Name(), nullable=True),
        sa.Column("description", Name(), nullable=True),
        sa.Column("status", Name(), nullable=False),
        sa.Column("dataset_id", Name(), nullable=True),
        sa.Column("offline_dataset_id", Name(), nullable=True),
        sa.Column("dataset_ref", Name(), nullable=True),
        sa.Column("model_ref", Name(), nullable=True),
        sa.Column("evaluation_ref", Name(), nullable=True),
        sa.Column("trace_id", Name(), nullable=True),
        sa.Column("nested", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_by", Name(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("metadata", JSONColumn(), nullable=False),
        sa.Column("metadata_query", JSONColumn(), nullable=True),
        sa.Column("configuration", JSONColumn(), nullable=False),
        sa.Column("configuration_query", JSONColumn(), nullable=True),
        sa.Column("evaluators", JSONColumn(), nullable=False),
        sa.Column("passing_ranges", JSONColumn(), nullable=False),
        sa.Column("results", JSONColumn(), nullable=False),
        sa.Column("results_query", JSONColumn(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_experiments")),
    )
    op.create_index(op.f("ix_experiments_project_id_created_at_id"), "experiments", ["project_id", "created_at", "id"])
    for name in INDEXED:
        op.create_index(
            op.f(f"ix_experiments_project_id_{name}_created_at_id"),
            "experiments",
            ["project_id", name, "created_at", "id"],
            unique=False,
            sqlite_where=sa.text(f"{name} IS NOT NULL"),
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
    op.create_table(
        "experiment_members",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("experiment_id", Name(), nullable=False),
        sa.Column("role", Name(), nullable=False),
        sa.Column("member_id", Name(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "experiment_id", "role", "member_id", name=op.f("pk_experiment_members")),
    )
    op.create_index(
        op.f("ix_experiment_members_project_id_member_id_role_experiment_id"),
        "experiment_members",
        ["project_id", "member_id", "role", "experiment_id"],
    )
    _record_evaluations(op.get_bind())


def _record_evaluations(connection: sa.Connection) -> None:
    """As if they were recorded now; their times are those of their calls."""
    by_project: dict[str, list[str]] = {}
    ops = sa.select(calls.c.project_id, calls.c.op_name, calls.c.id)
    found = connection.execute(ops.where(calls.c.op_name.contains("Evaluation.evaluate", autoescape=True)))
    for project_id, op_name, call_id in found.all():
        if is_evaluation(op_name):
            by_project.setdefault(project_id, []).append(call_id)
    at = time.time_ns() // 1000
    for project_id, ids in by_project.items():
        record_evaluations(connection, project_id, ids, set(ids), at)


def downgrade() -> None:
    op.drop_table("experiment_members")
    op.drop_table("experiments")
