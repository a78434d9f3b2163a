"""Datapoints."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from graph.scalars import parse_time
from resolvers.errors import RefusalCode
from rest_compat.dialects import Problem, RefusedError
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


class BatchDateRange(Open):
    """BatchDateRange."""

    gte: str | None = Field(None, alias="$gte")
    lte: str | None = Field(None, alias="$lte")


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
