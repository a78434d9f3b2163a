"""Statistics of calls over time: how many, how they ended, how long they took, what they used and cost, in buckets of
time and over a whole window, for all calls and for groups of them (docs/statistics.md)."""

import asyncio
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from math import gcd
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import ColumnElement, Connection

from db.calls.groupings import Grouping, Groups
from db.calls.statistics import Measures, Slots, select_bounds, select_measures
from db.calls.tables import calls
from resolvers.buckets import DAY, bucket_edges, check_range, chosen_granularity, zone_of
from resolvers.calls.facets import JsonType
from resolvers.calls.groups import GroupBy, GroupOrder, Key, KeyReader, grouping_of, groups_of
from resolvers.calls.pages import CallList
from resolvers.calls.spending import Spending, Spent
from resolvers.calls.totals import CostTotal, cost_total
from resolvers.context import Context, now
from resolvers.errors import InvalidInputError

__all__ = [
    "USAGE",
    "Bucket",
    "CallStats",
    "Group",
    "GroupBy",
    "GroupOrder",
    "Latency",
    "PathValue",
    "StatsWindow",
    "call_stats",
]

LONGEST_DAYS = 3_660
MOST_CELLS = 100_000
"""Buckets times groups of one answer."""

PAGE = 100_000
"""Calls of one read, which adds them up."""

USAGE = frozenset({"input_tokens", "output_tokens", "total_tokens", "cost"})
"""What is worked out from the usage in summaries."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StatsWindow:
    """The calls that began in [start, end), microseconds UTC. Without a start the first call, without an end behind the
    last; ``granularity`` in seconds, None to choose it by the range."""

    start: int | None = None
    end: int | None = None
    granularity: int | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Latency:
    """How long calls took, in milliseconds; ``count`` is of those that say, and all else None where none does."""

    count: int
    avg_ms: float | None
    min_ms: float | None
    max_ms: float | None
    p50_ms: float | None
    p90_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """The calls of a span of time [start, end) in microseconds; ``zone`` is the one whose clock buckets follow."""

    zone: ZoneInfo
    start: int
    end: int
    calls: int
    errors: int
    descendant_errors: int
    running: int
    latency: Latency
    input_tokens: int
    output_tokens: int
    total_tokens: int
    cost: CostTotal | None

    @property
    def local_start(self) -> str:
        """The start on the clock of the zone."""
        moment = _EPOCH + timedelta(microseconds=self.start)
        return moment.astimezone(self.zone).replace(tzinfo=None).isoformat()


@dataclass(frozen=True, slots=True)
class PathValue:
    """What calls have at a path: its text, and what it is in JSON; both None where they have nothing there."""

    path: str
    value: str | None
    type: JsonType | None


@dataclass(frozen=True, slots=True)
class Group:
    """The calls that have ``key``, a value for each dimension, and the values at ``paths``."""

    key: Mapping[str, str | None]
    paths: list[PathValue]
    window: Bucket
    buckets: list[Bucket]


@dataclass(frozen=True, slots=True)
class CallStats:
    """The buckets, the ``window`` (all of them together), and the same of the groups that were chosen; ``rest`` are
    all other calls, None where there are none. ``groups_complete`` says whether all calls were told apart."""

    granularity: int
    timezone: str
    window: Bucket
    buckets: list[Bucket]
    groups: list[Group]
    rest: Group | None
    group_count: int
    groups_complete: bool


@dataclass(slots=True)
class _Cell:
    """What is known of the calls of one group and bucket. Eight bytes a call that ended."""

    calls: int = 0
    errors: int = 0
    descendant_errors: int = 0
    running: int = 0
    durations: "array[int]" = field(default_factory=lambda: array("q"))
    spent: Spent = field(default_factory=Spent)

    def add(self, measures: Measures) -> None:
        self.calls += measures.calls
        if measures.status == "error":
            self.errors += measures.calls
        elif measures.status == "running":
            self.running += measures.calls
        elif measures.status == "descendant_error":
            self.descendant_errors += measures.calls
        if measures.durations is not None:
            self.durations.extend(orjson.loads(f"[{measures.durations}]"))

    def merge(self, other: "_Cell") -> None:
        self.calls += other.calls
        self.errors += other.errors
        self.descendant_errors += other.descendant_errors
        self.running += other.running
        self.durations.extend(other.durations)
        self.spent.merge(other.spent)

    def bucket(self, zone: ZoneInfo, start: int, end: int) -> Bucket:
        spent = self.spent
        return Bucket(
            zone,
            start,
            end,
            self.calls,
            self.errors,
            self.descendant_errors,
            self.running,
            _latency(self.durations),
            spent.input_tokens,
            spent.output_tokens,
            spent.total_tokens,
            cost_total(spent.costs),
        )


def _latency(durations: "array[int]") -> Latency:
    if not durations:
        return Latency(0, None, None, None, None, None, None, None)
    ordered = sorted(durations)
    mean = sum(ordered) / (1000 * len(ordered))
    ranks = (_percentile(ordered, percent) for percent in (50, 90, 95, 99))
    return Latency(len(ordered), mean, ordered[0] / 1000, ordered[-1] / 1000, *ranks)


def _percentile(ordered: Sequence[int], percent: int) -> float:
    """Milliseconds, linear between the nearest ranks; whole numbers until the last step, as ``db.threads`` has it."""
    rank, above = divmod((len(ordered) - 1) * percent, 100)
    following = ordered[rank + 1] if above else 0
    return (ordered[rank] * (100 - above) + following * above) / 100_000


class _Gathering:
    """The cells of all groups, filled page by page. The group of what belongs to no other is None."""

    def __init__(
        self,
        edges: list[int],
        grouping: Grouping,
        keys: Iterable[Key],
        conditions: list[ColumnElement[bool]],
        limit: int,
    ) -> None:
        self.edges = edges
        self.grouping = grouping
        self.limit = limit
        self.groups: dict[Key | None, defaultdict[int, _Cell]] = {key: defaultdict(_Cell) for key in keys}
        self.groups[None] = defaultdict(_Cell)
        self._conditions = conditions
        self._slots = _slots_of(edges)
        self._after: tuple[int, str] | None = (edges[0] - 1, "")
        self._keys = KeyReader(grouping)

    def read_on(self, connection: Connection, *, timed: bool) -> bool:
        """Read a page of measures, durations where they are ``timed``; returns whether there are more."""
        assert self._after is not None, "there is no page behind the last"
        found, self._after = select_measures(
            connection, self.grouping, self._conditions, self._slots, self._after, PAGE, timed=timed
        )
        rest = self.groups[None]
        for measures in found:
            bucket = self._bucket_of(self._slots.begin + measures.slot * self._slots.size)
            self.groups.get(self._keys.key(measures.key), rest)[bucket].add(measures)
        return self._after is not None

    def _bucket_of(self, moment: int) -> int:
        return bisect_right(self.edges, moment) - 1

    def spend(self, started_at: int, values: list[str | None], spent: Spent) -> None:
        """Put what a call used into its cell. A group that no call is in is made, while there is room: a model that
        only calls of several models used."""
        key = self._keys.key(values)
        group = self.groups.get(key)
        if group is None and len(self.groups) <= self.limit:
            group = self.groups[key] = defaultdict(_Cell)
        if group is None:
            group = self.groups[None]
        group[self._bucket_of(started_at)].spent.merge(spent)


def _slots_of(edges: Sequence[int]) -> Slots:
    """The longest slots of which each bucket is a whole number."""
    return Slots(edges[0], gcd(*(end - begin for begin, end in pairwise(edges))) or 1)


async def call_stats(
    context: Context, chosen: CallList, window: StatsWindow, group_by: GroupBy, wanted: Collection[str]
) -> CallStats:
    """Statistics of the ``chosen`` calls, and of the groups that have most of what is asked for.

    ``wanted`` names the columns of ``Bucket`` that are asked for; usage is read for its own alone. Raises
    InvalidInputError for what cannot be: a range that is too long, an unknown zone, too many groups or buckets.
    """
    context.caller.require_read(chosen.project)
    zone = zone_of(window.timezone)
    group_by.check()
    conditions = chosen.conditions()
    start, end = await _range(context, window, conditions)
    check_range(start, end, window.granularity, LONGEST_DAYS)
    granularity = window.granularity or chosen_granularity(start, end)
    granularity, edges = await asyncio.to_thread(bucket_edges, start, end, granularity, zone)
    if group_by and (cells := (len(edges) - 1) * group_by.limit) > MOST_CELLS:
        message = f"{len(edges) - 1} buckets of {group_by.limit} groups are {cells} cells, at most {MOST_CELLS}"
        raise InvalidInputError(f"{message}: ask for a coarser granularity or for fewer groups", ["granularity"])

    conditions += [calls.c.started_at >= start, calls.c.started_at < end]
    grouping, complete = await grouping_of(context, chosen.project, group_by, conditions)
    found = Groups([()], 0)
    if group_by:
        found = await groups_of(context, chosen.project, grouping, conditions, group_by)
    gathering = _Gathering(edges, grouping, found.keys, conditions, group_by.limit)
    if not USAGE.issuperset(wanted):
        measuring = partial(gathering.read_on, timed="latency" in wanted)
        while await context.read(measuring):
            pass
    if USAGE.intersection(wanted):
        spending = Spending(chosen.project, grouping, conditions, with_costs="cost" in wanted)
        await spending.read(context, gathering.spend)
    summing = _Summing(zone, (start, end), gathering, group_by.paths)
    total, buckets = await asyncio.to_thread(summing.everything)
    groups, rest = await asyncio.to_thread(summing.groups)
    count = max(found.total, len(groups))
    return CallStats(granularity, window.timezone, total, buckets, groups, rest, count, complete)


async def _range(context: Context, window: StatsWindow, conditions: list[ColumnElement[bool]]) -> tuple[int, int]:
    """The window's start and end, by the calls where it leaves them open."""
    if window.start is not None and window.end is not None:
        return window.start, window.end
    within = [*conditions]
    if window.start is not None:
        within.append(calls.c.started_at >= window.start)
    if window.end is not None:
        within.append(calls.c.started_at < window.end)
    bounds = await context.read(lambda connection: select_bounds(connection, within))
    if bounds is None:
        moment = window.start if window.start is not None else now() if window.end is None else window.end
        return moment, moment
    end = bounds[1] + 1 if window.end is None else window.end
    start = max(bounds[0], end - LONGEST_DAYS * DAY * 1_000_000) if window.start is None else window.start
    return start, end


class _Summing:
    """What was gathered, as buckets."""

    def __init__(self, zone: ZoneInfo, span: tuple[int, int], gathering: _Gathering, paths: Sequence[str]) -> None:
        self._zone = zone
        self._span = span
        self._gathering = gathering
        self._paths = paths

    def everything(self) -> tuple[Bucket, list[Bucket]]:
        """All calls: whole, and in buckets."""
        everything: defaultdict[int, _Cell] = defaultdict(_Cell)
        for cells in self._gathering.groups.values():
            for index, cell in cells.items():
                everything[index].merge(cell)
        return self._whole(everything), self._buckets(everything)

    def groups(self) -> tuple[list[Group], Group | None]:
        """The groups, and the calls of no group."""
        gathering = self._gathering
        grouped = bool(gathering.grouping.by or gathering.grouping.fields)
        groups: list[Group] = []
        rest: Group | None = None
        for key, cells in gathering.groups.items():
            if key is None:
                rest = self._group({}, [], cells) if cells else None
            elif grouped:
                by = gathering.grouping.by
                values = zip(key[len(by) :: 2], key[len(by) + 1 :: 2], strict=True)
                paths = [
                    PathValue(path, text, JsonType(kind) if kind else None)
                    for path, (kind, text) in zip(self._paths, values, strict=True)
                ]
                groups.append(self._group(dict(zip(by, key, strict=False)), paths, cells))
        return groups, rest

    def _group(self, key: Mapping[str, str | None], paths: list[PathValue], cells: Mapping[int, _Cell]) -> Group:
        return Group(key, paths, self._whole(cells), self._buckets(cells))

    def _whole(self, cells: Mapping[int, _Cell]) -> Bucket:
        total = _Cell()
        for index in sorted(cells):
            total.merge(cells[index])
        return total.bucket(self._zone, *self._span)

    def _buckets(self, cells: Mapping[int, _Cell]) -> list[Bucket]:
        nothing = _Cell()
        spans = pairwise(self._gathering.edges)
        return [cells.get(index, nothing).bucket(self._zone, *edges) for index, edges in enumerate(spans)]
