"""What a call used and cost, model by model."""

from typing import Any, cast

import strawberry

from graph.context import Info, context_of
from graph.fields import column, link
from graph.prices.types import AppliedPrice
from graph.scalars import BigInt
from resolvers.calls.usage import usage_by_model
from resolvers.prices.costs import NEEDS, call_costs

__all__ = ["CallCosts"]


@strawberry.type(description="Tokens that a call used of one model, out of its summary.")
class ModelUsage:
    """``db.calls.model_usage.ModelUsage``."""

    model: str = column("The model, as the sender names it.")
    input_tokens: BigInt = column("Tokens of prompts.")
    output_tokens: BigInt = column("Tokens of completions.")
    total_tokens: BigInt = column("All tokens.")
    requests: BigInt = column("Requests; 0 where the sender did not count them.")
    cache_read_tokens: BigInt = column("Tokens of prompts that the provider read from its cache.")
    cache_write_tokens: BigInt = column("Tokens of prompts that the provider wrote to its cache.")


@strawberry.type(description="What a call cost of one model.")
class ModelCost:
    """``resolvers.prices.costs.ModelCost``."""

    model: str = column("The model, as the sender names it.")
    usage: ModelUsage = column("What was used.")
    rate: AppliedPrice = column("The price it is worked out by.", name="price")
    input_cost: float = column("Cost of the input tokens, without those billed at a price for the cache; `inputUnit`.")
    output_cost: float = column("Cost of the output tokens, in the price's `outputUnit`.")
    cache_read_cost: float = column("Cost of tokens read from the cache, where they have a price of their own.")
    cache_write_cost: float = column("Cost of tokens written to the cache, where they have a price of their own.")
    total: float | None = column("All of it, in `unit`; null where input and output have different units.")
    unit: str | None = column("Unit of all the costs, such as `USD`; null where they have different ones.")


@strawberry.type(description="What a call cost, by the prices in effect when it began.")
class CallCost:
    """``resolvers.prices.costs.CallCost``."""

    total: float | None = column("Over all models that have a price, in `unit`; null where costs have several units.")
    unit: str | None = column("Unit of the total, such as `USD`; null where costs have several.")
    by_model: list[ModelCost] = column(
        "Model by model, in the order of the usage, without the models that have no price."
    )


@strawberry.type
class CallCosts:
    """The part of Call about what it reports that it used, and what that cost."""

    @link(
        "As the call reports it; do not sum over a tree: see `ownUsage`. Tokens model by model, in the order of its "
        "summary; as `usage`, it may hold what the calls below it used.",
        needs=("summary",),
    )
    def usage_by_model(self) -> list[ModelUsage]:
        """Parsed from the summary."""
        row: Any = self
        return cast("list[ModelUsage]", usage_by_model(row.summary))

    @link(
        "As the call reports it; do not sum over a tree: see `ownCost`. What `usageByModel` cost by the project's "
        "prices and the built-in ones, so that it may hold the cost of the calls below it: "
        "`subtreeCost` holds that always. Null where no model has a price.",
        needs=NEEDS,
    )
    async def cost(self, info: Info) -> CallCost | None:
        """By a loader: one statement for all calls of a list."""
        found: Any = await context_of(info).loaders.load(call_costs, cast("Any", self))
        return found  # type: ignore[no-any-return]
