"""Threads: a series of turns."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from db.calls.filters import CallFilter
from db.threads import ThreadFilter
from graph.calls.connection import Place, calls_field
from graph.connections import After, Before, Connection, First, Last, Offset
from graph.context import Info
from graph.fields import column, link
from graph.groups import CallGroup, connect_groups
from graph.nodes import ProjectPart, TracegraphNode, is_row_of
from graph.queries import sorts_argument
from graph.query import SortByInput
from graph.rows import load_call
from graph.scalars import BigInt, DateTime
from resolvers.calls.pages import LONGEST_LIST
from resolvers.errors import InvalidInputError
from resolvers.groups import THREADS

if TYPE_CHECKING:
    from graph.calls.types import Call

__all__ = ["ProjectThreads", "Thread"]

Turn = Annotated["Call", strawberry.lazy("graph.calls.types")]


@strawberry.federation.type(
    keys=["id", "projectSlug threadId"], description="A series of turns: calls whose id is their own turn id."
)
class Thread(CallGroup, TracegraphNode):
    """Rows of ``db.groups``."""

    is_type_of = is_row_of("Thread")

    thread_id: str = column("Id of the thread within the project.")
    turn_count: BigInt = column("How many turns it has.")
    start_time: DateTime | None = column("When its first turn began; null without turns.")
    last_updated: DateTime | None = column("When a turn last ended; null until one has.")
    first_turn_id: str | None = column("Call id of the turn that began first; null without turns.")
    last_turn_id: str | None = column(
        "Call id of the turn that ended last, or, where none has ended, of the one that began last; null without turns."
    )
    p50_turn_duration_ms: float | None = column(
        "The median of how long its turns took, in milliseconds, linear between the nearest two; null until one ends."
    )
    p99_turn_duration_ms: float | None = column("The same at the 99th percentile.")

    calls = calls_field(
        "All its calls.",
        needs=("project_slug", "thread_id"),
        place=lambda thread: Place(thread.project_slug, "thread_id", thread.thread_id),
    )

    turns = calls_field(
        "Its turns: the outermost call of each.",
        needs=("project_slug", "thread_id"),
        place=lambda thread: Place(thread.project_slug, "thread_id", thread.thread_id, CallFilter(turns_only=True)),
    )

    @link("The turn that began first; null without turns.", needs=("project_slug", "first_turn_id"))
    async def first_turn(self, info: Info) -> Turn | None:
        """By the loader of calls."""
        return await load_call(info, self.project_slug, self.first_turn_id)

    @link("The turn of `lastTurnId`; null without turns.", needs=("project_slug", "last_turn_id"))
    async def last_turn(self, info: Info) -> Turn | None:
        """By the loader of calls."""
        return await load_call(info, self.project_slug, self.last_turn_id)


@strawberry.input(description="Which threads: all fields that are set must hold.")
class ThreadFilterInput:
    """The domain's ThreadFilter."""

    thread_ids: list[str] | None = column("Ids, at most 1,000; any of them will do.", default=None)
    started_after: DateTime | None = column("`startTime` is later than this.", default=None)
    updated_before: DateTime | None = column("`lastUpdated` is earlier than this.", default=None)
    has_ended_turns: bool = column("Only threads with a turn that has ended.", default=False)


def filter_of(value: ThreadFilterInput | None) -> ThreadFilter:
    """The input as the domain's filter; raises InvalidInputError for a list that is too long."""
    if value is None:
        return ThreadFilter()
    if len(value.thread_ids or ()) > LONGEST_LIST:
        message = f"threadIds has {len(value.thread_ids or ())} values, at most {LONGEST_LIST} are taken"
        raise InvalidInputError(message, ["filter", "threadIds"])
    return ThreadFilter(value.thread_ids, value.started_after, value.updated_before, value.has_ended_turns)


Filter = Annotated[ThreadFilterInput | None, strawberry.argument(description="Which threads.")]
ThreadOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, by `thread_id`, `turn_count`, `start_time`, `last_updated`, "
        "`p50_turn_duration_ms`, `p99_turn_duration_ms` or `started_at`; without it the newest by `started_at` first."
    ),
]


@strawberry.type
class ProjectThreads(ProjectPart):
    """The part of Project about lists of threads."""

    @link("Its threads, by default newest first.", needs=("slug",))
    async def threads(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Filter = None,
        order_by: ThreadOrder = None,
        offset: Offset = None,
    ) -> Connection[Thread]:
        """Groups of calls."""
        return await connect_groups(
            info,
            Thread,
            THREADS,
            self.slug,
            first,
            after,
            last,
            before,
            offset=offset,
            chosen=filter_of(filter),
            sorts=sorts_argument(order_by),
        )
