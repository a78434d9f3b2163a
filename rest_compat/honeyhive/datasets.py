"""Datasets: ordered lists of datapoints."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from graph.scalars import parse_time
from rest_compat.honeyhive.models import Open, Strict, iso_time, still_there
from rest_compat.json_fields import JSONObject
from rest_compat.registry import Data, Endpoint, Request, Stream, Variables, connection_of

__all__ = ["ENDPOINTS", "DatapointMapping"]

Id = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(max_length=200)]


class GetDatasetsQuery(Open):
    """The parameters of getDatasets."""

    dataset_id: str | None = None
    name: str | None = None


class CreateDatasetRequest(Open):
    """CreateDatasetRequest. A description of null, which answers have, is as none."""

    name: Name = "Untitled Dataset"
    description: str | None = None
    datapoints: list[Id] = Field(default_factory=list)


class UpdateDatasetRequest(Strict):
    """UpdateDatasetRequest. A description of null, which answers have, takes it away."""

    name: Name = ""
    description: str | None = None
    datapoints: list[Id] = Field(default_factory=list)


class LegacyUpdateDatasetRequest(Open):
    """LegacyUpdateDatasetRequest."""

    dataset_id: Id
    name: Name = ""
    description: str | None = None
    datapoints: list[Id] = Field(default_factory=list)


class LegacyDeleteDatasetQuery(Open):
    """LegacyDeleteDatasetQuery."""

    dataset_id: Id


class DatapointMapping(Open):
    """DatapointMapping."""

    inputs: list[str] = Field(default_factory=list)
    history: list[str] = Field(default_factory=list)
    ground_truth: list[str] = Field(default_factory=list)

    def to_input(self) -> Variables:
        """The graph's ``DatapointMappingInput``."""
        return {"inputs": self.inputs, "history": self.history, "groundTruth": self.ground_truth}


class AddDatapointsToDatasetRequest(Open):
    """AddDatapointsToDatasetRequest."""

    data: list[JSONObject]
    mapping: DatapointMapping


def _dataset(node: Mapping[str, Any]) -> dict[str, Any]:
    """Dataset."""
    return {
        "id": node["datasetId"],
        "name": node["name"],
        "description": node["description"],
        "datapoints": node["datapointIds"],
        "created_at": iso_time(parse_time(node["createdAt"])),
        "updated_at": iso_time(parse_time(node["updatedAt"])),
    }


def _list(request: Request) -> Variables:
    query: GetDatasetsQuery = request.query
    chosen = {"datasetIds": query.dataset_id, "names": query.name}
    lists = {field: None if value is None else [value] for field, value in chosen.items()}
    return {"project": request.project, "filter": lists, "first": 100, "after": None}


_FIELDS = {"name": "name", "description": "description", "datapoints": "datapointIds"}
"""The documented fields and the graph's."""


def _fields(body: CreateDatasetRequest | UpdateDatasetRequest | LegacyUpdateDatasetRequest) -> Variables:
    return {field: getattr(body, name) for name, field in _FIELDS.items() if name in body.model_fields_set}


def _create(request: Request) -> Variables:
    return {"input": {"project": request.project, **_fields(request.body)}}


def _created(data: Data, _request: Request) -> dict[str, Any]:
    return {"inserted": True, "result": {"insertedId": data["datasetCreate"]["datasetId"]}}


def _which(request: Request) -> Variables:
    return {"project": request.project, "datasetId": request.path["dataset_id"]}


def _update(request: Request) -> Variables:
    return {"input": {**_which(request), **_fields(request.body)}}


def _update_legacy(request: Request) -> Variables:
    body: LegacyUpdateDatasetRequest = request.body
    return {"input": {"project": request.project, "datasetId": body.dataset_id, **_fields(body)}}


def _updated(data: Data, _request: Request) -> dict[str, Any]:
    return {"result": _dataset(still_there(data["datasetUpdate"]["dataset"], "Dataset"))}


def _deleted(data: Data, _request: Request) -> dict[str, Any]:
    return {"result": {"id": data["datasetDelete"]["datasetId"]}}


def _add(request: Request) -> Variables:
    body: AddDatapointsToDatasetRequest = request.body
    return {"input": {**_which(request), "data": body.data, "mapping": body.mapping.to_input()}}


def _added(data: Data, _request: Request) -> dict[str, Any]:
    ids = data["datasetAddDatapoints"]["datapointIds"]
    return {"inserted": bool(ids), "datapoint_ids": ids}


def _remove(request: Request) -> Variables:
    return {"input": {**_which(request), "datapointId": request.path["datapoint_id"]}}


def _removed(_data: Data, request: Request) -> dict[str, Any]:
    dataset, datapoint = request.path["dataset_id"], request.path["datapoint_id"]
    return {"dereferenced": True, "message": f"Datapoint {datapoint} was removed from dataset {dataset}"}


ENDPOINTS = [
    Endpoint(
        "/v1/datasets",
        "honeyhive/datasets_page",
        "Datasets, the first made first: all, the one with this id, or those of this name.",
        method="GET",
        parameters=GetDatasetsQuery,
        variables=_list,
        stream=Stream(
            connection=connection_of("datasets"), line=lambda node, _request: _dataset(node), member="datasets"
        ),
    ),
    Endpoint(
        "/v1/datasets",
        "honeyhive/dataset_create",
        "Make a dataset, empty or of datapoints that are there.",
        model=CreateDatasetRequest,
        variables=_create,
        respond=_created,
    ),
    Endpoint(
        "/v1/datasets",
        "honeyhive/dataset_update",
        "Change what the body names of a dataset.",
        method="PUT",
        model=LegacyUpdateDatasetRequest,
        variables=_update_legacy,
        respond=_updated,
        deprecated=True,
    ),
    Endpoint(
        "/v1/datasets",
        "honeyhive/dataset_delete",
        "Delete a dataset; its datapoints stay.",
        method="DELETE",
        parameters=LegacyDeleteDatasetQuery,
        variables=lambda request: {"input": {"project": request.project, "datasetId": request.query.dataset_id}},
        respond=_deleted,
        deprecated=True,
    ),
    Endpoint(
        "/v1/datasets/{dataset_id}",
        "honeyhive/dataset_update",
        "Change what the body names of a dataset; its datapoints are then those of the body, in that order.",
        method="PUT",
        model=UpdateDatasetRequest,
        variables=_update,
        respond=_updated,
    ),
    Endpoint(
        "/v1/datasets/{dataset_id}",
        "honeyhive/dataset_delete",
        "Delete a dataset; its datapoints stay.",
        method="DELETE",
        variables=lambda request: {"input": _which(request)},
        respond=_deleted,
    ),
    Endpoint(
        "/v1/datasets/{dataset_id}/datapoints",
        "honeyhive/dataset_add_datapoints",
        "Make datapoints of objects by a mapping of their fields, at the end of a dataset.",
        model=AddDatapointsToDatasetRequest,
        variables=_add,
        respond=_added,
    ),
    Endpoint(
        "/v1/datasets/{dataset_id}/datapoints/{datapoint_id}",
        "honeyhive/dataset_remove_datapoint",
        "Take a datapoint out of a dataset; it stays.",
        method="DELETE",
        variables=_remove,
        respond=_removed,
    ),
    Endpoint(
        "/v1/datasets/{dataset_id}/{datapoint_id}",
        "honeyhive/dataset_remove_datapoint",
        "Take a datapoint out of a dataset; it stays.",
        method="DELETE",
        variables=_remove,
        respond=_removed,
        deprecated=True,
    ),
]
