"""What creating, changing and deploying metrics takes."""

from typing import Any

import strawberry
from strawberry import UNSET

from db.json_text import parse_json
from graph.calls.event_filters import EventFilterInput, event_filters
from graph.fields import column
from graph.metrics.enums import MetricType, ReturnType
from graph.scalars import JSON
from resolvers.errors import InvalidInputError
from resolvers.metrics.definition import Category, ChildMetric, MetricDefinition, Threshold
from resolvers.metrics.validate import MOST_CATEGORIES, MOST_CHILDREN

__all__ = [
    "MetricChangesInput",
    "MetricCreateInput",
    "MetricDefinitionInput",
    "MetricDeleteInput",
    "MetricUpdateInput",
    "MetricVersionCreateInput",
    "MetricVersionDeployInput",
    "changes_of",
    "definition_of",
]

_NAME = "Its name, at most 200 characters, not blank; one metric of a project has it, upper and lower case told apart."
_CRITERIA = (
    "The code of a PYTHON metric, the prompt of an LLM one, the question of a HUMAN one, and of a COMPOSITE one the "
    "function of its children, such as `Weighted Average`. Not empty."
)
_SHARE = "The share of new calls that it runs on by itself, 0 to 100."
_SCALE = "The largest value of a number, a whole number of 1 or more."
_CATEGORIES = (
    f"The values that it can have, 1 to {MOST_CATEGORIES:,}, each once; only where `returnType` is CATEGORICAL. A "
    "categorical metric without them takes any text."
)
_CHILDREN = f"The parts of a COMPOSITE metric, 1 to {MOST_CHILDREN}, each once; only of such a one."
_FILTERS = "Which calls it runs on by itself: all must hold; at most 100."
_PROJECT = "Slug of the project, `entity/name`."
_MADE = "Slug of the project, `entity/name`; the project is made if it is not there."


@strawberry.input(
    description="Which values pass: all rules that are set must hold. They must fit the return type: `min`, `max` and "
    "a number as `passWhen` are for FLOAT; `min`, `max` and true or false for BOOLEAN; `passingCategories` for STRING "
    "and CATEGORICAL."
)
class MetricThresholdInput:
    """``resolvers.metrics.definition.Threshold``."""

    min: float | None = column(
        "The smallest number that passes, inclusive; not above `max` or the scale.", default=None
    )
    max: float | None = column("The largest number that passes, inclusive.", default=None)
    pass_when: JSON | None = column("The value that passes: true, false or a number.", default=None)
    passing_categories: list[str] | None = column(
        f"The categories, or texts, that pass: 1 to {MOST_CATEGORIES:,}, each among the metric's categories where it "
        "has any.",
        default=None,
    )

    def to_threshold(self, place: str) -> Threshold:
        """The domain's; raises InvalidInputError for a ``passWhen`` of another kind."""
        when = None if self.pass_when is None else parse_json(self.pass_when)
        if when is not None and not isinstance(when, int | float):
            raise InvalidInputError(
                f"pass_when must be true, false or a number, not {str(self.pass_when)[:80]}",
                [place, "threshold", "passWhen"],
            )
        passing = self.passing_categories
        return Threshold(self.min, self.max, when, None if passing is None else tuple(passing))


@strawberry.input(description="A value that a categorical metric can have.")
class MetricCategoryInput:
    """``resolvers.metrics.definition.Category``."""

    category: str = column("The value, at most 200 characters, not blank.")
    score: float | None = column("The number that it stands for in composites.", default=None)


@strawberry.input(description="A part of a composite metric.")
class MetricChildInput:
    """``resolvers.metrics.definition.ChildMetric``."""

    name: str = column(
        "Name of the metric, at most 200 characters. Without a `metricId` the metric of that name counts, or the value "
        "that calls bring along under it."
    )
    weight: float = column("How much it counts, beside the weights of the others; in a hierarchy its place.")
    metric_id: str | None = column("Id of a metric of the project.", default=None)
    scale: int | None = column(
        "The largest value that it has here; what the metric itself says where missing.", default=None
    )

    def to_child(self) -> ChildMetric:
        """The domain's."""
        return ChildMetric(self.name, self.weight, self.metric_id, self.scale)


@strawberry.input(description="A metric as it is to be.")
class MetricDefinitionInput:
    """``resolvers.metrics.definition.MetricDefinition``."""

    name: str = column(_NAME)
    type: MetricType = column("How its value comes about.")
    criteria: str = column(_CRITERIA)
    description: str | None = column("What it is about, for people.", default="")
    return_type: ReturnType = column("What its value is.", default=ReturnType.FLOAT)
    enabled_in_prod: bool = column("Whether it runs on new calls by itself.", default=False)
    needs_ground_truth: bool = column("Whether it makes sense only beside a ground truth.", default=False)
    sampling_percentage: float = column(_SHARE, default=10.0)
    model_provider: str | None = column("Who provides the model of an LLM metric.", default=None)
    model_name: str | None = column("The model of an LLM metric.", default=None)
    scale: int | None = column(_SCALE, default=None)
    threshold: MetricThresholdInput | None = column("Which values pass.", default=None)
    categories: list[MetricCategoryInput] | None = column(_CATEGORIES, default=None)
    child_metrics: list[MetricChildInput] | None = column(_CHILDREN, default=None)
    filters: list[EventFilterInput] = column(_FILTERS, default_factory=list)


@strawberry.input(
    description="What to change of a metric: fields that are left out stay as they are, unless the new type or return "
    "type has no use for them; null takes away what may be null."
)
class MetricChangesInput:
    """Some fields of a definition."""

    name: str | None = column(f"{_NAME} Null is refused.", default=UNSET)
    type: MetricType | None = column("How its value comes about. Null is refused.", default=UNSET)
    criteria: str | None = column(f"{_CRITERIA} Null is refused.", default=UNSET)
    description: str | None = column("What it is about, for people.", default=UNSET)
    return_type: ReturnType | None = column("What its value is. Null is refused.", default=UNSET)
    enabled_in_prod: bool | None = column("Whether it runs on new calls by itself. Null is refused.", default=UNSET)
    needs_ground_truth: bool | None = column(
        "Whether it makes sense only beside a ground truth. Null is refused.", default=UNSET
    )
    sampling_percentage: float | None = column(f"{_SHARE} Null is refused.", default=UNSET)
    model_provider: str | None = column("Who provides the model of an LLM metric.", default=UNSET)
    model_name: str | None = column("The model of an LLM metric.", default=UNSET)
    scale: int | None = column(_SCALE, default=UNSET)
    threshold: MetricThresholdInput | None = column("Which values pass, in place of the old rules.", default=UNSET)
    categories: list[MetricCategoryInput] | None = column(f"In place of the old ones: {_CATEGORIES}", default=UNSET)
    child_metrics: list[MetricChildInput] | None = column(f"In place of the old ones: {_CHILDREN}", default=UNSET)
    filters: list[EventFilterInput] | None = column(
        f"In place of the old ones: {_FILTERS} Null is refused.", default=UNSET
    )


@strawberry.input(description="A metric to create.")
class MetricCreateInput:
    """A new one."""

    project: str = column(_MADE)
    definition: MetricDefinitionInput = column("What it is: its first version.")
    message: str | None = column("What to say of the version; `Created` where missing.", default=None)


@strawberry.input(description="Changes of a metric.")
class MetricUpdateInput:
    """Changes."""

    project: str = column(_PROJECT)
    metric_id: str = column("`Metric.metricId`.")
    changes: MetricChangesInput = column("What changes; what is as it was makes no version.")
    message: str | None = column(
        "What to say of the version; the names of the fields that it changes where missing.", default=None
    )


@strawberry.input(description="A metric to delete.")
class MetricDeleteInput:
    """Which one."""

    project: str = column(_PROJECT)
    metric_id: str = column("`Metric.metricId`.")


@strawberry.input(description="A version to add to a metric.")
class MetricVersionCreateInput:
    """A new version."""

    project: str = column(_PROJECT)
    metric_id: str = column("`Metric.metricId`.")
    definition: MetricDefinitionInput = column("The whole definition.")
    message: str = column("What to say of it, at most 10,000 characters.")
    deploy: bool = column("Whether the metric stands for it from now on; otherwise it is a draft.", default=False)


@strawberry.input(description="A version to deploy.")
class MetricVersionDeployInput:
    """Which one."""

    project: str = column(_PROJECT)
    metric_id: str = column("`Metric.metricId`.")
    version: str = column("`MetricVersion.version`, such as `v3`.")


def definition_of(given: MetricDefinitionInput, project: str, metric_id: str | None = None) -> MetricDefinition:
    """The domain's definition. Raises InvalidInputError for a filter or a threshold that cannot be."""
    return MetricDefinition(
        project=project,
        metric_id=metric_id,
        name=given.name,
        type=given.type,
        criteria=given.criteria,
        description=given.description,
        return_type=given.return_type,
        enabled_in_prod=given.enabled_in_prod,
        needs_ground_truth=given.needs_ground_truth,
        sampling_percentage=given.sampling_percentage,
        model_provider=given.model_provider,
        model_name=given.model_name,
        scale=given.scale,
        threshold=None if given.threshold is None else given.threshold.to_threshold("definition"),
        categories=_categories(given.categories),
        child_metrics=_children(given.child_metrics),
        filters=tuple(event_filters(given.filters)),
    )


_NULLABLE = {"description", "model_provider", "model_name", "scale", "threshold", "categories", "child_metrics"}


def changes_of(given: MetricChangesInput) -> dict[str, Any]:
    """The changes by the names of ``MetricDefinition``. Raises InvalidInputError for a null that cannot be."""
    changes = {name: value for name, value in vars(given).items() if value is not UNSET}
    for name, value in changes.items():
        if value is None and name not in _NULLABLE:
            raise InvalidInputError(f"{name} cannot be null", ["changes", name])
    if changes.get("threshold") is not None:
        changes["threshold"] = changes["threshold"].to_threshold("changes")
    if "categories" in changes:
        changes["categories"] = _categories(changes["categories"])
    if "child_metrics" in changes:
        changes["child_metrics"] = _children(changes["child_metrics"])
    if "filters" in changes:
        changes["filters"] = tuple(event_filters(changes["filters"]))
    return changes


def _categories(given: list[MetricCategoryInput] | None) -> tuple[Category, ...] | None:
    return None if given is None else tuple(Category(each.category, each.score) for each in given)


def _children(given: list[MetricChildInput] | None) -> tuple[ChildMetric, ...] | None:
    return None if given is None else tuple(each.to_child() for each in given)
