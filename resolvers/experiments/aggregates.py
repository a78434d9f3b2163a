"""What the values of a metric come to: the nine functions of experiments (docs/honeyhive.md, "Results of experiments").

Values are numbers, truth values and texts. A truth value counts as 1 or 0; texts are no numbers.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum

from db.json_text import JSONValue

__all__ = ["Aggregate", "Value", "aggregate", "combined", "number_of"]

Value = bool | int | float | str
"""A value of a metric."""


class Aggregate(StrEnum):
    """A function of the values of a metric."""

    AVERAGE = "average"
    MIN = "min"
    MAX = "max"
    MEDIAN = "median"
    P90 = "p90"
    P95 = "p95"
    P99 = "p99"
    SUM = "sum"
    COUNT = "count"


def number_of(value: JSONValue) -> float | None:
    """A value as a number: 1 and 0 for truth values; None for a text, and for what no double can be."""
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def aggregate(values: Iterable[JSONValue], function: Aggregate) -> float | None:
    """``function`` of those values that are numbers.

    None where there is none of them (of a count too), and where the result is past the largest double. Percentiles are
    linear between the two nearest ranks: of n sorted values the one at ``(n - 1) * p``, counted from 0.
    """
    numbers = [number for value in values if (number := number_of(value)) is not None]
    if not numbers:
        return None
    found = _FUNCTIONS[function](numbers)
    return found if math.isfinite(found) else None


def combined(values: Sequence[Value]) -> Value:
    """What several values of a metric in one datapoint are taken for: their average, where there are numbers among
    them; else the last text. Equal values are what they are."""
    first = values[0]
    if all(type(value) is type(first) and value == first for value in values):
        return first
    average = aggregate(values, Aggregate.AVERAGE)
    return values[-1] if average is None else average


def _average(numbers: Sequence[float]) -> float:
    try:
        return math.fsum(numbers) / len(numbers)
    except OverflowError:  # of the sum; the average of doubles is one
        return math.fsum(number / len(numbers) for number in numbers)


def _sum(numbers: Sequence[float]) -> float:
    try:
        return math.fsum(numbers)
    except OverflowError:
        return math.inf


def _percentile(share: float) -> Callable[[Sequence[float]], float]:
    def percentile(numbers: Sequence[float]) -> float:
        ranked = sorted(numbers)
        place = (len(ranked) - 1) * share
        below = math.floor(place)
        low, high = ranked[below], ranked[math.ceil(place)]
        between = place - below
        found = low + (high - low) * between
        return found if math.isfinite(found) else low * (1 - between) + high * between

    return percentile


_FUNCTIONS: Mapping[Aggregate, Callable[[Sequence[float]], float]] = {
    Aggregate.AVERAGE: _average,
    Aggregate.MIN: min,
    Aggregate.MAX: max,
    Aggregate.MEDIAN: _percentile(0.5),
    Aggregate.P90: _percentile(0.9),
    Aggregate.P95: _percentile(0.95),
    Aggregate.P99: _percentile(0.99),
    Aggregate.SUM: _sum,
    Aggregate.COUNT: lambda numbers: float(len(numbers)),
}
