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
from resolvers.calls.facets import JsonType
from resolvers.calls.statistics import GroupBy as Groups
from resolvers.calls.statistics import GroupOrder, StatsWindow, call_stats

__all__ = ["CallStats", "ProjectCallStats"]

ASSUMED_BUCKETS = 100


class CallStatsGroupBy(Enum):
    OP = "op_name"
    MODEL = "model"
    STATUS = "status"
    KIND = "kind"
    USER = "wb_user_id"
    SESSION = "session_id"
    THREAD = "thread_id"
    TRACE = "trace_id"


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
        "SESSION": "Its session, `Call.sessionId`.",
        "THREAD": "Its thread, `Call.threadId`.",
        "TRACE": "Its trace, `Call.traceId`.",
    },
)

described_enum(
    GroupOrder,
    name="CallStatsGroupOrder",
    description="Which groups of calls come first: those that have most of it in the whole window. Groups that "
    "have the "
    "same of it come by their key, null first; those that have nothing to compare come last. Values may be added.",
    values={
        "CALLS": "`window.calls`.",
        "ERRORS": "`window.errors`.",
        "ERROR_RATE": "`window.errorRate`.",
        "LATENCY_AVG": "`window.latency.avgMs`; groups in which no call has ended come last.",
        "LATENCY_P50": "`window.latency.p50Ms`, likewise.",
        "LATENCY_P90": "`window.latency.p90Ms`, likewise.",
        "LATENCY_P95": "`window.latency.p95Ms`, likewise.",
        "LATENCY_P99": "`window.latency.p99Ms`, likewise.",
        "LATENCY_MAX": "`window.latency.maxMs`, likewise.",
        "TOTAL_TOKENS": "`window.totalTokens`. Refused where more than 100,000 groups used any.",
        "COST": "`window.cost.total`, where it is null (no price, or several units) as 0. Refused where more "
        "than 100,000 groups used any tokens.",
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

    start: DateTime = column("When it begins, inclusive, in UTC whatever the `timezone`.")
    local_start: str = column(
        "When it begins on the clock of the `timezone`, ISO 8601 without a zone: `2026-01-01T00:00:00`. A label: where "
        "the clock is set back, two buckets can have the same."
    )
    end: DateTime = column("When it ends, exclusive, in UTC.")
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
    cost: CostTotal | None = column(
        "What these tokens cost, by the prices of the project, else built-in ones; null where no model used has a "
        "price."
    )


def _buckets(description: str) -> Any:
    return strawberry.field(
        description=f"{description} The first may begin before the window, the last end behind it. At most 10,000.",
        metadata={NEEDS: (), **weight(1, list_size=ASSUMED_BUCKETS)},
    )


@strawberry.type(description="What the calls of a group have at a path of `groupByPaths`, as `Project.facets` has it.")
class CallStatsPath:
    """``resolvers.calls.statistics.PathValue``."""

    path: str = column("The path, as it was asked for.")
    value: str | None = column(
        "The value as text, cut after 500 characters: a string as it is, all else as compact JSON. Null where "
        "they have nothing there, or null."
    )
    type: JsonType | None = column("What it is in JSON: `1` the number and `1` the string are two groups.")


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

    @link("Their session; null also of calls without one.")
    def session_id(self) -> str | None:
        """Of the key."""
        return _key(self, "session_id")

    @link("Their thread; null also of calls without one.")
    def thread_id(self) -> str | None:
        """Of the key."""
        return _key(self, "thread_id")

    @link("Their trace; null where they are not grouped by `TRACE`.")
    def trace_id(self) -> str | None:
        """Of the key."""
        return _key(self, "trace_id")

    paths: list[CallStatsPath] = column("What they have at each of `groupByPaths`, in its order; empty for `rest`.")
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
        description="The groups with most of `groupOrderBy`, the largest first, at most `groupLimit`; empty without "
        "`groupBy` and `groupByPaths`. Models that only calls of several models used come last.",
        metadata={NEEDS: (), **weight(1, list_size=10)},
    )
    rest: CallStatsGroup | None = column(
        "The calls that are in none of `groups`, together and without a key: those of all groups that are not "
        "listed, and those that were not looked into for `groupByPaths`. Null where there are none."
    )
    group_count: BigInt = column("How many groups there are, those that are not listed too; 0 without any grouping.")
    groups_complete: bool = column(
        "Whether the groups are of all calls. False where `groupByPaths` reads payloads, and there are more "
        "than `scan` "
        "calls or the newest hold more than 256 MiB: then the groups are of the newest, and all others are in `rest`. "
        "`window` and `buckets` are of all calls always."
    )


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
GroupByPaths = Annotated[
    list[str],
    strawberry.argument(
        description="At most 5 further things to group by: JSON paths such as `attributes.env`, `inputs.customer.id`, "
        "`output.label`, paths of feedback such as `feedback.[wandb.reaction.1].payload.emoji`, and the names "
        "of fields that `facets` takes. Calls without a value there are a group of their own."
    ),
]
GroupOrderBy = Annotated[GroupOrder, strawberry.argument(description="Which groups to list, and which of them first.")]
GroupLimit = Annotated[
    int,
    strawberry.argument(
        description="How many groups to list, 1 to 100; the calls of all others are `rest`. Buckets times groups are "
        "100,000 at most."
    ),
]
GroupScan = Annotated[
    int,
    strawberry.argument(
        description="How many calls to look into for the JSON paths of `groupByPaths`, the newest of the window, 1 to "
        "100,000; `groupsComplete` tells whether these were all."
    ),
]


@strawberry.type
class ProjectCallStats(ProjectPart):
    """The part of Project about statistics of calls."""

    @link(
        "How many calls there were, how many failed, how long they took, what they used and cost: over a window of "
        "time by when they began, whole and in buckets. Only what is selected is computed; tokens "
        "and costs take longest.",
        needs=("slug",),
    )
    async def call_stats(
        self,
        info: Info,
        *,
        start: Start = None,
        end: End = None,
        granularity: Granularity = None,
        timezone: Timezone = "UTC",
        filter: Filter = None,
        query: Query = None,
        query_json: QueryJson = None,
        group_by: GroupBy = [],  # noqa: B006 - shown in the schema as the default, never changed
        group_limit: GroupLimit = 10,
        group_by_paths: GroupByPaths = [],  # noqa: B006
        group_order_by: GroupOrderBy = GroupOrder.CALLS,
        scan: GroupScan = 10_000,
    ) -> CallStats:
        """Read as pages of a few columns."""
        chosen = call_list(self.slug, filter, query, query_json)
        window = StatsWindow(start, end, granularity, timezone)
        groups = Groups([one.value for one in group_by], group_by_paths, group_order_by, group_limit, scan)
        wanted = columns_of(info, CallStatsBucket, _PATHS)
        return cast("CallStats", await call_stats(context_of(info), chosen, window, groups, wanted))
