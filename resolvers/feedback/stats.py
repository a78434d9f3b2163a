"""Statistics of feedback: what its payloads say, in buckets of time and over a whole window (docs/statistics.md)."""

import asyncio
import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, type_coerce

from db.calls.filters import WILDCARD, starts_with
from db.feedback import feedback, select_feedback_values, select_first_time
from db.feedback_fields import FEEDBACK_FIELDS
from db.metadata import Name
from db.query.fields import split_path
from db.query.json import json_node
from db.query.templates import apply
from db.text import encode_text
from resolvers.buckets import DAY, bucket_edges, check_range, chosen_granularity, zone_of
from resolvers.context import Context, now
from resolvers.errors import InvalidInputError

__all__ = ["Bucket", "FeedbackStats", "MetricSpec", "MetricStats", "MetricType", "StatsWindow", "feedback_stats"]

LONGEST_DAYS = 3_660
MOST_METRICS = 50
MOST_PERCENTILES = 50
MOST_VALUES = 100_000
"""Metrics times buckets of one answer."""

MOST_TEXTS = 10_000
"""Texts of one metric that are told apart: the first that are met."""

OTHER_TEXT = -1.0

PAGE = 5_000
"""Rows of one read: a few numbers each."""


class MetricType(StrEnum):
    """What a metric reads; values of other types are left out."""

    NUMERIC = "numeric"
    BOOLEAN = "boolean"
    CATEGORICAL = "categorical"


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A value in payloads: where it is (a dotted path), what it is, the percentiles (0 to 100) of numbers, and whether
    texts are told apart or only counted."""

    path: str
    type: MetricType = MetricType.NUMERIC
    percentiles: Sequence[float] = ()
    tells_texts: bool = False


@dataclass(frozen=True, slots=True)
class StatsWindow:
    """Which feedback of a project counts: ``start`` inclusive (None: the first), ``end`` exclusive (None: now),
    microseconds UTC.

    ``trigger_ref`` may end in ``:*`` for any version. ``granularity`` is in seconds, None to choose it by the range.
    """

    project: str
    start: int | None = None
    end: int | None = None
    feedback_type: str | None = None
    trigger_ref: str | None = None
    granularity: int | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class MetricStats:
    """What the values of a metric add up to; None where there is nothing to say, or it is no double."""

    spec: MetricSpec
    count: int
    sum: float | None
    avg: float | None
    min: float | None
    max: float | None
    count_true: int
    count_false: int
    percentiles: list[tuple[float, float | None]]
    """Of a numeric metric: each percentile asked for with its value."""

    texts: list[tuple[str, int]]
    """Of a categorical metric whose texts are told apart: each with its count, the most frequent first."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A span of time [start, end) in microseconds, how many rows are in it, and its metrics in the order asked."""

    start: int
    end: int
    count: int
    metrics: list[MetricStats]


@dataclass(frozen=True, slots=True)
class FeedbackStats:
    """The buckets, and the ``window``: all rows in [start, end) together."""

    granularity: int
    timezone: str
    window: Bucket
    buckets: list[Bucket]


@dataclass(slots=True)
class _Series:
    """The values of a metric in the order of time, and where among them each bucket begins. Eight bytes a value: texts
    are told apart by their place in ``texts``."""

    spec: MetricSpec
    values: "array[float]" = field(default_factory=lambda: array("d"))
    bounds: list[int] = field(default_factory=lambda: [0])
    texts: dict[str, float] = field(default_factory=dict)

    def take(self, value: Any) -> None:
        """Add a value."""
        if self.spec.type is not MetricType.CATEGORICAL or not self.spec.tells_texts:
            self.values.append(float(value))
        elif value in self.texts or len(self.texts) < MOST_TEXTS:
            self.values.append(self.texts.setdefault(value, float(len(self.texts))))
        else:
            self.values.append(OTHER_TEXT)

    def stats(self, values: "array[float]") -> MetricStats:
        """What some of the values add up to."""
        found = _stats(self.spec, values)
        if not self.texts:
            return found
        names = list(self.texts)
        counts = Counter(names[int(value)] for value in values if value != OTHER_TEXT)
        return replace(found, texts=sorted(counts.items(), key=lambda one: (-one[1], encode_text(one[0]))))


class _Gathering:
    """The values of all metrics, and how many rows each bucket has, read page by page."""

    def __init__(
        self, edges: list[int], specs: Sequence[MetricSpec], where: list[ColumnElement[bool]], after: tuple[int, str]
    ) -> None:
        self.edges = edges
        self.counts = [0] * (len(edges) - 1)
        self.series = [_Series(spec) for spec in specs]
        self._values = [_value(spec) for spec in specs]
        self._where = where
        self._after = after
        self._bucket = 0

    def read_on(self, connection: Connection) -> bool:
        """Read a page; returns whether there may be more."""
        rows = select_feedback_values(connection, self._values, self._where, self._after, PAGE)
        for created_at, feedback_id, *found in rows:
            while created_at >= self.edges[self._bucket + 1]:
                self._close_bucket()
            self.counts[self._bucket] += 1
            for one, value in zip(self.series, found, strict=True):
                if value is not None:
                    one.take(value)
            self._after = (created_at, feedback_id)
        if len(rows) == PAGE:
            return True
        while self._bucket < len(self.counts):
            self._close_bucket()
        return False

    def _close_bucket(self) -> None:
        self._bucket += 1
        for one in self.series:
            one.bounds.append(len(one.values))


async def feedback_stats(context: Context, window: StatsWindow, specs: Sequence[MetricSpec]) -> FeedbackStats:
    """The statistics of ``specs`` over ``window``.

    Rows are read some thousands at a time, of their payloads only the values asked for. Raises InvalidInputError for
    what cannot be: a range that is too long, an unknown zone, a percentile out of range.
    """
    context.caller.require_read(window.project)
    zone = zone_of(window.timezone)
    end = now() if window.end is None else window.end
    conditions = _conditions(window, end)
    start = await _start(context, window, end, conditions)
    check_range(start, end, window.granularity, LONGEST_DAYS)
    _check(specs)
    granularity = window.granularity or chosen_granularity(start, end)
    granularity, edges = await asyncio.to_thread(bucket_edges, start, end, granularity, zone)
    if (cells := (len(edges) - 1) * len(specs)) > MOST_VALUES:
        message = f"{len(edges) - 1} buckets of {len(specs)} metrics are {cells} values, at most {MOST_VALUES}"
        raise InvalidInputError(f"{message}: ask for a coarser granularity or for fewer metrics", ["granularity"])
    gathering = _Gathering(edges, specs, conditions, (start, ""))
    while await context.read(gathering.read_on):
        pass
    return await asyncio.to_thread(_summed_up, window.timezone, (start, end), granularity, gathering)


async def _start(context: Context, window: StatsWindow, end: int, conditions: list[ColumnElement[bool]]) -> int:
    """Where the window begins: with the first feedback where it leaves that open, no earlier than it may."""
    if window.start is not None:
        return window.start
    first = await context.read(lambda connection: select_first_time(connection, conditions))
    return end if first is None else max(first, end - LONGEST_DAYS * DAY * 1_000_000)


def _check(specs: Sequence[MetricSpec]) -> None:
    if len(specs) > MOST_METRICS:
        raise InvalidInputError(f"{len(specs)} metrics, at most {MOST_METRICS} are taken", ["metrics"])
    for index, spec in enumerate(specs):
        at: list[str | int] = ["metrics", index]
        if len(spec.percentiles) > MOST_PERCENTILES:
            message = f"{len(spec.percentiles)} percentiles, at most {MOST_PERCENTILES} are taken"
            raise InvalidInputError(message, [*at, "percentiles"])
        for percentile in spec.percentiles:
            if not 0 <= percentile <= 100:
                message = f"A percentile is from 0 to 100, not {percentile}"
                raise InvalidInputError(message, [*at, "percentiles"])
        if not all(split_path(spec.path)):
            raise InvalidInputError(f"The path {spec.path!r} has an empty part", [*at, "jsonPath"])


def _conditions(window: StatsWindow, end: int) -> list[ColumnElement[bool]]:
    """But for the start: the first page begins there, and a second lower bound may keep an index from the others."""
    c = feedback.c
    found = [c.project_id == window.project, c.created_at < end]
    if window.feedback_type is not None:
        found.append(c.feedback_type == window.feedback_type)
    if window.trigger_ref is not None and window.trigger_ref.endswith(WILDCARD):
        found.append(starts_with(c.trigger_ref, window.trigger_ref.removesuffix("*")))
    elif window.trigger_ref is not None:
        found.append(c.trigger_ref == window.trigger_ref)
    return found


def _value(spec: MetricSpec) -> ColumnElement[object]:
    """A number in SQL, null where the value is not of the metric's type; of a text its first 500 characters
    where texts are told apart, else 1."""
    node = json_node(FEEDBACK_FIELDS.resolve("payload").sql, split_path(spec.path))
    match spec.type:
        case MetricType.NUMERIC:
            return apply("json_number", node)
        case MetricType.BOOLEAN:
            return apply("json_boolean", node)
        case MetricType.CATEGORICAL:
            if spec.tells_texts:
                return type_coerce(apply("prefix", apply("json_string", node)), Name())
            return case((apply("json_kind", node) == "string", 1))


def _summed_up(timezone: str, span: tuple[int, int], granularity: int, gathered: _Gathering) -> FeedbackStats:
    buckets = [
        Bucket(
            start,
            stop,
            count,
            [one.stats(one.values[one.bounds[index] : one.bounds[index + 1]]) for one in gathered.series],
        )
        for index, ((start, stop), count) in enumerate(zip(pairwise(gathered.edges), gathered.counts, strict=True))
    ]
    whole = [one.stats(one.values) for one in gathered.series]
    return FeedbackStats(granularity, timezone, Bucket(*span, sum(gathered.counts), whole), buckets)


def _stats(spec: MetricSpec, values: "array[float]") -> MetricStats:
    counted = len(values)
    if spec.type is MetricType.CATEGORICAL:
        return MetricStats(spec, counted, None, None, None, None, 0, 0, [], [])
    ordered = sorted(values) if spec.type is MetricType.NUMERIC and spec.percentiles else []
    wanted = spec.percentiles if spec.type is MetricType.NUMERIC else ()
    return MetricStats(
        spec,
        counted,
        sum=_sum(values),
        avg=_average(values),
        min=min(values, default=None),
        max=max(values, default=None),
        count_true=values.count(1.0),
        count_false=values.count(0.0),
        percentiles=[(percentile, _percentile(ordered, percentile)) for percentile in wanted],
        texts=[],
    )


def _sum(values: Sequence[float]) -> float | None:
    try:
        return math.fsum(values)
    except OverflowError:  # of doubles whose sum is none
        return None


def _average(values: Sequence[float]) -> float | None:
    if not values:
        return None
    total = _sum(values)
    return math.fsum(value / len(values) for value in values) if total is None else total / len(values)


def _percentile(ordered: Sequence[float], percentile: float) -> float | None:
    """Linear between the nearest ranks, as PostgreSQL's percentile_cont."""
    if not ordered:
        return None
    rank = (len(ordered) - 1) * percentile / 100
    below, above = ordered[math.floor(rank)], ordered[math.ceil(rank)]
    value = below + (above - below) * (rank - math.floor(rank))
    return value if math.isfinite(value) else None
