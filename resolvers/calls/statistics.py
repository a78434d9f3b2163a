"""Statistics of calls over time: how many, how they ended, how long they took, what they used and cost, in buckets of
time and over a whole window, for all calls and for groups of them (docs/statistics.md)."""

import asyncio
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection

from db.calls.statistics import select_bounds, select_groups, select_measures
from db.calls.tables import calls
from resolvers.buckets import DAY, bucket_edges, check_range, chosen_granularity, zone_of
from resolvers.calls.names import op_short_name
from resolvers.calls.pages import CallList
from resolvers.calls.spending import Spending, Spent
from resolvers.calls.totals import CostTotal, cost_total
from resolvers.context import Context, now
from resolvers.errors import InvalidInputError

__all__ = ["USAGE", "Bucket", "CallStats", "Group", "Latency", "StatsWindow", "call_stats"]

LONGEST_DAYS = 3_660
MOST_GROUPS = 100
MOST_CELLS = 100_000
"""Buckets times groups of one answer."""

PAGE = 10_000
"""Calls of one read: a few numbers each."""

USAGE = frozenset({"input_tokens", "output_tokens", "total_tokens", "cost"})
"""What is worked out from the usage in summaries."""

Key = tuple[str | None, ...]

_short_name = lru_cache(maxsize=10_000)(op_short_name)


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
    """The calls of a span of time [start, end) in microseconds."""

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


@dataclass(frozen=True, slots=True)
class Group:
    """The calls that have ``key``, a value for each of what is grouped by."""

    key: Mapping[str, str | None]
    window: Bucket
    buckets: list[Bucket]


@dataclass(frozen=True, slots=True)
class CallStats:
    """The buckets, the ``window`` (all of them together), and the same of the groups that have most calls; ``rest`` are
    the calls of all other groups, None where there are none."""

    granularity: int
    timezone: str
    window: Bucket
    buckets: list[Bucket]
    groups: list[Group]
    rest: Group | None
    group_count: int


@dataclass(slots=True)
class _Cell:
    """What is known of the calls of one group and bucket. Eight bytes a call that ended."""

    calls: int = 0
    errors: int = 0
    descendant_errors: int = 0
    running: int = 0
    durations: "array[int]" = field(default_factory=lambda: array("q"))
    spent: Spent = field(default_factory=Spent)

    def add(self, status: str, duration: int | None) -> None:
        self.calls += 1
        if status == "error":
            self.errors += 1
        elif status == "running":
            self.running += 1
        elif status == "descendant_error":
            self.descendant_errors += 1
        if duration is not None:
            self.durations.append(duration)

    def merge(self, other: "_Cell") -> None:
        self.calls += other.calls
        self.errors += other.errors
        self.descendant_errors += other.descendant_errors
        self.running += other.running
        self.durations.extend(other.durations)
        self.spent.merge(other.spent)

    def bucket(self, start: int, end: int) -> Bucket:
        spent = self.spent
        return Bucket(
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
        by: Sequence[str],
        keys: Iterable[Key],
        conditions: list[ColumnElement[bool]],
        limit: int,
    ) -> None:
        self.edges = edges
        self.by = by
        self.limit = limit
        self.groups: dict[Key | None, defaultdict[int, _Cell]] = {key: defaultdict(_Cell) for key in keys}
        self.groups[None] = defaultdict(_Cell)
        self._conditions = conditions
        self._after = (edges[0] - 1, "")
        self._bucket = 0
        self._op = by.index("op_name") if "op_name" in by else None

    def read_on(self, connection: Connection) -> bool:
        """Read a page of measures; returns whether there may be more."""
        rows: Sequence[Any] = select_measures(connection, self.by, self._conditions, self._after, PAGE)
        rest = self.groups[None]
        for started_at, call_id, status, duration, *key in rows:
            while started_at >= self.edges[self._bucket + 1]:
                self._bucket += 1
            self.groups.get(self._key(key), rest)[self._bucket].add(status, duration)
            self._after = (started_at, call_id)
        return len(rows) == PAGE

    def _key(self, values: list[str | None]) -> Key:
        """The key of a call's group."""
        if self._op is not None:
            op_name = values[self._op]
            assert op_name is not None, "a call that is shown has an op name"
            values[self._op] = _short_name(op_name)
        return tuple(values)

    def spend(self, started_at: int, values: list[str | None], spent: Spent) -> None:
        """Put what a call used into its cell. A group that no call is in is made, while there is room: a model that
        only calls of several models used."""
        key = self._key([*values])
        group = self.groups.get(key)
        if group is None and len(self.groups) <= self.limit:
            group = self.groups[key] = defaultdict(_Cell)
        if group is None:
            group = self.groups[None]
        group[bisect_right(self.edges, started_at) - 1].spent.merge(spent)


async def call_stats(
    context: Context, chosen: CallList, window: StatsWindow, by: Sequence[str], limit: int, wanted: Collection[str]
) -> CallStats:
    """Statistics of the ``chosen`` calls, grouped ``by`` some of ``db.calls.statistics.DIMENSIONS``, of the ``limit``
    groups with most calls.

    ``wanted`` names the columns of ``Bucket`` that are asked for; usage is read for its own alone. Raises
    InvalidInputError for what cannot be: a range that is too long, an unknown zone, too many groups or buckets.
    """
    context.caller.require_read(chosen.project)
    zone = zone_of(window.timezone)
    _check_groups(by, limit)
    conditions = chosen.conditions()
    start, end = await _range(context, window, conditions)
    check_range(start, end, window.granularity, LONGEST_DAYS)
    granularity = window.granularity or chosen_granularity(start, end)
    granularity, edges = await asyncio.to_thread(bucket_edges, start, end, granularity, zone)
    if by and (cells := (len(edges) - 1) * limit) > MOST_CELLS:
        message = f"{len(edges) - 1} buckets of {limit} groups are {cells} cells, at most {MOST_CELLS}"
        raise InvalidInputError(f"{message}: ask for a coarser granularity or for fewer groups", ["granularity"])

    conditions += [calls.c.started_at >= start, calls.c.started_at < end]
    keys: list[Key] = [()]
    count = 0
    if by:
        keys, count = await context.read(lambda connection: select_groups(connection, by, conditions, limit))
    gathering = _Gathering(edges, by, keys, conditions, limit)
    if not USAGE.issuperset(wanted):
        while await context.read(gathering.read_on):
            pass
    if USAGE.intersection(wanted):
        spending = Spending(chosen.project, by, conditions, with_costs="cost" in wanted)
        await spending.read(context, gathering.spend)
    return await asyncio.to_thread(_summed_up, window, (start, end), granularity, gathering, count)


def _check_groups(by: Sequence[str], limit: int) -> None:
    if len(set(by)) < len(by):
        raise InvalidInputError("groupBy names a value twice", ["groupBy"])
    if not 1 <= limit <= MOST_GROUPS:
        raise InvalidInputError(f"groupLimit must be from 1 to {MOST_GROUPS}, not {limit}", ["groupLimit"])


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


def _summed_up(
    window: StatsWindow, span: tuple[int, int], granularity: int, gathering: _Gathering, count: int
) -> CallStats:
    spans = list(pairwise(gathering.edges))

    def buckets(cells: Mapping[int, _Cell]) -> list[Bucket]:
        nothing = _Cell()
        return [cells.get(index, nothing).bucket(*edges) for index, edges in enumerate(spans)]

    def whole(cells: Mapping[int, _Cell]) -> _Cell:
        total = _Cell()
        for index in sorted(cells):
            total.merge(cells[index])
        return total

    everything: defaultdict[int, _Cell] = defaultdict(_Cell)
    for cells in gathering.groups.values():
        for index, cell in cells.items():
            everything[index].merge(cell)
    groups: list[Group] = []
    rest: Group | None = None
    for key, cells in gathering.groups.items():
        if key is None:
            rest = Group({}, whole(cells).bucket(*span), buckets(cells)) if cells else None
        elif gathering.by:
            groups.append(Group(dict(zip(gathering.by, key, strict=True)), whole(cells).bucket(*span), buckets(cells)))
    total = whole(everything).bucket(*span)
    return CallStats(granularity, window.timezone, total, buckets(everything), groups, rest, max(count, len(groups)))
