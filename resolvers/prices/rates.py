"""The price of a model at a time: which of the project's own it is, or the built-in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from db.rows import Row

__all__ = ["PricingLevel", "Rate", "rate_at", "rate_of"]


class PricingLevel(StrEnum):
    """Whose price it is; the values are those of Weave's API."""

    PROJECT = "project"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Rate:
    """A price as it is applied; costs are for one token. Times are microseconds since the epoch."""

    level: PricingLevel
    provider: str
    input_token_cost: float
    output_token_cost: float
    cache_read_token_cost: float
    """0 where tokens of the cache have no price of their own."""

    cache_write_token_cost: float
    input_unit: str
    output_unit: str
    effective_at: int | None
    """None where the built-in prices do not say."""

    created_at: int | None
    created_by: str | None
    project: str | None
    """Whose price it is; None for a built-in one."""

    price_id: str | None


def rate_of(price: Row) -> Rate:
    """A project's price, all columns, as a rate."""
    return Rate(
        PricingLevel.PROJECT,
        provider=price.provider,
        input_token_cost=price.input_token_cost,
        output_token_cost=price.output_token_cost,
        cache_read_token_cost=price.cache_read_token_cost,
        cache_write_token_cost=price.cache_write_token_cost,
        input_unit=price.input_unit,
        output_unit=price.output_unit,
        effective_at=price.effective_at,
        created_at=price.created_at,
        created_by=price.created_by,
        project=price.project_slug,
        price_id=price.price_id,
    )


def rate_at(own: Sequence[Row], built_in: Rate | None, at: int) -> Rate | None:
    """The rate of a model at ``at`` (docs/costs.md); None where it has none.

    ``own`` are the project's prices of it, the earliest effective first. The newest of them in effect wins over the
    built-in one, which wins over one that takes effect later; of those the earliest is taken. Of two that take effect
    at the same time it is the one made last.
    """
    in_effect = [price for price in own if price.effective_at <= at]
    if in_effect:
        return rate_of(in_effect[-1])
    if built_in is not None or not own:
        return built_in
    return rate_of(max((price for price in own if price.effective_at == own[0].effective_at), key=_made))


def _made(price: Row) -> tuple[int, str]:
    return price.created_at, price.price_id
