"""Starting sessions, and adding events to them."""

from rest_compat.honeyhive.event_models import SessionEvents, SessionTraces
from rest_compat.honeyhive.events import batch_answer, batch_variables
from rest_compat.registry import Data, Endpoint, Request, Variables

__all__ = ["ENDPOINTS"]


def _batch(request: Request) -> Variables:
    return batch_variables(request, request.path["session_id"])


def _added(data: Data, request: Request) -> object:
    answer = batch_answer(data, request)
    return {"success": True} if isinstance(answer, dict) else answer


ENDPOINTS = [
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
