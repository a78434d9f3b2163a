"""Traces: all calls of one trace id."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.calls.connection import Place, calls_field
from graph.context import Info
from graph.fields import column, link
from graph.groups import CallGroup, forest_of, load_group
from graph.nodes import TracegraphNode, is_row_of
from graph.rows import load_row
from resolvers.calls.read import CallStatus
from resolvers.groups import SESSIONS, THREADS
from resolvers.traces import trace_roots

if TYPE_CHECKING:
    from graph.calls.types import Call
    from graph.sessions import Session
    from graph.threads import Thread

__all__ = ["Trace"]

_SESSION, _THREAD = ("project_slug", "session_id"), ("project_slug", "thread_id")

LazyCall = Annotated["Call", strawberry.lazy("graph.calls.types")]


@strawberry.federation.type(
    keys=["id", "projectSlug traceId"], description="All calls of one trace id. It may have several roots, or none."
)
class Trace(CallGroup, TracegraphNode):
    """Rows of ``db.groups``."""

    is_type_of = is_row_of("Trace")

    trace_id: str = column("Id of the trace within the project.")
    root_status: CallStatus | None = column(
        "How its `root` stands, which is whether the trace as a whole succeeded: SUCCESS, or DESCENDANT_ERROR, where "
        "the root got over the error of a call that makes `status` ERROR. Null without a root."
    )

    @link("Its calls without a parent, at most 100, by their start.", needs=("project_slug", "trace_id"))
    async def roots(self, info: Info) -> list[LazyCall]:
        """By a loader: one statement for the roots of all traces of a list."""
        return await load_row(info, trace_roots, (self.project_slug, self.trace_id), "Call")

    @link(
        "The earliest of its roots; null where no call without a parent has come.", needs=("project_slug", "trace_id")
    )
    async def root(self, info: Info) -> LazyCall | None:
        """The first of ``roots``."""
        rows: list[Call] = await load_row(info, trace_roots, (self.project_slug, self.trace_id), "Call")
        return rows[0] if rows else None

    calls = calls_field(
        "All its calls.",
        needs=("project_slug", "trace_id"),
        place=lambda trace: Place(trace.project_slug, "trace_id", trace.trace_id),
    )

    @link(
        "How many calls the longest way down from a root has: 1 for a trace of roots alone.",
        needs=("project_slug", "trace_id"),
    )
    async def depth(self, info: Info) -> int:
        """By a loader: one statement for the traces of a list."""
        forest = await forest_of(info, self)
        return 0 if forest is None else forest.levels

    @link("The session of its calls; of several the first by id; null without any.", needs=_SESSION)
    async def session(self, info: Info) -> Annotated["Session", strawberry.lazy("graph.sessions")] | None:
        """By the loader of groups."""
        row: Any = self
        return await load_group(info, "Session", SESSIONS, self.project_slug, row.session_id)

    @link("The thread of its calls; of several the first by id; null without any.", needs=_THREAD)
    async def thread(self, info: Info) -> Annotated["Thread", strawberry.lazy("graph.threads")] | None:
        """By the loader of groups."""
        row: Any = self
        return await load_group(info, "Thread", THREADS, self.project_slug, row.thread_id)
