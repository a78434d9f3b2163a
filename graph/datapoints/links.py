"""What a call says of datapoints and datasets."""

from typing import TYPE_CHECKING, Annotated, cast

import strawberry

from graph.context import Info
from graph.datapoints.connection import DatapointPlace, datapoints_field
from graph.fields import column, link
from graph.rows import load_row
from resolvers.datapoints.read import datapoints_by_id
from resolvers.datasets.read import datasets_by_id

if TYPE_CHECKING:
    from graph.datapoints.types import Datapoint
    from graph.datasets.types import Dataset

__all__ = ["CallDatapoints"]


@strawberry.type
class CallDatapoints:
    """The part of Call about datapoints; fields find the columns of Call's row."""

    datapoint_id: str | None = column(
        "Id of the datapoint that it was made for, in an experiment: `attributes.honeyhive.metadata.datapoint_id`. No "
        "datapoint need have it: those that clients keep to themselves have ids such as `EXT-...`."
    )
    dataset_id: str | None = column(
        "Id of the dataset whose datapoint it was made for, as with `datapointId`: "
        "`attributes.honeyhive.metadata.dataset_id`."
    )

    @link(
        "The datapoint that it was made for; null where it was made for none, or there is none of that id.",
        needs=("project_slug", "datapoint_id"),
    )
    async def datapoint(self, info: Info) -> Annotated["Datapoint", strawberry.lazy("graph.datapoints.types")] | None:
        """By the loader of datapoints."""
        if self.datapoint_id is None:
            return None
        key = (cast("str", self.project_slug), self.datapoint_id)  # type: ignore[attr-defined]
        return await load_row(info, datapoints_by_id, key, "Datapoint")

    @link(
        "The dataset whose datapoint it was made for; null where there is none of that id.",
        needs=("project_slug", "dataset_id"),
    )
    async def dataset(self, info: Info) -> Annotated["Dataset", strawberry.lazy("graph.datasets.types")] | None:
        """By the loader of datasets."""
        if self.dataset_id is None:
            return None
        key = (cast("str", self.project_slug), self.dataset_id)  # type: ignore[attr-defined]
        return await load_row(info, datasets_by_id, key, "Dataset")

    linked_datapoints = datapoints_field(
        "The datapoints that were made from it, by default the oldest first.",
        needs=("project_slug", "call_id"),
        place=lambda call: DatapointPlace(call.project_slug, "call", call.call_id),
    )
