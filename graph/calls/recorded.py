"""What became of events of calls, one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import strawberry

from graph.calls.types import Call
from graph.context import Info
from graph.fields import column, link
from graph.rows import load_call
from graph.user_errors import UserError, user_errors
from resolvers.calls.events import CallEvent
from resolvers.calls.record import Recorded, record_calls
from resolvers.calls.validate import check_event
from resolvers.context import Context
from resolvers.errors import Refusal

__all__ = ["CallRecorded", "CallsUpsertPayload", "Item", "errors_of", "record_batch"]


@strawberry.type(description="What became of one event.")
class CallRecorded:
    """Where one event of a call went."""

    project: strawberry.Private[str]
    call_id: str | None = column("Id of the call; null where the event was refused.")
    trace_id: str | None = column("Its trace, where the event was a start that was taken.")
    user_errors: list[UserError] = column("Why the event was refused; empty where it was taken.")

    @link("The call as it is now; null where the event was refused, or the call's start has not come yet.")
    async def call(self, info: Info) -> Annotated["Call", strawberry.lazy("graph.calls.types")] | None:
        """Read only where it is asked for: recording does not read back."""
        return await load_call(info, self.project, self.call_id)


@strawberry.type(description="What became of a batch.")
class CallsUpsertPayload:
    """A result an item."""

    results: list[CallRecorded] = column("One result for each item, in order.")
    user_errors: list[UserError] = column("The refusals of all items; `field` begins with the item's position.")


@dataclass(slots=True)
class Item:
    """The events of one call in a batch, or why they are refused."""

    project: str
    events: list[CallEvent] = field(default_factory=list)
    refusal: Refusal | None = None

    def check(self, context: Context) -> None:
        """Refuse it where its events cannot be."""
        try:
            for event in self.events:
                check_event(event, context.caller)
        except Refusal as refusal:
            self.refusal = refusal


async def record_batch(
    context: Context, batch: list[Item], *, all_or_nothing: bool, own_traces: Mapping[str, str] | None = None
) -> list[CallRecorded]:
    """Record the items of a batch in one transaction; a refused one keeps its place in the results.

    ``own_traces`` as of ``record_calls``.
    """
    for item in batch:
        if item.refusal is None:
            item.check(context)
    if all_or_nothing and any(item.refusal for item in batch):
        return [_refused(item) for item in batch]
    taken = [event for item in batch if item.refusal is None for event in item.events]
    recorded = iter(await record_calls(context, taken, own_traces))
    return [
        _refused(item) if item.refusal else _taken(item.project, [next(recorded) for _ in item.events])
        for item in batch
    ]


def _taken(project: str, recorded: list[Recorded]) -> CallRecorded:
    """What became of the events of an item: the first is its start, where it has one."""
    call_id, trace_id = recorded[0]
    return CallRecorded(project=project, call_id=call_id, trace_id=trace_id, user_errors=[])


def _refused(item: Item) -> CallRecorded:
    errors = user_errors(item.refusal) if item.refusal else []
    return CallRecorded(project=item.project, call_id=None, trace_id=None, user_errors=errors)


def errors_of(results: list[CallRecorded], field: str) -> list[UserError]:
    """The refusals of all items of the list ``field`` of an input."""
    return [
        UserError(code=error.code, message=error.message, field=[field, str(index), *error.field])
        for index, result in enumerate(results)
        for error in result.user_errors
    ]
