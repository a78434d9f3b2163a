"""Threads: a series of turns."""

import strawberry

from db.calls.filters import CallFilter
from graph.calls.connection import Place, calls_field
from graph.fields import column
from graph.groups import CallGroup
from graph.nodes import is_row_of

__all__ = ["Thread"]


@strawberry.federation.type(
    keys=["id", "projectSlug threadId"], description="A series of turns: calls whose id is their own turn id."
)
class Thread(CallGroup):
    """Rows of ``db.groups``."""

    is_type_of = is_row_of("Thread")

    thread_id: str = column("Id of the thread within the project.")

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
