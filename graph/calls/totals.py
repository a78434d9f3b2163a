"""What calls used and cost together, each token counted once."""

from typing import Any, cast

import strawberry

from db.calls import model_usage as counted
from graph.calls.costs import ModelUsage
from graph.context import Info, context_of
from graph.fields import column, link
from graph.scalars import BigInt
from resolvers.calls.totals import Place, TreeCosts, tree_costs, tree_places
from resolvers.calls.trees import MOST_WALKED

__all__ = ["CallTotals", "CostTotal", "UsageTotal", "usage_total"]


@strawberry.type(
    description="Tokens that calls used, each counted once, however many of their parents report it again."
)
class UsageTotal:
    """Sums over models."""

    input_tokens: BigInt = column("Tokens of prompts.")
    output_tokens: BigInt = column("Tokens of completions.")
    total_tokens: BigInt = column("All tokens.")
    requests: BigInt = column("Requests, as far as senders counted them.")
    cache_read_tokens: BigInt = column("Tokens of prompts that providers read from their caches.")
    cache_write_tokens: BigInt = column("Tokens of prompts that providers wrote to their caches.")
    by_model: list[ModelUsage] = column("The same model by model.")


@strawberry.type(description="What calls cost together of one model.")
class ModelCostTotal:
    """``resolvers.calls.totals.ModelCostTotal``."""

    model: str = column("The model, as the sender names it.")
    total: float | None = column("In `unit`; null where the model has no price, or prices of several units.")
    unit: str | None = column("Unit of the total, such as `USD`; null with the total.")


@strawberry.type(
    description="What calls cost together: each token counted once, by the price in effect when its own call began."
)
class CostTotal:
    """``resolvers.calls.totals.CostTotal``."""

    total: float | None = column("Over all models that have a price, in `unit`; null where costs have several units.")
    unit: str | None = column("Unit of the total, such as `USD`; null where costs have several.")
    by_model: list[ModelCostTotal] = column("The same model by model, those without a price too.")
    unpriced_models: list[str] = column("Models that no price is known for, and that the total lacks therefore.")


def usage_total(usages: list[counted.ModelUsage] | tuple[counted.ModelUsage, ...]) -> UsageTotal | None:
    """The sum over models; None without any."""
    if not usages:
        return None
    return UsageTotal(
        input_tokens=BigInt(sum(usage.input_tokens for usage in usages)),
        output_tokens=BigInt(sum(usage.output_tokens for usage in usages)),
        total_tokens=BigInt(sum(usage.total_tokens for usage in usages)),
        requests=BigInt(sum(usage.requests for usage in usages)),
        cache_read_tokens=BigInt(sum(usage.cache_read_tokens for usage in usages)),
        cache_write_tokens=BigInt(sum(usage.cache_write_tokens for usage in usages)),
        by_model=cast("list[ModelUsage]", list(usages)),
    )


_KEY = ("project_slug", "call_id")


async def _place(info: Info, call: Any) -> Place | None:
    found: Place | None = await context_of(info).loaders.load(tree_places, (call.project_slug, call.call_id))
    return found


async def _costs(info: Info, call: Any) -> TreeCosts | None:
    found: TreeCosts | None = await context_of(info).loaders.load(tree_costs, (call.project_slug, call.call_id))
    return found


@strawberry.type
class CallTotals:
    """The part of Call about what it and its tree used."""

    @link(
        "Tokens that it used itself, without those of the calls below it: where it reports at least what they used "
        "together, as the SDKs of Weave do, that is taken off. Null where it used none, or has not "
        "ended. The sum over all calls of a tree is the `subtreeUsage` of its root.",
        needs=_KEY,
    )
    async def own_usage(self, info: Info) -> UsageTotal | None:
        """By a loader: a few statements for all calls of a list."""
        place = await _place(info, self)
        return None if place is None else usage_total(place.rolled.own)

    @link(
        f"Tokens that it and all calls below it used, each counted once; null where they used none. An error where "
        f"more than {MOST_WALKED:,} calls are below those of the list.",
        needs=_KEY,
    )
    async def subtree_usage(self, info: Info) -> UsageTotal | None:
        """By a loader: a few statements for all calls of a list."""
        place = await _place(info, self)
        return None if place is None else usage_total(place.rolled.subtree)

    @link("What `ownUsage` cost; null where no model of it has a price.", needs=_KEY)
    async def own_cost(self, info: Info) -> CostTotal | None:
        """By a loader."""
        found = await _costs(info, self)
        return None if found is None else cast("CostTotal | None", found.own)

    @link(
        "What `subtreeUsage` cost: the sum of `ownCost` over the call and all calls below it; null where no model of "
        "it has a price.",
        needs=_KEY,
    )
    async def subtree_cost(self, info: Info) -> CostTotal | None:
        """By a loader."""
        found = await _costs(info, self)
        return None if found is None else cast("CostTotal | None", found.subtree)
