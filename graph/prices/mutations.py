"""Setting and purging prices."""

from typing import cast

import strawberry

from graph.context import Info, context_of
from graph.fields import column, link
from graph.prices.inputs import PriceInput, PricesCreateInput, PricesPurgeInput
from graph.prices.types import Price
from graph.queries import query_argument
from graph.selection import columns_of
from graph.user_errors import UserError, user_errors
from resolvers.errors import InvalidInputError, Refusal
from resolvers.prices.read import prices_by_id
from resolvers.prices.record import NewPrice, prices_create, prices_purge

__all__ = ["PriceMutations"]


@strawberry.type(description="What became of prices that were to be set.")
class PricesCreatePayload:
    """Ids and, where they are asked for, the nodes."""

    project: strawberry.Private[str]
    price_ids: list[str] = column("Their ids, in order; empty where they were refused.")
    user_errors: list[UserError] = column("Why none was set; `field` is the path below `input`.")

    @link("The prices, in order; empty where they were refused.")
    async def prices(self, info: Info) -> list[Price | None]:
        """Read only where they are asked for."""
        keys = [(self.project, price_id) for price_id in self.price_ids]
        rows = await prices_by_id(context_of(info), keys, columns=columns_of(info, Price)) if keys else []
        return cast("list[Price | None]", rows)  # rows stand for their types


@strawberry.type(description="What became of a purge.")
class PricesPurgePayload:
    """A count."""

    purged_count: int = column("How many prices were deleted.")
    user_errors: list[UserError] = column("Why nothing was deleted.")


def _new(value: PriceInput) -> NewPrice:
    return NewPrice(
        model=value.model,
        input_token_cost=value.input_token_cost,
        output_token_cost=value.output_token_cost,
        cache_read_token_cost=value.cache_read_token_cost,
        cache_write_token_cost=value.cache_write_token_cost,
        input_unit=value.input_unit,
        output_unit=value.output_unit,
        effective_at=value.effective_at,
        provider=value.provider,
    )


@strawberry.type
class PriceMutations:
    """The part of Mutation about prices."""

    @strawberry.mutation(
        description="Set prices of models for a project. Not idempotent: each is a new price, and of two that take "
        "effect at the same time the later one counts."
    )
    async def prices_create(self, info: Info, input: PricesCreateInput) -> PricesCreatePayload:
        """A batch, whole or not at all."""
        try:
            new = [_new(price) for price in input.prices]
            ids = await prices_create(context_of(info), input.project, new, input.created_by)
        except Refusal as refusal:
            return PricesCreatePayload(project=input.project, price_ids=[], user_errors=user_errors(refusal))
        return PricesCreatePayload(project=input.project, price_ids=ids, user_errors=[])

    @strawberry.mutation(description="Delete prices of a project. What calls cost is then worked out without them.")
    async def prices_purge(self, info: Info, input: PricesPurgeInput) -> PricesPurgePayload:
        """A purge."""
        try:
            expression = query_argument(input.query, input.query_json)
            if expression is None:
                raise InvalidInputError("A purge needs query or queryJson", ["query"])
            count = await prices_purge(context_of(info), input.project, expression)
        except Refusal as refusal:
            return PricesPurgePayload(purged_count=0, user_errors=user_errors(refusal))
        return PricesPurgePayload(purged_count=count, user_errors=[])
