"""Statistics of feedback as Weave's API writes them: flat, keys made of aggregation and path (docs/statistics.md)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from resolvers.buckets import check_range
from resolvers.context import now
from resolvers.errors import InvalidInputError
from rest_compat.registry import Data, Endpoint, Request, Variables
from rest_compat.weave.models import Strict, microseconds

__all__ = ["ENDPOINTS"]


class AggregationType(StrEnum):
    """Seed 004; the names of keys in the answer."""

    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    COUNT = "count"
    COUNT_TRUE = "count_true"
    COUNT_FALSE = "count_false"


class FeedbackMetricSpec(Strict):
    """Seed 004."""

    json_path: str
    value_type: Literal["numeric", "boolean", "categorical"] = "numeric"
    aggregations: list[AggregationType] = Field(default_factory=list)
    percentiles: list[float] = Field(default_factory=list)


class FeedbackStatsReq(Strict):
    """Seed 004."""

    project_id: str
    start: datetime
    end: datetime | None = None
    feedback_type: str | None = None
    trigger_ref: str | None = None
    granularity: int | None = Field(default=None, ge=-(1 << 31), lt=1 << 31)
    timezone: str = "UTC"
    metrics: list[FeedbackMetricSpec] = Field(default_factory=list)


LONGEST_DAYS = 31
"""The longest window that Weave's API takes."""

A = AggregationType

_DEFAULTS: dict[str, tuple[AggregationType, ...]] = {
    "numeric": (A.AVG, A.MIN, A.MAX),
    "boolean": (A.COUNT_TRUE, A.COUNT_FALSE),
    "categorical": (A.COUNT,),
}

_FIELDS = {
    A.SUM: "sum",
    A.AVG: "avg",
    A.MIN: "min",
    A.MAX: "max",
    A.COUNT: "count",
    A.COUNT_TRUE: "countTrue",
    A.COUNT_FALSE: "countFalse",
}
"""Aggregation -> field of FeedbackMetricStats."""

_PATH = re.compile(r"[a-zA-Z0-9_. ]+")


def slug_of(path: str) -> str:
    """The part of an answer's keys that names a metric: ``output_score``. Raises InvalidInputError for a bad path."""
    if not _PATH.fullmatch(path) or not path.strip():
        raise InvalidInputError(
            f"json_path has letters, digits, '_', '.' and spaces only, not {path[:100]!r}", ["metrics", "json_path"]
        )
    return path.replace(".", "_").replace(" ", "_")


def aggregations_of(metric: FeedbackMetricSpec) -> tuple[AggregationType, ...]:
    """What is computed of a metric, each once; raises InvalidInputError for what texts do not have."""
    chosen = tuple(dict.fromkeys(metric.aggregations)) or _DEFAULTS[metric.value_type]
    if metric.value_type == "categorical" and (wrong := [one for one in chosen if one is not A.COUNT]):
        raise InvalidInputError(
            f"A categorical metric can be counted; it has no {wrong[0].value!r}", ["metrics", "aggregations"]
        )
    return chosen


def percentile_key(percentile: float) -> str:
    """``p95``, ``p99.9``."""
    return f"p{int(percentile) if percentile == int(percentile) else percentile}"


def _check_keys(metrics: Sequence[FeedbackMetricSpec]) -> None:
    """Raise InvalidInputError where two metrics would write the same key."""
    of_window: dict[str, str] = {}
    of_buckets: dict[str, str] = {}
    for metric in metrics:
        slug = slug_of(metric.json_path)
        keys = [(of_window, slug), *((of_buckets, f"{one.value}_{slug}") for one in aggregations_of(metric))]
        for taken, key in keys:
            if key in taken:
                raise InvalidInputError(
                    f"The metrics {taken[key]!r} and {metric.json_path!r} have the same key {key!r} in the answer",
                    ["metrics"],
                )
            taken[key] = metric.json_path


def _stats(request: Request) -> Variables:
    body: FeedbackStatsReq = request.body
    _check_keys(body.metrics)
    start, end = microseconds(body.start), None if body.end is None else microseconds(body.end)
    check_range(start, now() if end is None else end, body.granularity, LONGEST_DAYS)
    asked = {one for metric in body.metrics for one in aggregations_of(metric)}
    return {
        "project": body.project_id,
        "start": start,
        "end": end,
        "feedbackType": body.feedback_type,
        "triggerRef": body.trigger_ref,
        "granularity": body.granularity,
        "timezone": body.timezone,
        "metrics": [
            {
                "jsonPath": metric.json_path,
                "valueType": metric.value_type.upper(),
                "percentiles": list(dict.fromkeys(metric.percentiles)),
            }
            for metric in body.metrics
        ],
        **{field: one in asked for one, field in _FIELDS.items()},
        "percentiles": any(metric.percentiles for metric in body.metrics),
    }


def _aggregates(metric: FeedbackMetricSpec, stats: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Name and value of each aggregation asked for, then of each percentile."""
    for one in aggregations_of(metric):
        yield one.value, stats[_FIELDS[one]]
    for pair in stats.get("percentiles", ()):
        yield percentile_key(pair["percentile"]), pair["value"]


def _bucket(bucket: Mapping[str, Any], metrics: Sequence[FeedbackMetricSpec]) -> dict[str, Any]:
    written = {"timestamp": bucket["start"], "count": bucket["count"]}
    for metric, stats in zip(metrics, bucket["metrics"], strict=True):
        slug = slug_of(metric.json_path)
        for name, value in _aggregates(metric, stats):
            # Weave's charts draw a mean of nothing as 0; smallest, largest and percentiles have no such stand-in.
            written[f"{name}_{slug}"] = 0.0 if value is None and name == "avg" else value
    return written


def _answer(data: Data, request: Request) -> dict[str, Any]:
    metrics: list[FeedbackMetricSpec] = request.body.metrics
    found = data["project"]["feedbackStats"]
    window = {
        slug_of(metric.json_path): dict(_aggregates(metric, stats))
        for metric, stats in zip(metrics, found["window"]["metrics"], strict=True)
    }
    return {
        "start": found["window"]["start"],
        "end": found["window"]["end"],
        "granularity": found["granularity"],
        "timezone": found["timezone"],
        "buckets": [_bucket(bucket, metrics) for bucket in found["buckets"]],
        "window_stats": window or None,
    }


ENDPOINTS = [
    Endpoint(
        "/feedback/stats",
        "weave/feedback_stats",
        "Aggregates of payload values over time buckets and over the whole window.",
        model=FeedbackStatsReq,
        variables=_stats,
        respond=_answer,
    ),
]
