"""Datapoints."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StrictBool

from graph.json_text import dump_json
from graph.scalars import parse_time
from resolvers.calls.event_filters import event_filters_of
from resolvers.errors import RefusalCode
from rest_compat.dialects import Problem, RefusedError
from rest_compat.honeyhive.datasets import DatapointMapping
from rest_compat.honeyhive.date_range import DateRange
from rest_compat.honeyhive.models import Open, Strict, iso_time
from rest_compat.honeyhive.refusals import failing
from rest_compat.json_fields import JSONObject
from rest_compat.registry import Data, Endpoint, Request, Stream, Variables, connection_of

__all__ = ["ENDPOINTS"]

Id = Annotated[str, Field(min_length=1)]

MOST_IDS = 1000


class GetDatapointsQuery(Strict):
    """GetDatapointsQuery."""

    datapoint_ids: Annotated[list[Id], Field(max_length=MOST_IDS)] | None = None
    dataset_name: Annotated[str, Field(max_length=200)] | None = None


class CreateDatapointRequest(Open):
    """CreateDatapointRequest. A null, which answers have, is as a field that is left out."""

    inputs: JSONObject | None = None
    history: list[JSONObject] | None = None
    ground_truth: JSONObject | None = None
    metadata: JSONObject | None = None
    linked_event: str | None = None
    linked_datasets: list[Id] | None = None


class UpdateDatapointRequest(CreateDatapointRequest):
    """UpdateDatapointRequest. A null, which answers have, takes a value away."""


class BatchCreateDatapointsRequest(Open):
    """BatchCreateDatapointsRequest. ``filters`` are filters of events, one or a list of them; an object without
    ``field`` has the values that fields must have: ``{"event_type": "model"}``."""

    events: list[Id] | None = None
    mapping: DatapointMapping | None = None
    filters: dict[str, Any] | list[dict[str, Any]] | None = None
    dateRange: DateRange | None = None  # noqa: N815 - the name in the document
    checkState: dict[str, StrictBool] | None = None  # noqa: N815
    selectAll: StrictBool = False  # noqa: N815
    dataset_id: Id | None = None


_FIELDS = {
    "inputs": "inputs",
    "history": "history",
    "ground_truth": "groundTruth",
    "metadata": "metadata",
    "linked_event": "linkedCallId",
    "linked_datasets": "datasetIds",
}
"""The documented fields and the graph's."""


def datapoint_of(node: Mapping[str, Any]) -> dict[str, Any]:
    """Datapoint."""
    return {
        "id": node["datapointId"],
        **{name: node[field] for name, field in _FIELDS.items()},
        "created_at": iso_time(parse_time(node["createdAt"])),
        "updated_at": iso_time(parse_time(node["updatedAt"])),
    }


def _list(request: Request) -> Variables:
    query: GetDatapointsQuery = request.query
    names = None if query.dataset_name is None else [query.dataset_name]
    return {
        "project": request.project,
        "filter": {"datapointIds": query.datapoint_ids, "datasetNames": names},
        "orderBy": [{"field": "position"}] if names else None,
        "first": 100,
        "after": None,
    }


def _which(request: Request) -> Variables:
    return {"project": request.project, "datapointId": request.path["datapoint_id"]}


def _one(data: Data, request: Request) -> dict[str, Any]:
    """A list of one."""
    node = data["project"]["datapoint"]
    if node is None:
        message = f"Datapoint {request.path['datapoint_id']!r} not found"
        raise RefusedError(Problem(RefusalCode.NOT_FOUND, message))
    return {"datapoint": [datapoint_of(node)]}


def _fields(body: CreateDatapointRequest) -> Variables:
    return {field: getattr(body, name) for name, field in _FIELDS.items() if name in body.model_fields_set}


def _create(request: Request) -> Variables:
    return {"input": {"project": request.project, **_fields(request.body)}}


def _created(data: Data, _request: Request) -> dict[str, Any]:
    return {"inserted": True, "result": {"insertedIds": [data["datapointCreate"]["datapointId"]]}}


def _filters(given: dict[str, Any] | list[dict[str, Any]] | None) -> list[Variables]:
    """The variables of ``EventFilterInput``; raises InvalidInputError for a filter that cannot be."""
    listed = [given] if isinstance(given, dict) else given or []
    spread = [
        filter_
        for each in listed
        for filter_ in (
            [each]
            if "field" in each
            else [{"field": name, "operator": "is", "value": value} for name, value in each.items()]
        )
    ]
    return [
        {
            "field": each.field,
            "operator": each.operator.name,
            "value": dump_json(each.value),
            "type": each.type and each.type.name,
        }
        for each in event_filters_of(spread)
    ]


def _batch(request: Request) -> Variables:
    body: BatchCreateDatapointsRequest = request.body
    checked = body.checkState or {}
    listed = [*(body.events or ()), *(event_id for event_id, state in checked.items() if state)]
    dates = body.dateRange
    variables: Variables = {
        "project": request.project,
        "callIds": listed,
        "exceptCallIds": [event_id for event_id, state in checked.items() if not state],
        "selectAll": body.selectAll,
        "filters": _filters(body.filters),
        "mapping": None if body.mapping is None else body.mapping.to_input(),
        "datasetId": body.dataset_id,
    }
    if dates is not None:
        until = None if dates.until is None else dates.until + 1  # inclusive
        variables["filter"] = {"startedAfter": dates.after, "startedBefore": until}
    return {"input": variables}


def _batched(data: Data, _request: Request) -> dict[str, Any]:
    ids = data["datapointsCreateFromCalls"]["datapointIds"]
    return {"inserted": bool(ids), "insertedIds": ids}


def _update(request: Request) -> Variables:
    return {"input": {**_which(request), **_fields(request.body)}}


def _updated(data: Data, _request: Request) -> dict[str, Any]:
    return {"updated": True, "result": {"modifiedCount": int(data["datapointUpdate"]["changed"])}}


ENDPOINTS = [
    Endpoint(
        "/v1/datapoints",
        "honeyhive/datapoints_page",
        "Datapoints, the first made first: all, those with these ids, or those of datasets of this name, in their "
        "order.",
        method="GET",
        parameters=GetDatapointsQuery,
        variables=_list,
        stream=Stream(
            connection=connection_of("datapoints"), line=lambda node, _request: datapoint_of(node), member="datapoints"
        ),
    ),
    Endpoint(
        "/v1/datapoints",
        "honeyhive/datapoint_create",
        "Make a datapoint, at the end of the datasets that it names.",
        model=CreateDatapointRequest,
        variables=_create,
        respond=_created,
    ),
    Endpoint(
        "/v1/datapoints/batch",
        "honeyhive/datapoints_create_from_calls",
        "Make datapoints of events that are named, or found by filters, by a mapping of their fields.",
        model=BatchCreateDatapointsRequest,
        variables=_batch,
        respond=_batched,
    ),
    Endpoint(
        "/v1/datapoints/{datapoint_id}",
        "honeyhive/datapoint",
        "One datapoint, as a list of one.",
        method="GET",
        variables=_which,
        respond=_one,
    ),
    Endpoint(
        "/v1/datapoints/{datapoint_id}",
        "honeyhive/datapoint_update",
        "Change what the body names of a datapoint.",
        method="PUT",
        model=UpdateDatapointRequest,
        variables=_update,
        respond=_updated,
        refuse=failing("Error updating datapoint"),
    ),
    Endpoint(
        "/v1/datapoints/{datapoint_id}",
        "honeyhive/datapoint_delete",
        "Delete a datapoint, and take it out of the datasets that hold it.",
        method="DELETE",
        variables=lambda request: {"input": _which(request)},
        respond=lambda _data, _request: {"deleted": True},
    ),
]
