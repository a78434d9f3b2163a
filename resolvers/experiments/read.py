"""Reading experiments by id."""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial

from db.experiments.reads import select_experiments_by_id, select_members
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.errors import NotFoundError

__all__ = [
    "ExperimentOrigin",
    "ExperimentStatus",
    "experiment_by_id",
    "experiment_members",
    "experiments_by_id",
]


class ExperimentStatus(StrEnum):
    """How an experiment stands."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ExperimentOrigin(StrEnum):
    """Who recorded it."""

    HONEYHIVE = "honeyhive"
    WEAVE = "weave"


async def experiments_by_id(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Experiments by (project, experiment id), in the order of ``keys``; None for what is not there or may not be
    seen."""
    return await read_by_key(context, keys, partial(select_experiments_by_id, columns=columns))


async def experiment_by_id(context: Context, project: str, experiment_id: str, *, columns: frozenset[str]) -> Row:
    """One experiment. Raises NotFoundError."""
    context.caller.require_read(project)
    (row,) = await experiments_by_id(context, [(project, experiment_id)], columns=columns)
    if row is None:
        raise NotFoundError(f"There is no experiment {experiment_id!r}", ["experimentId"])
    return row


async def experiment_members(context: Context, keys: Sequence[tuple[str, str]], *, role: str) -> list[list[str] | None]:
    """What each (project, experiment id) names in a list (``event``, ``session``, ``datapoint``), in its order; None
    where it names nothing."""
    return await read_by_key(context, keys, partial(select_members, role=role))
