"""Which of two values of a metric is the better one (docs/honeyhive.md, "Results of experiments")."""

import math
from dataclasses import dataclass
from enum import StrEnum

from db.json_text import JSONValue
from resolvers.experiments.aggregates import Value, number_of
from resolvers.metrics.definition import Threshold
from resolvers.metrics.passing import passes

__all__ = ["BetterWhen", "Change", "Goal", "goal_of"]

MODEL_LATENCY = "model_latency"
"""The metric that evaluations of Weave's SDK measure by themselves: seconds."""

_RELATIVE_NOISE, _ABSOLUTE_NOISE = 1e-9, 1e-12


class BetterWhen(StrEnum):
    """Which numbers of a metric are the better ones."""

    HIGHER = "higher"
    LOWER = "lower"
    NEARER = "nearer"
    """Nearer to the one that passes."""


class Change(StrEnum):
    """What became of a value between two runs."""

    IMPROVED = "improved"
    DEGRADED = "degraded"
    SAME = "same"
    DIFFERENT = "different"
    """Other than it was, and neither better nor worse."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted of a metric: which values pass, and which are better than others."""

    threshold: Threshold | None = None
    better_when: BetterWhen = BetterWhen.HIGHER

    def passes(self, value: JSONValue) -> bool | None:
        """Whether a value passes; None where nothing says which do."""
        return passes(value, self.threshold)

    def change(self, old: Value, new: Value) -> Change:
        """What became of a value. Numbers that differ by rounding alone are the same."""
        before, after = number_of(old), number_of(new)
        if before is None or after is None:
            return self._change_of_words(old, new)
        if _same(before, after) or _same(rank := self._rank(before), better := self._rank(after)):
            return Change.SAME
        return Change.IMPROVED if better > rank else Change.DEGRADED

    def _rank(self, number: float) -> float:
        """More is better."""
        if self.better_when is BetterWhen.HIGHER:
            return number
        if self.better_when is BetterWhen.LOWER:
            return -number
        assert self.threshold is not None, "there is a value to be near to"
        return -abs(number - float(self.threshold.pass_when or 0))

    def _change_of_words(self, old: Value, new: Value) -> Change:
        if type(old) is type(new) and old == new:
            return Change.SAME
        before, after = self.passes(old), self.passes(new)
        if before is after:
            return Change.DIFFERENT
        return Change.IMPROVED if after else Change.DEGRADED


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_RELATIVE_NOISE, abs_tol=_ABSOLUTE_NOISE)


def goal_of(name: str, threshold: Threshold | None) -> Goal:
    """What is wanted of the metric of this name with this threshold.

    Higher is better, but lower where the threshold has an upper bound alone, and nearer to ``pass_when`` where it has
    no bounds. Of the model's latency, without a threshold, lower is better.
    """
    if threshold is None:
        return Goal(None, BetterWhen.LOWER if name == MODEL_LATENCY else BetterWhen.HIGHER)
    if threshold.min is None and threshold.max is not None:
        return Goal(threshold, BetterWhen.LOWER)
    if threshold.min is None and threshold.pass_when is not None:
        return Goal(threshold, BetterWhen.NEARER)
    return Goal(threshold)
