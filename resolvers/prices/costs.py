"""What calls cost: the usage in their summaries by the prices of when they began."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from db.calls.model_usage import ModelUsage
from db.prices import select_prices_by_model
from db.rows import Row, RowSet
from resolvers.calls.usage import usage_by_model
from resolvers.context import Context
from resolvers.prices.built_in import built_in_rate
from resolvers.prices.rates import Rate, rate_at

__all__ = ["NEEDS", "CallCost", "ModelCost", "call_costs", "cost_of"]

NEEDS = ("project_slug", "started_at", "summary")
"""The columns of a call that its cost is made of."""


@dataclass(frozen=True, slots=True)
class ModelCost:
    """What the tokens of one model cost, in the units of the rate."""

    usage: ModelUsage
    rate: Rate
    input_cost: float
    """Of the input tokens that are not billed as tokens of the cache."""

    output_cost: float
    cache_read_cost: float
    cache_write_cost: float

    @property
    def model(self) -> str:
        """The model's name."""
        return self.usage.model

    @property
    def unit(self) -> str | None:
        """The unit of all costs; None where input and output have different ones."""
        return self.rate.input_unit if self.rate.input_unit == self.rate.output_unit else None

    @property
    def total(self) -> float | None:
        """The sum of all costs; None where they have different units."""
        if self.unit is None:
            return None
        return self.input_cost + self.output_cost + self.cache_read_cost + self.cache_write_cost


@dataclass(frozen=True, slots=True)
class CallCost:
    """What a call cost, over the models that have a price; there is at least one."""

    by_model: list[ModelCost]

    @property
    def unit(self) -> str | None:
        """The unit of all costs; None where there are several."""
        units = {cost.unit for cost in self.by_model}
        return units.pop() if len(units) == 1 else None

    @property
    def total(self) -> float | None:
        """The sum over all models; None where costs have different units."""
        return None if self.unit is None else sum(cost.total or 0.0 for cost in self.by_model)


async def call_costs(context: Context, calls: Sequence[Row]) -> list[CallCost | None]:
    """The cost of each call, whose rows have ``NEEDS``, in their order; None where no model it used has a price.

    One statement a project, however many calls there are (and one more for each thousand models).
    """

    def read(connection: Connection) -> list[CallCost | None]:
        usages = [usage_by_model(call.summary) for call in calls]
        models: dict[str, dict[str, None]] = {}
        for call, used in zip(calls, usages, strict=True):
            if used and context.caller.may_read(call.project_slug):
                models.setdefault(call.project_slug, {}).update(dict.fromkeys(usage.model for usage in used))
        own = {project: select_prices_by_model(connection, project, names) for project, names in models.items()}
        return [_cost(call, used, own) for call, used in zip(calls, usages, strict=True)]

    return await context.read(read)


def _cost(call: Row, used: Sequence[ModelUsage], own: Mapping[str, Mapping[str, RowSet]]) -> CallCost | None:
    prices = own.get(call.project_slug)
    if prices is None:
        return None
    costs = (cost_of(usage, call.started_at, prices) for usage in used)
    found = [cost for cost in costs if cost is not None]
    return CallCost(found) if found else None


def cost_of(usage: ModelUsage, at: int, prices: Mapping[str, Sequence[Row]]) -> ModelCost | None:
    """What the usage of one model at ``at`` cost, by the project's own ``prices`` by model or the built-in one; None
    where it has none."""
    # What is counted over several requests is priced as so many requests of the same size.
    built_in = built_in_rate(usage.model, at, usage.input_tokens // max(usage.requests, 1))
    rate = rate_at(prices.get(usage.model, []), built_in, at)
    return None if rate is None else _model_cost(usage, rate)


def _model_cost(usage: ModelUsage, rate: Rate) -> ModelCost:
    read = usage.cache_read_tokens if rate.cache_read_token_cost else 0
    written = usage.cache_write_tokens if rate.cache_write_token_cost else 0
    # Tokens of the cache that have a price of their own are not billed a second time.
    plain = usage.input_tokens if usage.cache_apart else max(usage.input_tokens - read - written, 0)
    return ModelCost(
        usage,
        rate,
        input_cost=plain * rate.input_token_cost,
        output_cost=usage.output_tokens * rate.output_token_cost,
        cache_read_cost=read * rate.cache_read_token_cost,
        cache_write_cost=written * rate.cache_write_token_cost,
    )
