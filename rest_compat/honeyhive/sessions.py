"""Starting sessions, and adding events to them."""

from typing import Any

from rest_compat.honeyhive.event import event_of
from rest_compat.honeyhive.event_inputs import session_input
from rest_compat.honeyhive.event_models import LegacySessionBody, Session, SessionEvents, SessionTraces, V1Session
from rest_compat.honeyhive.events import batch_answer, batch_variables
from rest_compat.honeyhive.refusals import failing
from rest_compat.registry import Data, Endpoint, Request, Variables

__all__ = ["ENDPOINTS"]


def _start(session: Session, request: Request) -> Variables:
    return {"input": session_input(session, request.project)}


def _started(data: Data, _request: Request) -> dict[str, Any]:
    return event_of(data["sessionStart"]["call"])


def _batch(request: Request) -> Variables:
    return batch_variables(request, request.path["session_id"])


def _added(data: Data, request: Request) -> object:
    answer = batch_answer(data, request)
    return {"success": True} if isinstance(answer, dict) else answer


ENDPOINTS = [
    Endpoint(
        "/v1/sessions",
        "honeyhive/session_start",
        "Start a session, or add metadata and user properties to the one that is there; answers its event.",
        model=V1Session,
        variables=lambda request: _start(request.body, request),
        respond=_started,
        refuse=failing("Bad request"),
    ),
    Endpoint(
        "/session/start",
        "honeyhive/session_start",
        "Start a session, or add metadata and user properties to the one that is there; answers its event.",
        model=LegacySessionBody,
        variables=lambda request: _start(request.body.session, request),
        respond=_started,
        deprecated=True,
    ),
    Endpoint(
        "/session/{session_id}/traces",
        "honeyhive/calls_record",
        "Record events of a session; a bad one refuses no other.",
        model=SessionTraces,
        variables=_batch,
        respond=_added,
    ),
    Endpoint(
        "/v1/sessions/{session_id}/events/batch",
        "honeyhive/calls_record",
        "Record events of a session.",
        model=SessionEvents,
        variables=_batch,
        respond=_added,
    ),
]
