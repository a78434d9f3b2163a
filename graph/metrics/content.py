"""What metrics and their versions have in common: a definition."""

from typing import TYPE_CHECKING, Annotated, Any, cast

import strawberry

from db.json_text import dump_json
from graph.calls.stored_filters import EventFilter, event_filters_in
from graph.context import Info, context_of
from graph.fields import column, link
from graph.metrics.enums import MetricType, ReturnType
from graph.scalars import JSON
from graph.selection import columns_of
from resolvers.metrics.content import categories_of, child_metrics_of, threshold_of
from resolvers.metrics.definition import ChildMetric
from resolvers.metrics.read import metrics_of_children
from resolvers.metrics.validate import MOST_CATEGORIES, MOST_CHILDREN

if TYPE_CHECKING:
    from graph.metrics.types import Metric

__all__ = ["MetricContent"]


@strawberry.type(
    description="Which values of a metric pass: all rules that are set must hold, and a value that a rule cannot "
    "judge, such as a text for a range, does not pass. With no rule nothing passes or fails."
)
class MetricThreshold:
    """``resolvers.metrics.definition.Threshold``."""

    min: float | None = column("The smallest number that passes, inclusive; true counts as 1, false as 0.")
    max: float | None = column("The largest number that passes, inclusive.")

    @link("The value that passes: true, false or a number.")
    def pass_when(self) -> JSON | None:
        """JSON text."""
        threshold: Any = self
        return None if threshold.pass_when is None else cast("JSON", dump_json(threshold.pass_when))

    passing_categories: list[str] | None = column(
        f"The categories, or texts, that pass: 1 to {MOST_CATEGORIES:,}, compared exactly."
    )


@strawberry.type(description="A value that a categorical metric can have.")
class MetricCategory:
    """``resolvers.metrics.definition.Category``."""

    category: str = column("The value.")
    score: float | None = column("The number that it stands for in composites; null where it has none.")


@strawberry.type(description="A part of a composite metric.")
class MetricChild:
    """``resolvers.metrics.definition.ChildMetric``, with its project."""

    project: strawberry.Private[str]
    child: strawberry.Private[ChildMetric]

    @link("Id of the metric; null where it is named alone.")
    def metric_id(self) -> str | None:
        """As it was given."""
        return self.child.id

    @link("Name of the metric; by it, where there is no `metricId`, the metric is found.")
    def name(self) -> str:
        """As it was given."""
        return self.child.name

    @link("How much it counts, beside the weights of the others; in a hierarchy its place, the lowest first.")
    def weight(self) -> float:
        """As it was given."""
        return self.child.weight

    @link("The largest value that it has here; null for what the metric itself says.")
    def scale(self) -> int | None:
        """As it was given."""
        return self.child.scale

    @link("The metric; null where it is deleted, or a value that calls bring along and no metric defines.")
    async def metric(self, info: Info) -> Annotated["Metric", strawberry.lazy("graph.metrics.types")] | None:
        """By a loader."""
        load = context_of(info).loaders.load
        found: Metric | None = await load(
            metrics_of_children, (self.project, self.child), columns=columns_of(info, "Metric")
        )
        return found


@strawberry.type
class MetricContent:
    """The part of a metric, and of its versions, that is defined."""

    name: str = column(
        "Its name, at most 200 characters; calls hold values of it at `attributes.honeyhive.metrics.NAME`."
    )
    type: MetricType = column("How its value comes about.")
    criteria: str = column(
        "The code of a PYTHON metric, the prompt of an LLM one, the question of a HUMAN one, and of a COMPOSITE one "
        "the function of its children: `Weighted Average`."
    )
    description: str | None = column("What it is about, for people; empty where nobody said.")
    return_type: ReturnType = column("What its value is.")
    enabled_in_prod: bool = column("Whether it runs on new calls by itself.")
    needs_ground_truth: bool = column("Whether it makes sense only beside a ground truth.")
    sampling_percentage: float = column("The share of new calls that it runs on by itself, 0 to 100.")
    model_provider: str | None = column("Who provides the model of an LLM metric; null where nobody said.")
    model_name: str | None = column("The model of an LLM metric; null for the server's own choice.")
    scale: int | None = column("The largest value of a number; null where it is unbounded.")

    @link("Which values pass; null where nothing says.", needs=("threshold",))
    def threshold(self) -> MetricThreshold | None:
        """Decoded."""
        row: Any = self
        return cast("MetricThreshold | None", threshold_of(row.threshold))

    @link(
        f"The values it can have, at most {MOST_CATEGORIES:,}; null where it is not categorical, or takes any text.",
        needs=("categories",),
    )
    def categories(self) -> list[MetricCategory] | None:
        """Decoded."""
        row: Any = self
        return cast("list[MetricCategory] | None", categories_of(row.categories))

    @link(
        f"Of a composite, its parts in order, at most {MOST_CHILDREN}; null where it has none.",
        needs=("child_metrics", "project_slug"),
    )
    def child_metrics(self) -> list[MetricChild] | None:
        """Decoded."""
        row: Any = self
        children = child_metrics_of(row.child_metrics)
        if children is None:
            return None
        return [MetricChild(project=row.project_slug, child=child) for child in children]

    @link("Which calls it runs on by itself: at most 100 conditions, which all must hold.", needs=("filters",))
    def filters(self) -> list[EventFilter]:
        """Decoded."""
        row: Any = self
        return event_filters_in(row.filters)
