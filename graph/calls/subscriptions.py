"""Following the calls of a project."""

from collections.abc import AsyncGenerator, Callable
from typing import Annotated, cast

import strawberry

from db.changes import Change
from graph.calls.connection import Filter, filter_of
from graph.calls.types import Call
from graph.context import Info
from graph.enums import described_enum
from graph.fields import column, link
from graph.live import After, FollowedProject, deliveries
from graph.queries import Query, QueryJson, query_argument
from graph.rows import load_call
from graph.scalars import DateTime
from resolvers.live.cursors import encode_cursor
from resolvers.live.follow import CallChange, CallsFollowed

__all__ = ["CallSubscriptions"]

described_enum(
    CallChange,
    name="CallEventType",
    description="What happened to a call. Values may be added.",
    values={
        "STARTED": "Its start was recorded: it can be read now. Once for each call.",
        "ENDED": "Its end was recorded. Once for each call; right after STARTED where both came together.",
        "UPDATED": "It changed otherwise: it was renamed, its end was recorded again, its parent came. Several updates "
        "that were not sent yet are sent as one.",
        "DELETED": "It was deleted, by itself or with a call above it. Once for each call.",
    },
)

Types = Annotated[
    list[CallChange] | None, strawberry.argument(description="Which events; all of them where missing or null.")
]


@strawberry.type(description="Something that happened to a call.")
class CallEvent:
    """``db.changes.Change`` of a call."""

    project_slug: strawberry.Private[str]
    type: CallChange = column("What happened.")
    call_id: str = column("Id of the call within the project.")
    occurred_at: DateTime = column(
        "When it happened: `startedAt` or `endedAt`, as the sender says; for an update, a deletion, and an end without "
        "a time, when the server recorded it."
    )
    cursor: str = column("Opaque position of the event: subscribe again with it as `after` to get what came after it.")

    @link("The call as it is now, with all its links; null where it is deleted by now.", needs=())
    async def call(self, info: Info) -> Call | None:
        """By the loader of calls: one statement for all events of a page."""
        return await load_call(info, self.project_slug, self.call_id)


@strawberry.type
class CallSubscriptions:
    """The part of Subscription about calls."""

    @strawberry.subscription(
        description="What happens to the calls of a project, each event once and in the order in which it was "
        "recorded. `filter` and `query` look at the call as it is when the event is sent. docs/subscriptions.md has "
        "the rules."
    )
    async def calls(
        self,
        info: Info,
        project: FollowedProject,
        filter: Filter = None,
        query: Query = None,
        query_json: QueryJson = None,
        types: Types = None,
        after: After = None,
    ) -> AsyncGenerator[CallEvent, None]:
        """A refusal is an error before the first event."""
        kinds = tuple(CallChange) if types is None else tuple(types)
        followed = CallsFollowed(project, filter_of(filter), query_argument(query, query_json), kinds)
        events = await deliveries(info, followed, after, _event_of(project))
        return cast("AsyncGenerator[CallEvent, None]", events)


def _event_of(project: str) -> Callable[[Change], CallEvent]:
    kinds = list(CallChange)

    def event(change: Change) -> CallEvent:
        return CallEvent(
            project_slug=project,
            type=kinds[change.rank],
            call_id=change.id,
            occurred_at=DateTime(change.at),
            cursor=encode_cursor("calls", project, change.position),
        )

    return event
