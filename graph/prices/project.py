"""What a project says of its prices."""

from typing import Annotated

import strawberry

from graph.connections import After, Before, Connection, First, Last, Offset, connect, page_request
from graph.context import Info, context_of
from graph.fields import link
from graph.nodes import ProjectPart
from graph.prices.types import Price
from graph.queries import Query, QueryJson, query_argument, sorts_argument
from graph.query import SortByInput
from graph.rows import load_row
from resolvers.prices.read import PriceList, prices_by_id, prices_count, prices_page

__all__ = ["ProjectPrices"]

PriceId = Annotated[str, strawberry.argument(description="`Price.priceId`.")]


@strawberry.type(description="A page of prices.")
class PriceConnection(Connection[Price]):
    """Nothing beside the page."""


PriceOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, at most 8 keys; without one the order in which they were set "
        "(`createdAt` ascending). Keys are `createdAt`, `effectiveAt`, `model`, `provider`, `priceId`, `createdBy`, "
        "`inputTokenCost`, `outputTokenCost`, `cacheReadTokenCost`, `cacheWriteTokenCost`, `inputUnit`, `outputUnit`."
    ),
]


@strawberry.type
class ProjectPrices(ProjectPart):
    """The part of Project about prices."""

    @link("One price by its id; null where there is none.", needs=("slug",))
    async def price(self, info: Info, price_id: PriceId) -> Price | None:
        """By the loader of prices."""
        return await load_row(info, prices_by_id, (self.slug, price_id), Price)

    @link(
        "The token prices that were set for it, by default in the order in which they were; built-in ones are not "
        "listed. Queries and orders name the fields of `Price`: `model`, `provider`, `effectiveAt`, `inputTokenCost`.",
        needs=("slug",),
    )
    async def prices(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        query: Query = None,
        query_json: QueryJson = None,
        order_by: PriceOrder = None,
        offset: Offset = None,
    ) -> PriceConnection:
        """The project's own."""
        context = context_of(info)
        chosen = PriceList(self.slug, query_argument(query, query_json), sorts_argument(order_by))
        return await connect(
            info,
            PriceConnection,
            Price,
            page_request(first, after, last, before, offset),
            read=lambda request, columns: prices_page(context, chosen, request, columns),
            count=lambda limit: prices_count(context, chosen, limit),
        )
