"""Statistics of a project's feedback."""

from typing import Annotated, Any, cast

import strawberry

from graph.context import Info, context_of
from graph.cost import cost
from graph.enums import described_enum
from graph.fields import NEEDS, column, link
from graph.nodes import ProjectPart
from graph.scalars import BigInt, DateTime
from graph.selection import columns_of
from resolvers.calls.facets import check_size
from resolvers.feedback.stats import MetricSpec, MetricType, StatsWindow, feedback_stats

__all__ = ["FeedbackStats", "ProjectFeedbackStats"]

ASSUMED_BUCKETS = 100

described_enum(
    MetricType,
    name="FeedbackMetricType",
    description="What a metric reads; values of other types are left out. Values may be added.",
    values={
        "NUMERIC": "Numbers.",
        "BOOLEAN": "True and false, which count as 1 and 0.",
        "CATEGORICAL": "Texts, which are counted: all together as `count`, each for itself in `valueCounts`.",
    },
)


@strawberry.input(description="A value in the payloads of feedback to make statistics of.")
class FeedbackMetricInput:
    """The domain's MetricSpec."""

    json_path: str = column(
        "Where the value is: a dotted path into the payload, `output.score`; `\\.` is a dot in a key."
    )
    value_type: MetricType = column("What sort of value it is.", default=MetricType.NUMERIC)
    percentiles: list[float] = column(
        "Percentiles to compute, each from 0 to 100, at most 50 of them; passed over where the value is no number.",
        default_factory=list,
    )


@strawberry.type(description="A percentile and what it is.")
class Percentile:
    """A pair."""

    percentile: float = column("Which one: 50 is the median.")
    value: float | None = column("Linear between the nearest ranks; null where there are no values.")


@strawberry.type(description="A text, and how often it was said.")
class FeedbackValueCount:
    """A pair."""

    value: str = column("The text, cut after 500 characters.")
    count: BigInt = column("How many pieces of feedback have it.")


ValueCountsSize = Annotated[int, strawberry.argument(description="How many texts to list, 1 to 100.")]


@strawberry.type(description="What the values of one metric add up to in one span of time.")
class FeedbackMetricStats:
    """``resolvers.feedback.stats.MetricStats``."""

    spec: strawberry.Private[MetricSpec]

    @link("Its path.")
    def json_path(self) -> str:
        """As it was asked for."""
        return self.spec.path

    count: BigInt = column("How many values there are.")
    sum: float | None = column("Their sum, 0 without any; null for texts, and where it is beyond a double.")
    avg: float | None = column("Their mean; null without any.")
    min: float | None = column("The smallest; null without any.")
    max: float | None = column("The largest; null without any.")
    count_true: BigInt = column("How many are true, or the number 1.")
    count_false: BigInt = column("How many are false, or the number 0.")

    @link("The percentiles asked for, in their order; empty for values that are no numbers.")
    def percentiles(self) -> list[Percentile]:
        """As pairs."""
        pairs = cast("list[tuple[float, float | None]]", self.percentiles)  # of the domain's object
        return [Percentile(percentile=percentile, value=value) for percentile, value in pairs]

    @link(
        "The most frequent texts of a `CATEGORICAL` metric, each with how often it occurs, the most frequent first, "
        "then by the text; empty for others. The first 10,000 texts of the window are told apart, all others only "
        "counted in `count`.",
        needs=("texts",),
    )
    def value_counts(self, first: ValueCountsSize = 10) -> list[FeedbackValueCount]:
        """As pairs."""
        check_size("first", first, 100)
        row: Any = self
        return [FeedbackValueCount(value=value, count=count) for value, count in row.texts[:first]]


@strawberry.type(description="The feedback of one span of time.")
class FeedbackStatsBucket:
    """``resolvers.feedback.stats.Bucket``."""

    start: DateTime = column("When it begins, inclusive.")
    end: DateTime = column("When it ends, exclusive.")
    count: BigInt = column("How many pieces of feedback there are, whatever they say.")
    metrics: list[FeedbackMetricStats] = column("The metrics, in the order in which they were asked for.")


@strawberry.type(description="Statistics of feedback over a window of time, whole and in buckets.")
class FeedbackStats:
    """``resolvers.feedback.stats.FeedbackStats``."""

    granularity: int = column("Size of a bucket in seconds, as it was used.")
    timezone: str = column("Zone whose clock the buckets follow.")
    window: FeedbackStatsBucket = column("All of it, from the start to the end asked for; computed from the rows.")
    buckets: list[FeedbackStatsBucket] = strawberry.field(
        description="The buckets in order, those without feedback too. The first may begin before the window, the last "
        "end behind it. At most 10,000.",
        metadata={NEEDS: (), **cost(1, list_size=ASSUMED_BUCKETS)},
    )


Start = Annotated[
    DateTime | None,
    strawberry.argument(description="Begin of the window, inclusive; the first of the feedback where missing."),
]
End = Annotated[
    DateTime | None,
    strawberry.argument(description="End of the window, exclusive, at most 3,660 days later; now where missing."),
]
FeedbackType = Annotated[str | None, strawberry.argument(description="Only feedback of this type.")]
TriggerRef = Annotated[
    str | None,
    strawberry.argument(description="Only feedback with this trigger; a ref that ends in `:*` means any version."),
]
Granularity = Annotated[
    int | None,
    strawberry.argument(
        description="Size of a bucket in seconds, at most 366 days; chosen by the window where missing, and raised "
        "where it would give more than 10,000 buckets."
    ),
]
Timezone = Annotated[
    str, strawberry.argument(description="IANA name of the zone whose clock the buckets follow: `Europe/Berlin`.")
]
Metrics = Annotated[
    list[FeedbackMetricInput], strawberry.argument(description="What to make statistics of, at most 50 values.")
]


_METRICS = (("window", "metrics"), ("buckets", "metrics"))


@strawberry.type
class ProjectFeedbackStats(ProjectPart):
    """The part of Project about statistics of feedback."""

    @link("Statistics of what its feedback says, over a window of time.", needs=("slug",), weight=10)
    async def feedback_stats(
        self,
        info: Info,
        start: Start = None,
        end: End = None,
        feedback_type: FeedbackType = None,
        trigger_ref: TriggerRef = None,
        granularity: Granularity = None,
        timezone: Timezone = "UTC",
        metrics: Metrics = [],  # noqa: B006 - shown in the schema as the default, never changed
    ) -> FeedbackStats:
        """Read as pages of values."""
        window = StatsWindow(self.slug, start, end, feedback_type, trigger_ref, granularity, timezone)
        texts = "texts" in columns_of(info, FeedbackMetricStats, _METRICS)
        specs = [MetricSpec(metric.json_path, metric.value_type, metric.percentiles, texts) for metric in metrics]
        return cast("FeedbackStats", await feedback_stats(context_of(info), window, specs))
