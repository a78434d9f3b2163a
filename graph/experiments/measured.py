"""Values of metrics, as results and comparisons of experiments show them."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import strawberry

from db.pages import Page, PageRequest
from graph.calls.event_filters import EventFilterInput, event_filters
from graph.connections import connect, page_request
from graph.context import Info
from graph.enums import described_enum
from graph.fields import column, link
from graph.metrics.enums import MetricType
from graph.rows import load_row
from graph.scalars import DateTime
from resolvers.errors import InvalidInputError
from resolvers.experiments.aggregates import Aggregate, Value, number_of
from resolvers.experiments.comparison import MetricKey
from resolvers.experiments.goals import BetterWhen
from resolvers.experiments.listed import Place, page_of
from resolvers.experiments.values import RunEvents
from resolvers.metrics.definition import Threshold
from resolvers.metrics.read import metrics_by_name

if TYPE_CHECKING:
    from graph.metrics.types import Metric

__all__ = [
    "AggregateFunction",
    "EventsFirst",
    "EventsLast",
    "LabelCount",
    "ListedArguments",
    "MeasuredMetric",
    "MetricBounds",
    "MetricValue",
    "RunFilters",
    "StartedAfter",
    "StartedUntil",
    "bounds_of",
    "chosen_events",
    "connect_listed",
    "label_of",
    "labels_of",
    "metric_value",
]

T = TypeVar("T")

LARGEST_PAGE = 200_000
MOST_LABELS = 100

described_enum(
    Aggregate,
    name="ExperimentAggregate",
    description="What the values of a metric are brought to. True counts as 1, false as 0; texts are left out. "
    "Percentiles are linear between the two nearest ranks: of n sorted values the one at (n - 1) * p, from 0.",
    values={
        "AVERAGE": "Their sum divided by their number.",
        "MIN": "The least.",
        "MAX": "The greatest.",
        "MEDIAN": "The one in the middle, or the average of the two.",
        "P90": "The 90th percentile.",
        "P95": "The 95th percentile.",
        "P99": "The 99th percentile.",
        "SUM": "Their sum.",
        "COUNT": "How many there are.",
    },
)

described_enum(
    BetterWhen,
    name="MetricBetterWhen",
    description="Which of two numbers of a metric is the better one. Values may be added.",
    values={
        "HIGHER": "The greater one: of any metric of which nothing else is known.",
        "LOWER": "The lesser one: of a metric whose passing range has a `max` and no `min`, and of `model_latency` "
        "without a range.",
        "NEARER": "The one nearer to the value that passes: of a metric whose threshold has a `passWhen` and no "
        "bounds.",
    },
)

AggregateFunction = Annotated[
    Aggregate, strawberry.argument(description="What the values of each metric are brought to.")
]
RunFilters = Annotated[
    list[EventFilterInput] | None,
    strawberry.argument(
        description="Which events count, by conditions on them as HoneyHive sees them: all must hold; at most 100. A "
        "datapoint that no event of is left counts no more."
    ),
]
StartedAfter = Annotated[
    DateTime | None, strawberry.argument(description="Only events that began at this time or later.")
]
StartedUntil = Annotated[
    DateTime | None, strawberry.argument(description="Only events that began at this time or before.")
]
EventsFirst = Annotated[
    int | None,
    strawberry.argument(
        description="Page size from the front: 1 to 200,000; 100 where neither `first` nor `last` is given."
    ),
]
EventsLast = Annotated[
    int | None, strawberry.argument(description="Page size from the back: 1 to 200,000; excludes `first`.")
]


@dataclass(frozen=True, slots=True)
class ListedArguments:
    """What such a list is asked for with."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    offset: int | None = None


async def connect_listed(
    info: Info,
    connection: Any,
    node: type,
    items: Sequence[T],
    arguments: ListedArguments,
    *,
    place: Callable[[T], Place],
    columns: Sequence[str],
    row: Callable[[T], Sequence[Any]],
    size: Callable[[T], int] = lambda _item: 0,
) -> Any:
    """The connection of a list that is in memory as a whole, whose pages may be large."""
    for name, asked in (("first", arguments.first), ("last", arguments.last)):
        if asked is not None and not 1 <= asked <= LARGEST_PAGE:
            raise InvalidInputError(f"{name} must be from 1 to {LARGEST_PAGE}, not {asked}", [name])
    # Its rules, but for that of its size.
    first, last = (None if asked is None else 1 for asked in (arguments.first, arguments.last))
    request = page_request(first, arguments.after, last, arguments.before, arguments.offset)
    if (asked := arguments.first or arguments.last) is not None:
        request = replace(request, size=asked)

    async def read(request: PageRequest, _columns: frozenset[str]) -> Page:
        return page_of(items, place, request, node.__name__, columns, row, size)

    async def count(limit: int | None) -> int:
        return len(items) if limit is None else min(limit, len(items))

    return await connect(info, connection, node, request, read=read, count=count)


def chosen_events(
    filters: list[EventFilterInput] | None, started_after: DateTime | None = None, started_until: DateTime | None = None
) -> RunEvents:
    """Which events arguments ask for."""
    return RunEvents(tuple(event_filters(filters)), started_after, started_until)


def label_of(value: Value) -> str | None:
    """A text, and the word of a truth value; None for a number."""
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else None


@strawberry.type(description="A value of a metric.")
class MetricValue:
    """Of one event, or of all of a datapoint."""

    name: str = column(
        "Name of the metric; of a value inside an object with the path to it: `judge.correctness.score`."
    )
    value: float | None = column("The number; 1 for true and 0 for false, null for a text.")
    label: str | None = column("The text, in at most 1,000 characters; `true` or `false`, null for a number.")


def metric_value(name: str, value: Value) -> MetricValue:
    """A value as the graph shows it."""
    return MetricValue(name=name, value=number_of(value), label=label_of(value))


@strawberry.type(description="How often a metric had a text as its value.")
class LabelCount:
    """An item of a distribution."""

    label: str = column("The text, or `true` or `false`.")
    count: int = column("How many values it is.")


def labels_of(values: Iterable[Value]) -> list[LabelCount]:
    """The texts among values, the most frequent first, those of equal numbers by their letters."""
    counts = Counter(label for value in values if (label := label_of(value)) is not None)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [LabelCount(label=label, count=count) for label, count in ordered[:MOST_LABELS]]


@strawberry.type(description="Between which numbers a metric passes.")
class MetricBounds:
    """The bounds of a ``Threshold``."""

    min: float | None = column("The least that passes (inclusive); null where there is none.")
    max: float | None = column("The greatest that passes (inclusive); null where there is none.")


def bounds_of(threshold: Threshold | None) -> MetricBounds | None:
    """The bounds of a threshold; None where it has none."""
    if threshold is None or (threshold.min is None and threshold.max is None):
        return None
    return MetricBounds(min=threshold.min, max=threshold.max)


@strawberry.type
class MeasuredMetric:
    """What a metric is, where it is measured, and what is wanted of it."""

    project: strawberry.Private[str]
    key: strawberry.Private[MetricKey]
    better: strawberry.Private[BetterWhen]
    type: strawberry.Private[MetricType | None]

    @link("Name of the metric; of values inside an object with the path to them: `judge.correctness.score`.")
    def name(self) -> str:
        """Of the key."""
        return self.key.name

    @link(
        "Name of the events that it is measured at; of a Weave evaluation `Evaluation.predict_and_score`. Sessions "
        "belong together whatever each is called: `session` where their names differ."
    )
    def event_name(self) -> str:
        """Of the key."""
        return self.key.event_name

    @link("Their type: `model`, `tool`, `chain` or `session`.")
    def event_type(self) -> str:
        """Of the key."""
        return self.key.event_type

    @link(
        "How its values come about, where the project defines a metric of the name; null where it does not, as of "
        "scorers that clients run."
    )
    def metric_type(self) -> MetricType | None:
        """Of the definition."""
        return self.type

    @link("Which of two numbers of it is the better one.")
    def better_when(self) -> BetterWhen:
        """By its threshold."""
        return self.better

    @link("The metric of the name that the project defines; null where there is none.")
    async def metric(self, info: Info) -> Annotated["Metric", strawberry.lazy("graph.metrics.types")] | None:
        """By the loader of metrics."""
        if self.type is None:
            return None
        return await load_row(info, metrics_by_name, (self.project, self.key.name), "Metric")
