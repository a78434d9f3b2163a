"""Definitions as they are stored: columns of a version, the lists in them as JSON text."""

from typing import Any

from db.json_text import JSONText, JSONValue, dump_json, parse_json
from resolvers.calls.event_filters import EventFilter, EventFilterOperator, EventFilterType, plain_filters
from resolvers.metrics.definition import (
    Category,
    ChildMetric,
    MetricDefinition,
    MetricType,
    ReturnType,
    Threshold,
)

__all__ = [
    "canonical",
    "categories_of",
    "child_metrics_of",
    "columns_of_definition",
    "definition_of",
    "filters_of",
    "threshold_of",
]


def columns_of_definition(definition: MetricDefinition) -> dict[str, Any]:
    """The columns ``db.metrics.CONTENT`` of a definition."""
    threshold, categories, children = definition.threshold, definition.categories, definition.child_metrics
    return {
        "name": definition.name,
        "type": definition.type.value,
        "criteria": definition.criteria,
        "description": definition.description,
        "return_type": definition.return_type.value,
        "enabled_in_prod": definition.enabled_in_prod,
        "needs_ground_truth": definition.needs_ground_truth,
        "sampling_percentage": definition.sampling_percentage,
        "model_provider": definition.model_provider,
        "model_name": definition.model_name,
        "scale": definition.scale,
        "threshold": None if threshold is None else dump_json(_threshold(threshold)),
        "categories": None
        if categories is None
        else dump_json([{"category": each.category, "score": each.score} for each in categories]),
        "child_metrics": None if children is None else dump_json([_child(child) for child in children]),
        "filters": dump_json(plain_filters(definition.filters)),
    }


def definition_of(row: Any) -> MetricDefinition:
    """The definition in a row of ``db.metrics`` with all columns of the content."""
    return MetricDefinition(
        project=row.project_slug,
        metric_id=row.metric_id,
        name=row.name,
        type=MetricType(row.type),
        criteria=row.criteria,
        description=row.description,
        return_type=ReturnType(row.return_type),
        enabled_in_prod=row.enabled_in_prod,
        needs_ground_truth=row.needs_ground_truth,
        sampling_percentage=row.sampling_percentage,
        model_provider=row.model_provider,
        model_name=row.model_name,
        scale=row.scale,
        threshold=threshold_of(row.threshold),
        categories=categories_of(row.categories),
        child_metrics=child_metrics_of(row.child_metrics),
        filters=filters_of(row.filters),
    )


def threshold_of(text: str | None) -> Threshold | None:
    """Out of the column ``threshold``."""
    if text is None:
        return None
    found = parse_json(text)
    passing = found.get("passing_categories")
    return Threshold(
        found.get("min"), found.get("max"), found.get("pass_when"), None if passing is None else tuple(passing)
    )


def categories_of(text: str | None) -> tuple[Category, ...] | None:
    """Out of the column ``categories``."""
    if text is None:
        return None
    return tuple(Category(each["category"], each["score"]) for each in parse_json(text))


def child_metrics_of(text: str | None) -> tuple[ChildMetric, ...] | None:
    """Out of the column ``child_metrics``."""
    if text is None:
        return None
    return tuple(
        ChildMetric(each["name"], each["weight"], each.get("id"), each.get("scale")) for each in parse_json(text)
    )


def filters_of(text: str) -> tuple[EventFilter, ...]:
    """Out of the column ``filters``."""
    return tuple(_filter(each) for each in parse_json(text))


def _filter(stored: JSONValue) -> EventFilter:
    kind = stored.get("type")
    operator = EventFilterOperator(stored["operator"])
    return EventFilter(stored["field"], operator, stored["value"], None if kind is None else EventFilterType(kind))


def _threshold(threshold: Threshold) -> dict[str, JSONValue]:
    passing = threshold.passing_categories
    rules = {
        "min": threshold.min,
        "max": threshold.max,
        "pass_when": threshold.pass_when,
        "passing_categories": None if passing is None else list(passing),
    }
    return {name: rule for name, rule in rules.items() if rule is not None}


def _child(child: ChildMetric) -> dict[str, JSONValue]:
    parts = {"id": child.id, "name": child.name, "weight": child.weight, "scale": child.scale}
    return {name: part for name, part in parts.items() if part is not None}


def canonical(definition: MetricDefinition) -> JSONText:
    """The content as one text, the same for equal definitions."""
    return dump_json(columns_of_definition(definition))
