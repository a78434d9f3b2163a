"""Connections of tables and files."""

from typing import TypeVar

from db.listings import Listing
from graph.connections import Connection, connect, page_request
from graph.context import Info, context_of
from graph.queries import sorts_argument
from graph.query import SortByInput
from resolvers.listings import listing_count, listing_page

__all__ = ["connect_listing"]

T = TypeVar("T")


async def connect_listing(
    info: Info,
    type_: type[T],
    listing: Listing,
    project: str,
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    order_by: list[SortByInput] | None,
) -> Connection[T]:
    """The connection of what a project has of ``listing``."""
    context = context_of(info)
    sorts = sorts_argument(order_by)
    return await connect(
        info,
        Connection[type_],  # type: ignore[valid-type]  # a class at run time
        type_,
        page_request(first, after, last, before),
        read=lambda request, columns: listing_page(context, listing, project, sorts, request, columns),
        count=lambda limit: listing_count(context, listing, project, limit),
    )
