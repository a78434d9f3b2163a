"""Threads: a series of turns."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from db.calls.filters import CallFilter
from db.calls.tables import calls
from graph.calls.connection import Place, calls_field
from graph.connections import Connection
from graph.context import Info, context_of
from graph.durations import DurationStats, duration_stats
from graph.fields import column, link
from graph.group_inputs import SessionFilterInput, ThreadFilterInput, TraceFilterInput
from graph.groups import CallGroup, GroupPlace, group_key, groups_field, load_group
from graph.nodes import ProjectPart, TracegraphNode, is_row_of
from graph.rows import load_call
from graph.scalars import BigInt, DateTime
from graph.sessions import Session
from graph.traces import Trace
from resolvers.group_parts import trace_durations, turn_durations
from resolvers.groups import SESSIONS, THREADS, TRACES

if TYPE_CHECKING:
    from graph.calls.types import Call

__all__ = ["ProjectThreads", "Thread"]

Turn = Annotated["Call", strawberry.lazy("graph.calls.types")]

_SESSION = ("project_slug", "session_id")


def _place(thread: "Thread") -> GroupPlace:
    return GroupPlace(thread.project_slug, calls.c.thread_id, thread.thread_id)


@strawberry.federation.type(
    keys=["id", "projectSlug threadId"], description="A series of turns: calls whose id is their own turn id."
)
class Thread(CallGroup, TracegraphNode):
    """Rows of ``db.groups``."""

    is_type_of = is_row_of("Thread")

    thread_id: str = column("Id of the thread within the project.")
    trace_count: BigInt = column("How many traces have a call in it.")
    turn_count: BigInt = column("How many turns it has.")
    start_time: DateTime | None = column(
        "When its first turn began, as Weave's API says it; null without turns. `startedAt` is of all its calls."
    )
    last_updated: DateTime | None = column(
        "When a turn last ended, as Weave's API says it; null until one has. `endedAt` is of all its calls, and null "
        "while one runs."
    )
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

    traces = groups_field(
        "The traces with a call in it, by default newest first: whole ones.",
        Connection[Trace],
        TRACES,
        TraceFilterInput,
        needs=("project_slug", "thread_id"),
        place=_place,
    )

    sessions = groups_field(
        "The sessions with a call in it, by default newest first: whole ones.",
        Connection[Session],
        SESSIONS,
        SessionFilterInput,
        needs=("project_slug", "thread_id"),
        place=_place,
    )

    @link("How long its turns took; null where none has ended.", needs=("project_slug", "thread_id"))
    async def turn_durations(self, info: Info) -> DurationStats | None:
        """By a loader: one statement for the threads of a list."""
        grouping, key = group_key(self)
        load = context_of(info).loaders.load
        return duration_stats(await load(turn_durations, key, column=grouping.column))

    @link("How long its traces took, whole ones; null where none has ended.", needs=("project_slug", "thread_id"))
    async def trace_durations(self, info: Info) -> DurationStats | None:
        """By a loader: one statement for the threads of a list."""
        grouping, key = group_key(self)
        load = context_of(info).loaders.load
        return duration_stats(await load(trace_durations, key, column=grouping.column))

    @link("The session of its calls; of several the first by id; null without any.", needs=_SESSION)
    async def session(self, info: Info) -> Session | None:
        """By the loader of groups."""
        row: Any = self
        return await load_group(info, Session, SESSIONS, self.project_slug, row.session_id)

    @link("The turn that began first; null without turns.", needs=("project_slug", "first_turn_id"))
    async def first_turn(self, info: Info) -> Turn | None:
        """By the loader of calls."""
        return await load_call(info, self.project_slug, self.first_turn_id)

    @link("The turn of `lastTurnId`; null without turns.", needs=("project_slug", "last_turn_id"))
    async def last_turn(self, info: Info) -> Turn | None:
        """By the loader of calls."""
        return await load_call(info, self.project_slug, self.last_turn_id)


@strawberry.type
class ProjectThreads(ProjectPart):
    """The part of Project about lists of threads."""

    threads = groups_field(
        "Its threads, by default newest first.",
        Connection[Thread],
        THREADS,
        ThreadFilterInput,
        needs=("slug",),
        place=lambda project: GroupPlace(project.slug),
    )
