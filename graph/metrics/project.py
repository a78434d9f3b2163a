"""What a project says of its metrics."""

from typing import Annotated

import strawberry

from graph.connections import After, Before, First, Last, Offset, connect, page_request
from graph.context import Info, context_of
from graph.fields import column, link
from graph.metrics.enums import MetricType
from graph.metrics.types import Metric, MetricConnection, MetricVersion
from graph.nodes import ProjectPart
from graph.queries import sorts_argument
from graph.query import SortByInput
from graph.rows import load_row
from resolvers.errors import InvalidInputError
from resolvers.metrics.read import (
    MetricList,
    metrics_by_id,
    metrics_by_name,
    metrics_count,
    metrics_page,
    versions_by_name,
)

__all__ = ["ProjectMetrics"]

MetricId = Annotated[str | None, strawberry.argument(description="`Metric.metricId`.")]
MetricName = Annotated[str | None, strawberry.argument(description="`Metric.name`, exactly.")]
VersionOf = Annotated[str, strawberry.argument(description="`Metric.metricId`.")]
VersionName = Annotated[str, strawberry.argument(description="`MetricVersion.version`.")]
MetricOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, at most 8 keys: `createdAt`, `updatedAt`, `name`, `type`, "
        "`returnType` or `metricId`; without one that in which they were created (`createdAt` ascending)."
    ),
]


@strawberry.input(
    description="Which metrics: all fields that are set must hold; within a list any value will do, and in an empty "
    "one none. A field that is null or left out restricts nothing. Lists hold at most 1,000 values."
)
class MetricListFilterInput:
    """``resolvers.metrics.read.MetricList``."""

    metric_ids: list[str] | None = column("`Metric.metricId`.", default=None)
    names: list[str] | None = column("`Metric.name`, exactly.", default=None)
    types: list[MetricType] | None = column("`Metric.type`.", default=None)
    enabled_in_prod: bool | None = column("`Metric.enabledInProd`.", default=None)


MetricFilterArgument = Annotated[MetricListFilterInput | None, strawberry.argument(description="Which metrics.")]


@strawberry.type
class ProjectMetrics(ProjectPart):
    """The part of Project about metrics."""

    @link("One metric by its id or by its name, exactly one of them; null where there is none.", needs=("slug",))
    async def metric(self, info: Info, metric_id: MetricId = None, name: MetricName = None) -> Metric | None:
        """By the loaders of metrics."""
        if (metric_id is None) == (name is None):
            raise InvalidInputError("metric takes exactly one of metricId and name", ["metricId"])
        if metric_id is not None:
            return await load_row(info, metrics_by_id, (self.slug, metric_id), Metric)
        return await load_row(info, metrics_by_name, (self.slug, name), Metric)

    @link("One version of a metric by its name, such as `v3`; null where there is none.", needs=("slug",))
    async def metric_version(self, info: Info, metric_id: VersionOf, version: VersionName) -> MetricVersion | None:
        """By the loader of versions."""
        return await load_row(info, versions_by_name, (self.slug, metric_id, version), MetricVersion)

    @link("Its metrics, by default in the order in which they were created.", needs=("slug",))
    async def metrics(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: MetricFilterArgument = None,
        order_by: MetricOrder = None,
        offset: Offset = None,
    ) -> MetricConnection:
        """The project's own."""
        context = context_of(info)
        given = filter or MetricListFilterInput()
        chosen = MetricList(
            self.slug,
            ids=given.metric_ids,
            names=given.names,
            types=None if given.types is None else [each.value for each in given.types],
            enabled_in_prod=given.enabled_in_prod,
            sorts=sorts_argument(order_by),
        )
        return await connect(
            info,
            MetricConnection,
            Metric,
            page_request(first, after, last, before, offset),
            read=lambda request, columns: metrics_page(context, chosen, request, columns),
            count=lambda limit: metrics_count(context, chosen, limit),
        )
