"""Recording, renaming and deleting calls."""

import strawberry

from db.json_text import JSONText
from graph.calls.inputs import (
    CallCompleteInput,
    CallEndInput,
    CallsDeleteInput,
    CallStartInput,
    CallsUpsertInput,
    CallUpdateInput,
    CallUpsertItem,
)
from graph.calls.recorded import CallRecorded, CallsUpsertPayload, Item, errors_of, record_batch
from graph.context import Info, context_of
from graph.fields import column
from graph.scalars import JSON
from graph.user_errors import UserError, user_errors
from resolvers.calls.events import CallEnd, CallEvent, CallRename, CallStart
from resolvers.calls.kinds import kind_of
from resolvers.calls.record import delete_calls
from resolvers.context import Context
from resolvers.errors import Refusal
from resolvers.ids import new_id

__all__ = ["CallMutations"]

_NULL = JSONText("null")
_EMPTY = JSONText("{}")


@strawberry.type(description="What became of a deletion.")
class CallsDeletePayload:
    """A count."""

    deleted_count: int = column("How many calls were deleted, descendants among them.")
    user_errors: list[UserError] = column("Why nothing was deleted.")


def _start_of(value: CallStartInput | CallCompleteInput, context: Context) -> CallStart:
    attributes = _text(value.attributes, _EMPTY)
    return CallStart(
        project=value.project,
        id=value.call_id or new_id(),
        trace_id=value.trace_id,
        parent_id=value.parent_id,
        op_name=value.op_name,
        started_at=value.started_at,
        attributes=attributes,
        inputs=_text(value.inputs, _EMPTY),
        display_name=value.display_name,
        thread_id=value.thread_id,
        turn_id=value.turn_id,
        session_id=value.session_id or None,
        kind=value.kind or kind_of(attributes),
        wb_user_id=value.wb_user_id or context.caller.user_id,
        wb_run_id=value.wb_run_id,
        wb_run_step=value.wb_run_step,
    )


def _end_of(value: CallEndInput | CallCompleteInput, call_id: str) -> CallEnd:
    return CallEnd(
        project=value.project,
        id=call_id,
        ended_at=value.ended_at,
        output=_text(value.output, _NULL),
        summary=_text(value.summary, _EMPTY),
        exception=value.exception,
        wb_run_step_end=value.wb_run_step_end,
    )


def _text(value: JSON | None, missing: JSONText) -> JSONText:
    """The text of a JSON argument: the scalar has made it one."""
    return missing if value is None else value  # type: ignore[return-value]


def _events_of(item: CallUpsertItem, context: Context) -> list[CallEvent]:
    if item.start:
        return [_start_of(item.start, context)]
    if item.end:
        return [_end_of(item.end, item.end.call_id)]
    assert item.complete  # a one-of input has exactly one member
    start = _start_of(item.complete, context)
    return [start, _end_of(item.complete, start.id)]


def _item(events: list[CallEvent]) -> Item:
    return Item(events[0].project, events)


async def _record(info: Info, event: CallEvent) -> CallRecorded:
    """Record one event."""
    return (await record_batch(context_of(info), [_item([event])], all_or_nothing=True))[0]


@strawberry.type
class CallMutations:
    """The part of Mutation about calls."""

    @strawberry.mutation(description="Record the start of a call. Idempotent by call id: the first start wins.")
    async def call_start(self, info: Info, input: CallStartInput) -> CallRecorded:
        """One start."""
        return await _record(info, _start_of(input, context_of(info)))

    @strawberry.mutation(description="Record the end of a call. It may come before the start; the last end wins.")
    async def call_end(self, info: Info, input: CallEndInput) -> CallRecorded:
        """One end."""
        return await _record(info, _end_of(input, input.call_id))

    @strawberry.mutation(
        description="Record starts, ends and whole calls in one transaction, one result an item. "
        "Repeating a batch changes nothing."
    )
    async def calls_upsert(self, info: Info, input: CallsUpsertInput) -> CallsUpsertPayload:
        """A batch."""
        context = context_of(info)
        batch = [_item(_events_of(item, context)) for item in input.items]
        results = await record_batch(context, batch, all_or_nothing=input.all_or_nothing)
        return CallsUpsertPayload(results=results, user_errors=errors_of(results, "items"))

    @strawberry.mutation(description="Give a call a name for people. It stays, whatever the SDK sends later.")
    async def call_update(self, info: Info, input: CallUpdateInput) -> CallRecorded:
        """One rename."""
        rename = CallRename(input.project, input.call_id, input.display_name)
        return await _record(info, rename)

    @strawberry.mutation(description="Delete calls with all their descendants. Unknown ids are passed over.")
    async def calls_delete(self, info: Info, input: CallsDeleteInput) -> CallsDeletePayload:
        """A deletion."""
        try:
            count = await delete_calls(context_of(info), input.project, input.call_ids)
        except Refusal as refusal:
            return CallsDeletePayload(deleted_count=0, user_errors=user_errors(refusal))
        return CallsDeletePayload(deleted_count=count, user_errors=[])
