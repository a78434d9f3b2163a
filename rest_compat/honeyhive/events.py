"""Recording and updating events."""

from typing import Any

from starlette.responses import Response

from resolvers.errors import RefusalCode
from rest_compat.bodies import InvalidBodyError
from rest_compat.dialects import Problem, RefusedError, encode
from rest_compat.honeyhive.event_inputs import event_input, new_session_id, patch_input, session_input
from rest_compat.honeyhive.event_models import (
    Batch,
    Event,
    LegacyEventBatch,
    LegacyEventBody,
    LegacyUpdate,
    ModelEventBatch,
    ModelEventBody,
    Update,
    V1Event,
    V1EventBatch,
)
from rest_compat.honeyhive.refusals import failing
from rest_compat.registry import Data, Endpoint, Request, Variables

__all__ = ["ENDPOINTS", "batch_answer", "batch_variables"]

MOST_SHOWN = 5
"""Refused events that a message names; the list of them has all."""


def _record(event: Event, request: Request) -> Variables:
    return {"input": event_input(event, request.project)}


def _recorded(data: Data, _request: Request) -> dict[str, Any]:
    return {"event_id": data["callRecord"]["callId"], "success": True}


def _patch(event_id: str, request: Request) -> Variables:
    return {"input": patch_input(request.body, request.project, event_id)}


def batch_variables(request: Request, session_id: str | None = None) -> Variables:
    """The events that could be read, in the session ``session_id`` where that is given, else in the one they share."""
    batch: Batch = request.body
    events = [event for event in batch.told if isinstance(event, Event)]
    session = None
    if session_id is None and batch.shared_session is not None:
        session = _shared(batch, events, request.project)
        session_id = session["sessionId"]
    calls = [event_input(event, request.project, session_id) for event in events]
    return {"input": {"calls": calls, "session": session}}


def _shared(batch: Batch, events: list[Event], project: str) -> Variables:
    """The session of a batch: with the id that its properties, or its events, name, and no later than its events."""
    properties = batch.shared_session
    assert properties is not None  # asked before
    named = [event.session_id for event in events if event.session_id]
    session = session_input(properties, project, properties.session_id or (named[0] if named else new_session_id()))
    begun = [event.start_time for event in events if event.start_time is not None]
    if session["startedAt"] is None and begun:
        session["startedAt"] = round(min(begun) * 1000)
    return session


def batch_answer(data: Data, request: Request) -> Any:
    """What became of a batch: the ids of its events; where some were refused 500, with what was not taken and why.

    Raises RefusedError where all were.
    """
    told = request.body.told
    results = iter(data["callsRecord"]["results"])
    refusals: dict[str, str] = {}
    for error in data["callsRecord"]["refusals"]:
        refusals.setdefault(error["field"][1], error["message"])
    taken: list[str] = []
    refused: list[dict[str, Any]] = []
    place = 0
    for index, event in enumerate(told):
        if isinstance(event, InvalidBodyError):
            refused.append({"index": index, "message": _said(event)})
            continue
        result = next(results)
        if result["callId"] is None:
            refused.append({"index": index, "message": refusals[str(place)]})
        else:
            taken.append(result["callId"])
        place += 1
    if not refused:
        return {"event_ids": taken, **_session(data), "success": True}
    said = "; ".join(f"events.{each['index']}: {each['message']}" for each in refused[:MOST_SHOWN])
    said += f"; and {len(refused) - MOST_SHOWN} more" if len(refused) > MOST_SHOWN else ""
    if not taken:
        raise RefusedError(Problem(RefusalCode.INVALID_INPUT, f"No events created: {said}"))
    content = {
        "message": f"Events partially created: {said}",
        "errorCode": "PARTIALLY_CREATED",
        "success": False,
        "event_ids": taken,
        **_session(data),
        "errors": refused,
    }
    return Response(encode(content), 500, media_type="application/json")


def _session(data: Data) -> dict[str, str]:
    session_id = data["callsRecord"]["sessionId"]
    return {} if session_id is None else {"session_id": session_id}


def _said(error: InvalidBodyError) -> str:
    """What is wrong with one event, and where in it."""
    return "; ".join(": ".join(filter(None, (".".join(map(str, e["loc"][1:])), e["msg"]))) for e in error.errors)


_bad_request = failing("Bad request")

ENDPOINTS = [
    Endpoint(
        "/v1/events",
        "honeyhive/call_record",
        "Record an event.",
        model=V1Event,
        variables=lambda request: _record(request.body, request),
        respond=_recorded,
        refuse=_bad_request,
    ),
    Endpoint(
        "/events",
        "honeyhive/call_record",
        "Record an event.",
        model=LegacyEventBody,
        variables=lambda request: _record(request.body.event, request),
        respond=_recorded,
        refuse=_bad_request,
        deprecated=True,
    ),
    Endpoint(
        "/v1/events/{event_id}",
        "honeyhive/call_patch",
        "Update an event: objects are merged key by key, outputs are replaced.",
        method="PUT",
        model=Update,
        variables=lambda request: _patch(request.path["event_id"], request),
        respond=lambda _data, _request: {"success": True},
        refuse=_bad_request,
    ),
    Endpoint(
        "/events",
        "honeyhive/call_patch",
        "Update an event: objects are merged key by key, outputs are replaced.",
        method="PUT",
        model=LegacyUpdate,
        variables=lambda request: _patch(request.body.event_id, request),
        respond=lambda _data, _request: {"success": True},
        refuse=_bad_request,
        deprecated=True,
    ),
    Endpoint(
        "/v1/events/batch",
        "honeyhive/calls_record",
        "Record events, which may share a session.",
        model=V1EventBatch,
        variables=batch_variables,
        respond=batch_answer,
        refuse=_bad_request,
    ),
    Endpoint(
        "/events/batch",
        "honeyhive/calls_record",
        "Record events, which may share a session; a bad one refuses no other.",
        model=LegacyEventBatch,
        variables=batch_variables,
        respond=batch_answer,
        deprecated=True,
    ),
    Endpoint(
        "/events/model",
        "honeyhive/call_record",
        "Record an event of a model, with fields of its own for the request and the response.",
        model=ModelEventBody,
        variables=lambda request: _record(request.body.model_event, request),
        respond=_recorded,
    ),
    Endpoint(
        "/events/model/batch",
        "honeyhive/calls_record",
        "Record events of models, which may share a session; a bad one refuses no other.",
        model=ModelEventBatch,
        variables=batch_variables,
        respond=batch_answer,
    ),
]
