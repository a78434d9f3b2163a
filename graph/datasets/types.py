"""A dataset and its links."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from graph.context import Info, context_of
from graph.creator_link import CreatorLink
from graph.datapoints.connection import DatapointPlace, datapoints_field
from graph.experiments.connection import ExperimentPlace, experiments_field
from graph.fields import column, link
from graph.nodes import TracegraphNode, is_row_of
from graph.project_link import ProjectLink
from graph.rows import load_row
from graph.scalars import BigInt, DateTime
from resolvers.datasets.read import datapoint_ids_of
from resolvers.objects.read import objects_by_ref
from resolvers.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from graph.objects.types import ObjectVersion

__all__ = ["Dataset"]


@strawberry.federation.type(
    keys=["id", "projectSlug datasetId"],
    description="An ordered list of datapoints to run experiments on. It changes in place; `datasetPublish` keeps what "
    "it holds as a version of a Weave object, which never changes.",
)
class Dataset(CreatorLink, ProjectLink, TracegraphNode):
    """Rows of ``db.datasets``."""

    is_type_of = is_row_of("Dataset")

    dataset_id: str = column("Id within the project.")
    name: str = column("Name for people, at most 200 characters; several datasets may have one name.")
    description: str | None = column("What it is for; null where nobody said.")
    datapoint_count: BigInt = column("How many datapoints it holds.")
    published_ref: str | None = column("Ref of the object version that it was last published as.")
    imported_ref: str | None = column("Ref of the object version that it was imported from.")
    created_by: str | None = column("User who made it.")
    created_at: DateTime = column("When it was made.")
    updated_at: DateTime = column(
        "When its name, its description or the list of its datapoints was last changed; when it was made, where none "
        "of them was. A datapoint has times of its own."
    )

    datapoints = datapoints_field(
        "The datapoints that it holds, by default in its own order.",
        needs=("project_slug", "dataset_id"),
        place=lambda dataset: DatapointPlace(dataset.project_slug, "dataset", dataset.dataset_id),
    )

    experiments = experiments_field(
        "The experiments that ran over it, by default the newest first; Weave evaluations are experiments of the "
        "object version that they ran over: `publishedVersion { experiments { nodes { name } } }`.",
        needs=("project_slug", "dataset_id"),
        place=lambda dataset: ExperimentPlace(dataset.project_slug, "dataset", dataset.dataset_id),
    )

    @link(
        "`Datapoint.datapointId` of all datapoints that it holds, in its order, 100,000 at most. For REST clients; "
        "`datapoints` has pages.",
        needs=("project_slug", "dataset_id"),
        weight=10,
    )
    async def datapoint_ids(self, info: Info) -> list[str]:
        """By a loader."""
        ids: list[str] = await context_of(info).loaders.load(datapoint_ids_of, (self.project_slug, self.dataset_id))
        return ids

    @link(
        "The object version that it was last published as; null where it never was, or that is deleted. It has what "
        "the dataset held then.",
        needs=("published_ref",),
    )
    async def published_version(
        self, info: Info
    ) -> Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")] | None:
        """By the loader of objects."""
        return await _version(info, self.published_ref)

    @link(
        "The object version that it was imported from; null where it was not, or that is deleted.",
        needs=("imported_ref",),
    )
    async def imported_from(
        self, info: Info
    ) -> Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")] | None:
        """By the loader of objects."""
        return await _version(info, self.imported_ref)


async def _version(info: Info, ref: str | None) -> "ObjectVersion | None":
    parsed = None if ref is None else parse_ref(ref)
    if not isinstance(parsed, ObjectRef):
        return None
    key = (parsed.project, parsed.kind, parsed.object_id, parsed.digest)
    version: ObjectVersion | None = await load_row(info, objects_by_ref, key, "ObjectVersion")
    return None if version is None or version.deleted_at is not None else version
