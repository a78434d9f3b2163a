"""What experiments came to, and two of them side by side."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.json_text import parse_json
from db.rows import Row
from resolvers.context import Context
from resolvers.errors import NotFoundError
from resolvers.experiments.aggregates import Aggregate
from resolvers.experiments.comparison import MetricComparison, compare_metrics
from resolvers.experiments.goals import Goal, goal_of
from resolvers.experiments.judgement import Judgement, judge
from resolvers.experiments.read import ExperimentStatus, experiments_by_id
from resolvers.experiments.twins import twins_of
from resolvers.experiments.values import EventKind, RunEvents, RunValues, event_kinds, run_values
from resolvers.metrics.definition import MetricDefinition, MetricType, Threshold
from resolvers.metrics.read import definitions_by_name

__all__ = [
    "ComparedKind",
    "Comparison",
    "RunResult",
    "compare_experiments",
    "compared_kinds",
    "experiment_results",
    "two_experiments",
]

_COLUMNS = frozenset({"status", "passing_ranges", "origin", "dataset_id"})

_GIVEN_UP = (ExperimentStatus.FAILED, ExperimentStatus.CANCELLED)

Definitions = Mapping[str, MetricDefinition]
"""The metrics of a project by name."""


@dataclass(frozen=True, slots=True, eq=False)
class RunResult:
    """What an experiment came to."""

    project: str
    experiment_id: str
    status: ExperimentStatus
    function: Aggregate
    judgement: Judgement
    definitions: Definitions

    @property
    def success(self) -> bool:
        """Whether no datapoint failed, nor the run itself."""
        return self.status not in _GIVEN_UP and not self.judgement.failed

    def type_of(self, name: str) -> MetricType | None:
        """The type of a metric; None where the project defines none of the name."""
        return self.definitions[name].type if name in self.definitions else None


@dataclass(frozen=True, slots=True)
class ComparedKind:
    """A kind of events, and which of two runs have it: one of them at least."""

    kind: EventKind
    in_old: bool
    in_new: bool


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two experiments side by side."""

    project: str
    old_id: str
    new_id: str
    function: Aggregate
    metrics: Sequence[MetricComparison]
    old_datapoints: Sequence[str]
    new_datapoints: Sequence[str]
    definitions: Definitions

    @property
    def common(self) -> list[str]:
        """The datapoints that both are over, in the order of the new one."""
        known = set(self.old_datapoints)
        return [each for each in self.new_datapoints if each in known]

    @property
    def new_only(self) -> list[str]:
        """The datapoints that the new one alone is over, in its order."""
        return _without(self.new_datapoints, self.old_datapoints)

    @property
    def old_only(self) -> list[str]:
        """The datapoints that the old one alone is over, in its order."""
        return _without(self.old_datapoints, self.new_datapoints)

    def type_of(self, name: str) -> MetricType | None:
        """As of a result."""
        return self.definitions[name].type if name in self.definitions else None


async def experiment_results(
    context: Context, keys: Sequence[tuple[str, str]], *, function: Aggregate, events: RunEvents
) -> list[RunResult | None]:
    """What each (project, experiment id) came to; None for what is not there or may not be seen."""
    runs = await experiments_by_id(context, keys, columns=_COLUMNS)
    there = [key for key, run in zip(keys, runs, strict=True) if run is not None]
    found = dict(zip(there, await _values(context, there, events), strict=True))
    definitions = await _definitions(context, found.items())
    results: list[RunResult | None] = []
    for (project, experiment_id), run in zip(keys, runs, strict=True):
        if run is None:
            results.append(None)
            continue
        values, known = found[project, experiment_id], definitions[project]
        ranges = _ranges(run)
        judgement = await asyncio.to_thread(
            judge, values.entries, values.values(), function, _goals(known, ranges), ranges.keys()
        )
        status = ExperimentStatus(run.status)
        results.append(RunResult(project, experiment_id, status, function, judgement, known))
    return results


async def compare_experiments(
    context: Context, project: str, new_id: str, old_id: str, function: Aggregate, events: RunEvents
) -> Comparison:
    """Two experiments of a project side by side. Raises NotFoundError, naming which of them is not there."""
    keys = [(project, old_id), (project, new_id)]
    old_run, new_run = await two_experiments(context, project, old_id, new_id)
    old, new = await _values(context, keys, events)
    if twins := await twins_of(context, project, old_run, new_run):
        old, new = old.over(twins), new.over(twins)
    known = (await _definitions(context, zip(keys, (old, new), strict=True)))[project]
    goals = _goals(known, _ranges(old_run) | _ranges(new_run))
    metrics = await asyncio.to_thread(compare_metrics, old.values(), new.values(), function, goals)
    return Comparison(project, old_id, new_id, function, metrics, old.datapoint_ids, new.datapoint_ids, known)


async def two_experiments(context: Context, project: str, old_id: str, new_id: str) -> tuple[Row, Row]:
    """The rows of an old and a new experiment. Raises NotFoundError, naming which of them is not there."""
    context.caller.require_read(project)
    old, new = await experiments_by_id(context, [(project, old_id), (project, new_id)], columns=_COLUMNS)
    if new is None:
        raise NotFoundError(f"There is no experiment {new_id!r}", ["newExperimentId"])
    if old is None:
        raise NotFoundError(f"There is no experiment {old_id!r}", ["oldExperimentId"])
    return old, new


async def compared_kinds(context: Context, comparison: Comparison) -> list[ComparedKind]:
    """The kinds of events of two runs, in the order of names."""
    keys = [(comparison.project, comparison.old_id), (comparison.project, comparison.new_id)]
    old, new = (set(kinds) for kinds in await event_kinds(context, keys))
    return [ComparedKind(kind, kind in old, kind in new) for kind in sorted(old | new)]


async def _values(context: Context, keys: Sequence[tuple[str, str]], events: RunEvents) -> list[RunValues]:
    """By the loader, so that all that one request asks of a run reads it once."""
    load = context.loaders.load
    found: list[RunValues | None] = await asyncio.gather(*(load(run_values, key, events=events) for key in keys))
    return [values or RunValues() for values in found]


async def _definitions(
    context: Context, runs: Iterable[tuple[tuple[str, str], RunValues]]
) -> dict[str, dict[str, MetricDefinition]]:
    """The metrics of each project that runs have values of."""
    named: dict[str, dict[str, None]] = {}
    for (project, _), values in runs:
        named.setdefault(project, {}).update(dict.fromkeys(name for event in values.events for name in event.metrics))
    keys = [(project, name) for project, names in named.items() for name in names]
    found: dict[str, dict[str, MetricDefinition]] = {project: {} for project in named}
    for (project, name), definition in zip(keys, await definitions_by_name(context, keys), strict=True):
        if definition is not None:
            found[project][name] = definition
    return found


def _goals(definitions: Definitions, ranges: Mapping[str, Threshold]) -> Callable[[str], Goal]:
    """What is wanted of metrics by name: what the run says itself, else what the metric does."""

    def goal(name: str) -> Goal:
        definition = definitions.get(name)
        return goal_of(name, ranges.get(name) or (None if definition is None else definition.threshold))

    return goal


def _ranges(run: Row) -> dict[str, Threshold]:
    """The passing ranges of a run that bound anything."""
    said: dict[str, dict[str, Any]] = parse_json(run.passing_ranges)
    found = {name: Threshold(bounds.get("min"), bounds.get("max")) for name, bounds in said.items()}
    return {name: range_ for name, range_ in found.items() if range_ != Threshold()}


def _without(some: Sequence[str], others: Sequence[str]) -> list[str]:
    known = set(others)
    return [each for each in some if each not in known]
