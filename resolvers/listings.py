"""Lists of tables and files."""

from collections.abc import Sequence
from functools import partial

from db.listings import Listing
from db.pages import Page, PageRequest
from db.query.order import Direction
from resolvers.context import Context
from resolvers.queries import refusing_queries

__all__ = ["listing_count", "listing_page"]


async def listing_page(
    context: Context,
    listing: Listing,
    project: str,
    sorts: Sequence[tuple[str, Direction]],
    request: PageRequest,
    columns: frozenset[str],
) -> Page:
    """A page of what a project has, by default the first stored first."""
    context.caller.require_read(project)
    with refusing_queries("orderBy"):
        order = listing.order(sorts)
    with refusing_queries("after"):
        return await context.read(
            partial(listing.page, project_id=project, order=order, request=request, columns=columns)
        )


async def listing_count(context: Context, listing: Listing, project: str, limit: int | None) -> int:
    """How much of it a project has; counting stops at ``limit``."""
    context.caller.require_read(project)
    return await context.read(partial(listing.count, project_id=project, limit=limit))
