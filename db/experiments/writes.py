"""Writing experiments. All functions run inside a write transaction that holds the project (``db.projects.lock``)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select, update

from db.calls.tables import calls
from db.chunks import chunked
from db.experiments.tables import QUERIED, experiment_members, experiments
from db.json_text import query_form
from db.upsert import insert

__all__ = [
    "delete_experiment",
    "delete_experiments_of_calls",
    "insert_experiments",
    "replace_members",
    "select_unrecorded",
    "update_experiment",
]

e, m = experiments.c, experiment_members.c


def insert_experiments(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert experiments that do not exist. Columns that a row does not name are null, or their default."""
    if rows:
        empty = dict.fromkeys(e.keys())
        connection.execute(insert(connection, experiments), [{**empty, "nested": False, **_full(row)} for row in rows])


def update_experiment(connection: Connection, project_id: str, experiment_id: str, values: Mapping[str, Any]) -> None:
    """Set the given columns of an experiment; nothing happens where it is not there."""
    statement = update(experiments).where(e.project_id == project_id, e.id == experiment_id)
    connection.execute(statement.values(**_full(values)))


def _full(values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` and the ``<name>_query`` column of each JSON column that queries reach into."""
    return {**values, **{f"{name}_query": query_form(values[name]) for name in QUERIED if name in values}}


def replace_members(connection: Connection, project_id: str, experiment_id: str, role: str, ids: Sequence[str]) -> None:
    """Let the list ``role`` of an experiment be ``ids``; one that is there twice counts at its first place."""
    connection.execute(
        delete(experiment_members).where(m.project_id == project_id, m.experiment_id == experiment_id, m.role == role)
    )
    rows = [
        {
            "project_id": project_id,
            "experiment_id": experiment_id,
            "role": role,
            "member_id": member_id,
            "position": position,
        }
        for position, member_id in enumerate(dict.fromkeys(ids))
    ]
    if rows:
        connection.execute(insert(connection, experiment_members), rows)


def delete_experiment(connection: Connection, project_id: str, experiment_id: str) -> bool:
    """Forget an experiment and what it names, not its calls; whether it was there."""
    connection.execute(delete(experiment_members).where(m.project_id == project_id, m.experiment_id == experiment_id))
    gone = connection.execute(delete(experiments).where(e.project_id == project_id, e.id == experiment_id))
    return bool(gone.rowcount)


def delete_experiments_of_calls(connection: Connection, project_id: str, deleted_seq: int) -> None:
    """Forget the Weave evaluations whose calls the change ``deleted_seq`` deleted."""
    gone = select(calls.c.id).where(calls.c.project_id == project_id, calls.c.deleted_seq == deleted_seq)
    evaluations = select(e.id).where(e.project_id == project_id, e.origin == "weave", e.id.in_(gone))
    connection.execute(delete(experiment_members).where(m.project_id == project_id, m.experiment_id.in_(evaluations)))
    connection.execute(delete(experiments).where(e.project_id == project_id, e.origin == "weave", e.id.in_(gone)))


def select_unrecorded(connection: Connection, project_id: str, ids: Sequence[str]) -> list[str]:
    """Those of ``ids`` that no call has as its id or its session's, in their order."""
    known: set[str] = set()
    for chunk in chunked(dict.fromkeys(ids)):
        for column in (calls.c.id, calls.c.session_id):
            found = select(column).where(calls.c.project_id == project_id, column.in_(chunk)).distinct()
            known.update(connection.execute(found).scalars())
    return [each for each in dict.fromkeys(ids) if each not in known]
