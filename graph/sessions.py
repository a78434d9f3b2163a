"""Sessions: a conversation or a program run over many traces."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from db.calls.filters import CallFilter
from db.calls.tables import calls
from graph.calls.connection import Place, calls_field
from graph.connections import Connection
from graph.context import Info, context_of
from graph.durations import DurationStats, duration_stats
from graph.experiments.links import SessionExperiment
from graph.fields import column, link
from graph.group_inputs import ThreadFilterInput, TraceFilterInput
from graph.groups import CallGroup, GroupPlace, group_key, groups_field
from graph.nodes import TracegraphNode, is_row_of
from graph.scalars import BigInt
from graph.traces import Trace
from resolvers.group_parts import trace_durations, turn_durations
from resolvers.groups import THREADS, TRACES

if TYPE_CHECKING:
    from graph.threads import Thread

__all__ = ["Session"]

_KEYS = ("project_slug", "session_id")


def _place(session: "Session") -> GroupPlace:
    return GroupPlace(session.project_slug, calls.c.session_id, session.session_id)


@strawberry.federation.type(
    keys=["id", "projectSlug sessionId"], description="A conversation or a program run over many traces."
)
class Session(SessionExperiment, CallGroup, TracegraphNode):
    """Rows of ``db.groups``."""

    is_type_of = is_row_of("Session")

    session_id: str = column("Id of the session within the project.")
    trace_count: BigInt = column("How many traces have a call in it.")
    thread_count: BigInt = column("How many threads have a call in it.")
    turn_count: BigInt = column("How many turns its threads have in it.")

    calls = calls_field(
        "All its calls.",
        needs=_KEYS,
        place=lambda session: Place(session.project_slug, "session_id", session.session_id),
    )

    turns = calls_field(
        "Its turns: the calls that are the outermost of a turn of a thread.",
        needs=_KEYS,
        place=lambda session: Place(
            session.project_slug, "session_id", session.session_id, CallFilter(turns_only=True)
        ),
    )

    traces = groups_field(
        "Its traces, by default newest first: whole ones, with their calls outside the session too.",
        Connection[Trace],
        TRACES,
        TraceFilterInput,
        needs=_KEYS,
        place=_place,
    )

    threads = groups_field(
        "The threads with a call in it, by default newest first: whole ones.",
        Connection[Annotated["Thread", strawberry.lazy("graph.threads")]],
        THREADS,
        ThreadFilterInput,
        needs=_KEYS,
        place=_place,
    )

    @link("How long its traces took, whole ones; null where none has ended.", needs=_KEYS)
    async def trace_durations(self, info: Info) -> DurationStats | None:
        """By a loader: one statement for the sessions of a list."""
        grouping, key = group_key(self)
        load = context_of(info).loaders.load
        return duration_stats(await load(trace_durations, key, column=grouping.column))

    @link("How long its turns took; null where none has ended.", needs=_KEYS)
    async def turn_durations(self, info: Info) -> DurationStats | None:
        """By a loader: one statement for the sessions of a list."""
        grouping, key = group_key(self)
        load = context_of(info).loaders.load
        return duration_stats(await load(turn_durations, key, column=grouping.column))
