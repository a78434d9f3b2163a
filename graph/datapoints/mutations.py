"""Making, changing and deleting datapoints."""

import strawberry

from graph.context import Info, context_of
from graph.datapoints.inputs import (
    DatapointCreateInput,
    DatapointDeleteInput,
    DatapointsCreateFromCallsInput,
    DatapointUpdateInput,
    changes_of,
    new_datapoint,
    selection_of,
)
from graph.datapoints.types import Datapoint
from graph.datasets.inputs import mapping_of
from graph.datasets.types import Dataset
from graph.fields import column, link
from graph.rows import load_row
from graph.user_errors import UserError, user_errors
from resolvers.datapoints.from_calls import datapoints_from_calls
from resolvers.datapoints.read import datapoints_by_id
from resolvers.datapoints.record import datapoint_delete, datapoint_update, datapoints_create
from resolvers.datasets.read import datasets_by_id
from resolvers.errors import Refusal

__all__ = ["DatapointMutations"]


@strawberry.type(description="What became of a datapoint.")
class DatapointPayload:
    """A datapoint."""

    project: strawberry.Private[str]
    datapoint_id: str | None = column("Its id; null where it was refused.")
    changed: bool = column("Whether anything of it is another than before; false where it was refused.")
    user_errors: list[UserError] = column("Why nothing was done; empty where it was.")

    @link("The datapoint as it is now; null where it was refused.")
    async def datapoint(self, info: Info) -> Datapoint | None:
        """Read only where it is asked for."""
        if self.datapoint_id is None:
            return None
        return await load_row(info, datapoints_by_id, (self.project, self.datapoint_id), Datapoint)


@strawberry.type(description="What became of a deletion.")
class DatapointDeletePayload:
    """An id."""

    datapoint_id: str | None = column("Id of the datapoint that is gone; null where none is.")
    user_errors: list[UserError] = column("Why nothing was deleted.")


@strawberry.type(description="What became of datapoints that were to be made of calls.")
class DatapointsCreateFromCallsPayload:
    """Ids."""

    project: strawberry.Private[str]
    dataset_id: strawberry.Private[str | None]
    datapoint_ids: list[str] = column(
        "`Datapoint.datapointId` of each, in order; empty where there were no such calls, or they were refused."
    )
    user_errors: list[UserError] = column("Why nothing was done; empty where it was.")

    @link("The dataset that they were put into; null where none was named, or nothing was done.")
    async def dataset(self, info: Info) -> Dataset | None:
        """Read only where it is asked for."""
        if self.dataset_id is None:
            return None
        return await load_row(info, datasets_by_id, (self.project, self.dataset_id), Dataset)


def _refused(project: str, refusal: Refusal) -> DatapointPayload:
    return DatapointPayload(project=project, datapoint_id=None, changed=False, user_errors=user_errors(refusal))


@strawberry.type
class DatapointMutations:
    """The part of Mutation about datapoints."""

    @strawberry.mutation(description="Make a datapoint, in some datasets or in none.")
    async def datapoint_create(self, info: Info, input: DatapointCreateInput) -> DatapointPayload:
        """One datapoint."""
        try:
            (made,) = await datapoints_create(context_of(info), input.project, [new_datapoint(input)])
        except Refusal as refusal:
            return _refused(input.project, refusal)
        return DatapointPayload(project=input.project, datapoint_id=made, changed=True, user_errors=[])

    @strawberry.mutation(description="Change a datapoint in place, in whatever datasets it is.")
    async def datapoint_update(self, info: Info, input: DatapointUpdateInput) -> DatapointPayload:
        """Changes."""
        try:
            changed = await datapoint_update(context_of(info), input.project, input.datapoint_id, changes_of(input))
        except Refusal as refusal:
            return _refused(input.project, refusal)
        return DatapointPayload(project=input.project, datapoint_id=input.datapoint_id, changed=changed, user_errors=[])

    @strawberry.mutation(
        description="Delete a datapoint for good, and take it out of the datasets that hold it. Calls that were made "
        "for it keep its id."
    )
    async def datapoint_delete(self, info: Info, input: DatapointDeleteInput) -> DatapointDeletePayload:
        """A deletion."""
        try:
            await datapoint_delete(context_of(info), input.project, input.datapoint_id)
        except Refusal as refusal:
            return DatapointDeletePayload(datapoint_id=None, user_errors=user_errors(refusal))
        return DatapointDeletePayload(datapoint_id=input.datapoint_id, user_errors=[])

    @strawberry.mutation(
        description="Make a datapoint of each of some calls, all of them or none, linked to the call. Not idempotent: "
        "a call may have several."
    )
    async def datapoints_create_from_calls(
        self, info: Info, input: DatapointsCreateFromCallsInput
    ) -> DatapointsCreateFromCallsPayload:
        """Datapoints."""
        try:
            ids = await datapoints_from_calls(
                context_of(info), input.project, selection_of(input), mapping_of(input.mapping), input.dataset_id
            )
        except Refusal as refusal:
            return DatapointsCreateFromCallsPayload(
                project=input.project, dataset_id=None, datapoint_ids=[], user_errors=user_errors(refusal)
            )
        return DatapointsCreateFromCallsPayload(
            project=input.project, dataset_id=input.dataset_id, datapoint_ids=ids, user_errors=[]
        )
