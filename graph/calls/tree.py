"""The tree that a call stands in: what is below it and above it."""

from itertools import repeat
from typing import TYPE_CHECKING, Annotated, Any, cast

import strawberry

from db.rows import row_class
from graph.calls.connection import Filter, filter_of
from graph.connections import After, Before, Connection, Edge, First, Last, page_request, shared_by_siblings
from graph.context import Info, context_of
from graph.fields import column, link
from graph.queries import Query, QueryJson, query_argument
from graph.rows import load_row
from graph.selection import NODES, columns_of, is_selected
from resolvers.calls.pages import CallList
from resolvers.calls.trees import (
    MOST_DESCENDANTS,
    MOST_WALKED,
    TreeList,
    TreePage,
    call_ancestors,
    call_depths,
    call_descendants,
    call_tops,
)
from resolvers.errors import InvalidInputError
from resolvers.loaders import BatchRead

if TYPE_CHECKING:
    from graph.calls.types import Call

__all__ = ["CallTree"]

LazyCall = Annotated["Call", strawberry.lazy("graph.calls.types")]

MaxDepth = Annotated[
    int | None,
    strawberry.argument(description="Levels to go down: 1 for its children alone; 1 or more, all of them without it."),
]


@strawberry.type(description="A call in a list along a tree, and how far it is from the call whose field is asked.")
class TreeEdge(Edge[LazyCall]):
    """With the depth."""

    depth: int = column("Levels between them: 1 for a child, or, in `ancestors`, for the parent.")


TreeEdgeRow = row_class("TreeEdge", ("page", "index", "node", "depth"))


@strawberry.type(description="A page of the calls below or above a call.")
class TreeConnection(Connection[LazyCall]):
    """With how deep each call is."""

    tree: strawberry.Private[TreePage]

    @link("The calls of the page with their cursors and depths.")
    def edges(self) -> list[TreeEdge]:
        """With a depth a row."""
        page: Any = self.page
        depths = [self.tree.depths[row.call_id] for row in page.rows]
        edges: Any = map(TreeEdgeRow, zip(repeat(page), range(len(depths)), page.rows, depths, strict=False))
        return list(edges)

    @link(
        f"Whether `totalCount` was cut: at most {MOST_DESCENDANTS:,} calls below one call are counted, and "
        f"{MOST_WALKED:,} below all calls of a list. Where it is selected, or `filter`, a query, `last` or `before` is "
        "given, the list ends there, too; other pages go on as far as the tree does."
    )
    def is_cut(self) -> bool:
        """Known from the walk."""
        return self.tree.cut


async def _connect(info: Info, read: BatchRead, call: Any, lists: TreeList) -> TreeConnection:
    tree: TreePage = await context_of(info).loaders.load(read, (call.project_slug, call.call_id), lists=lists)

    async def count(limit: int | None) -> int:
        return tree.total if limit is None else min(tree.total, limit)

    return TreeConnection(page=tree.page, count=count, tree=tree)


def _columns(info: Info) -> frozenset[str] | None:
    """The columns of the page's calls; None where no page is asked for."""
    return columns_of(info, "Call", NODES) if is_selected(info, "nodes", "edges", "pageInfo") else None


@strawberry.type
class CallTree:
    """The part of Call about its tree."""

    @link(
        "The calls below it, at every depth, in the order of the tree: a call, then what is below it, then its next "
        "sibling; siblings by start, then id. `children` are the first level alone. Calls whose start has not come are "
        "left out, not what is below them; a deleted call is gone with all below it.",
        needs=("project_slug", "call_id"),
    )
    async def descendants(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        max_depth: MaxDepth = None,
        filter: Filter = None,
        query: Query = None,
        query_json: QueryJson = None,
    ) -> TreeConnection:
        """By a loader, with those of the other calls of the list. What is chosen does not stop the walk."""

        def make() -> TreeList:
            if max_depth is not None and max_depth < 1:
                raise InvalidInputError(f"maxDepth must be 1 or more, not {max_depth}", ["maxDepth"])
            expression = query_argument(query, query_json)
            chosen = None
            if filter is not None or expression is not None:
                chosen = CallList(cast("Any", self).project_slug, filter_of(filter), query=expression)
            request = page_request(first, after, last, before)
            counted = is_selected(info, "totalCount", "isCut")
            return TreeList(request, _columns(info), max_depth, chosen, counted=counted)

        return await _connect(info, call_descendants, self, shared_by_siblings(info, make))

    @link(
        "The calls above it, the nearest first: its parent, the parent of that, and so on to one that has none, or "
        "whose parent is not there. `depth` of an edge counts the steps up.",
        needs=("project_slug", "call_id"),
    )
    async def ancestors(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> TreeConnection:
        """By a loader, with those of the other calls of the list."""

        def make() -> TreeList:
            return TreeList(page_request(first, after, last, before), _columns(info))

        return await _connect(info, call_ancestors, self, shared_by_siblings(info, make))

    @link("How many calls are above it: 0 for a root, 1 for its children.", needs=("project_slug", "call_id"))
    async def depth(self, info: Info) -> int:
        """By a loader."""
        row: Any = self
        depth: int = await context_of(info).loaders.load(call_depths, (row.project_slug, row.call_id))
        return depth

    @link(
        "The top of its tree: the last of its `ancestors`, or the call itself where none is above it. A trace may have "
        "several roots (`Trace.roots`); this is the one that it is below. Null where it was deleted meanwhile.",
        needs=("project_slug", "call_id"),
    )
    async def root(self, info: Info) -> LazyCall | None:
        """By a loader."""
        row: Any = self
        return await load_row(info, call_tops, (row.project_slug, row.call_id), "Call")
