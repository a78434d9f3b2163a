"""A datapoint and its links."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from graph.calls.connection import Place, calls_field
from graph.context import Info
from graph.creator_link import CreatorLink
from graph.datasets.connection import DatasetPlace, datasets_field
from graph.fields import column, link
from graph.nodes import TracegraphNode, is_row_of
from graph.project_link import ProjectLink
from graph.rows import load_call
from graph.scalars import JSON, BigInt, DateTime

if TYPE_CHECKING:
    from graph.calls.types import Call

__all__ = ["Datapoint"]


@strawberry.federation.type(
    keys=["id", "projectSlug datapointId"],
    description="An example to run a program on: its inputs, and what is expected of it. It changes in place and may "
    "be in several datasets.",
)
class Datapoint(CreatorLink, ProjectLink, TracegraphNode):
    """Rows of ``db.datapoints``."""

    is_type_of = is_row_of("Datapoint")

    datapoint_id: str = column("Id within the project.")
    inputs: JSON = column("What the program is given, an object.")
    history: JSON = column("What was said before, a list of objects, such as messages; empty where there is nothing.")
    ground_truth: JSON | None = column("What is expected of the program, an object; null where nobody said.")
    metadata: JSON | None = column("What else is known of it, an object; null where there is nothing.")
    linked_call_id: str | None = column("`Call.callId` of the call that it was made from; null where it was not.")
    created_by: str | None = column("User who made it.")
    storage_size_bytes: BigInt = column("Bytes of its inputs, history, ground truth and metadata.")
    created_at: DateTime = column("When it was made.")
    updated_at: DateTime = column("When it was last changed; when it was made, where it never was.")

    @link(
        "The call that it was made from; null where there is none, or where that is deleted or never came.",
        needs=("project_slug", "linked_call_id"),
    )
    async def linked_call(self, info: Info) -> Annotated["Call", strawberry.lazy("graph.calls.types")] | None:
        """By the loader of calls."""
        return await load_call(info, self.project_slug, self.linked_call_id)

    calls = calls_field(
        "The calls that were made for it: those of experiments that ran on it, whose `Call.datapointId` names it.",
        needs=("project_slug", "datapoint_id"),
        place=lambda datapoint: Place(datapoint.project_slug, "datapoint_id", datapoint.datapoint_id),
    )

    datasets = datasets_field(
        "The datasets that hold it, by default the oldest first.",
        needs=("project_slug", "datapoint_id"),
        place=lambda datapoint: DatasetPlace(datapoint.project_slug, datapoint.datapoint_id),
    )

    dataset_ids: list[str] = column("`Dataset.datasetId` of all datasets that hold it, the oldest dataset first.")
