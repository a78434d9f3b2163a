"""Searching and exporting events, reading one, and the schema of what was seen."""

from typing import Any

from resolvers.errors import NotFoundError
from rest_compat.honeyhive.event import event_of
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


ENDPOINTS = [
    Endpoint(
        "/v1/events/{event_id}",
        "honeyhive/event_read",
        "One event by its id.",
        method="GET",
        variables=_one,
        respond=_event,
    ),
]
