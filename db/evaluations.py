"""Evaluations that the server runs: which process runs them, and until when it has said so.

The table stays local where others are sharded (docs/storage.md): it is a queue of this installation, read across
projects when a server starts, and holds only what runs at the moment.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Connection, PrimaryKeyConstraint, Table, delete, func, insert, select, update

from db.calls.filters import starts_with
from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.metadata import Name, Time, metadata

__all__ = [
    "EvaluationRun",
    "count_ended_children",
    "delete_run",
    "evaluation_runs",
    "extend_run",
    "insert_run",
    "select_run",
    "select_runs",
]

evaluation_runs = Table(
    "evaluation_runs",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("call_id", Name, nullable=False),
    Column("owner", Name, nullable=False),
    Column("total_rows", BigInteger, nullable=False),
    Column("lease_until", Time, nullable=False),
    PrimaryKeyConstraint("project_id", "call_id"),
)

c = evaluation_runs.c


class EvaluationRun(NamedTuple):
    """A run: its evaluation's call, the process that runs it, the rows it is over, and when that process is taken for
    gone unless it says otherwise (microseconds)."""

    project: str
    call_id: str
    owner: str
    total_rows: int
    lease_until: int


def insert_run(connection: Connection, run: EvaluationRun) -> None:
    """Note a run that begins."""
    values = dict(zip(c.keys(), run, strict=True))
    connection.execute(insert(evaluation_runs).values(values))


def extend_run(connection: Connection, project_id: str, call_id: str, lease_until: int) -> None:
    """Say that a run goes on."""
    connection.execute(
        update(evaluation_runs).where(c.project_id == project_id, c.call_id == call_id).values(lease_until=lease_until)
    )


def delete_run(connection: Connection, project_id: str, call_id: str) -> bool:
    """Forget a run that ended; whether it was there."""
    return bool(
        connection.execute(delete(evaluation_runs).where(c.project_id == project_id, c.call_id == call_id)).rowcount
    )


def select_run(connection: Connection, project_id: str, call_id: str) -> EvaluationRun | None:
    """One run; None where it ended, or never was one of ours."""
    row = connection.execute(
        select(evaluation_runs).where(c.project_id == project_id, c.call_id == call_id)
    ).one_or_none()
    return None if row is None else EvaluationRun(*row)


def select_runs(connection: Connection) -> Sequence[EvaluationRun]:
    """All runs of all projects."""
    return [EvaluationRun(*row) for row in connection.execute(select(evaluation_runs))]


def count_ended_children(connection: Connection, project_id: str, call_id: str, op_name_prefix: str) -> int:
    """How many calls below one have ended whose op's name begins so."""
    statement = select(func.count()).where(
        calls.c.project_id == project_id,
        calls.c.parent_id == call_id,
        SHOWN,
        calls.c.ended_at.is_not(None),
        starts_with(calls.c.op_name, op_name_prefix),
    )
    return int(connection.execute(statement).scalar_one())
