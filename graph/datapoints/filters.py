"""The typed filter of datapoints."""

from dataclasses import fields

import strawberry

from graph.fields import column
from graph.scalars import DateTime
from resolvers.datapoints.pages import EVERY_DATAPOINT, DatapointFilter

__all__ = ["DatapointFilterInput", "filter_of"]


@strawberry.input(
    description="Which datapoints. All fields that are set must hold; of a list one value must. A field that is null, "
    "left out or an empty list restricts nothing. Lists hold at most 1,000 values, which are compared exactly. What is "
    "not here, such as values in the inputs, is asked for by `query`."
)
class DatapointFilterInput:
    """``resolvers.datapoints.pages.DatapointFilter``, field for field."""

    datapoint_ids: list[str] | None = column("`Datapoint.datapointId`.", default=None)
    dataset_ids: list[str] | None = column("`Dataset.datasetId` of datasets that hold them.", default=None)
    dataset_names: list[str] | None = column(
        "`Dataset.name` of datasets that hold them, exactly; several datasets may have one name.", default=None
    )
    linked_call_ids: list[str] | None = column("`Call.callId` of the calls that they were made from.", default=None)
    created_after: DateTime | None = column("Made at this time or later (inclusive).", default=None)
    created_before: DateTime | None = column("Made before this time (exclusive).", default=None)


def filter_of(value: DatapointFilterInput | None) -> DatapointFilter:
    """The input as the domain's filter."""
    if value is None:
        return EVERY_DATAPOINT
    return DatapointFilter(**{field.name: getattr(value, field.name) for field in fields(DatapointFilter)})
