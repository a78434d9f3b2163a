"""The tokens that a call used of each model, as ``summary.usage.MODEL`` says.

Input tokens are ``prompt_tokens`` and ``input_tokens`` together, output tokens ``completion_tokens`` and
``output_tokens``: the SDKs add up the usage of the calls below, and calls of one model may count under either name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from db.json_text import parse_json
from db.text import decode_text

__all__ = ["NO_MODEL", "ModelUsage", "usage_by_model", "usage_in"]

NO_MODEL = "usage"
"""The key of usage whose model nobody named, in place of the model, as Weave's own server writes it for spans."""


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """Tokens and requests of one model."""

    model: str
    input_tokens: int
    output_tokens: int
    total_tokens: int
    requests: int
    cache_read_tokens: int
    cache_write_tokens: int
    cache_apart: bool
    """Whether the cached tokens stand beside the input tokens, as Anthropic counts, and not among them."""


def usage_by_model(summary: str | None) -> list[ModelUsage]:
    """The usage in the JSON text of a summary, in its order; what is no object of counts is left out."""
    if summary is None or '"usage"' not in summary:
        return []
    parsed = parse_json(summary)
    return _usages(parsed.get("usage")) if isinstance(parsed, dict) else []


def usage_in(found: str | None) -> list[ModelUsage]:
    """The usage in the JSON text of ``summary.usage`` alone, as queries read it (``db.json_text.query_form``)."""
    if found is None:
        return []
    try:
        usage = orjson.loads(found)
    except orjson.JSONDecodeError:
        usage = parse_json(found)
    return _usages({decode_text(model): counts for model, counts in usage.items()} if isinstance(usage, dict) else None)


def _usages(usage: Any) -> list[ModelUsage]:
    if not isinstance(usage, dict):
        return []
    return [_usage(model, counts) for model, counts in usage.items() if isinstance(counts, dict)]


def _usage(model: str, counts: Mapping[str, Any]) -> ModelUsage:
    incoming = _count(counts, "prompt_tokens") + _count(counts, "input_tokens")
    outgoing = _count(counts, "completion_tokens") + _count(counts, "output_tokens")
    return ModelUsage(
        model,
        input_tokens=incoming,
        output_tokens=outgoing,
        total_tokens=_count(counts, "total_tokens") or incoming + outgoing,
        requests=_count(counts, "requests"),
        cache_read_tokens=_count(counts, "cache_read_input_tokens"),
        cache_write_tokens=_count(counts, "cache_creation_input_tokens"),
        cache_apart="cache_creation_input_tokens" in counts and "prompt_tokens" not in counts,
    )


def _count(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name)
    # Text and null stand where a provider counted nothing; past 62 bits it is no count.
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1 << 62:
        return int(value)
    return 0
