"""Built-in prices: those of the package genai-prices, as they were when it was made. Nothing is fetched.

It knows about a thousand models of the providers themselves, and a model's other names: dated ones, and those with a
provider before a slash (``azure/gpt-4o``). It takes some tenths of a second and 30 MB to load, which happens when a
cost is first asked for.
"""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from resolvers.prices.rates import PricingLevel, Rate

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

__all__ = ["built_in_rate"]

LONGEST_NAME = 256
_UNIT = "USD"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def built_in_rate(model: str, at: int, input_tokens: int) -> Rate | None:
    """The price of a model at ``at``, microseconds since the epoch; None for a model without one.

    Where long prompts have another price, ``input_tokens`` of a request say which it is. The first call is slow.
    """
    found = _find(model) if len(model) <= LONGEST_NAME else None
    if found is None:
        return None
    provider, info = found
    price = info.get_prices(_EPOCH + at * _MICROSECOND)
    if price.input_mtok is None and price.output_mtok is None:
        return None
    return Rate(
        PricingLevel.DEFAULT,
        provider=provider,
        input_token_cost=_per_token(price.input_mtok, input_tokens),
        output_token_cost=_per_token(price.output_mtok, input_tokens),
        cache_read_token_cost=_per_token(price.cache_read_mtok, input_tokens),
        cache_write_token_cost=_per_token(price.cache_write_mtok, input_tokens),
        input_unit=_UNIT,
        output_unit=_UNIT,
        effective_at=_effective_at(info, price),
        created_at=None,
        created_by=_made_by(),
        project=None,
        price_id=None,
    )


@lru_cache(maxsize=4096)
def _find(model: str) -> "tuple[str, ModelInfo] | None":
    """The provider and what is known of a model: by its name alone, or with the provider before a slash."""
    # Late, since it is slow and most requests ask for no cost.
    from genai_prices.data import providers
    from genai_prices.data_snapshot import find_provider_by_id

    name = model.lower()
    prefix, slash, rest = name.partition("/")
    named = find_provider_by_id(providers, prefix) if slash else None
    # Those that know their models by their names are the makers; the others sell what these make.
    makers = [(provider, provider.model_match) for provider in providers if provider.model_match is not None]
    places = [
        *((maker, name) for maker, match in makers if match.is_match(name)),
        *([(named, rest)] if named else []),
        *((maker, name) for maker, _ in makers),
    ]
    for provider, its_name in places:
        info = provider.find_model(its_name, all_providers=providers)
        if info is not None:
            return provider.id, info
    return None


def _per_token(price: "Decimal | TieredPrices | None", input_tokens: int) -> float:
    if price is None:
        return 0.0
    if not isinstance(price, Decimal):
        passed = [tier.price for tier in price.tiers if input_tokens > tier.start]
        price = passed[-1] if passed else price.base
    return float(price / 1_000_000)


def _effective_at(info: "ModelInfo", price: "ModelPrice") -> int | None:
    """When ``price`` took effect, as far as it is known."""
    from genai_prices.types import ModelPrice, StartDateConstraint

    if isinstance(info.prices, ModelPrice):
        return None
    constraint = next(conditional.constraint for conditional in info.prices if conditional.prices is price)
    if not isinstance(constraint, StartDateConstraint):
        return None
    return (datetime.combine(constraint.start_date, time(), UTC) - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=1)
def _made_by() -> str:
    return f"genai-prices {version('genai-prices')}"
