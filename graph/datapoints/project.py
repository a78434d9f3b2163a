"""What a project says of its datapoints."""

from typing import Annotated

import strawberry

from graph.context import Info
from graph.datapoints.connection import DatapointPlace, datapoints_field
from graph.datapoints.types import Datapoint
from graph.fields import link
from graph.nodes import ProjectPart
from graph.rows import load_row
from resolvers.datapoints.read import datapoints_by_id

__all__ = ["ProjectDatapoints"]

DatapointId = Annotated[str, strawberry.argument(description="`Datapoint.datapointId`.")]


@strawberry.type
class ProjectDatapoints(ProjectPart):
    """The part of Project about datapoints."""

    @link("One datapoint by its id; null where there is none.", needs=("slug",))
    async def datapoint(self, info: Info, datapoint_id: DatapointId) -> Datapoint | None:
        """By the loader of datapoints."""
        return await load_row(info, datapoints_by_id, (self.slug, datapoint_id), Datapoint)

    datapoints = datapoints_field(
        "Its datapoints, in whatever datasets or none, by default the oldest first: `last: 10` gives the newest ten.",
        needs=("slug",),
        place=lambda project: DatapointPlace(project.slug),
    )
