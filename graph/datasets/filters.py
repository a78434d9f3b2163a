"""The typed filter of datasets."""

from dataclasses import fields

import strawberry

from graph.fields import column
from graph.scalars import DateTime
from resolvers.datasets.pages import EVERY_DATASET, DatasetFilter

__all__ = ["DatasetFilterInput", "filter_of"]


@strawberry.input(
    description="Which datasets. All fields that are set must hold; of a list one value must. A field that is null, "
    "left out or an empty list restricts nothing. Lists hold at most 1,000 values, which are compared exactly."
)
class DatasetFilterInput:
    """``resolvers.datasets.pages.DatasetFilter``, field for field."""

    dataset_ids: list[str] | None = column("`Dataset.datasetId`.", default=None)
    names: list[str] | None = column("`Dataset.name`, exactly; several datasets may have one name.", default=None)
    name_contains: str | None = column("What the name has in it, whatever the case of letters.", default=None)
    name_prefix: str | None = column("How the name begins.", default=None)
    created_after: DateTime | None = column("Made at this time or later (inclusive).", default=None)
    created_before: DateTime | None = column("Made before this time (exclusive).", default=None)


def filter_of(value: DatasetFilterInput | None) -> DatasetFilter:
    """The input as the domain's filter."""
    if value is None:
        return EVERY_DATASET
    return DatasetFilter(**{field.name: getattr(value, field.name) for field in fields(DatasetFilter)})
