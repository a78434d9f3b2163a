"""Which price counts, and the built-in ones."""

from datetime import UTC, datetime
from typing import Any

import pytest

from db.calls.model_usage import ModelUsage
from db.prices import COLUMNS
from db.rows import RowSet
from resolvers.calls.usage import usage_by_model
from resolvers.prices.built_in import built_in_rate
from resolvers.prices.rates import PricingLevel, rate_at

DAY = 86_400_000_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def own(*prices: tuple[int, int]) -> RowSet:
    """Prices of a model by when they take effect and are made, in the order in which they are read."""
    rows = [
        {**dict.fromkeys(COLUMNS, 0), "price_id": f"{effective}-{made}", "effective_at": effective, "created_at": made}
        for effective, made in sorted(prices)
    ]
    return RowSet("Price", tuple(COLUMNS), [[row[name] for name in COLUMNS] for row in rows])


@pytest.mark.parametrize(
    ("prices", "price_id"),
    [
        ([(1, 9), (5, 8), (7, 7)], "5-8"),
        ([(5, 1), (5, 2)], "5-2"),
        ([(6, 3), (7, 1), (6, 4)], "6-4"),
        ([], None),
    ],
)
def test_the_newest_price_in_effect_counts_and_else_the_earliest(
    prices: list[tuple[int, int]], price_id: str | None
) -> None:
    rate = rate_at(own(*prices), None, 5)
    assert (rate and rate.price_id) == price_id


@pytest.mark.parametrize(
    ("prices", "level"),
    [
        ([], PricingLevel.DEFAULT),
        ([(5, 1)], PricingLevel.PROJECT),
        ([(6, 1)], PricingLevel.DEFAULT),
    ],
)
def test_a_built_in_price_counts_where_none_of_the_projects_is_in_effect(
    prices: list[tuple[int, int]], level: PricingLevel
) -> None:
    rate = rate_at(own(*prices), built_in_rate("gpt-4o", 5, 1), 5)
    assert rate is not None
    assert rate.level == level


@pytest.mark.parametrize(
    ("model", "provider", "incoming", "outgoing"),
    [
        ("gpt-4o", "openai", 2.5e-06, 1e-05),
        ("gpt-4o-mini-2024-07-18", "openai", 1.5e-07, 6e-07),
        ("GPT-4o", "openai", 2.5e-06, 1e-05),
        ("openai/gpt-4o", "openai", 2.5e-06, 1e-05),
        ("azure/gpt-4o", "azure", 2.5e-06, 1e-05),
        ("claude-3-5-sonnet-20241022", "anthropic", 3e-06, 1.5e-05),
        ("anthropic/claude-3-5-sonnet-20241022", "anthropic", 3e-06, 1.5e-05),
        ("text-embedding-3-small", "openai", 2e-08, 0.0),
    ],
)
def test_models_are_known_by_all_their_names(model: str, provider: str, incoming: float, outgoing: float) -> None:
    rate = built_in_rate(model, at("2026-01-01"), 10)
    assert rate is not None
    assert (rate.provider, rate.input_token_cost, rate.output_token_cost) == (provider, incoming, outgoing)


@pytest.mark.parametrize("model", ["", "/", "our-model", "nobody/gpt-4o", "gpt-4o-of-our-own", "gpt-4o" * 100])
def test_other_models_have_no_built_in_price(model: str) -> None:
    assert built_in_rate(model, at("2026-01-01"), 10) is None


def test_a_built_in_price_that_changed_is_the_one_of_the_time() -> None:
    rates = [built_in_rate("o3", at(day), 10) for day in ("2025-06-09", "2025-06-10")]
    found = [(rate.input_token_cost, rate.effective_at) for rate in rates if rate is not None]
    assert found == [(1e-05, None), (2e-06, at("2025-06-10"))]


@pytest.mark.parametrize(("tokens", "cost"), [(200_000, 1.25e-06), (200_001, 2.5e-06)])
def test_long_prompts_have_their_own_price(tokens: int, cost: float) -> None:
    rate = built_in_rate("gemini-2.5-pro", at("2026-01-01"), tokens)
    assert rate is not None
    assert rate.input_token_cost == cost


@pytest.mark.parametrize(
    ("summary", "usage"),
    [
        (None, []),
        ("{}", []),
        ('{"usage": null}', []),
        ('["usage"]', []),
        ('{"x": {"usage": {"m": {"prompt_tokens": 1}}}}', []),
        (
            '{"usage": {"m": {"prompt_tokens": 1, "input_tokens": 2.0, "output_tokens": "3", "requests": []}, "n": 1}}',
            [ModelUsage("m", 3, 0, 3, 0, 0, 0, cache_apart=False)],
        ),
        (
            '{"usage": {"": {"total_tokens": 9, "completion_tokens": 1e300, "prompt_tokens": -1}}}',
            [ModelUsage("", 0, 0, 9, 0, 0, 0, cache_apart=False)],
        ),
    ],
)
def test_usage_is_read_out_of_whatever_a_summary_holds(summary: Any, usage: list[ModelUsage]) -> None:
    assert usage_by_model(summary) == usage
