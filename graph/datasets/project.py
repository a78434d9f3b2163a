"""What a project says of its datasets."""

from typing import Annotated

import strawberry

from graph.context import Info
from graph.datasets.connection import DatasetPlace, datasets_field
from graph.datasets.types import Dataset
from graph.fields import link
from graph.nodes import ProjectPart
from graph.rows import load_row
from resolvers.datasets.read import datasets_by_id

__all__ = ["ProjectDatasets"]

DatasetId = Annotated[str, strawberry.argument(description="`Dataset.datasetId`.")]


@strawberry.type
class ProjectDatasets(ProjectPart):
    """The part of Project about datasets."""

    @link("One dataset by its id; null where there is none.", needs=("slug",))
    async def dataset(self, info: Info, dataset_id: DatasetId) -> Dataset | None:
        """By the loader of datasets."""
        return await load_row(info, datasets_by_id, (self.slug, dataset_id), Dataset)

    datasets = datasets_field(
        "Its datasets, by default the oldest first: `last: 10` gives the newest ten. Datasets that Weave's SDKs "
        "publish are `objectVersions` of class `Dataset`; `datasetImport` makes one of these of them.",
        needs=("slug",),
        place=lambda project: DatasetPlace(project.slug),
    )
