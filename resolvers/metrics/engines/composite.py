"""COMPOSITE metrics: one number of several others (docs/honeyhive.md, "Composite metrics")."""

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from db.json_text import JSONValue
from resolvers.metrics.definition import ChildMetric, MetricDefinition, ReturnType
from resolvers.metrics.engines.result import MetricFailedError, MetricResult, checked_value

__all__ = ["ChildValue", "compose"]

HALF = 0.5
"""From which share on a composite that returns a boolean is true."""


class ChildValue(NamedTuple):
    """What a child gave, and its definition; None where nothing is stored of it."""

    child: ChildMetric
    value: JSONValue
    definition: MetricDefinition | None


async def compose(
    definition: MetricDefinition, value_of: Callable[[ChildMetric], Awaitable[ChildValue]]
) -> MetricResult:
    """The value of a composite whose children have the values that ``value_of`` gives.

    Each child counts as a share of its scale, with its weight, in the function that the criteria name. Raises
    MetricFailedError, which names the child.
    """
    children = definition.child_metrics or ()
    if not children:
        raise MetricFailedError(f"The composite {definition.name!r} has no child metrics")
    if definition.return_type not in (ReturnType.FLOAT, ReturnType.BOOLEAN):
        raise MetricFailedError(
            f"The composite {definition.name!r} returns {definition.return_type}; composites return float or boolean"
        )
    values = [await value_of(child) for child in children]
    shares = [(each.child.weight, _share(each)) for each in values]
    total = _total(definition, shares)
    if not math.isfinite(total):
        raise MetricFailedError(f"The composite {definition.name!r} is past the largest number")
    told = "; ".join(f"{each.child.name} = {each.value!r}"[:200] for each in values)
    if definition.return_type is ReturnType.BOOLEAN:
        return MetricResult(total >= HALF, told)
    scaled = total if definition.scale is None else total * definition.scale
    # Rounded to what sums of fractions are exact to: 0.1 + 0.2 is 0.3.
    return MetricResult(checked_value(definition, round(scaled, 12)), told)


def _total(definition: MetricDefinition, shares: Sequence[tuple[float, float]]) -> float:
    """What the function makes of pairs of a weight and a share. The names are those of HoneyHive's console."""
    named = definition.criteria.lower()
    if "highest true" in named:
        return max((weight for weight, share in shares if share >= HALF), default=0.0)
    for word, function in (("minimum", min), ("maximum", max)):
        if word in named:
            return function(share for _, share in shares)
    total = math.fsum(weight * share for weight, share in shares)
    if "sum" in named:
        return total
    weights = math.fsum(weight for weight, _ in shares)
    if not weights:
        raise MetricFailedError(f"The weights of the composite {definition.name!r} add up to 0")
    return total / weights


def _share(each: ChildValue) -> float:
    """A child's value as a share of its scale; booleans are 1 and 0, categories count by their scores."""
    name, value, definition = each.child.name, each.value, each.definition
    scale: float | None = each.child.scale
    if scale is None and definition is not None:
        scale = definition.scale
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        scores = {} if definition is None else {of.category: of.score for of in definition.categories or ()}
        score = scores.get(value)
        if score is None:
            raise MetricFailedError(f"The child metric {name!r} is {value[:200]!r}, which has no score")
        if scale is None:
            scale = max((number for number in scores.values() if number is not None), default=0)
        value = score
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise MetricFailedError(f"The child metric {name!r} is {repr(value)[:200]}, which is no number")
    try:
        return float(value) / (scale or 1)
    except OverflowError:
        raise MetricFailedError(f"The child metric {name!r} is past the largest number") from None
