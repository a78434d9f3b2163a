"""Reading experiments by id."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from db.experiments.linked import select_linked_sessions, select_metric_names
from db.experiments.reads import select_experiments_by_id, select_members
from db.json_text import parse_json
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.errors import NotFoundError

__all__ = [
    "ExperimentOrigin",
    "ExperimentStatus",
    "PassingRange",
    "experiment_by_id",
    "experiment_members",
    "experiments_by_id",
    "linked_sessions",
    "metric_names",
    "parsed_passing_ranges",
    "result_names",
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


@dataclass(frozen=True, slots=True)
class PassingRange:
    """Between which values, inclusive, a metric passes; None leaves a side open."""

    metric: str
    min: float | None = None
    max: float | None = None


def parsed_passing_ranges(text: str) -> list[PassingRange]:
    """The passing ranges that the column of an experiment holds, by the names of the metrics."""
    ranges = parse_json(text)
    return [PassingRange(metric, bounds.get("min"), bounds.get("max")) for metric, bounds in sorted(ranges.items())]


def result_names(results: str) -> list[str]:
    """The names of what an evaluation's summary sums up."""
    return sorted(parse_json(results))


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


async def linked_sessions(context: Context, keys: Sequence[tuple[str, str]]) -> list[list[str] | None]:
    """The ids of the sessions of the calls recorded in each (project, experiment id), the first begun first, 10,000 at
    most; None where there is none."""
    return await read_by_key(context, keys, select_linked_sessions)


async def metric_names(context: Context, keys: Sequence[tuple[str, str]]) -> list[list[str] | None]:
    """The names of the metrics of the events recorded in each (project, experiment id), sorted; None where there is
    none."""
    return await read_by_key(context, keys, select_metric_names)
