"""Events and sessions as the graph takes them."""

import uuid
from typing import Any

from graph.json_text import JSONText, dump_json, object_of
from resolvers.context import now
from rest_compat.honeyhive.event_models import Event, LegacySession, ModelEvent, Session, Update
from rest_compat.honeyhive.model_events import event_of_model
from rest_compat.registry import Variables

__all__ = ["event_input", "new_session_id", "patch_input", "session_input"]

UNKNOWN = "unknown"
DEFAULT_TYPE = "chain"
"""Of events of the older routes that say none."""

_NAMED = {
    "config": "config",
    "metadata": "metadata",
    "metrics": "metrics",
    "feedback": "feedback",
    "user_properties": "userProperties",
    "inputs": "inputs",
    "outputs": "output",
    "error": "exception",
    "children_ids": "childrenIds",
    "duration": "durationMs",
}
"""Field of a body -> field of the graph's input."""


def new_session_id() -> str:
    """A UUID of version 4, as the documents have it."""
    return str(uuid.uuid4())


def event_input(event: Event, project: str, session_id: str | None = None) -> Variables:
    """An event, which is in the session ``session_id`` where that is given. An event of a session has its id."""
    beside: dict[str, JSONText] = {}
    event_type = event.event_type or DEFAULT_TYPE
    if isinstance(event, ModelEvent):
        event, beside = event_of_model(event)
        event_type = "model"
    own = event_type == "session"
    session = session_id or event.session_id or (event.event_id if own else None) or new_session_id()
    call_id = event.event_id or (session if own else None)
    extra = {**beside, **(event.model_extra or {})}
    if event.project_id is not None:
        extra["project_id"] = dump_json(event.project_id)
    written: Variables = {
        "project": project,
        "callId": call_id,
        "sessionId": session,
        "opName": event.event_name or UNKNOWN,
        "eventType": event_type,
        "source": event.source or UNKNOWN,
        "startedAt": _microseconds(event.start_time),
        "endedAt": _microseconds(event.end_time),
        "extra": object_of(extra) if extra else None,
        **_named(event),
    }
    if event.parent_id:
        written["parentId"] = None if call_id == session == event.parent_id else event.parent_id
    return written


def session_input(session: Session, project: str, session_id: str | None = None) -> Variables:
    """A session; an id that is no UUID is replaced, and times that are no numbers are now."""
    extra = session.model_extra if isinstance(session, LegacySession) else None
    return {
        "project": project,
        "sessionId": session_id or _uuid(session.session_id) or new_session_id(),
        "opName": session.event_name or session.session_name or UNKNOWN,
        "displayName": session.session_name or None,
        "source": session.source or UNKNOWN,
        "startedAt": _time(session.start_time),
        "endedAt": _time(session.end_time),
        "extra": object_of(extra) if extra else None,
        **_named(session),
    }


def patch_input(update: Update, project: str, event_id: str) -> Variables:
    """The fields that are given: an output may be null."""
    written = {"project": project, "callId": event_id, "endedAt": _microseconds(update.end_time), **_named(update)}
    if "outputs" in update.model_fields_set:
        written["output"] = update.outputs
    return written


def _named(body: Any) -> Variables:
    values = {field: getattr(body, name, None) for name, field in _NAMED.items()}
    return {field: value for field, value in values.items() if value is not None}


def _uuid(text: str | None) -> str | None:
    try:
        return text and str(uuid.UUID(text)) and text
    except ValueError:
        return None


def _microseconds(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds * 1000)


def _time(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _microseconds(value)
    return now()
