"""What a project says of its metrics."""

from dataclasses import fields
from typing import Annotated

import strawberry

from graph.connections import After, Before, First, Last, Offset, connect, page_request
from graph.context import Info, context_of
from graph.fields import column, link
from graph.metrics.enums import MetricType, ReturnType
from graph.metrics.types import Metric, MetricConnection, MetricVersion
from graph.nodes import ProjectPart
from graph.queries import sorts_argument
from graph.query import SortByInput
from graph.rows import load_row
from graph.scalars import DateTime
from resolvers.errors import InvalidInputError
from resolvers.metrics.read import (
    EVERY_METRIC,
    MetricFilter,
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
        description="The order, most significant first, at most 8 keys; without one the oldest first (`createdAt` "
        "ascending). Keys are `createdAt`, `updatedAt`, `name`, `type`, `returnType`, `createdBy`, `metricId`. Null "
        "comes last."
    ),
]


@strawberry.input(
    description="Which metrics, by what their deployed versions say. All fields that are set must hold; of a list one "
    "value must. A field that is null, left out or an empty list restricts nothing. Lists hold at most 1,000 values, "
    "which are compared exactly."
)
class MetricFilterInput:
    """``resolvers.metrics.read.MetricFilter``, field for field."""

    metric_ids: list[str] | None = column("`Metric.metricId`.", default=None)
    names: list[str] | None = column("`Metric.name`, exactly.", default=None)
    name_contains: str | None = column("What the name has in it, whatever the case of letters.", default=None)
    name_prefix: str | None = column("How the name begins.", default=None)
    types: list[MetricType] | None = column("`Metric.type`.", default=None)
    return_types: list[ReturnType] | None = column("`Metric.returnType`.", default=None)
    enabled_in_prod: bool | None = column("`Metric.enabledInProd`.", default=None)
    created_after: DateTime | None = column("Made at this time or later (inclusive).", default=None)
    created_before: DateTime | None = column("Made before this time (exclusive).", default=None)


def filter_of(value: MetricFilterInput | None) -> MetricFilter:
    """The input as the domain's filter."""
    if value is None:
        return EVERY_METRIC
    return MetricFilter(**{field.name: getattr(value, field.name) for field in fields(MetricFilter)})


MetricFilterArgument = Annotated[MetricFilterInput | None, strawberry.argument(description="Which metrics.")]


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
        chosen = MetricList(self.slug, filter_of(filter), sorts_argument(order_by))
        return await connect(
            info,
            MetricConnection,
            Metric,
            page_request(first, after, last, before, offset),
            read=lambda request, columns: metrics_page(context, chosen, request, columns),
            count=lambda limit: metrics_count(context, chosen, limit),
        )
