"""Reading experiments: what can be selected, runs by id, pages, what queries can name."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from db.chunks import chunked
from db.experiments.tables import QUERIED, experiment_members, experiments
from db.query.fields import Field, Fields, FieldType
from db.readers import Reader

__all__ = [
    "COLUMNS",
    "EXPERIMENT_FIELDS",
    "select_experiments_by_id",
    "select_experiments_page",
    "select_members",
]

c = experiments.c

STATUSES = ("PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED")
ORIGINS = ("HONEYHIVE", "WEAVE")
"""The values of the enums of the graph (resolvers.experiments.read)."""

COLUMNS: dict[str, ColumnElement[Any]] = {
    "project_slug": c.project_id,
    "experiment_id": c.id,
    "origin": c.origin,
    "name": c.name,
    "description": c.description,
    "status": c.status,
    "dataset_id": c.dataset_id,
    "offline_dataset_id": c.offline_dataset_id,
    "dataset_ref": c.dataset_ref,
    "model_ref": c.model_ref,
    "evaluation_ref": c.evaluation_ref,
    "trace_id": c.trace_id,
    "created_by": c.created_by,
    "created_at": c.created_at,
    "updated_at": c.updated_at,
    "ended_at": c.ended_at,
    "metadata": c.metadata,
    "configuration": c.configuration,
    "evaluators": c.evaluators,
    "passing_ranges": c.passing_ranges,
    "results": c.results,
}
"""What an experiment can be asked for, by the names that rows carry. Its keys are always selected."""

EXPERIMENT_FIELDS = Fields(
    [
        Field("experiment_id", FieldType.TEXT, c.id, nullable=False),
        Field("origin", FieldType.TEXT, func.upper(c.origin), nullable=False, values=ORIGINS),
        Field("name", FieldType.TEXT, c.name),
        Field("description", FieldType.TEXT, c.description),
        Field("status", FieldType.TEXT, func.upper(c.status), nullable=False, values=STATUSES),
        Field("dataset_id", FieldType.TEXT, c.dataset_id),
        Field("dataset_ref", FieldType.TEXT, c.dataset_ref),
        Field("model_ref", FieldType.TEXT, c.model_ref),
        Field("evaluation_ref", FieldType.TEXT, c.evaluation_ref),
        Field("created_by", FieldType.TEXT, c.created_by),
        Field("created_at", FieldType.TIME, c.created_at, nullable=False),
        Field("updated_at", FieldType.TIME, c.updated_at),
        Field("ended_at", FieldType.TIME, c.ended_at),
        *(Field(name, FieldType.JSON, func.coalesce(c[f"{name}_query"], c[name])) for name in QUERIED),
    ],
    aliases={"user": "created_by"},
)
"""What queries and sorts of experiments can name."""

reader = Reader("Experiment", COLUMNS, "experiment_id")

select_experiments_by_id = reader.by_id
select_experiments_page = reader.page


def select_members(connection: Connection, project_id: str, ids: Iterable[str], role: str) -> dict[str, list[str]]:
    """What experiments name in the list ``role``, in its order; those that name nothing are missing."""
    m = experiment_members.c
    members: defaultdict[str, list[str]] = defaultdict(list)
    for chunk in chunked(ids):
        statement = (
            select(m.experiment_id, m.member_id)
            .where(m.project_id == project_id, m.experiment_id.in_(chunk), m.role == role)
            .order_by(m.experiment_id, m.position)
        )
        for experiment_id, member_id in connection.execute(statement):
            members[experiment_id].append(member_id)
    return members
