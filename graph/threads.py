"""Threads: a series of turns."""

import strawberry

from db.calls.filters import CallFilter
from graph.calls.connection import Place, calls_field
from graph.fields import column, link
from graph.groups import CallGroup
from graph.nodes import is_row_of
from resolvers.ids import encode_id

__all__ = ["Thread"]


@strawberry.federation.type(
    keys=["id", "projectSlug threadId"], description="A series of turns: calls whose id is their own turn id."
)
class Thread(CallGroup):
    """Rows of ``db.groups``."""

    is_type_of = is_row_of("Thread")

    thread_id: str = column("Id of the thread within the project.")

    @link("Opaque id, unique over all types and projects.", needs=("project_slug", "thread_id"))
    def id(self) -> strawberry.ID:
        """The global id."""
        return strawberry.ID(encode_id("Thread", self.project_slug, self.thread_id))

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
