"""Annotation queues."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from resolvers.calls.event_filters import EventFilterOperator, EventFilterType
from resolvers.errors import InvalidInputError, NotFoundError
from rest_compat.honeyhive.models import Open, Strict, still_there
from rest_compat.honeyhive.refusals import failing
from rest_compat.json_fields import JSONAny
from rest_compat.registry import OTHER_PAGES, Data, Endpoint, Request, Stream, Variables, connection_of

__all__ = ["ENDPOINTS"]

QueueName = Annotated[str, Field(max_length=200)]
Description = Annotated[str, Field(max_length=1000)]


class SingleFilter(Open):
    """Seed 003."""

    field: str
    operator: EventFilterOperator
    value: JSONAny
    type: EventFilterType


class AnnotationQueueFilters(Strict):
    """Seed 003, under the name of each request that has them."""

    filterArray: list[SingleFilter]  # noqa: N815 - the document's name


class CreateAnnotationQueueRequest(Open):
    """Seed 003."""

    name: QueueName
    description: Description = ""
    filters: AnnotationQueueFilters = AnnotationQueueFilters(filterArray=[])
    enabled: bool = True
    event_ids: list[str] = Field(default_factory=list)


class UpdateAnnotationQueueRequest(Open):
    """Seed 003. What is left out stays as it is."""

    id: Annotated[str, Field(min_length=1)]
    name: QueueName = ""
    description: Description = ""
    filters: AnnotationQueueFilters = AnnotationQueueFilters(filterArray=[])
    enabled: bool = True
    add_event_ids: list[str] = Field(default_factory=list)
    remove_event_ids: list[str] = Field(default_factory=list)


class GetAnnotationQueuesQuery(Open):
    """Seed 003."""

    enabled: Annotated[bool | None, BeforeValidator(lambda value: None if value in ("", "null") else value)] = None


_NAMES = {"event_ids": "callIds", "add_event_ids": "addCallIds", "remove_event_ids": "removeCallIds"}


def _fields(body: CreateAnnotationQueueRequest | UpdateAnnotationQueueRequest) -> Variables:
    """What a body has, by the graph's names."""
    given: Variables = {_NAMES.get(name, name): getattr(body, name) for name in body.model_fields_set - {"id"}}
    if "filters" in given:
        given["filters"] = [_filter(each) for each in body.filters.filterArray]
    return given


def _filter(given: SingleFilter) -> Variables:
    return {
        "field": given.field,
        "operator": given.operator.name,
        "value": given.value,
        "type": given.type.name,
    }


def _queue(node: Mapping[str, Any]) -> dict[str, Any]:
    """AnnotationQueue. One that is not active is none that anybody sees."""
    return {
        "id": node["queueId"],
        "name": node["name"],
        "description": node["description"],
        "enabled": node["enabled"],
        "filters": {"filterArray": [_said(each) for each in node["filters"]]},
        "scope_id": node["projectSlug"],
        "scope_type": "project",
        "is_active": True,
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
    }


def _said(given: Mapping[str, Any]) -> dict[str, Any]:
    """SingleFilter. One that was made elsewhere without a type is compared as what its value is."""
    kind = given["type"] or "STRING"
    return {
        "field": given["field"],
        "operator": EventFilterOperator[given["operator"]],
        "value": given["value"],
        "type": kind.lower(),
    }


def _list(request: Request) -> Variables:
    query: GetAnnotationQueuesQuery = request.query
    return {"project": request.project, "filter": {"enabled": query.enabled}, "first": OTHER_PAGES, "after": None}


def _create(request: Request) -> Variables:
    return {"input": {"project": request.project, **_fields(request.body)}}


def _created(data: Data, _request: Request) -> dict[str, Any]:
    return {
        "queue": _queue(still_there(data["annotationQueueCreate"]["queue"], "Queue")),
        "message": "Queue created successfully",
    }


def _which(request: Request) -> Variables:
    return {"project": request.project, "queueId": request.path["queue_id"]}


def _found(data: Data, request: Request) -> dict[str, Any]:
    """Raises NotFoundError."""
    node = data["project"]["annotationQueue"]
    if node is None:
        raise NotFoundError(f"Queue not found: {request.path['queue_id']!r}", ["queue_id"])
    return _queue(node)


def _update(request: Request) -> Variables:
    body: UpdateAnnotationQueueRequest = request.body
    if body.id != request.path["queue_id"]:
        message = f"id must be that of the path, {request.path['queue_id']!r}, not {body.id!r}"
        raise InvalidInputError(message, ["id"])
    return {"input": {**_which(request), **_fields(body)}}


def _updated(data: Data, _request: Request) -> dict[str, Any]:
    return {
        "queue": _queue(still_there(data["annotationQueueUpdate"]["queue"], "Queue")),
        "message": "Queue updated successfully",
    }


ENDPOINTS = [
    Endpoint(
        "/v1/queues",
        "honeyhive/queues_page",
        "All annotation queues, the first made first; those that are enabled, or those that are not.",
        method="GET",
        parameters=GetAnnotationQueuesQuery,
        variables=_list,
        stream=Stream(connection=connection_of("annotationQueues"), line=lambda node, _: _queue(node), member="queues"),
    ),
    Endpoint(
        "/v1/queues",
        "honeyhive/queue_create",
        "Make an annotation queue, with events to begin with.",
        model=CreateAnnotationQueueRequest,
        variables=_create,
        respond=_created,
        status=201,
        refuse=failing("Bad request"),
    ),
    Endpoint(
        "/v1/queues/{queue_id}",
        "honeyhive/queue_read",
        "One annotation queue.",
        method="GET",
        variables=_which,
        respond=_found,
    ),
    Endpoint(
        "/v1/queues/{queue_id}",
        "honeyhive/queue_update",
        "Change what the body names of an annotation queue, put events into it and take events out of it.",
        method="PUT",
        model=UpdateAnnotationQueueRequest,
        variables=_update,
        respond=_updated,
    ),
    Endpoint(
        "/v1/queues/{queue_id}",
        "honeyhive/queue_delete",
        "Delete an annotation queue; nobody sees it any more.",
        method="DELETE",
        variables=lambda request: {"input": _which(request)},
        respond=lambda _data, _request: {"message": "Queue deleted successfully"},
    ),
]
