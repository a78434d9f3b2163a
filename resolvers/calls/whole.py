"""Calls that are told as a whole, as HoneyHive's events are, and sessions, whose own calls are told so too."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from db.calls.writes import select_states
from db.json_text import JSONText, dump_json
from resolvers.callers import Caller
from resolvers.calls.events import CallEnd, CallEvent, CallPatch, CallStart
from resolvers.calls.kinds import CallKind, kind_of, kind_of_word
from resolvers.calls.merge import end_after
from resolvers.calls.record import write_events
from resolvers.calls.sections import merged, usage_in, user_in
from resolvers.calls.validate import check_event
from resolvers.context import Context, now
from resolvers.errors import DeletedError, InvalidInputError, NotFoundError
from resolvers.ids import new_id

__all__ = [
    "WholeCall",
    "check_call",
    "patch_call",
    "require_object",
    "session_call",
    "session_events",
    "session_traces",
    "start_session",
    "whole_call_events",
]

UNKNOWN = "unknown"
"""The name and the source of what has none."""

_EMPTY = JSONText("{}")
_NULL = JSONText("null")

_MERGED_AGAIN = ("metadata", "user_properties")
"""What a session that is started again says anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeCall:
    """A call that is told at once. Times and the duration are microseconds, ``sections`` members of
    ``attributes.honeyhive``."""

    project: str
    id: str | None = None
    session_id: str | None = None
    parent_id: str | None = None
    trace_id: str | None = None
    thread_id: str | None = None
    turn_id: str | None = None
    op_name: str | None = None
    display_name: str | None = None
    event_type: str | None = None
    kind: CallKind | None = None
    started_at: int | None = None
    ended_at: int | None = None
    duration: int | None = None
    attributes: JSONText | None = None
    sections: Mapping[str, JSONText] = field(default_factory=dict)
    inputs: JSONText | None = None
    output: JSONText | None = None
    exception: str | None = None
    wb_user_id: str | None = None


def require_object(name: str, text: JSONText) -> JSONText:
    """``text``, which is that of a JSON object; raises InvalidInputError."""
    if not text.lstrip().startswith("{"):
        raise InvalidInputError(f"{name} must be a JSON object, not {text[:60]}", [name])
    return text


def check_call(call: WholeCall, caller: Caller) -> None:
    """Raise a Refusal that names the first thing that is wrong with ``call``."""
    for event in whole_call_events(call, caller.user_id, now()):
        check_event(event, caller)


def whole_call_events(call: WholeCall, user_id: str, at: int) -> list[CallEvent]:
    """A start, an end where the call is over, and what of the sections is new where the call was told before.

    It is over where an end, a duration, an output or an exception says so. One that does not say when it began begins
    ``at``. Raises InvalidInputError for attributes that are no object.
    """
    call_id = call.id or new_id()
    name = call.op_name or call.display_name or UNKNOWN
    started_at = at if call.started_at is None else call.started_at
    sections = dict(call.sections)
    if call.event_type is not None:
        sections = {"event_type": dump_json(call.event_type), **sections}
    attributes = merged(require_object("attributes", call.attributes or _EMPTY), {}, sections)
    kind = kind_of_word(call.event_type) if call.event_type else kind_of(attributes)
    start = CallStart(
        project=call.project,
        id=call_id,
        trace_id=call.trace_id,
        parent_id=call.parent_id,
        op_name=name,
        started_at=started_at,
        attributes=attributes,
        inputs=call.inputs or _EMPTY,
        display_name=call.display_name or name,
        thread_id=call.thread_id,
        turn_id=call.turn_id,
        session_id=call.session_id,
        kind=call.kind or kind,
        wb_user_id=call.wb_user_id or user_in(sections) or user_id,
    )
    events: list[CallEvent] = [start]
    timed = call.ended_at is not None or call.duration is not None
    if timed or call.exception or call.output not in {None, _NULL}:
        ended_at = call.ended_at
        if ended_at is None and call.duration is not None:
            ended_at = end_after(started_at, call.duration)
        usage = usage_in(attributes)
        events.append(
            CallEnd(
                project=call.project,
                id=call_id,
                ended_at=ended_at,
                output=call.output or _NULL,
                summary=dump_json({"usage": usage}) if usage else _EMPTY,
                exception=call.exception or None,
                duration=call.duration,
            )
        )
    if sections:
        events.append(CallPatch(call.project, call_id, missing=sections, retold=True))
    return events


def session_call(session: WholeCall) -> WholeCall:
    """The own call of a session: its root, with the session's id."""
    session_id = session.session_id or new_id()
    event_type = session.event_type or CallKind.SESSION.lower()
    return replace(session, id=session_id, session_id=session_id, parent_id=None, event_type=event_type)


def session_events(session: WholeCall, user_id: str, at: int) -> list[CallEvent]:
    """The events of a session's own call: where it is there already, its metadata and user properties are merged."""
    events: list[CallEvent] = []
    for event in whole_call_events(session, user_id, at):
        if isinstance(event, CallPatch):
            newer = {name: text for name, text in event.missing.items() if name in _MERGED_AGAIN}
            missing = {name: text for name, text in event.missing.items() if name not in newer}
            events.append(replace(event, newer=newer, missing=missing))
        else:
            events.append(event)
    return events


def session_traces(events: Iterable[CallEvent]) -> dict[str, str]:
    """By call id, the traces of starts that name none and whose parents are in none: a session is one."""
    starts = (event for event in events if isinstance(event, CallStart) and not event.trace_id)
    return {start.id: start.session_id for start in starts if start.session_id}


async def start_session(context: Context, session: WholeCall) -> str:
    """Start a session, or merge metadata and user properties into the one that is there; returns its id.

    Raises a Refusal for what it cannot be, DeletedError where its own call was deleted.
    """
    at = now()
    events = session_events(session_call(session), context.caller.user_id, at)
    for event in events:
        check_event(event, context.caller)
    traces = session_traces(events)
    project, session_id = session.project, events[0].id

    def write(connection: Connection) -> None:
        write_events(connection, project, events, traces, at)
        _require_shown(connection, project, session_id)

    await context.database.write(write)
    return session_id


async def patch_call(context: Context, patch: CallPatch) -> None:
    """Merge what is known better into a call. Raises NotFoundError where it is not there, DeletedError where it was."""
    check_event(patch, context.caller)
    at = now()

    def write(connection: Connection) -> None:
        write_events(connection, patch.project, [patch], {}, at)
        _require_shown(connection, patch.project, patch.id)

    await context.database.write(write)


def _require_shown(connection: Connection, project: str, call_id: str) -> None:
    """Raises, so that nothing is written, where readers do not see the call."""
    state = select_states(connection, project, [call_id]).get(call_id)
    if state is None or state.started_at is None:
        raise NotFoundError(f"Call {call_id!r} not found", ["callId"])
    if state.deleted_at is not None:
        raise DeletedError(f"Call {call_id!r} was deleted", state.deleted_at)
