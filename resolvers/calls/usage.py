"""What a call reports that it used, as readers of one call are told it."""

from db.calls.model_usage import ModelUsage, usages_of
from db.json_text import parse_json

__all__ = ["NO_MODEL", "usage_by_model"]

NO_MODEL = "usage"
"""The key of usage whose model nobody named, in place of the model, as Weave's own server writes it for spans."""


def usage_by_model(summary: str | None) -> list[ModelUsage]:
    """The usage in the JSON text of a summary, in its order; what is no object of counts is left out."""
    if summary is None or '"usage"' not in summary:
        return []
    parsed = parse_json(summary)
    return usages_of(parsed.get("usage")) if isinstance(parsed, dict) else []
