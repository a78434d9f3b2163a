"""What making and changing datapoints takes."""

from typing import Any, cast

import strawberry

from db.json_text import JSONText
from graph.calls.event_filters import EventFilterInput, narrowed
from graph.calls.filters import CallFilterInput, filter_of
from graph.datasets.inputs import DatapointMappingInput
from graph.fields import column
from graph.queries import query_argument
from graph.query import QueryExprInput
from graph.scalars import JSON
from resolvers.datapoints.from_calls import CallSelection
from resolvers.datapoints.validate import EMPTY_LIST, EMPTY_OBJECT, NewDatapoint

__all__ = [
    "DatapointCreateInput",
    "DatapointDeleteInput",
    "DatapointInput",
    "DatapointUpdateInput",
    "DatapointsCreateFromCallsInput",
    "changes_of",
    "new_datapoint",
    "selection_of",
]

_HISTORY = "What was said before: a list of objects, such as messages"


@strawberry.input(description="A datapoint as it is made.")
class DatapointInput:
    """One datapoint."""

    inputs: JSON | None = column("What the program is given, an object; empty where missing.", default=None)
    history: list[JSON] | None = column(f"{_HISTORY}; empty where missing.", default=None)
    ground_truth: JSON | None = column("What is expected of the program, an object.", default=None)
    metadata: JSON | None = column("What else is known of it, an object.", default=None)
    linked_call_id: str | None = column(
        "`Call.callId` of the call that it was made from, which need not be there.", default=None
    )
    dataset_ids: list[str] | None = column(
        "`Dataset.datasetId` of datasets that are there, at whose end it is put.", default=None
    )
    datapoint_id: str | None = column(
        "Id made by the client, at most 256 bytes; a conflict where it is taken. The server makes one where it is "
        "missing.",
        default=None,
    )


@strawberry.input(description="A datapoint to make.")
class DatapointCreateInput(DatapointInput):
    """With its project."""

    project: str = column("Slug of the project, `entity/name`; the project is made if it is not there.")


@strawberry.input(
    description="Changes of a datapoint: fields that are left out stay as they are. Each is replaced as a whole."
)
class DatapointUpdateInput:
    """Changes."""

    project: str = column("Slug of the project, `entity/name`.")
    datapoint_id: str = column("`Datapoint.datapointId`.")
    inputs: JSON | None = column("What the program is given, an object; not null.", default=strawberry.UNSET)
    history: list[JSON] | None = column(f"{_HISTORY}; null empties it.", default=strawberry.UNSET)
    ground_truth: JSON | None = column(
        "What is expected of the program, an object; null takes it away.", default=strawberry.UNSET
    )
    metadata: JSON | None = column("What else is known of it, an object; null takes it away.", default=strawberry.UNSET)
    linked_call_id: str | None = column(
        "`Call.callId` of the call that it was made from; null takes it away.", default=strawberry.UNSET
    )
    dataset_ids: list[str] | None = column(
        "The datasets that hold it from now on; it keeps its place in those that did, comes last in the others, and "
        "is taken out of all that are not named. Null is as an empty list.",
        default=strawberry.UNSET,
    )


@strawberry.input(description="A datapoint to delete.")
class DatapointDeleteInput:
    """Which one."""

    project: str = column("Slug of the project, `entity/name`.")
    datapoint_id: str = column("`Datapoint.datapointId`.")


@strawberry.input(
    description="Which calls to make datapoints of, and how; at most 10,000 calls, of 128 MiB together. The calls are "
    "those that `filter`, `query` and `filters` leave, of `callIds` where these are named, but for `exceptCallIds`; to "
    "restrict nothing, `selectAll` has to be said."
)
class DatapointsCreateFromCallsInput:
    """A selection and a mapping."""

    project: str = column("Slug of the project, `entity/name`.")
    call_ids: list[str] | None = column(
        "`Call.callId` of calls that are there, in the order of the datapoints; an empty list is as none. Without them "
        "the order is that of the calls' start.",
        default=None,
    )
    except_call_ids: list[str] | None = column("`Call.callId` of calls to leave out.", default=None)
    select_all: bool = column("All calls that the filters leave, whatever `callIds` says.", default=False)
    filter: CallFilterInput | None = column("Which calls, by their common fields.", default=None)
    query: QueryExprInput | None = column("Which calls, in the query language.", default=None)
    query_json: JSON | None = column('The query as REST has it, `{"$expr": ...}`; excludes `query`.', default=None)
    filters: list[EventFilterInput] | None = column(
        "Which calls, by conditions on them as events of HoneyHive: all must hold; at most 100.", default=None
    )
    mapping: DatapointMappingInput | None = column(
        "Which fields of the call, as an event of HoneyHive, are inputs, history and ground truth: `inputs.question`, "
        "`outputs.answer`, `metadata.x`, `feedback.x`, `config.x`, or a name alone, which is looked for among the "
        "inputs first, of ground truth among the outputs. A section alone, `inputs`, stands for all its fields. "
        "Without a mapping the inputs are those of the call but for `chat_history`, which is the history; the ground "
        "truth is what its feedback has as `ground_truth` or `ground_truths`, else its output.",
        default=None,
    )
    dataset_id: str | None = column("`Dataset.datasetId` of a dataset at whose end they are put.", default=None)


def selection_of(value: DatapointsCreateFromCallsInput) -> CallSelection:
    """The input as the domain has it. Raises InvalidQueryError for a query that cannot be read."""
    return CallSelection(
        ids=tuple(value.call_ids or ()),
        excepted=tuple(value.except_call_ids or ()),
        every=value.select_all,
        filter=filter_of(value.filter),
        query=narrowed(query_argument(value.query, value.query_json), value.filters),
    )


def new_datapoint(value: DatapointInput) -> NewDatapoint:
    """The input as the domain has it."""
    return NewDatapoint(
        inputs=EMPTY_OBJECT if value.inputs is None else cast("JSONText", value.inputs),
        history=_history(value.history),
        ground_truth=cast("JSONText | None", value.ground_truth),
        metadata=cast("JSONText | None", value.metadata),
        linked_call_id=value.linked_call_id,
        dataset_ids=tuple(value.dataset_ids or ()),
        id=value.datapoint_id,
    )


def _history(items: list[JSON] | None) -> JSONText:
    return JSONText(f"[{','.join(items)}]") if items else EMPTY_LIST


_CHANGED = ("inputs", "ground_truth", "metadata", "linked_call_id")


def changes_of(value: DatapointUpdateInput) -> dict[str, Any]:
    """What the input names, as ``resolvers.datapoints.record`` takes it."""
    changes = {name: getattr(value, name) for name in _CHANGED if getattr(value, name) is not strawberry.UNSET}
    if value.history is not strawberry.UNSET:
        changes["history"] = _history(value.history)
    if value.dataset_ids is not strawberry.UNSET:
        changes["dataset_ids"] = tuple(value.dataset_ids or ())
    return changes
