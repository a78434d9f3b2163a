"""Whether a value of a metric passes (docs/honeyhive.md, "Thresholds")."""

import math

from db.json_text import JSONValue
from resolvers.metrics.definition import Threshold

__all__ = ["passes"]

_WORDS = {"true": True, "false": False}


def passes(value: JSONValue, threshold: Threshold | None) -> bool | None:
    """Whether ``value`` is one that passes; None where nothing says which do: no threshold, or one without a rule.

    All rules that are set must hold. A value that a rule cannot judge, such as a text for a range, does not pass.
    """
    if threshold is None:
        return None
    rules = []
    if threshold.min is not None or threshold.max is not None:
        rules.append(_within(value, threshold.min, threshold.max))
    if threshold.pass_when is not None:
        rules.append(_equals(value, threshold.pass_when))
    if threshold.passing_categories is not None:
        rules.append(isinstance(value, str) and value in threshold.passing_categories)
    return all(rules) if rules else None


def _within(value: JSONValue, least: float | None, most: float | None) -> bool:
    """Whether a number is in the range, bounds included; true counts as 1 and false as 0."""
    if not isinstance(value, int | float) or (isinstance(value, float) and math.isnan(value)):
        return False
    return (least is None or value >= least) and (most is None or value <= most)


def _equals(value: JSONValue, wanted: bool | float) -> bool:
    """Whether a value is the one that passes; true is 1 and false is 0, and the words ``true`` and ``false`` are
    booleans, as language models write them."""
    if isinstance(value, str):
        value = _WORDS.get(value.strip().lower())
    return isinstance(value, int | float) and value == wanted
