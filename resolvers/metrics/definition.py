"""What a metric is, decoded: the part of it that has versions."""

from dataclasses import dataclass
from enum import StrEnum

from resolvers.calls.event_filters import EventFilter

__all__ = [
    "Category",
    "ChildMetric",
    "MetricDefinition",
    "MetricType",
    "ReturnType",
    "Threshold",
]


class MetricType(StrEnum):
    """How a metric's value comes about."""

    PYTHON = "PYTHON"
    LLM = "LLM"
    HUMAN = "HUMAN"
    COMPOSITE = "COMPOSITE"


class ReturnType(StrEnum):
    """What a metric's value is."""

    FLOAT = "float"
    BOOLEAN = "boolean"
    STRING = "string"
    CATEGORICAL = "categorical"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Which values pass; all that is set must hold (``resolvers.metrics.passing``)."""

    min: float | None = None
    max: float | None = None
    """Bounds of passing numbers, both inclusive."""

    pass_when: bool | float | None = None
    """The value that passes."""

    passing_categories: tuple[str, ...] | None = None
    """The categories, or texts, that pass; at least one."""


@dataclass(frozen=True, slots=True)
class Category:
    """A value that a categorical metric can have, and the number that it stands for in composites; None: none."""

    category: str
    score: float | None


@dataclass(frozen=True, slots=True)
class ChildMetric:
    """A part of a composite."""

    name: str
    weight: float
    id: str | None = None
    """The stored metric; None: the one of that name."""

    scale: int | None = None
    """The largest value of the child; None: what the child itself says."""


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """A metric as it was given, or as the version of it that is deployed."""

    project: str
    """Slug of the project that the metric, or its children, are of."""

    name: str
    type: MetricType
    criteria: str
    """The code of a PYTHON metric, the prompt of an LLM one, the question of a HUMAN one, and the name of the function
    that a COMPOSITE is of its children, such as ``Weighted Average``."""

    description: str | None = ""
    return_type: ReturnType = ReturnType.FLOAT
    enabled_in_prod: bool = False
    """Whether it runs on new calls by itself."""

    needs_ground_truth: bool = False
    sampling_percentage: float = 10
    """The share of new calls that it runs on, 0 to 100."""

    model_provider: str | None = None
    model_name: str | None = None
    scale: int | None = None
    """The largest value; None: unbounded."""

    threshold: Threshold | None = None
    categories: tuple[Category, ...] | None = None
    """None or at least one."""

    child_metrics: tuple[ChildMetric, ...] | None = None
    """None or at least one."""

    filters: tuple[EventFilter, ...] = ()
    """Which calls it is for; all must hold."""

    metric_id: str | None = None
    """None where it is not stored."""
