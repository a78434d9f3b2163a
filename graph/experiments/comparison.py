"""Two experiments side by side."""

from typing import Annotated

import strawberry

from graph.calls.types import Call
from graph.connections import After, Before, Connection, Offset
from graph.context import Info, context_of
from graph.experiments.measured import (
    AggregateFunction,
    EventsFirst,
    EventsLast,
    ListedArguments,
    MeasuredMetric,
    RunFilters,
    chosen_events,
    connect_listed,
    label_of,
)
from graph.experiments.results import ExperimentEventKind
from graph.experiments.types import Experiment
from graph.fields import column, link
from graph.nodes import ProjectPart
from graph.rows import load_call, load_row
from resolvers.experiments.aggregates import Aggregate, number_of
from resolvers.experiments.comparison import MetricComparison
from resolvers.experiments.goals import Change
from resolvers.experiments.listed import Place
from resolvers.experiments.pairs import EventPair, event_pairs
from resolvers.experiments.read import experiments_by_id
from resolvers.experiments.results import ComparedKind, Comparison, compare_experiments, compared_kinds

__all__ = ["ProjectComparisons"]


@strawberry.type(
    description="A metric in two experiments. It is the same metric where it has the same name at events of the same "
    "name and type, or where each experiment has the name once, whatever the events: a function that was renamed, an "
    "experiment of another origin."
)
class ExperimentMetricComparison(MeasuredMetric):
    """``resolvers.experiments.comparison.MetricComparison``; ``key`` is that of the new experiment if it has one."""

    compared: strawberry.Private[MetricComparison]

    @link("Name of the events that it is measured at in the old experiment; null where that does not have it.")
    def old_event_name(self) -> str | None:
        """Of the old key."""
        return self.compared.old and self.compared.old.event_name

    @link("Type of the events that it is measured at in the old experiment; null where that does not have it.")
    def old_event_type(self) -> str | None:
        """Of the old key."""
        return self.compared.old and self.compared.old.event_type

    @link("Whether the old experiment has it.")
    def in_old(self) -> bool:
        """By the keys."""
        return self.compared.old is not None

    @link("Whether the new experiment has it.")
    def in_new(self) -> bool:
        """By the keys."""
        return self.compared.new is not None

    @link("What all its numbers in the old experiment were brought to; null where there are none.")
    def old_aggregate(self) -> float | None:
        """As in the result."""
        return self.compared.old_aggregate

    @link("What all its numbers in the new experiment were brought to; null where there are none.")
    def new_aggregate(self) -> float | None:
        """As in the result."""
        return self.compared.new_aggregate

    @link("The new aggregate less the old one; null where one is missing.")
    def difference(self) -> float | None:
        """Worked out."""
        return self.compared.difference

    @link(
        "The difference in percent of the old aggregate's absolute value: 0 where there is no difference, null where "
        "the old aggregate alone is 0 or one is missing."
    )
    def percentage_change(self) -> float | None:
        """Worked out."""
        return self.compared.percentage_change

    @link("How many datapoints have a value in both experiments.")
    def found_count(self) -> int:
        """Of pairs."""
        return len(self.compared.pairs)

    @link("How many of them improved.")
    def improved_count(self) -> int:
        """Of pairs."""
        return len(self.compared.having(Change.IMPROVED))

    @link("How many of them degraded.")
    def degraded_count(self) -> int:
        """Of pairs."""
        return len(self.compared.having(Change.DEGRADED))

    @link("How many of them are the same.")
    def same_count(self) -> int:
        """Of pairs."""
        return len(self.compared.having(Change.SAME))

    @link("How many of them are different texts, of which nothing says which is better.")
    def different_count(self) -> int:
        """Of pairs."""
        return len(self.compared.having(Change.DIFFERENT))

    @link(
        "Ids of the datapoints that have a value in both experiments, in the order of the old one: what the four lists "
        "below hold together. At most 200,000."
    )
    def found(self) -> list[str]:
        """Of pairs."""
        return [pair.datapoint_id for pair in self.compared.pairs]

    @link("Those of `found` whose new value is better, by `betterWhen`; of texts: passes where the old one did not.")
    def improved(self) -> list[str]:
        """Of pairs."""
        return self.compared.having(Change.IMPROVED)

    @link("Those of `found` whose new value is worse.")
    def degraded(self) -> list[str]:
        """Of pairs."""
        return self.compared.having(Change.DEGRADED)

    @link("Those of `found` whose values are equal, numbers but for rounding.")
    def same(self) -> list[str]:
        """Of pairs."""
        return self.compared.having(Change.SAME)

    @link("Those of `found` whose values are different texts, of which nothing says which is better.")
    def different(self) -> list[str]:
        """Of pairs."""
        return self.compared.having(Change.DIFFERENT)

    @link("Their numbers in the old experiment, in the order of `found`; null where the value is a text.")
    def old_values(self) -> list[float | None]:
        """Of pairs."""
        return [number_of(pair.old) for pair in self.compared.pairs]

    @link("Their numbers in the new experiment, in the order of `found`; null where the value is a text.")
    def new_values(self) -> list[float | None]:
        """Of pairs."""
        return [number_of(pair.new) for pair in self.compared.pairs]

    @link("Their texts in the old experiment, in the order of `found`: `true` or `false`, null for a number.")
    def old_labels(self) -> list[str | None]:
        """Of pairs."""
        return [label_of(pair.old) for pair in self.compared.pairs]

    @link("Their texts in the new experiment, in the order of `found`: `true` or `false`, null for a number.")
    def new_labels(self) -> list[str | None]:
        """Of pairs."""
        return [label_of(pair.new) for pair in self.compared.pairs]


@strawberry.type(description="A name and a type of events, and which of two experiments have such.")
class ComparedEventKind(ExperimentEventKind):
    """``resolvers.experiments.results.ComparedKind``."""

    in_old: bool = column("Whether the old experiment has such events.")
    in_new: bool = column("Whether the new experiment has such events.")


def _kind(compared: ComparedKind) -> ComparedEventKind:
    kind = compared.kind
    return ComparedEventKind(
        event_name=kind.event_name, event_type=kind.event_type, in_old=compared.in_old, in_new=compared.in_new
    )


@strawberry.type(description="What two experiments did with one datapoint: an event of each.")
class ExperimentEventPair:
    """Rows of ``_PAIR``."""

    project: strawberry.Private[str]
    datapoint_id: str = column("Id of the datapoint that both are over.")
    new_call_id: str = column("Id of the new experiment's event.")
    old_call_id: str = column("Id of the old experiment's event.")

    @link("The new experiment's event; null where it is gone by now.", needs=("project", "new_call_id"))
    async def new_call(self, info: Info) -> Call | None:
        """By the loader of calls."""
        call: Call | None = await load_call(info, self.project, self.new_call_id)
        return call

    @link("The old experiment's event; null where it is gone by now.", needs=("project", "old_call_id"))
    async def old_call(self, info: Info) -> Call | None:
        """By the loader of calls."""
        call: Call | None = await load_call(info, self.project, self.old_call_id)
        return call


_PAIR = ("project", "datapoint_id", "new_call_id", "old_call_id")


def _pair_place(pair: EventPair) -> Place:
    return Place(pair.new.started_at, pair.new.call_id)


@strawberry.type(description="Two experiments of a project side by side, of whichever origin each is.")
class ExperimentComparison:
    """``resolvers.experiments.results.Comparison``."""

    found: strawberry.Private[Comparison]

    @link("The new experiment.")
    async def new_experiment(self, info: Info) -> Experiment | None:
        """By the loader of experiments."""
        key = (self.found.project, self.found.new_id)
        experiment: Experiment | None = await load_row(info, experiments_by_id, key, Experiment)
        return experiment

    @link("The old experiment, which the new one is held against.")
    async def old_experiment(self, info: Info) -> Experiment | None:
        """By the loader of experiments."""
        key = (self.found.project, self.found.old_id)
        experiment: Experiment | None = await load_row(info, experiments_by_id, key, Experiment)
        return experiment

    @link("What the values of metrics were brought to.")
    def aggregate_function(self) -> Aggregate:
        """As asked for."""
        return self.found.function

    @link(
        "Each metric of either experiment, in the order of names; one that only one of them has stands with that side "
        "alone. Several values of one datapoint count as their average."
    )
    def metrics(self) -> list[ExperimentMetricComparison]:
        """In the order of keys."""
        found = self.found
        return [
            ExperimentMetricComparison(
                project=found.project,
                key=compared.key,
                better=compared.better_when,
                type=found.type_of(compared.key.name),
                compared=compared,
            )
            for compared in found.metrics
        ]

    @link(
        "Ids of the datapoints that both are over, whether or not they were measured, in the order in which the new "
        "experiment began with them. At most 200,000."
    )
    def common_datapoints(self) -> list[str]:
        """In memory."""
        return self.found.common

    @link("Ids of the datapoints that the new experiment alone is over, in its order.")
    def new_only_datapoints(self) -> list[str]:
        """In memory."""
        return self.found.new_only

    @link("Ids of the datapoints that the old experiment alone is over, in its order.")
    def old_only_datapoints(self) -> list[str]:
        """In memory."""
        return self.found.old_only

    @link("The names and types that events of either have, in the order of names; at most 1,000.", weight=10)
    async def event_kinds(self, info: Info) -> list[ComparedEventKind]:
        """One statement."""
        return [_kind(compared) for compared in await compared_kinds(context_of(info), self.found)]


NewId = Annotated[str, strawberry.argument(description="`Experiment.experimentId` of the new experiment.")]
OldId = Annotated[str, strawberry.argument(description="`Experiment.experimentId` of the one it is held against.")]


@strawberry.type
class ProjectComparisons(ProjectPart):
    """The part of Project about two of its experiments."""

    @link(
        "Two experiments side by side: HoneyHive's runs and Weave's evaluations alike. Of one with itself everything "
        "is the same. Null, with an error, where one of them is not there.",
        needs=("slug",),
        weight=100,
    )
    async def experiment_comparison(
        self,
        info: Info,
        new_experiment_id: NewId,
        old_experiment_id: OldId,
        aggregate: AggregateFunction = Aggregate.AVERAGE,
        filters: RunFilters = None,
    ) -> ExperimentComparison | None:
        """Worked out at once."""
        found = await compare_experiments(
            context_of(info), self.slug, new_experiment_id, old_experiment_id, aggregate, chosen_events(filters)
        )
        return ExperimentComparison(found=found)

    @link(
        "The events of two experiments in pairs, by the datapoint that they are over, in the order in which the new "
        "one's events began. Of one datapoint events of the same name and type pair, the first with the first; of what "
        "is left, sessions and rows of Weave evaluations pair in the same order, others where each experiment has one "
        "of their type left. Events "
        "without a counterpart are left out. A page is shorter than asked for where the payloads of its calls would "
        "pass 8 MiB.",
        needs=("slug",),
        weight=100,
    )
    async def experiment_event_pairs(
        self,
        info: Info,
        new_experiment_id: NewId,
        old_experiment_id: OldId,
        filters: RunFilters = None,
        first: EventsFirst = None,
        after: After = None,
        last: EventsLast = None,
        before: Before = None,
        offset: Offset = None,
    ) -> Connection[ExperimentEventPair] | None:
        """A page of what is in memory."""
        slug = self.slug
        pairs = await event_pairs(context_of(info), slug, new_experiment_id, old_experiment_id, chosen_events(filters))
        connection: Connection[ExperimentEventPair] = await connect_listed(
            info,
            Connection[ExperimentEventPair],
            ExperimentEventPair,
            pairs,
            ListedArguments(first, after, last, before, offset),
            place=_pair_place,
            columns=_PAIR,
            row=lambda pair: (slug, pair.new.datapoint_id, pair.new.call_id, pair.old.call_id),
            size=lambda pair: pair.new.size + pair.old.size,
        )
        return connection
