"""What experiments came to."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.calls.types import Call
from graph.connections import After, Before, Connection
from graph.context import Info, context_of
from graph.experiments.enums import ExperimentStatus
from graph.experiments.measured import (
    AggregateFunction,
    EventsFirst,
    EventsLast,
    LabelCount,
    ListedArguments,
    MeasuredMetric,
    MetricBounds,
    MetricValue,
    RunFilters,
    StartedAfter,
    StartedUntil,
    bounds_of,
    chosen_events,
    connect_listed,
    label_of,
    labels_of,
    metric_value,
)
from graph.fields import column, link
from graph.rows import load_call, load_row
from graph.scalars import DateTime
from resolvers.datapoints.read import datapoints_by_id
from resolvers.experiments.aggregates import Aggregate, number_of
from resolvers.experiments.judgement import DatapointMetric, DatapointResult, MetricResult
from resolvers.experiments.listed import Place
from resolvers.experiments.results import RunResult, experiment_results
from resolvers.experiments.values import MeasuredEvent, RunValues, event_kinds, run_values

if TYPE_CHECKING:
    from graph.datapoints.types import Datapoint

__all__ = ["ExperimentEventKind", "ExperimentResults"]


@strawberry.type(description="A name and a type that events of an experiment have.")
class ExperimentEventKind:
    """``resolvers.experiments.values.EventKind``."""

    event_name: str = column("Name of the events.")
    event_type: str = column("Their type: `model`, `tool`, `chain` or `session`.")


@strawberry.type(description="What a metric came to in an experiment.")
class ExperimentMetric(MeasuredMetric):
    """``resolvers.experiments.judgement.MetricResult``."""

    result: strawberry.Private[MetricResult]

    @link("What its numbers were brought to by the function that was asked for; null where it has no numbers.")
    def aggregate(self) -> float | None:
        """Of all values."""
        return self.result.aggregate

    @link("Its numbers, 1 for true and 0 for false, in the order in which their events began; at most 200,000.")
    def values(self) -> list[float]:
        """Of all values."""
        return [number for value in self.result.values if (number := number_of(value)) is not None]

    @link(
        "How often it was each of its texts, the most frequent first, at most 100 of them; truth values are `true` and "
        "`false`. Empty for numbers."
    )
    def labels(self) -> list[LabelCount]:
        """Of all values."""
        return labels_of(self.result.values)

    @link(
        "Between which numbers it passes: by the experiment's `passingRanges`, else by the metric's threshold; null "
        "where neither bounds it."
    )
    def passing_range(self) -> MetricBounds | None:
        """Of the goal."""
        return bounds_of(self.result.goal.threshold)

    @link(
        "The datapoints that pass by this metric, as in `ExperimentResult.passed`; empty where nothing says which "
        "values pass. At most 200,000."
    )
    def passed(self) -> list[str]:
        """Names of entries."""
        return list(self.result.passed)

    @link("The datapoints that do not pass by this metric; empty where nothing says which values pass.")
    def failed(self) -> list[str]:
        """Names of entries."""
        return list(self.result.failed)


@strawberry.type(description="A metric of a datapoint. Several values of one datapoint count as their average.")
class ExperimentDatapointMetric(MetricValue):
    """``resolvers.experiments.judgement.DatapointMetric``."""

    event_name: str = column("Name of the first of the events that it was measured at.")
    event_type: str = column("Their type: `model`, `tool`, `chain` or `session`.")
    passed: bool | None = column("Whether the value passes; null where nothing says which values do.")


@strawberry.type(
    description="What a datapoint came to in an experiment. Its sessions, or the rows of a Weave evaluation that are "
    "repeats of it, count together. A session over no datapoint stands for itself."
)
class ExperimentDatapoint:
    """Rows of ``_DATAPOINT``."""

    project: strawberry.Private[str]
    datapoint_id: str | None = column(
        "Id of the datapoint: what the metadata of the events, or of their session, say as `datapoint_id`; of a Weave "
        "evaluation the digest of the dataset's row. Null for a session over none."
    )
    session_id: str = column(
        "The first of its sessions; of calls outside of sessions their trace, as of a Weave evaluation's."
    )
    call_id: str = column("Id of the first call of that session, or of the row that predicts and scores.")
    passed: bool = column(
        "Whether it passes: all its values that are judged pass, and none is missing of a metric that the experiment's "
        "`passingRanges` name. True where nothing is judged."
    )
    metrics: list[ExperimentDatapointMetric] = column("Its metrics, in the order of their names.")

    @link("The call of `callId`; null where it is not there.", needs=("project", "call_id"))
    async def call(self, info: Info) -> Call | None:
        """By the loader of calls."""
        call: Call | None = await load_call(info, self.project, self.call_id)
        return call

    @link(
        "The datapoint; null where there is none of that id, as for ids that clients make up.",
        needs=("project", "datapoint_id"),
    )
    async def datapoint(self, info: Info) -> Annotated["Datapoint", strawberry.lazy("graph.datapoints.types")] | None:
        """By the loader of datapoints."""
        if self.datapoint_id is None:
            return None
        return await load_row(info, datapoints_by_id, (self.project, self.datapoint_id), "Datapoint")


_DATAPOINT = ("project", "datapoint_id", "session_id", "call_id", "passed", "metrics")


def _datapoint(project: str, result: DatapointResult) -> tuple[Any, ...]:
    entry = result.entry
    metrics = list(map(_datapoint_metric, result.metrics))
    return project, entry.datapoint_id, entry.session_id, entry.call_id, result.passed, metrics


def _datapoint_metric(metric: DatapointMetric) -> ExperimentDatapointMetric:
    return ExperimentDatapointMetric(
        name=metric.key.name,
        value=number_of(metric.value),
        label=label_of(metric.value),
        event_name=metric.event_name,
        event_type=metric.key.event_type,
        passed=metric.passed,
    )


def _place_of(result: DatapointResult) -> Place:
    return Place(result.entry.began, result.entry.name)


@strawberry.type(description="What an experiment came to, worked out from what its events say now.")
class ExperimentResult:
    """``resolvers.experiments.results.RunResult``."""

    found: strawberry.Private[RunResult]

    @link("How the experiment stands.")
    def status(self) -> ExperimentStatus:
        """Of its row."""
        return self.found.status

    @link("Whether no datapoint failed and the experiment is neither FAILED nor CANCELLED.")
    def success(self) -> bool:
        """Worked out."""
        return self.found.success

    @link("What the values of its metrics were brought to.")
    def aggregate_function(self) -> Aggregate:
        """As asked for."""
        return self.found.function

    @link(
        "The datapoints that pass, in the order in which they began: by `datapointId`, a session over none by its id, "
        "a row of a Weave evaluation over none by its call's. At most 200,000."
    )
    def passed(self) -> list[str]:
        """Names of entries."""
        return self.found.judgement.passed

    @link("The datapoints that do not pass, as in `passed`.")
    def failed(self) -> list[str]:
        """Names of entries."""
        return self.found.judgement.failed

    @link(
        "What each metric came to, at each name and type of events that it is measured at, in the order of names. "
        "Metrics are what events say of themselves, what the rows of a Weave evaluation say as scores and as "
        "`model_latency` (seconds), and what scorers and annotators say of either as feedback."
    )
    def metrics(self) -> list[ExperimentMetric]:
        """In the order of keys."""
        found = self.found
        return [
            ExperimentMetric(
                project=found.project,
                key=result.key,
                better=result.goal.better_when,
                type=found.type_of(result.key.name),
                result=result,
            )
            for result in found.judgement.metrics
        ]

    @link("What each datapoint came to, in the order in which they began.")
    async def datapoints(
        self,
        info: Info,
        first: EventsFirst = None,
        after: After = None,
        last: EventsLast = None,
        before: Before = None,
        passed: Annotated[
            bool | None, strawberry.argument(description="Only those that pass, or only those that do not.")
        ] = None,
    ) -> Connection[ExperimentDatapoint]:
        """A page of what is in memory."""
        chosen = [each for each in self.found.judgement.datapoints if passed is None or each.passed is passed]
        project = self.found.project
        connection: Connection[ExperimentDatapoint] = await connect_listed(
            info,
            Connection[ExperimentDatapoint],
            ExperimentDatapoint,
            chosen,
            ListedArguments(first, after, last, before),
            place=_place_of,
            columns=_DATAPOINT,
            row=lambda each: _datapoint(project, each),
        )
        return connection

    @link("The names and types that its events have, in the order of names; at most 1,000.", weight=10)
    async def event_kinds(self, info: Info) -> list[ExperimentEventKind]:
        """By a loader: one statement for the experiments of a list."""
        key = (self.found.project, self.found.experiment_id)
        kinds: list[ExperimentEventKind] = await context_of(info).loaders.load(event_kinds, key)
        return kinds


@strawberry.type(description="An event of an experiment and its metrics.")
class ExperimentEventMetrics:
    """Rows of ``_EVENT``."""

    project: strawberry.Private[str]
    call_id: str = column("Id of the call that the event is.")
    event_name: str = column("Its name.")
    event_type: str = column("Its type: `model`, `tool`, `chain` or `session`.")
    session_id: str = column("Id of its session; of a call outside of sessions that of its trace.")
    datapoint_id: str | None = column("Id of the datapoint that it, or its session, is over; null where it is none.")
    started_at: DateTime = column("When it began.")
    metrics: list[MetricValue] = column("Its metrics, in the order in which they were said; at least one.")

    @link("The call.", needs=("project", "call_id"))
    async def call(self, info: Info) -> Call | None:
        """By the loader of calls."""
        call: Call | None = await load_call(info, self.project, self.call_id)
        return call


_EVENT = (
    "project",
    "call_id",
    "event_name",
    "event_type",
    "session_id",
    "datapoint_id",
    "started_at",
    "metrics",
)  # fmt: skip


def _event(event: MeasuredEvent) -> tuple[Any, ...]:
    return (
        event.project,
        event.call_id,
        event.event_name,
        event.event_type,
        event.session_id,
        event.entry.datapoint_id,
        event.started_at,
        [metric_value(name, value) for name, value in event.metrics.items()],
    )


def _event_place(event: MeasuredEvent) -> Place:
    return Place(event.started_at, event.call_id)


@strawberry.type
class ExperimentResults:
    """The part of Experiment about what it came to; fields find the columns of Experiment's row."""

    @link(
        "What it came to: which datapoints pass, and what each metric is brought to.",
        needs=("project_slug", "experiment_id"),
        weight=50,
    )
    async def result(
        self,
        info: Info,
        aggregate: AggregateFunction = Aggregate.AVERAGE,
        filters: RunFilters = None,
        started_after: StartedAfter = None,
        started_until: StartedUntil = None,
    ) -> ExperimentResult:
        """By a loader: some statements for the experiments of a list."""
        row: Any = self
        key = (row.project_slug, row.experiment_id)
        events = chosen_events(filters, started_after, started_until)
        found = await context_of(info).loaders.load(experiment_results, key, function=aggregate, events=events)
        return ExperimentResult(found=found)

    @link(
        "Its events that have metrics, in the order in which they began. At most 200,000: an experiment with more is "
        "refused.",
        needs=("project_slug", "experiment_id"),
        weight=50,
    )
    async def event_metrics(
        self,
        info: Info,
        first: EventsFirst = None,
        after: After = None,
        last: EventsLast = None,
        before: Before = None,
        filters: RunFilters = None,
        started_after: StartedAfter = None,
        started_until: StartedUntil = None,
    ) -> Connection[ExperimentEventMetrics]:
        """By the loader that results are worked out from."""
        row: Any = self
        key = (row.project_slug, row.experiment_id)
        events = chosen_events(filters, started_after, started_until)
        values: RunValues = await context_of(info).loaders.load(run_values, key, events=events)
        connection: Connection[ExperimentEventMetrics] = await connect_listed(
            info,
            Connection[ExperimentEventMetrics],
            ExperimentEventMetrics,
            values.events,
            ListedArguments(first, after, last, before),
            place=_event_place,
            columns=_EVENT,
            row=_event,
        )
        return connection
