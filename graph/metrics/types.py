"""Metrics and their versions."""

from typing import Annotated, Any

import strawberry

from db.json_text import parse_json
from graph.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    connect_siblings,
    page_request,
    shared_by_siblings,
)
from graph.context import Info
from graph.creator_link import CreatorLink
from graph.fields import column, link
from graph.metrics.content import MetricContent
from graph.metrics.production import MetricProduction
from graph.nodes import TracegraphNode, is_row_of
from graph.project_link import ProjectLink
from graph.rows import load_row
from graph.scalars import BigInt, DateTime
from graph.selection import NODES, camel, columns_of
from resolvers.metrics.read import VersionLists, metrics_by_id, version_counts, version_pages, versions_by_name

__all__ = ["Metric", "MetricConnection", "MetricVersion", "MetricVersionConnection"]

NewestFirst = Annotated[
    bool, strawberry.argument(description="Whether the newest version comes first and not the oldest.")
]


@strawberry.federation.type(
    keys=["id", "projectSlug metricId version"],
    description="A version of a metric: its definition at a time, which never changes. One at a time is deployed.",
)
class MetricVersion(MetricContent, CreatorLink, ProjectLink, TracegraphNode):
    """Rows of ``db.metrics.metric_versions``."""

    is_type_of = is_row_of("MetricVersion")

    metric_id: str = column("Id of the metric.")
    version: str = column("Its name, `v` and `number`: `v3`.")
    number: BigInt = column("Its place among the metric's versions, from 1.")
    digest: str = column("SHA-256 of the metric's id, the number, the message and the definition, in hexadecimal.")
    message: str = column("What whoever made it says of it, at most 10,000 characters.")
    is_deployed: bool = column("Whether it is the one that the metric stands for.")
    created_at: DateTime = column("When it was made.")
    created_by: str = column("User who made it.")

    @link(
        "The fields of the definition that it changed of the version that was deployed when it was made, by the names "
        "that they have here, at most 15; empty for the first version.",
        needs=("changed",),
    )
    def changed_fields(self) -> list[str]:
        """Noted when it was written."""
        row: Any = self
        return [camel(name) for name in parse_json(row.changed)]

    @link("The metric.", needs=("project_slug", "metric_id"))
    async def metric(self, info: Info) -> Annotated["Metric", strawberry.lazy("graph.metrics.types")] | None:
        """By the loader of metrics."""
        return await load_row(info, metrics_by_id, (self.project_slug, self.metric_id), "Metric")


@strawberry.type(description="A page of versions of a metric.")
class MetricVersionConnection(Connection[MetricVersion]):
    """Nothing beside the page."""


@strawberry.federation.type(
    keys=["id", "projectSlug metricId"],
    description="What is measured of calls, as its deployed version defines it. Its values stand in the calls.",
)
class Metric(MetricContent, MetricProduction, CreatorLink, ProjectLink, TracegraphNode):
    """Rows of ``db.metrics.metrics`` with their deployed versions."""

    is_type_of = is_row_of("Metric")

    metric_id: str = column("Id within the project.")
    version: str = column("Name of the deployed version, `v3`.")
    version_count: BigInt = column("How many versions it has.")
    created_at: DateTime = column("When it was created.")
    created_by: str = column("User who created it.")
    updated_at: DateTime | None = column("When another version was last deployed; null for never.")

    @link("The deployed version.", needs=("project_slug", "metric_id", "version"))
    async def deployed_version(self, info: Info) -> MetricVersion | None:
        """By a loader."""
        return await load_row(info, versions_by_name, (self.project_slug, self.metric_id, self.version), MetricVersion)

    @link("All its versions, by default the first to the last.", needs=("project_slug", "metric_id"))
    async def versions(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        newest_first: NewestFirst = False,
    ) -> MetricVersionConnection:
        """Read together below a list."""

        def make() -> VersionLists:
            request = page_request(first, after, last, before)
            return VersionLists(newest_first, request, columns_of(info, MetricVersion, NODES))

        return await connect_siblings(
            info,
            MetricVersionConnection,
            "MetricVersion",
            (self.project_slug, self.metric_id),
            lists=shared_by_siblings(info, make),
            pages=version_pages,
            counts=version_counts,
        )


@strawberry.type(description="A page of metrics.")
class MetricConnection(Connection[Metric]):
    """Nothing beside the page."""
