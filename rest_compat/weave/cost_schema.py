"""What a call cost as Weave's API writes it: an LLMCostSchema for each model."""

from collections.abc import Mapping
from typing import Any

__all__ = ["costs_schema"]


def costs_schema(cost: Mapping[str, Any], project_id: str) -> dict[str, dict[str, Any]]:
    """``summary.weave.costs`` of the graph's ``CallCost``.

    The cache's tokens and costs, which the SDKs from 0.52 on know, are written only where there are some.
    """
    return {entry["model"]: {**_cost(entry, project_id), **_cache(entry)} for entry in cost["byModel"]}


def _cost(entry: Mapping[str, Any], project_id: str) -> dict[str, Any]:
    usage, price = entry["usage"], entry["price"]
    level = price["level"].lower()
    return {
        "prompt_tokens": usage["inputTokens"],
        "completion_tokens": usage["outputTokens"],
        "requests": usage["requests"],
        "total_tokens": usage["totalTokens"],
        "prompt_tokens_total_cost": entry["inputCost"],
        "completion_tokens_total_cost": entry["outputCost"],
        "prompt_token_cost": price["inputTokenCost"],
        "completion_token_cost": price["outputTokenCost"],
        "prompt_token_cost_unit": price["inputUnit"],
        "completion_token_cost_unit": price["outputUnit"],
        "effective_date": price["effectiveAt"],
        "provider_id": price["provider"],
        "pricing_level": level,
        "pricing_level_id": project_id if level == "project" else level,
        "created_at": price["createdAt"],
        "created_by": price["createdBy"],
    }


def _cache(entry: Mapping[str, Any]) -> dict[str, Any]:
    usage, price = entry["usage"], entry["price"]
    if not usage["cacheReadTokens"] and not usage["cacheWriteTokens"]:
        return {}
    return {
        "cache_read_input_tokens": usage["cacheReadTokens"],
        "cache_creation_input_tokens": usage["cacheWriteTokens"],
        "cache_read_input_token_cost": price["cacheReadTokenCost"],
        "cache_creation_input_token_cost": price["cacheWriteTokenCost"],
        "cache_read_input_tokens_total_cost": entry["cacheReadCost"],
        "cache_creation_input_tokens_total_cost": entry["cacheWriteCost"],
    }
