"""Whether a definition makes sense by itself; what it says of other metrics is for ``resolvers.metrics.children``."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from resolvers.calls.event_filters import filters_expression
from resolvers.errors import InvalidInputError
from resolvers.metrics.definition import MetricDefinition, MetricType, ReturnType, Threshold

__all__ = ["LONGEST_NAME", "MOST_CATEGORIES", "MOST_CHILDREN", "check_definition", "merged"]

LONGEST_NAME = 200
MOST_CATEGORIES = 1000
MOST_CHILDREN = 100
LARGEST_SCALE = (1 << 31) - 1


def merged(definition: MetricDefinition, changes: Mapping[str, Any]) -> MetricDefinition:
    """A definition with some of its fields changed. What the new type or return type has no use for goes with the
    old one, unless it is among the changes."""
    after = replace(definition, **changes)
    dropped: dict[str, Any] = {}
    if after.return_type is not definition.return_type:
        if "threshold" not in changes and after.threshold is not None and _misfit(after, after.threshold):
            dropped["threshold"] = None
        if "categories" not in changes and after.return_type is not ReturnType.CATEGORICAL:
            dropped["categories"] = None
    if "child_metrics" not in changes and after.type is not MetricType.COMPOSITE:
        dropped["child_metrics"] = None
    return replace(after, **dropped)


def check_definition(definition: MetricDefinition, place: str) -> None:
    """Raise InvalidInputError naming what cannot be; ``place`` is the field of the input that holds the definition."""
    _check_name(definition.name, "A metric", [place, "name"])
    if not definition.criteria:
        raise InvalidInputError("criteria must not be empty", [place, "criteria"])
    share = definition.sampling_percentage
    if not 0 <= share <= 100:  # NaN is not either
        raise InvalidInputError(
            f"sampling_percentage must be from 0 to 100, not {share}", [place, "samplingPercentage"]
        )
    _check_scale(definition.scale, [place, "scale"])
    _check_categories(definition, place)
    _check_children(definition, place)
    if definition.threshold is not None:
        _check_threshold(definition, definition.threshold, place)
    filters_expression(definition.filters, [place, "filters"])


def _check_name(name: str, whose: str, field: list[str | int]) -> None:
    if not name.strip():
        raise InvalidInputError(f"{whose} needs a name, not {name!r}", field)
    if len(name) > LONGEST_NAME:
        raise InvalidInputError(
            f"A name has at most {LONGEST_NAME} characters, not {len(name)}: {name[:60]!r}...", field
        )


def _check_scale(scale: int | None, field: list[str | int]) -> None:
    if scale is not None and not 0 < scale <= LARGEST_SCALE:
        raise InvalidInputError(f"scale must be from 1 to {LARGEST_SCALE}, not {scale}", field)


def _check_categories(definition: MetricDefinition, place: str) -> None:
    categories = definition.categories
    if categories is None:
        return
    if definition.return_type is not ReturnType.CATEGORICAL:
        raise InvalidInputError(
            f"categories are of metrics whose return_type is categorical, not {definition.return_type}",
            [place, "categories"],
        )
    if not 0 < len(categories) <= MOST_CATEGORIES:
        raise InvalidInputError(
            f"categories must be from 1 to {MOST_CATEGORIES}, not {len(categories)}", [place, "categories"]
        )
    for index, each in enumerate(categories):
        _check_name(each.category, "A category", [place, "categories", index, "category"])
        _check_finite(each.score, f"The score of category {each.category!r}", [place, "categories", index, "score"])
    _check_distinct([each.category for each in categories], "category", [place, "categories"])


def _check_children(definition: MetricDefinition, place: str) -> None:
    children = definition.child_metrics
    if children is None:
        return
    if definition.type is not MetricType.COMPOSITE:
        raise InvalidInputError(
            f"child_metrics are of metrics whose type is COMPOSITE, not {definition.type}", [place, "childMetrics"]
        )
    if not 0 < len(children) <= MOST_CHILDREN:
        raise InvalidInputError(
            f"child_metrics must be from 1 to {MOST_CHILDREN}, not {len(children)}", [place, "childMetrics"]
        )
    for index, child in enumerate(children):
        at: list[str | int] = [place, "childMetrics", index]
        _check_name(child.name, "A child", [*at, "name"])
        _check_finite(child.weight, f"The weight of {child.name!r}", [*at, "weight"])
        _check_scale(child.scale, [*at, "scale"])
        if child.id == "":
            raise InvalidInputError(f"The id of child {child.name!r} must not be empty", [*at, "metricId"])
    _check_distinct([child.name for child in children], "child", [place, "childMetrics"])
    _check_distinct([child.id for child in children if child.id is not None], "child", [place, "childMetrics"])


def _check_threshold(definition: MetricDefinition, threshold: Threshold, place: str) -> None:
    at: list[str | int] = [place, "threshold"]
    low, high, passing = threshold.min, threshold.max, threshold.passing_categories
    for name, number in (("min", low), ("max", high), ("pass_when", threshold.pass_when)):
        _check_finite(number, f"{name} of a threshold", [*at, "passWhen" if name == "pass_when" else name])
    if low is not None and high is not None and low > high:
        raise InvalidInputError(f"min of a threshold must not be above its max: {low} is above {high}", [*at, "min"])
    if definition.scale is not None and low is not None and low > definition.scale:
        raise InvalidInputError(
            f"min of a threshold must not be above the scale: {low} is above {definition.scale}", [*at, "min"]
        )
    if passing is not None and not 0 < len(passing) <= MOST_CATEGORIES:
        raise InvalidInputError(
            f"passing_categories must be from 1 to {MOST_CATEGORIES}, not {len(passing)}", [*at, "passingCategories"]
        )
    for index, category in enumerate(passing or ()):
        _check_name(category, "A passing category", [*at, "passingCategories", index])
    if (wrong := _misfit(definition, threshold)) is not None:
        raise InvalidInputError(f"{wrong} in the threshold of a metric whose return_type is {definition.return_type}")
    if definition.categories is not None:
        known = {each.category for each in definition.categories}
        for index, category in enumerate(passing or ()):
            if category not in known:
                raise InvalidInputError(
                    f"The passing category {category!r} is none of the categories: {', '.join(sorted(known))}",
                    [*at, "passingCategories", index],
                )


def _misfit(definition: MetricDefinition, threshold: Threshold) -> str | None:
    """What in a threshold no value of the return type can be held against; None where all fits."""
    when = threshold.pass_when
    match definition.return_type:
        case ReturnType.FLOAT:
            if isinstance(when, bool):
                return f"pass_when must be a number, not {str(when).lower()},"
        case ReturnType.BOOLEAN:
            if when is not None and when not in {0, 1}:
                return f"pass_when must be true or false, not {when},"
        case ReturnType.STRING | ReturnType.CATEGORICAL:
            if threshold.min is not None or threshold.max is not None:
                return "min and max cannot be"
            return None if when is None else f"pass_when ({str(when).lower()}) cannot be"
    return None if threshold.passing_categories is None else "passing_categories cannot be"


def _check_finite(number: float | None, what: str, field: list[str | int]) -> None:
    if isinstance(number, float) and not math.isfinite(number):
        raise InvalidInputError(f"{what} must be a finite number, not {number}", field)


def _check_distinct(names: Iterable[str], what: str, field: list[str | int]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidInputError(f"The {what} {name!r} is named twice", field)
        seen.add(name)
