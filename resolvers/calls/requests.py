"""The model that a call asks for: all that is known of it while it runs, and where it fails before it used any."""

from collections.abc import Mapping
from typing import Any

from db.json_text import JSONText, parse_json
from resolvers.calls.kinds import CallKind

__all__ = ["SPAN", "model_name", "requested_model"]

MODEL_CALLS = {None, CallKind.LLM, CallKind.EMBEDDING}
"""Kinds of calls that ask a model themselves; many senders do not say the kind. An agent that is configured with a
model makes other calls that ask it."""

ATTRIBUTES = (
    "gen_ai.request.model",
    "llm.model_name",
    "llm.request.model_name",
    "embedding.model_name",
    "honeyhive.config.model",
)
"""Where attributes name it, nested or with dots in the key."""

SPAN = "otel_span"
"""Attributes with this are those of a span, whose model stands beside it (``resolvers.spans.call``). In attributes that
a program made itself ``model`` may be anything."""

LONGEST = 500
"""Characters of a name; what is longer is none."""


def requested_model(kind: str | None, inputs: JSONText, attributes: JSONText) -> str | None:
    """The model that ``inputs.model`` names as a text, else the attributes; None where neither does.

    A ref or an object there is a model of the user's, which may ask any model.
    """
    if kind not in MODEL_CALLS:
        return None
    # Most calls are told apart without being parsed.
    if '"model"' in inputs and (model := model_name(_parsed(inputs).get("model"))):
        return model
    if "model" not in attributes:
        return None
    given = _parsed(attributes)
    keys = ("model", *ATTRIBUTES) if SPAN in given else ATTRIBUTES
    return next((model for key in keys if (model := model_name(_at(given, key)))), None)


def _parsed(text: JSONText) -> Mapping[str, Any]:
    value = parse_json(text)
    return value if isinstance(value, dict) else {}


def _at(value: Any, key: str) -> Any:
    """The value under the key with its dots, or where they lead."""
    if not isinstance(value, dict):
        return None
    if key in value:
        return value[key]
    head, _, tail = key.partition(".")
    return _at(value.get(head), tail) if tail else None


def model_name(value: Any) -> str | None:
    """A text that can be the name of a model."""
    known = isinstance(value, str) and value.strip() and len(value) <= LONGEST and not value.startswith("weave:///")
    return value if known else None
