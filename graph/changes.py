"""How far a project has come."""

from typing import Any

import strawberry

from graph.fields import link
from graph.nodes import ProjectPart
from resolvers.live.cursors import head_cursor

__all__ = ["ProjectChanges"]


@strawberry.type
class ProjectChanges(ProjectPart):
    """The part of Project about its changes."""

    @link(
        "Opaque position of the project's last change, taken before anything else of the project is read: read a list "
        "beside it, then subscribe to `calls` or `feedback` with it as `after`, and nothing is missed in between. What "
        "was recorded while the list was read may be in the list and come as an event, too.",
        needs=("slug", "change_seq"),
    )
    def change_cursor(self) -> str:
        """The counter as it was when the project was loaded."""
        row: Any = self
        return head_cursor(self.slug, row.change_seq)
