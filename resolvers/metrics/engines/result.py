"""What comes of running a metric, and whether it is what the metric says that it returns."""

import math
from dataclasses import dataclass

from db.json_text import JSONValue
from resolvers.metrics.definition import MetricDefinition, ReturnType

__all__ = ["LONGEST_TEXT", "MetricFailedError", "MetricResult", "checked_value"]

LONGEST_TEXT = 10_000
"""Characters of a text that a metric returns."""

LONGEST_SHOWN = 200
"""Characters of a value that an error shows."""


@dataclass(frozen=True, slots=True)
class MetricResult:
    """A value, or why there is none: an error, or a person who has to give it."""

    value: JSONValue = None
    explanation: str | None = None
    error: str | None = None
    waiting: bool = False
    transient: bool = False
    """Whether running it again may do: the error is not of the metric or its event."""


class MetricFailedError(Exception):
    """A metric gives no value for an event. The message is for whoever wrote the metric."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.transient = transient


def checked_value(definition: MetricDefinition, value: JSONValue) -> JSONValue:
    """``value`` as the metric returns it; raises MetricFailedError for one of another type or out of its scale.

    A boolean is 1 or 0 for a metric that returns numbers, as it is for Python.
    """
    match definition.return_type:
        case ReturnType.FLOAT:
            return _number(definition, value)
        case ReturnType.BOOLEAN:
            if isinstance(value, bool):
                return value
        case ReturnType.STRING:
            if isinstance(value, str):
                return _text(value)
        case ReturnType.CATEGORICAL:
            return _category(definition, value)
    raise _other(definition, value)


def _number(definition: MetricDefinition, value: JSONValue) -> float:
    if not isinstance(value, int | float):
        raise _other(definition, value)
    if not math.isfinite(value):
        raise MetricFailedError(f"The result is {value}, which is no number that can be kept")
    if definition.scale is not None and not 0 <= value <= definition.scale:
        raise MetricFailedError(f"The result {value} is not within the metric's scale, 0 to {definition.scale}")
    return int(value) if isinstance(value, bool) else value


def _text(value: str) -> str:
    if len(value) > LONGEST_TEXT:
        raise MetricFailedError(f"The result is a text of {len(value)} characters; the limit is {LONGEST_TEXT}")
    return value


def _category(definition: MetricDefinition, value: JSONValue) -> str:
    if not isinstance(value, str):
        raise _other(definition, value)
    names = [each.category for each in definition.categories or ()]
    if names and value not in names:
        raise MetricFailedError(f"The result {_shown(value)} is none of the metric's categories: {_shown(names)}")
    return _text(value)


def _other(definition: MetricDefinition, value: JSONValue) -> MetricFailedError:
    wanted = {
        ReturnType.FLOAT: "a number",
        ReturnType.BOOLEAN: "a boolean",
        ReturnType.STRING: "a text",
        ReturnType.CATEGORICAL: "one of its categories",
    }[definition.return_type]
    return MetricFailedError(f"The result is {_shown(value)}; the metric returns {wanted}")


def _shown(value: JSONValue) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
