"""Statistics of calls over time."""

from enum import Enum
from typing import Annotated, Any, cast

import strawberry

from graph.calls.enums import CallKind, CallStatus
from graph.calls.filters import Filter, call_list
from graph.calls.totals import CostTotal
from graph.context import Info, context_of
from graph.cost import cost as weight
from graph.enums import described_enum
from graph.fields import NEEDS, column, link
from graph.nodes import ProjectPart
from graph.queries import Query, QueryJson
from graph.scalars import BigInt, DateTime
from graph.selection import columns_of
from resolvers.calls.statistics import StatsWindow, call_stats

__all__ = ["CallStats", "ProjectCallStats"]

ASSUMED_BUCKETS = 100


class CallStatsGroupBy(Enum):
    OP = "op_name"
    MODEL = "model"
    STATUS = "status"
    KIND = "kind"
    USER = "wb_user_id"


described_enum(
    CallStatsGroupBy,
    name="CallStatsGroupBy",
    description="What statistics tell calls apart by. Values may be added.",
    values={
        "OP": "The name of the op without its version, `Call.opShortName`.",
        "MODEL": "The model: calls by `Call.model` (the one used, else the one asked for), tokens and costs by the "
        "model that they were used of. A call that reports what calls below it used counts as well: add "
        "`filter: {kinds: [LLM]}` to leave it out.",
        "STATUS": "How the call stands, `Call.status`.",
        "KIND": "What sort of step it is, `Call.kind`.",
        "USER": "The user in whose name it was recorded, `Call.wbUserId`.",
    },
)


@strawberry.type(description="How long calls took, in milliseconds: of those that ended.")
class LatencyStats:
    """``resolvers.calls.statistics.Latency``."""

    count: BigInt = column("How many calls say how long they took; those that run still do not.")
    avg_ms: float | None = column("The mean; null where `count` is 0, as is all that follows.")
    min_ms: float | None = column("The shortest.")
    max_ms: float | None = column("The longest.")
    p50_ms: float | None = column("The median; percentiles are exact, and linear between the nearest two calls.")
    p90_ms: float | None = column("The 90th percentile.")
    p95_ms: float | None = column("The 95th percentile.")
    p99_ms: float | None = column("The 99th percentile.")


_ONCE = "counted once where a call reports what those below it used, too"


@strawberry.type(description="The calls that began in one span of time.")
class CallStatsBucket:
    """``resolvers.calls.statistics.Bucket``."""

    start: DateTime = column("When it begins, inclusive.")
    end: DateTime = column("When it ends, exclusive.")
    calls: BigInt = column("How many calls began in it.")
    errors: BigInt = column("How many of them ended with an exception: those with status `ERROR`.")
    descendant_errors: BigInt = column("How many ended well while a call below them did not: `DESCENDANT_ERROR`.")
    running: BigInt = column("How many have not ended: those with status `RUNNING`.")

    @link("The share of calls that ended with an exception, from 0 to 1; null without calls.", needs=("calls",))
    def error_rate(self) -> float | None:
        """Of all calls, those that run as well."""
        return self.errors / self.calls if self.calls else None

    latency: LatencyStats = column("How long they took.")
    input_tokens: BigInt = column(f"Tokens of prompts that they used themselves, {_ONCE}.")
    output_tokens: BigInt = column(f"Tokens of completions that they used themselves, {_ONCE}.")
    total_tokens: BigInt = column(f"All tokens that they used themselves, {_ONCE}.")
    cost: CostTotal | None = column("What these tokens cost (docs/costs.md); null where no model used has a price.")


def _buckets(description: str) -> Any:
    return strawberry.field(
        description=f"{description} The first may begin before the window, the last end behind it. At most 10,000.",
        metadata={NEEDS: (), **weight(1, list_size=ASSUMED_BUCKETS)},
    )


@strawberry.type(description="The calls that have something in common. What they are not grouped by is null.")
class CallStatsGroup:
    """``resolvers.calls.statistics.Group``."""

    @link("The name of their op without its version; null where they are not grouped by `OP`.")
    def op(self) -> str | None:
        """Of the key."""
        return _key(self, "op_name")

    @link("Their model, `Call.model`; null also of calls that neither used nor asked for one, and of those of several.")
    def model(self) -> str | None:
        """Of the key."""
        return _key(self, "model")

    @link("How they stand; null where they are not grouped by `STATUS`.")
    def status(self) -> CallStatus | None:
        """Of the key."""
        value = _key(self, "status")
        return None if value is None else CallStatus(value)

    @link("What sort of step they are; null also of calls whose sender did not say.")
    def kind(self) -> CallKind | None:
        """Of the key."""
        value = _key(self, "kind")
        return None if value is None else CallKind(value)

    @link("The user in whose name they were recorded; null also of calls without one.")
    def wb_user_id(self) -> str | None:
        """Of the key."""
        return _key(self, "wb_user_id")

    window: CallStatsBucket = column("All of them, from the start to the end of the window.")
    buckets: list[CallStatsBucket] = _buckets("The same buckets as of all calls, those without calls too.")


def _key(group: Any, name: str) -> str | None:
    value: str | None = group.key.get(name)
    return value


@strawberry.type(description="Statistics of calls over a window of time: whole, in buckets, and in groups.")
class CallStats:
    """``resolvers.calls.statistics.CallStats``."""

    granularity: int = column("Size of a bucket in seconds, as it was used.")
    timezone: str = column("Zone whose clock the buckets follow.")
    window: CallStatsBucket = column("All calls, from the start to the end; computed from the calls, not the buckets.")
    buckets: list[CallStatsBucket] = _buckets("The buckets in order, those without calls too.")
    groups: list[CallStatsGroup] = strawberry.field(
        description="The groups with most calls, the largest first, at most `groupLimit`; empty without `groupBy`.",
        metadata={NEEDS: (), **weight(1, list_size=10)},
    )
    rest: CallStatsGroup | None = column(
        "The calls of all groups that are not listed, together and without a key; null where all are listed."
    )
    group_count: BigInt = column("How many groups there are, those that are not listed too; 0 without `groupBy`.")


_PATHS = [path + step for path in ((), ("groups",), ("rest",)) for step in (("window",), ("buckets",))]

Start = Annotated[
    DateTime | None,
    strawberry.argument(description="Begin of the window, inclusive; the first of the calls where missing."),
]
End = Annotated[
    DateTime | None,
    strawberry.argument(
        description="End of the window, exclusive, at most 3,660 days later; where missing, right behind the last of "
        "the calls."
    ),
]
Granularity = Annotated[
    int | None,
    strawberry.argument(
        description="Size of a bucket in seconds, at most 366 days: 3600 for hours, 86400 for days. Chosen by the "
        "window where missing, and raised where it would give more than 10,000 buckets."
    ),
]
Timezone = Annotated[
    str, strawberry.argument(description="IANA name of the zone whose clock the buckets follow: `Europe/Berlin`.")
]
GroupBy = Annotated[
    list[CallStatsGroupBy],
    strawberry.argument(description="What to group by; of several, each combination that occurs is a group."),
]
GroupLimit = Annotated[
    int,
    strawberry.argument(
        description="How many groups to list, 1 to 100; the calls of all others are `rest`. Buckets times groups are "
        "100,000 at most."
    ),
]


@strawberry.type
class ProjectCallStats(ProjectPart):
    """The part of Project about statistics of calls."""

    @link(
        "How many calls there were, how many failed, how long they took, what they used and cost: over a window of "
        "time by when they began, whole and in buckets (docs/statistics.md). Only what is selected is computed; tokens "
        "and costs take longest.",
        needs=("slug",),
    )
    async def call_stats(
        self,
        info: Info,
        start: Start = None,
        end: End = None,
        granularity: Granularity = None,
        timezone: Timezone = "UTC",
        filter: Filter = None,
        query: Query = None,
        query_json: QueryJson = None,
        group_by: GroupBy = [],  # noqa: B006 - shown in the schema as the default, never changed
        group_limit: GroupLimit = 10,
    ) -> CallStats:
        """Read as pages of a few columns."""
        chosen = call_list(self.slug, filter, query, query_json)
        window = StatsWindow(start, end, granularity, timezone)
        by = [one.value for one in group_by]
        wanted = columns_of(info, CallStatsBucket, _PATHS)
        return cast("CallStats", await call_stats(context_of(info), chosen, window, by, group_limit, wanted))
