"""What a call used of each model: as ``summary.usage`` says it, and as the column ``usage`` holds it.

Input tokens are ``prompt_tokens`` and ``input_tokens`` together, output tokens ``completion_tokens`` and
``output_tokens``: the SDKs add up the usage of the calls below, and calls of one model may count under either name.

Statistics read what thousands of calls used. So it is worked out once, when it is written, and kept in a column of a
few bytes that an index holds too: a summary is a payload, which is reached past others and would be read as JSON.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from db.json_text import JSONText, JSONValue, dump_json, parse_json

__all__ = ["ModelUsage", "usage_from", "usage_text", "usages_of"]


class ModelUsage(NamedTuple):
    """Tokens and requests of one model."""

    model: str
    input_tokens: int
    output_tokens: int
    total_tokens: int
    requests: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_apart: bool = False
    """Whether the cached tokens stand beside the input tokens, as Anthropic counts, and not among them."""


def usages_of(usage: JSONValue) -> list[ModelUsage]:
    """The usage of each model in the value of ``summary.usage``, in its order; what is no object of counts is left
    out."""
    if not isinstance(usage, dict):
        return []
    return [_usage(model, counts) for model, counts in usage.items() if isinstance(counts, dict)]


def _usage(model: str, counts: Mapping[str, Any]) -> ModelUsage:
    get = counts.get
    incoming = _count(get("prompt_tokens")) + _count(get("input_tokens"))
    outgoing = _count(get("completion_tokens")) + _count(get("output_tokens"))
    return ModelUsage(
        model,
        incoming,
        outgoing,
        _count(get("total_tokens")) or incoming + outgoing,
        _count(get("requests")),
        _count(get("cache_read_input_tokens")),
        _count(get("cache_creation_input_tokens")),
        "cache_creation_input_tokens" in counts and "prompt_tokens" not in counts,
    )


_NUMBER = int | float


def _count(value: Any) -> int:
    if value is None:
        return 0
    # Text stands where a provider counted nothing; past 62 bits it is no count.
    if isinstance(value, _NUMBER) and not isinstance(value, bool) and 0 <= value < 1 << 62:
        return int(value)
    return 0


_CACHE = ModelUsage._fields.index("cache_read_tokens")


def usage_text(usage: JSONValue) -> JSONText:
    """What the column holds of the value of ``summary.usage``: JSON text of a list for each model, with the members of
    ``ModelUsage`` in their order. Those of the cache are left out where it was not used."""
    used = [tuple(each) if any(each[_CACHE:]) else each[:_CACHE] for each in usages_of(usage)]
    try:
        return JSONText(orjson.dumps(used).decode())
    except TypeError:  # half a surrogate pair in the name of a model
        return dump_json(used)


def usage_from(text: str | None) -> list[ModelUsage]:
    """The usage that the column holds as ``text``; nothing where that is null."""
    if text is None:
        return []
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:  # half a surrogate pair in the name of a model
        found = parse_json(text)
    return [ModelUsage(*each) for each in found]
