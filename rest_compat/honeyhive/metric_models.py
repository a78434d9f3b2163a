"""Definitions of metrics as requests and answers have them, and as the graph has them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, FiniteFloat

from graph.encoding import Spliced
from resolvers.calls.event_filters import EventFilterOperator, EventFilterType
from rest_compat.honeyhive.models import Open, Strict
from rest_compat.registry import Variables

__all__ = ["Definition", "LegacyMetricChanges", "MetricChanges", "Text", "content_of", "variables_of"]

Name = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(min_length=1)]
Kind = Literal["PYTHON", "LLM", "HUMAN", "COMPOSITE"]
ReturnType = Literal["float", "boolean", "string", "categorical"]
Number = Annotated[FiniteFloat, Field(strict=True)]
Truth = Annotated[bool, Field(strict=True)]
Scale = Annotated[int, Field(gt=0, strict=True)]
Share = Annotated[Number, Field(ge=0, le=100)]

# Fields that may be missing and not null have defaults that nothing reads: only what was sent goes on.


class Threshold(Strict):
    """UpdateMetricRequestThreshold."""

    min: Number = 0
    max: Number = 0
    pass_when: Truth | Number = False
    passing_categories: Annotated[list[Name], Field(min_length=1)] = Field(default_factory=list)


class Category(Strict):
    """MetricItemCategoriesItem."""

    category: Name
    score: Number | None


class ChildMetric(Strict):
    """MetricItemChildMetricsItem."""

    id: Text = ""
    name: Name
    weight: Number
    scale: Scale | None = None


class SingleFilter(Open):
    """Seed 003, but for the ``type``, which may be missing as in the filters of searches."""

    field: str
    operator: EventFilterOperator
    value: Truth | Number | str | None
    type: EventFilterType | None = None


class Filters(Strict):
    """MetricItemFilters."""

    filterArray: list[SingleFilter]  # noqa: N815 - the document's name


Categories = Annotated[list[Category], Field(min_length=1)]
Children = Annotated[list[ChildMetric], Field(min_length=1)]


class Definition(Strict):
    """CreateMetricRequest, RunMetricRequestMetric, LegacyRunMetricRequestMetric, MetricVersionContentRequest."""

    name: Name
    type: Kind
    criteria: Text
    description: str = ""
    return_type: ReturnType = "float"
    enabled_in_prod: Truth = False
    needs_ground_truth: Truth = False
    sampling_percentage: Share = 10
    model_provider: str | None = None
    model_name: str | None = None
    scale: Scale | None = None
    threshold: Threshold | None = None
    categories: Categories | None = None
    child_metrics: Children | None = None
    filters: Filters = Field(default_factory=lambda: Filters(filterArray=[]))


class _Changes(Strict):
    """What UpdateMetricRequest and LegacyUpdateMetricRequest have in common."""

    name: Name = ""
    type: Kind = "PYTHON"
    criteria: Text = ""
    description: str | None = None
    return_type: ReturnType = "float"
    enabled_in_prod: Truth = False
    needs_ground_truth: Truth = False
    sampling_percentage: Share = 10
    model_provider: str | None = None
    model_name: str | None = None
    scale: Scale | None = None
    filters: Filters = Field(default_factory=lambda: Filters(filterArray=[]))


class MetricChanges(_Changes):
    """UpdateMetricRequest."""

    threshold: Threshold = Field(default_factory=Threshold)
    categories: Categories = Field(default_factory=list)
    child_metrics: Children = Field(default_factory=list)


class LegacyMetricChanges(_Changes):
    """LegacyUpdateMetricRequest."""

    id: Text
    threshold: Threshold | None = None
    categories: Categories | None = None
    child_metrics: Children | None = None


def variables_of(body: BaseModel) -> Variables:
    """What was sent of a definition, by the graph's names."""
    given = body.model_dump(exclude_unset=True)
    given.pop("id", None)
    for name in ("return_type",):
        if name in given:
            given[name] = given[name].upper()
    if given.get("threshold") is not None:
        given["threshold"] = _camel(given["threshold"])
    if given.get("child_metrics") is not None:
        given["child_metrics"] = [_child(each) for each in given["child_metrics"]]
    if "filters" in given:
        given["filters"] = [_filter(each) for each in given["filters"]["filterArray"]]
    return _camel(given)


def _child(given: Mapping[str, Any]) -> Variables:
    return {"metricId" if name == "id" else name: value for name, value in given.items()}


def _filter(given: Mapping[str, Any]) -> Variables:
    kind = given.get("type")
    return {
        "field": given["field"],
        "operator": EventFilterOperator(given["operator"]).name,
        "value": given["value"],
        "type": kind and kind.upper(),
    }


def _camel(given: Mapping[str, Any]) -> Variables:
    return {_CAMEL.get(name, name): value for name, value in given.items()}


_CAMEL = {
    "return_type": "returnType",
    "enabled_in_prod": "enabledInProd",
    "needs_ground_truth": "needsGroundTruth",
    "sampling_percentage": "samplingPercentage",
    "model_provider": "modelProvider",
    "model_name": "modelName",
    "child_metrics": "childMetrics",
    "pass_when": "passWhen",
    "passing_categories": "passingCategories",
}
_PLAIN = (
    "name",
    "type",
    "criteria",
    "description",
    "enabled_in_prod",
    "needs_ground_truth",
    "sampling_percentage",
    "model_provider",
    "model_name",
    "scale",
    "categories",
)


def content_of(node: Mapping[str, Any]) -> dict[str, Any]:
    """A definition as answers have it: MetricItem without what only an item has, MetricVersionContent."""
    threshold, children = node["threshold"], node["childMetrics"]
    return {
        **{name: node[_CAMEL.get(name, name)] for name in _PLAIN},
        "return_type": node["returnType"].lower(),
        "threshold": threshold and _there({name: threshold[_CAMEL.get(name, name)] for name in Threshold.model_fields}),
        "child_metrics": children and [_there({"id": each["metricId"], **_own(each)}) for each in children],
        "filters": {"filterArray": _filters(node["filters"])},
    }


def _own(child: Mapping[str, Any]) -> dict[str, Any]:
    return {name: child[name] for name in ("name", "weight", "scale")}


def _there(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not set: the document knows no null there."""
    return {name: value for name, value in parts.items() if value is not None}


def _filters(filters: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """FiltersArray, which has a type for each: where none was given, that of the value, as it is compared."""
    return [
        {
            "field": each["field"],
            "operator": EventFilterOperator[each["operator"]],
            "value": each["value"],
            "type": each["type"].lower() if each["type"] else _type_of(each["value"]),
        }
        for each in filters
    ]


def _type_of(value: Spliced | None) -> str:
    text = "null" if value is None else value.text
    return "boolean" if text in {"true", "false"} else "number" if text[0] in "-0123456789" else "string"
