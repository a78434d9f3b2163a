"""Sessions: a conversation or a program run over many traces."""

import strawberry

from db.calls.filters import CallFilter
from graph.calls.connection import Place, calls_field
from graph.connections import After, Before, Connection, First, Last
from graph.context import Info
from graph.fields import column, link
from graph.groups import CallGroup, connect_groups
from graph.nodes import TracegraphNode, is_row_of
from graph.traces import Trace
from resolvers.groups import TRACES

__all__ = ["Session"]


@strawberry.federation.type(
    keys=["id", "projectSlug sessionId"], description="A conversation or a program run over many traces."
)
class Session(CallGroup, TracegraphNode):
    """Rows of ``db.groups``."""

    is_type_of = is_row_of("Session")

    session_id: str = column("Id of the session within the project.")

    calls = calls_field(
        "All its calls.",
        needs=("project_slug", "session_id"),
        place=lambda session: Place(session.project_slug, "session_id", session.session_id),
    )

    @link(
        "Its traces, newest first; each with the calls that belong to the session.",
        needs=("project_slug", "session_id"),
    )
    async def traces(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Trace]:
        """Grouped by trace id among the calls of the session."""
        within = CallFilter(session_ids=(self.session_id,))
        return await connect_groups(info, Trace, TRACES, self.project_slug, first, after, last, before, within)
