"""Searching and exporting events, reading one, and the schema of what was seen."""

from collections.abc import Sequence
from typing import Any

from resolvers.errors import NotFoundError
from rest_compat.honeyhive.event import event_of
from rest_compat.honeyhive.event_ranges import EventRange, started_within
from rest_compat.honeyhive.event_search import STREAM, ExportEvents, SearchEvents, search_variables
from rest_compat.honeyhive.models import Open, Strict, path_uuid
from rest_compat.honeyhive.refusals import failing
from rest_compat.registry import Data, Endpoint, Request, Variables

__all__ = ["ENDPOINTS"]


def _one(request: Request) -> Variables:
    return {"project": request.project, "eventId": request.path["event_id"]}


def _event(data: Data, request: Request) -> dict[str, Any]:
    """``GetEventResponse`` of the SDK."""
    call = data["project"]["call"]
    if call is None:
        raise NotFoundError(f"Event {request.path['event_id']!r} not found", ["event_id"])
    return {"event": event_of(call)}


class SchemaQuery(Open):
    """Seed 003, LegacyGetEventsSchemaQuery."""

    dateRange: EventRange | None = None  # noqa: N815 - the name in the document
    evaluation_id: str | None = None


class RunsSchemaQuery(Strict):
    """Seed 003, GetRunsSchemaQuery and GetRunSchemaQuery."""

    dateRange: EventRange | None = None  # noqa: N815 - the name in the document


def _schema(request: Request, run: str | None = None, filters: Sequence[Variables] = ()) -> Variables:
    return {
        "project": request.project,
        "filter": {"experimentIds": None if run is None else [run], **started_within(request.query.dateRange)},
        "filters": filters,
    }


def _schema_of_events(request: Request) -> Variables:
    return _schema(request, request.query.evaluation_id)


def _schema_of_runs(request: Request) -> Variables:
    return _schema(request, filters=[{"field": "evaluation_id", "operator": "EXISTS"}])


def _schema_of_run(request: Request) -> Variables:
    run = path_uuid(request, "run_id")
    return {**_schema(request, run), "run": run}


def _schema_answer(data: Data, _request: Request) -> dict[str, Any]:
    """``GetEventsSchemaResponse``; the mappings are by the name of the event."""
    schema = data["project"]["eventSchema"]
    return {
        "fields": [{"name": each["name"], "event_type": each["eventType"]} for each in schema["fields"]],
        "datasets": schema["datasets"],
        "mappings": {
            mapping["eventName"]: [
                {"field_name": each["name"], "event_type": each["eventType"]} for each in mapping["fields"]
            ]
            for mapping in schema["mappings"]
        },
    }


def _run_schema_answer(data: Data, request: Request) -> dict[str, Any]:
    if data["project"]["experiment"] is None:
        raise NotFoundError(f"Run {request.path['run_id']!r} not found", ["run_id"])
    return _schema_answer(data, request)


_no_schema = failing("Error fetching events schema")

ENDPOINTS = [
    Endpoint(
        "/v1/events/schema",
        "honeyhive/event_schema",
        "The fields that occur in events.",
        method="GET",
        parameters=SchemaQuery,
        variables=_schema_of_events,
        respond=_schema_answer,
        deprecated=True,
    ),
    Endpoint(
        "/v1/runs/schema",
        "honeyhive/event_schema",
        "The fields that occur in the events of experiments.",
        method="GET",
        parameters=RunsSchemaQuery,
        variables=_schema_of_runs,
        respond=_schema_answer,
        refuse=_no_schema,
    ),
    Endpoint(
        "/v1/runs/{run_id}/schema",
        "honeyhive/run_schema",
        "The fields that occur in the events of an experiment.",
        method="GET",
        parameters=RunsSchemaQuery,
        variables=_schema_of_run,
        respond=_run_schema_answer,
        refuse=_no_schema,
    ),
    Endpoint(
        "/v1/events/search",
        "honeyhive/events_page",
        "Events by filters and dates, newest first.",
        model=SearchEvents,
        variables=search_variables,
        stream=STREAM,
    ),
    Endpoint(
        "/v1/events/export",
        "honeyhive/events_page",
        "Events by filters and dates, newest first; up to 7,500 at once, and of each the fields that are asked for.",
        model=ExportEvents,
        variables=search_variables,
        stream=STREAM,
        deprecated=True,
    ),
    Endpoint(
        "/v1/events/{event_id}",
        "honeyhive/event_read",
        "One event by its id.",
        method="GET",
        variables=_one,
        respond=_event,
    ),
]
