"""What making and changing datasets takes."""

from typing import Any

import strawberry

from graph.enums import described_enum
from graph.fields import column
from graph.scalars import JSON
from resolvers.datapoints.mapping import FieldMapping
from resolvers.datasets.layout import DatasetLayout
from resolvers.datasets.record import UNTITLED, NewDataset
from resolvers.errors import InvalidInputError

__all__ = [
    "DatapointMappingInput",
    "DatasetAddDatapointsInput",
    "DatasetCreateInput",
    "DatasetDeleteInput",
    "DatasetImportInput",
    "DatasetLayout",
    "DatasetPublishInput",
    "DatasetRemoveDatapointInput",
    "DatasetUpdateInput",
    "changes_of",
    "mapping_of",
    "new_dataset",
]

_SLUG = "Slug of the project, `entity/name`."


@strawberry.input(description="A dataset to make.")
class DatasetCreateInput:
    """A dataset."""

    project: str = column("Slug of the project, `entity/name`; the project is made if it is not there.")
    name: str = column("Name for people, at most 200 characters; it need not be unique.", default=UNTITLED)
    description: str | None = column("What it is for.", default=None)
    datapoint_ids: list[str] | None = column(
        "`Datapoint.datapointId` of datapoints that are there, in its order, 100,000 at most; one that is named twice "
        "has its first place.",
        default=None,
    )
    dataset_id: str | None = column(
        "Id made by the client, at most 256 bytes; a conflict where it is taken. The server makes one where it is "
        "missing.",
        default=None,
    )


@strawberry.input(description="Changes of a dataset: fields that are left out stay as they are.")
class DatasetUpdateInput:
    """Changes."""

    project: str = column(_SLUG)
    dataset_id: str = column("`Dataset.datasetId`.")
    name: str | None = column("Name for people, at most 200 characters; not null.", default=strawberry.UNSET)
    description: str | None = column("What it is for; null takes it away.", default=strawberry.UNSET)
    datapoint_ids: list[str] | None = column(
        "`Datapoint.datapointId` of all that it holds from now on, in this order, 100,000 at most: so it is ordered "
        "anew, too. Null empties it.",
        default=strawberry.UNSET,
    )


@strawberry.input(description="A dataset to delete.")
class DatasetDeleteInput:
    """Which one."""

    project: str = column(_SLUG)
    dataset_id: str = column("`Dataset.datasetId`.")


@strawberry.input(
    description="Which fields of an object make up a datapoint, by name or dotted path: `question`, `context.user`, "
    "`turns.0`; `\\.` is a dot in a name. The datapoint has each under the last part of its path, or under the whole "
    "path where two of one list end alike. What an object lacks is left out; 1,000 fields a list at most."
)
class DatapointMappingInput:
    """``resolvers.datapoints.mapping.FieldMapping``."""

    inputs: list[str] = column(
        "Fields of `Datapoint.inputs`. A field `inputs` that is an object stands for all fields of it.",
        default_factory=list,
    )
    history: list[str] = column(
        "Fields of `Datapoint.history`, one after another: a list of objects gives its items, an object itself, "
        "anything else `{NAME: value}`, null nothing.",
        default_factory=list,
    )
    ground_truth: list[str] = column(
        "Fields of `Datapoint.groundTruth`. A field `ground_truth` that is an object stands for all fields of it.",
        default_factory=list,
    )


@strawberry.input(
    description="Datapoints to put at the end of a dataset: exactly one of `datapointIds`, or `data` with a `mapping`."
)
class DatasetAddDatapointsInput:
    """Datapoints that are there, or objects to make them of."""

    project: str = column(_SLUG)
    dataset_id: str = column("`Dataset.datasetId`.")
    datapoint_ids: list[str] | None = column(
        "`Datapoint.datapointId` of datapoints that are there; those that it holds already keep their places.",
        default=None,
    )
    data: list[JSON] | None = column("Objects, each of which is made a datapoint.", default=None)
    mapping: DatapointMappingInput | None = column(
        "Which fields of `data` are inputs, history and ground truth; what is not mapped is kept in the metadata of "
        "the datapoint, of a field `metadata` that is an object its fields.",
        default=None,
    )


@strawberry.input(description="A datapoint to take out of a dataset.")
class DatasetRemoveDatapointInput:
    """Which one."""

    project: str = column(_SLUG)
    dataset_id: str = column("`Dataset.datasetId`.")
    datapoint_id: str = column("`Datapoint.datapointId`.")


described_enum(
    DatasetLayout,
    name="DatasetLayout",
    description="How a datapoint is a row of a Weave dataset. Values may be added.",
    values={
        "FLAT": "A column for each field of `inputs` and of `groundTruth`, as models and scorers of Weave take them, "
        "and `history` and `metadata` where there are any. Where a field of the ground truth is called as one of the "
        "inputs and is another, its column is `ground_truth_NAME` in all rows.",
        "NESTED": "The columns `id`, `inputs`, `history`, `ground_truth` and `metadata`: nothing is lost.",
    },
)


@strawberry.input(description="A dataset to publish.")
class DatasetPublishInput:
    """Which one, and how."""

    project: str = column(_SLUG)
    dataset_id: str = column("`Dataset.datasetId`.")
    object_id: str | None = column(
        "Name of the object: letters, digits, `.`, `_` and `-`, at most 128. Without it the name of the dataset, "
        "with a dash for what an object's name cannot have.",
        default=None,
    )
    layout: DatasetLayout = column("How a datapoint is a row.", default=DatasetLayout.FLAT)


@strawberry.input(description="A Weave dataset to make a dataset of.")
class DatasetImportInput:
    """What, and how."""

    project: str = column("Slug of the project that gets the dataset; it is made if it is not there.")
    ref: str = column(
        "Ref of a version of a Weave dataset, of this project or another: `weave:///team/app/object/NAME:DIGEST`, "
        "where `latest` and `vN` will do for the digest."
    )
    mapping: DatapointMappingInput | None = column(
        "Which columns are inputs, history and ground truth; others are metadata. Without it rows of the layout "
        "`NESTED` are what they were; of others, columns called as ground truth is (`expected`, `answer`, `label`, "
        "`target`, `output`, `reference`, `ground_truth` and the like, also with more after `expected_`, `target_` and "
        "so on) are ground truth, `history` is history where it holds lists of objects, `metadata` metadata where it "
        "holds objects, and all else inputs; where that leaves no inputs, all columns are inputs.",
        default=None,
    )
    name: str | None = column("Name of the dataset; without it that of the Weave dataset.", default=None)
    dataset_id: str | None = column(
        "Id made by the client; a conflict where it is taken. The server makes one where it is missing.", default=None
    )


def new_dataset(value: DatasetCreateInput) -> NewDataset:
    """The input as the domain has it."""
    return NewDataset(value.name, value.description, tuple(value.datapoint_ids or ()), value.dataset_id)


def changes_of(value: DatasetUpdateInput) -> dict[str, Any]:
    """What the input names, as ``resolvers.datasets.record`` takes it. Raises InvalidInputError for a name of null."""
    changes = {
        name: getattr(value, name) for name in ("name", "description") if getattr(value, name) is not strawberry.UNSET
    }
    if "name" in changes and changes["name"] is None:
        raise InvalidInputError("The name of a dataset cannot be null", ["name"])
    if value.datapoint_ids is not strawberry.UNSET:
        changes["datapoint_ids"] = tuple(value.datapoint_ids or ())
    return changes


def mapping_of(value: DatapointMappingInput | None) -> FieldMapping:
    """The input as the domain has it."""
    if value is None:
        return FieldMapping()
    return FieldMapping(tuple(value.inputs), tuple(value.history), tuple(value.ground_truth))
