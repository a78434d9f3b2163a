"""Experiment runs. Weave's evaluations are runs, too: ``Experiment`` is one node for both."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, FiniteFloat

from graph.json_text import JSONText
from resolvers.errors import RefusalCode
from rest_compat.dialects import Problem, RefusedError
from rest_compat.honeyhive.date_range import DateRangeParameter
from rest_compat.honeyhive.models import Open, still_there
from rest_compat.honeyhive.refusals import failing
from rest_compat.json_fields import JSONAny, JSONObject
from rest_compat.registry import Data, Endpoint, Request, Variables

__all__ = ["ENDPOINTS", "run_id_of", "run_object"]

Status = Literal["pending", "completed", "failed", "cancelled", "running"]
Id = Annotated[str, Field(min_length=1)]


class PassingRange(Open):
    """Seed 003."""

    min: FiniteFloat | None = None
    max: FiniteFloat | None = None


class PutExperimentRunRequest(Open):
    """Seed 003. What is left out stays as it is."""

    name: str | None = None
    description: str | None = None
    status: Status | None = None
    metadata: JSONObject | None = None
    results: JSONObject | None = None
    event_ids: list[Id] | None = None
    configuration: JSONObject | None = None
    evaluators: list[JSONAny] | None = None
    session_ids: list[Id] | None = None
    datapoint_ids: list[Id] | None = None
    passing_ranges: dict[str, PassingRange] | None = None


class PostExperimentRunRequest(PutExperimentRunRequest):
    """Seed 003."""

    run_id: Annotated[str, Field(min_length=1)] | None = None
    dataset_id: str | None = None


class GetExperimentRunsQuery(Open):
    """Seed 003."""

    dataset_id: Annotated[str, Field(min_length=1)] | None = None
    page: Annotated[int, Field(ge=1)] = 1
    limit: Annotated[int, Field(ge=1, le=100)] | None = None
    run_ids: list[str] | None = None
    name: str | None = None
    status: Status | None = None
    dateRange: DateRangeParameter | None = None  # noqa: N815 - the parameter's name
    sort_by: Literal["created_at", "updated_at", "name", "status"] = "created_at"
    sort_order: Literal["asc", "desc"] = "desc"

    @property
    def page_size(self) -> int:
        """Runs of a page: by default 20, and all that are asked for by their ids."""
        return self.limit or max(DEFAULT_LIMIT, len(self.run_ids or ()))


DEFAULT_LIMIT = 20
LAST_OFFSET = (1 << 31) - 1
"""What an offset in the graph can be; no project has as many runs."""

_INPUTS = {
    "name": "name",
    "description": "description",
    "metadata": "metadata",
    "results": "results",
    "configuration": "configuration",
    "event_ids": "eventIds",
    "session_ids": "sessionIds",
    "datapoint_ids": "datapointIds",
}
_KEYS = {"created_at": "createdAt", "updated_at": "updatedAt", "name": "name", "status": "status"}


def run_id_of(text: str) -> str:
    """The id of a run, a UUID in its usual form whatever the case of its letters; ids of other sorts as they are."""
    try:
        return str(uuid.UUID(text)) if len(text) == len(str(uuid.UUID(int=0))) else text
    except ValueError:
        return text


def _change(body: PutExperimentRunRequest) -> Variables:
    given: Variables = {name: getattr(body, field) for field, name in _INPUTS.items()}
    if body.status is not None:
        given["status"] = body.status.upper()
    if body.evaluators is not None:
        given["evaluators"] = JSONText(f"[{','.join(body.evaluators)}]")
    if body.passing_ranges is not None:
        given["passingRanges"] = [
            {"metric": metric, "min": bounds.min, "max": bounds.max} for metric, bounds in body.passing_ranges.items()
        ]
    return given


def _create(request: Request) -> Variables:
    body: PostExperimentRunRequest = request.body
    run_id = None if body.run_id is None else run_id_of(body.run_id)
    given = {"project": request.project, "experimentId": run_id, "datasetId": body.dataset_id or None}
    return {"input": {**given, **_change(body)}}


def _created(data: Data, _request: Request) -> dict[str, Any]:
    """PostExperimentRunResponse."""
    made = data["experimentCreate"]
    return {"evaluation": run_object(still_there(made["experiment"], "Experiment")), "run_id": made["experimentId"]}


def _run(request: Request) -> Variables:
    return {"project": request.project, "runId": run_id_of(request.path["run_id"])}


def _read(data: Data, request: Request) -> dict[str, Any]:
    """GetExperimentRunResponse."""
    found = data["project"]["experiment"]
    if found is None:
        run_id = request.path["run_id"]
        raise RefusedError(Problem(RefusalCode.NOT_FOUND, f"There is no experiment {run_id!r}", ["run_id"]))
    return {"evaluation": run_object(found)}


def _update(request: Request) -> Variables:
    run_id = run_id_of(request.path["run_id"])
    return {"input": {"project": request.project, "experimentId": run_id, **_change(request.body)}}


MOST_WARNED = 10
"""Ids that a warning names."""


def _updated(data: Data, _request: Request) -> dict[str, Any]:
    """PutExperimentRunResponse."""
    changed = data["experimentUpdate"]
    answer: dict[str, Any] = {"evaluation": run_object(still_there(changed["experiment"], "Experiment"))}
    if unrecorded := changed["unrecordedIds"]:
        named = ", ".join(unrecorded[:MOST_WARNED]) + (", ..." if len(unrecorded) > MOST_WARNED else "")
        answer["warning"] = f"{len(unrecorded)} of the linked events are not recorded (yet): {named}"
    return answer


def _delete(request: Request) -> Variables:
    return {"input": {"project": request.project, "experimentId": run_id_of(request.path["run_id"])}}


def _deleted(data: Data, _request: Request) -> dict[str, Any]:
    """DeleteExperimentRunResponse."""
    return {"id": data["experimentDelete"]["experimentId"], "deleted": True}


def _list(request: Request) -> Variables:
    query: GetExperimentRunsQuery = request.query
    dates = query.dateRange
    chosen = {
        "experimentIds": None if query.run_ids is None else [run_id_of(run_id) for run_id in query.run_ids],
        "nameContains": query.name,
        "statuses": None if query.status is None else [query.status.upper()],
        "datasets": None if query.dataset_id is None else [query.dataset_id],
        "createdAfter": dates and dates.after,
        "createdUntil": dates and dates.until,
    }
    return {
        "project": request.project,
        "filter": chosen,
        "orderBy": [{"field": _KEYS[query.sort_by], "direction": query.sort_order.upper()}],
        "first": min(query.page_size, 1000),
        "offset": min((query.page - 1) * query.page_size, LAST_OFFSET),
    }


def _listed(data: Data, request: Request) -> dict[str, Any]:
    """GetExperimentRunsResponse."""
    query: GetExperimentRunsQuery = request.query
    found = data["project"]["experiments"]
    total = found["totalCount"]
    pages = -(-total // query.page_size)
    return {
        "evaluations": [run_object(node) for node in found["nodes"]],
        "pagination": {
            "page": query.page,
            "limit": query.page_size,
            "total": total,
            "total_unfiltered": data["project"]["all"]["totalCount"],
            "total_pages": pages,
            "has_next": query.page < pages,
            "has_prev": query.page > 1,
        },
        "metrics": sorted({name for node in found["nodes"] for name in node["metricNames"]}),
    }


def run_object(node: Mapping[str, Any]) -> dict[str, Any]:
    """ExperimentRunObject, of an ``Experiment`` with the fields of the fragment ``Run``; beyond the document what else
    a run was given."""
    return {
        "id": node["experimentId"],
        "run_id": node["experimentId"],
        "name": node["name"],
        "description": node["description"],
        "status": node["status"].lower(),
        "metadata": node["metadata"],
        "results": node["results"],
        "event_ids": node["eventIds"],
        "session_ids": node["sessionIds"],
        "datapoint_ids": node["datapointIds"],
        "configuration": node["configuration"],
        "evaluators": node["evaluators"],
        "passing_ranges": {
            each["metric"]: {name: each[name] for name in ("min", "max") if each[name] is not None}
            for each in node["passingRanges"]
        },
        "is_active": True,
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
        "scope_type": "project",
        "scope_id": node["projectSlug"],
        "dataset_id": node["datasetId"] or node["datasetRef"],
        "dataset_name": node["dataset"] and node["dataset"]["name"],
    }


ENDPOINTS: list[Endpoint] = [
    Endpoint(
        "/v1/runs",
        "honeyhive/run_create",
        "Create a run of an experiment, or change the one that has this id",
        variables=_create,
        respond=_created,
        model=PostExperimentRunRequest,
        refuse=failing("Invalid input"),
    ),
    Endpoint(
        "/v1/runs",
        "honeyhive/runs_page",
        "List runs",
        variables=_list,
        respond=_listed,
        parameters=GetExperimentRunsQuery,
        method="GET",
        refuse=failing("Error fetching evaluations"),
    ),
    Endpoint(
        "/v1/runs/{run_id}",
        "honeyhive/run_read",
        "Read a run",
        variables=_run,
        respond=_read,
        method="GET",
        refuse=failing("Error fetching evaluation"),
    ),
    Endpoint(
        "/v1/runs/{run_id}",
        "honeyhive/run_update",
        "Change a run",
        variables=_update,
        respond=_updated,
        model=PutExperimentRunRequest,
        method="PUT",
        refuse=failing("Invalid input"),
    ),
    Endpoint(
        "/v1/runs/{run_id}",
        "honeyhive/run_delete",
        "Delete a run; its events stay",
        variables=_delete,
        respond=_deleted,
        method="DELETE",
        refuse=failing("Error deleting evaluation"),
    ),
]
