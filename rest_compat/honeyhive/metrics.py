"""Metrics: what is measured of events, in versions."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import Field

from resolvers.errors import NotFoundError
from rest_compat.honeyhive.metric_models import (
    Definition,
    LegacyMetricChanges,
    MetricChanges,
    Text,
    content_of,
    variables_of,
)
from rest_compat.honeyhive.models import Open, Strict
from rest_compat.honeyhive.refusals import taken
from rest_compat.registry import OTHER_PAGES, Data, Endpoint, Request, Stream, Variables, connection_of

__all__ = ["ENDPOINTS"]

TYPES = ("PYTHON", "LLM", "HUMAN", "COMPOSITE")


class GetMetricsQuery(Open):
    """Seed 003. A type that is none, and an id that no metric has, are of no metric."""

    type: str | None = None
    id: Text | None = None


class LegacyDeleteMetricQuery(Open):
    """Seed 003."""

    metric_id: Text


class CreateMetricVersionRequest(Strict):
    """As the SDK sends it."""

    message: str
    content: Definition
    deploy_immediately: Annotated[bool, Field(strict=True)] | None = None


def _list(request: Request) -> Variables:
    query: GetMetricsQuery = request.query
    chosen: Variables = {}
    if query.id is not None:
        chosen["metricIds"] = [query.id]
    if query.type is not None:
        # A type that there is not finds nothing, as an id that no metric has.
        chosen |= {"types": [query.type.upper()]} if query.type.upper() in TYPES else {"metricIds": [""]}
    return {"project": request.project, "filter": chosen, "first": OTHER_PAGES, "after": None}


def _item(node: Mapping[str, Any], _request: Request) -> dict[str, Any]:
    """MetricItem."""
    times = {"created_at": node["createdAt"], "updated_at": node["updatedAt"]}
    return {**content_of(node), "id": node["metricId"], **times}


def _create(request: Request) -> Variables:
    return {"input": {"project": request.project, "definition": variables_of(request.body)}}


def _created(data: Data, _request: Request) -> dict[str, Any]:
    return {"inserted": True, "metric_id": data["metricCreate"]["metricId"]}


def _update(request: Request, metric_id: str) -> Variables:
    changes = variables_of(request.body)
    return {"input": {"project": request.project, "metricId": metric_id, "changes": changes}}


def _delete(request: Request, metric_id: str) -> Variables:
    return {"input": {"project": request.project, "metricId": metric_id}}


def _updated(_data: Data, _request: Request) -> dict[str, Any]:
    return {"updated": True}


def _deleted(_data: Data, _request: Request) -> dict[str, Any]:
    return {"deleted": True}


def _versions(request: Request) -> Variables:
    return {
        "project": request.project,
        "metricId": request.path["metric_id"],
        "first": OTHER_PAGES,
        "after": None,
    }


def _version(node: Mapping[str, Any]) -> dict[str, Any]:
    """MetricVersion, as the SDK reads it."""
    return {
        "name": node["version"],
        "full_sha": node["digest"],
        "message": node["message"],
        "date": node["createdAt"],
        "deployed": node["isDeployed"],
        "content": content_of(node),
    }


def _versions_of(data: Data) -> Mapping[str, Any]:
    """The connection of a metric's versions; raises NotFoundError."""
    metric: Mapping[str, Any] | None = data["project"]["metric"]
    if metric is None:
        raise NotFoundError("Metric not found")
    versions: Mapping[str, Any] = metric["versions"]
    return versions


def _version_create(request: Request) -> Variables:
    """What people are asked runs in production unless they are told otherwise, as the SDK says."""
    body: CreateMetricVersionRequest = request.body
    definition = variables_of(body.content)
    return {
        "input": {
            "project": request.project,
            "metricId": request.path["metric_id"],
            "definition": {"enabledInProd": body.content.type == "HUMAN", **definition},
            "message": body.message,
            "deploy": bool(body.deploy_immediately),
        }
    }


def _version_deploy(request: Request) -> Variables:
    path = request.path
    return {
        "input": {"project": request.project, "metricId": path["metric_id"], "version": path["version_name"]},
    }


def _one_version(mutation: str) -> Callable[[Data, Request], dict[str, Any]]:
    return lambda data, _request: {"success": True, "data": _version(data[mutation]["version"])}


ENDPOINTS = [
    Endpoint(
        "/v1/metrics",
        "honeyhive/metrics_page",
        "All metrics, the first created first; by type or id.",
        method="GET",
        parameters=GetMetricsQuery,
        variables=_list,
        stream=Stream(connection=connection_of("metrics"), line=_item, member="metrics"),
    ),
    Endpoint(
        "/v1/metrics",
        "honeyhive/metric_create",
        "Create a metric.",
        model=Definition,
        variables=_create,
        respond=_created,
        refuse=taken,
    ),
    Endpoint(
        "/v1/metrics",
        "honeyhive/metric_update",
        "Change what the body names of a metric.",
        method="PUT",
        model=LegacyMetricChanges,
        variables=lambda request: _update(request, request.body.id),
        respond=_updated,
        deprecated=True,
        refuse=taken,
    ),
    Endpoint(
        "/v1/metrics",
        "honeyhive/metric_delete",
        "Delete a metric with its versions.",
        method="DELETE",
        parameters=LegacyDeleteMetricQuery,
        variables=lambda request: _delete(request, request.query.metric_id),
        respond=_deleted,
        deprecated=True,
    ),
    Endpoint(
        "/v1/metrics/{metric_id}",
        "honeyhive/metric_update",
        "Change what the body names of a metric.",
        method="PUT",
        model=MetricChanges,
        variables=lambda request: _update(request, request.path["metric_id"]),
        respond=_updated,
        refuse=taken,
    ),
    Endpoint(
        "/v1/metrics/{metric_id}",
        "honeyhive/metric_delete",
        "Delete a metric with its versions.",
        method="DELETE",
        variables=lambda request: _delete(request, request.path["metric_id"]),
        respond=_deleted,
    ),
    Endpoint(
        "/v1/metrics/{metric_id}/versions",
        "honeyhive/metric_versions_page",
        "All versions of a metric, the first made first.",
        method="GET",
        variables=_versions,
        stream=Stream(
            connection=_versions_of,
            line=lambda node, _request: _version(node),
            member="data",
            before=lambda _data: {"success": True},
        ),
    ),
    Endpoint(
        "/v1/metrics/{metric_id}/versions",
        "honeyhive/metric_version_create",
        "Add a version to a metric: a draft, or deployed at once.",
        model=CreateMetricVersionRequest,
        variables=_version_create,
        respond=_one_version("metricVersionCreate"),
        refuse=taken,
    ),
    Endpoint(
        "/v1/metrics/{metric_id}/versions/{version_name}/deploy",
        "honeyhive/metric_version_deploy",
        "Deploy a version of a metric in place of the one that is.",
        variables=_version_deploy,
        respond=_one_version("metricVersionDeploy"),
        refuse=taken,
    ),
]
