"""The ids of the calls that a call made."""

from typing import Any, cast

import strawberry

from graph.context import Info, context_of
from graph.fields import link
from resolvers.calls.read import MOST_CHILDREN, child_ids

__all__ = ["CallChildren"]


@strawberry.type
class CallChildren:
    """The part of Call about the ids of its children."""

    @link(
        f"Ids of the calls that it made, the oldest first, at most {MOST_CHILDREN:,}: where only these are wanted they "
        "take less than `children`.",
        needs=("project_slug", "call_id"),
    )
    async def child_ids(self, info: Info) -> list[str]:
        """By a loader."""
        row: Any = self
        return cast("list[str]", await context_of(info).loaders.load(child_ids, (row.project_slug, row.call_id)))
