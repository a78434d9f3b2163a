"""Making, changing and deleting datasets."""

from typing import cast

import strawberry

from db.json_text import JSONText
from graph.context import Info, context_of
from graph.datasets.inputs import (
    DatasetAddDatapointsInput,
    DatasetCreateInput,
    DatasetDeleteInput,
    DatasetImportInput,
    DatasetPublishInput,
    DatasetRemoveDatapointInput,
    DatasetUpdateInput,
    changes_of,
    mapping_of,
    new_dataset,
)
from graph.datasets.types import Dataset
from graph.fields import column, link
from graph.objects.types import ObjectVersion
from graph.rows import load_row
from graph.user_errors import UserError, user_errors
from resolvers.context import Context
from resolvers.datasets.publish import dataset_import, dataset_publish
from resolvers.datasets.read import datasets_by_id
from resolvers.datasets.record import (
    dataset_add_datapoints,
    dataset_add_objects,
    dataset_create,
    dataset_delete,
    dataset_remove_datapoint,
    dataset_update,
)
from resolvers.errors import InvalidInputError, Refusal
from resolvers.objects.read import objects_by_ref
from resolvers.refs import ObjectRef, parse_ref

__all__ = ["DatasetMutations"]


@strawberry.type(description="What became of a dataset.")
class DatasetPayload:
    """A dataset."""

    project: strawberry.Private[str]
    dataset_id: str | None = column("Its id; null where nothing was done.")
    user_errors: list[UserError] = column("Why nothing was done; empty where it was.")

    @link("The dataset as it is now; null where nothing was done.")
    async def dataset(self, info: Info) -> Dataset | None:
        """Read only where it is asked for."""
        if self.dataset_id is None:
            return None
        return await load_row(info, datasets_by_id, (self.project, self.dataset_id), Dataset)


@strawberry.type(description="What became of datapoints that were to be put into a dataset.")
class DatasetAddDatapointsPayload(DatasetPayload):
    """With ids."""

    datapoint_ids: list[str] = column(
        "`Datapoint.datapointId` of each that was named or made, in order; empty where nothing was done."
    )


@strawberry.type(description="What became of a dataset that was to be published.")
class DatasetPublishPayload(DatasetPayload):
    """With the version."""

    ref: str | None = column("Ref of the object version; null where nothing was published.")

    @link("The object version, now the latest of its name; null where nothing was published.")
    async def version(self, info: Info) -> ObjectVersion | None:
        """Read only where it is asked for."""
        parsed = None if self.ref is None else parse_ref(self.ref)
        if not isinstance(parsed, ObjectRef):
            return None
        key = (parsed.project, parsed.kind, parsed.object_id, parsed.digest)
        return await load_row(info, objects_by_ref, key, ObjectVersion)


@strawberry.type(description="What became of a deletion.")
class DatasetDeletePayload:
    """An id."""

    dataset_id: str | None = column("Id of the dataset that is gone; null where none is.")
    user_errors: list[UserError] = column("Why nothing was deleted.")


def _done(project: str, dataset_id: str) -> DatasetPayload:
    return DatasetPayload(project=project, dataset_id=dataset_id, user_errors=[])


def _refused(project: str, refusal: Refusal) -> DatasetPayload:
    return DatasetPayload(project=project, dataset_id=None, user_errors=user_errors(refusal))


async def _add(context: Context, value: DatasetAddDatapointsInput) -> list[str]:
    if (value.datapoint_ids is None) == (value.data is None):
        raise InvalidInputError("Datapoints are either named by datapointIds or made of data", ["datapointIds"])
    if value.datapoint_ids is not None:
        await dataset_add_datapoints(context, value.project, value.dataset_id, value.datapoint_ids)
        return value.datapoint_ids
    data = cast("list[JSONText]", value.data)
    return await dataset_add_objects(context, value.project, value.dataset_id, data, mapping_of(value.mapping))


@strawberry.type
class DatasetMutations:
    """The part of Mutation about datasets."""

    @strawberry.mutation(description="Make a dataset, empty or of datapoints that are there.")
    async def dataset_create(self, info: Info, input: DatasetCreateInput) -> DatasetPayload:
        """One dataset."""
        try:
            return _done(input.project, await dataset_create(context_of(info), input.project, new_dataset(input)))
        except Refusal as refusal:
            return _refused(input.project, refusal)

    @strawberry.mutation(description="Change a dataset in place: its name, its description, what it holds.")
    async def dataset_update(self, info: Info, input: DatasetUpdateInput) -> DatasetPayload:
        """Changes."""
        try:
            await dataset_update(context_of(info), input.project, input.dataset_id, changes_of(input))
        except Refusal as refusal:
            return _refused(input.project, refusal)
        return _done(input.project, input.dataset_id)

    @strawberry.mutation(
        description="Delete a dataset for good. Its datapoints stay, and so do the object versions that it was "
        "published as."
    )
    async def dataset_delete(self, info: Info, input: DatasetDeleteInput) -> DatasetDeletePayload:
        """A deletion."""
        try:
            await dataset_delete(context_of(info), input.project, input.dataset_id)
        except Refusal as refusal:
            return DatasetDeletePayload(dataset_id=None, user_errors=user_errors(refusal))
        return DatasetDeletePayload(dataset_id=input.dataset_id, user_errors=[])

    @strawberry.mutation(
        description="Put datapoints at the end of a dataset, all or none of them: some that are there, or some made of "
        "objects by a mapping of their fields."
    )
    async def dataset_add_datapoints(self, info: Info, input: DatasetAddDatapointsInput) -> DatasetAddDatapointsPayload:
        """Datapoints."""
        try:
            ids = await _add(context_of(info), input)
        except Refusal as refusal:
            return DatasetAddDatapointsPayload(
                project=input.project, dataset_id=None, datapoint_ids=[], user_errors=user_errors(refusal)
            )
        return DatasetAddDatapointsPayload(
            project=input.project, dataset_id=input.dataset_id, datapoint_ids=ids, user_errors=[]
        )

    @strawberry.mutation(description="Take a datapoint out of a dataset. The datapoint itself stays.")
    async def dataset_remove_datapoint(self, info: Info, input: DatasetRemoveDatapointInput) -> DatasetPayload:
        """A datapoint."""
        try:
            await dataset_remove_datapoint(context_of(info), input.project, input.dataset_id, input.datapoint_id)
        except Refusal as refusal:
            return _refused(input.project, refusal)
        return _done(input.project, input.dataset_id)

    @strawberry.mutation(
        description="Keep what a dataset holds now as a version of a Weave object, which Weave's SDKs read as "
        "`weave.Dataset`. Idempotent: what was published already is the same version again."
    )
    async def dataset_publish(self, info: Info, input: DatasetPublishInput) -> DatasetPublishPayload:
        """A version."""
        try:
            ref = await dataset_publish(
                context_of(info), input.project, input.dataset_id, input.object_id, input.layout
            )
        except Refusal as refusal:
            return DatasetPublishPayload(
                project=input.project, dataset_id=None, ref=None, user_errors=user_errors(refusal)
            )
        return DatasetPublishPayload(project=input.project, dataset_id=input.dataset_id, ref=ref, user_errors=[])

    @strawberry.mutation(
        description="Make a dataset of a version of a Weave dataset, with a datapoint for each row, in its order. Not "
        "idempotent: each time it is a dataset of its own."
    )
    async def dataset_import(self, info: Info, input: DatasetImportInput) -> DatasetPayload:
        """A dataset."""
        mapping = None if input.mapping is None else mapping_of(input.mapping)
        try:
            made = await dataset_import(
                context_of(info), input.project, input.ref, mapping, input.name, input.dataset_id
            )
        except Refusal as refusal:
            return _refused(input.project, refusal)
        return _done(input.project, made)
