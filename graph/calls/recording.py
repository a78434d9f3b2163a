"""Recording whole calls, patching calls, and starting sessions."""

from dataclasses import replace
from typing import Annotated, Any, cast

import strawberry

from db.json_text import JSONText, dump_json
from graph.calls.record_inputs import CallPatchInput, CallRecordInput, CallsRecordInput, SessionStartInput
from graph.calls.recorded import CallRecorded, Item, errors_of, record_batch
from graph.calls.types import Call
from graph.context import Info, context_of
from graph.fields import column, link
from graph.groups import load_group
from graph.json_text import members_of
from graph.rows import load_call
from graph.sessions import Session
from graph.user_errors import UserError, user_errors
from resolvers.calls.events import CallPatch
from resolvers.calls.sections import SECTIONS
from resolvers.calls.whole import (
    WholeCall,
    check_call,
    patch_call,
    require_object,
    session_call,
    session_events,
    session_traces,
    start_session,
    whole_call_events,
)
from resolvers.context import now
from resolvers.errors import InvalidInputError, Refusal
from resolvers.groups import SESSIONS

__all__ = ["RecordingMutations"]


@strawberry.type(description="What became of a session.")
class SessionStartPayload:
    """The session."""

    project: strawberry.Private[str]
    session_id: str | None = column("Id of the session; null where it was refused.")
    user_errors: list[UserError] = column("Why it was refused; empty where it was taken.")

    @link("The session as it is now; null where it was refused.")
    async def session(self, info: Info) -> Session | None:
        """Read only where it is asked for."""
        return await load_group(info, Session, SESSIONS, self.project, self.session_id)

    @link("The session's own call, which was there before where it was started again; null where it was refused.")
    async def call(self, info: Info) -> Annotated["Call", strawberry.lazy("graph.calls.types")] | None:
        """Read only where it is asked for."""
        return await load_call(info, self.project, self.session_id)


@strawberry.type(description="What became of a batch of whole calls.")
class CallsRecordPayload:
    """A result a call."""

    results: list[CallRecorded] = column("One result for each call, in order; empty where the session was refused.")
    session_id: str | None = column("Id of the session that was started with them; null where none was.")
    user_errors: list[UserError] = column(
        "The refusals of all calls, `field` begins with `calls` and the call's position; or that of the session."
    )


@strawberry.type(description="What became of a patch.")
class CallPatchPayload:
    """The call."""

    project: strawberry.Private[str]
    call_id: str | None = column("Id of the call; null where the patch was refused.")
    user_errors: list[UserError] = column("Why it was refused, `NOT_FOUND` where there is no such call.")

    @link("The call as it is now; null where the patch was refused.")
    async def call(self, info: Info) -> Annotated["Call", strawberry.lazy("graph.calls.types")] | None:
        """Read only where it is asked for."""
        return await load_call(info, self.project, self.call_id)


def _sections(value: CallRecordInput | SessionStartInput) -> dict[str, JSONText]:
    """The members of ``attributes.honeyhive``, in HoneyHive's names."""
    given: dict[str, Any] = {name: getattr(value, name) for name in SECTIONS}
    given["source"] = None if value.source is None else dump_json(value.source)
    given["children_ids"] = None if value.children_ids is None else dump_json(value.children_ids)
    if value.extra is not None:
        given = {**members_of(require_object("extra", cast("JSONText", value.extra))), **given}
    return {name: text for name, text in given.items() if text is not None}


def _microseconds(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds * 1000)


_SAME = ("project", "started_at", "ended_at", "attributes", "inputs", "output", "exception", "display_name", "op_name")


def _common(value: CallRecordInput | SessionStartInput) -> WholeCall:
    """What calls and sessions have in common."""
    return WholeCall(
        **{name: getattr(value, name) for name in _SAME},
        wb_user_id=value.wb_user_id,
        duration=_microseconds(value.duration_ms),
        sections=_sections(value),
        session_id=value.session_id or None,
    )


def _whole_call(value: CallRecordInput, session: WholeCall | None) -> WholeCall:
    call = _common(value)
    if session is not None:
        if value.project != session.project:
            message = f"The call is of project {value.project!r}, its session of {session.project!r}"
            raise InvalidInputError(message, ["project"])
        call = replace(call, session_id=session.session_id)
    parent_id = value.parent_id
    if parent_id is strawberry.UNSET:
        # A session's own call has no parent.
        parent_id = None if value.call_id == call.session_id else call.session_id
    names = ("trace_id", "thread_id", "turn_id", "event_type", "kind")
    rest = {name: getattr(value, name) for name in names}
    return replace(call, id=value.call_id or None, parent_id=parent_id or None, **rest)


def _patch(value: CallPatchInput) -> CallPatch:
    newer: dict[str, Any] = {name: getattr(value, name) for name in SECTIONS}
    newer["children_ids"] = dump_json(value.children_ids) if value.children_ids else None
    output: Any = value.output
    return CallPatch(
        value.project,
        value.call_id,
        newer={name: text for name, text in newer.items() if text is not None},
        output=None if output is strawberry.UNSET else JSONText("null") if output is None else output,
        ended_at=value.ended_at,
        duration=_microseconds(value.duration_ms),
    )


@strawberry.type
class RecordingMutations:
    """The part of Mutation about whole calls and sessions."""

    @strawberry.mutation(
        description="Record a whole call. Idempotent by call id: told again, the first start and the last end count, "
        "and keys of its objects that were not there are added."
    )
    async def call_record(self, info: Info, input: CallRecordInput) -> CallRecorded:
        """One call."""
        return (await _record(info, [input], None, all_or_nothing=True))[0]

    @strawberry.mutation(
        description="Record whole calls in one transaction, one result a call; each as by `callRecord`."
    )
    async def calls_record(self, info: Info, input: CallsRecordInput) -> CallsRecordPayload:
        """A batch."""
        try:
            session = session_call(_common(input.session)) if input.session else None
            if session is not None:
                check_call(session, context_of(info).caller)
        except Refusal as refusal:
            errors = [replace(error, field=["session", *error.field]) for error in user_errors(refusal)]
            return CallsRecordPayload(results=[], session_id=None, user_errors=errors)
        results = await _record(info, input.calls, session, all_or_nothing=input.all_or_nothing)
        return CallsRecordPayload(
            results=results,
            session_id=None if session is None else session.session_id,
            user_errors=errors_of(results, "calls"),
        )

    @strawberry.mutation(
        description="Merge what is known better into a call, whether it is a HoneyHive event, a Weave call or an "
        "OpenTelemetry span."
    )
    async def call_patch(self, info: Info, input: CallPatchInput) -> CallPatchPayload:
        """One patch."""
        try:
            await patch_call(context_of(info), _patch(input))
        except Refusal as refusal:
            return CallPatchPayload(project=input.project, call_id=None, user_errors=user_errors(refusal))
        return CallPatchPayload(project=input.project, call_id=input.call_id, user_errors=[])

    @strawberry.mutation(
        description="Start a session: its own call, of kind `SESSION`, is the root of its calls. Idempotent by session "
        "id: started again, `metadata` and `userProperties` are merged into what is there, key by key, and nothing "
        "else that is there changes."
    )
    async def session_start(self, info: Info, input: SessionStartInput) -> SessionStartPayload:
        """One session."""
        try:
            session_id = await start_session(context_of(info), _common(input))
        except Refusal as refusal:
            return SessionStartPayload(project=input.project, session_id=None, user_errors=user_errors(refusal))
        return SessionStartPayload(project=input.project, session_id=session_id, user_errors=[])


async def _record(
    info: Info, calls: list[CallRecordInput], session: WholeCall | None, *, all_or_nothing: bool
) -> list[CallRecorded]:
    """Record whole calls, and the session of all of them with them."""
    context = context_of(info)
    user_id, at = context.caller.user_id, now()
    batch = [] if session is None else [Item(session.project, session_events(session, user_id, at))]
    for call in calls:
        try:
            events = whole_call_events(_whole_call(call, session), user_id, at)
        except Refusal as refusal:
            batch.append(Item(call.project, refusal=refusal))
        else:
            batch.append(Item(call.project, events))
    traces = session_traces(event for item in batch for event in item.events)
    results = await record_batch(context, batch, all_or_nothing=all_or_nothing, own_traces=traces)
    return results if session is None else results[1:]
