"""Reading what a language model answers, which may be less tidy than what it was asked for."""

import json
import math
import re
from collections.abc import Mapping

from db.json_text import JSONValue
from resolvers.metrics.definition import MetricDefinition, ReturnType
from resolvers.metrics.engines.result import MetricFailedError, checked_value

__all__ = ["read_answer"]

LONGEST_ANSWER = 100_000
LONGEST_EXPLANATION = 10_000
MOST_OBJECTS = 100  # places of a text that are tried as the start of an object

_FENCE = re.compile(r"^```[a-zA-Z]*\s*\n(.*?)\n?```\s*$", re.DOTALL)
_BRACKETS = re.compile(r"\[\[([^\[\]]{1,200})\]\]")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?")
_RESULTS = ("result", "score", "rating", "value", "answer", "verdict", "label", "category")
_EXPLANATIONS = ("explanation", "reasoning", "reason", "rationale")
_TRUE = {"true", "yes", "pass", "passed", "1", "1.0"}
_FALSE = {"false", "no", "fail", "failed", "0", "0.0"}


def read_answer(definition: MetricDefinition, content: str) -> tuple[JSONValue, str | None]:
    """The value of the metric and its explanation.

    Taken are the object that was asked for, wherever in the text it stands, ``[[4]]`` as many prompts ask for it, or
    the value alone. Raises MetricFailedError for what has no value that the metric could return.
    """
    content = content[:LONGEST_ANSWER].strip()
    fenced = _FENCE.match(content)
    answer = _parsed(fenced[1] if fenced else content)
    if isinstance(answer, dict):
        found = _member(answer, _RESULTS)
        if found is None:
            raise MetricFailedError(f"The model's answer has no result: {content[:200]!r}")
        explanation = _member(answer, _EXPLANATIONS)
        return checked_value(definition, _coerced(definition, found)), _explanation(explanation)
    explanation = None
    if isinstance(answer, str) and (bracketed := _BRACKETS.findall(answer)):
        answer, explanation = bracketed[-1].strip(), answer
    return checked_value(definition, _coerced(definition, answer)), _explanation(explanation)


def _explanation(said: JSONValue) -> str | None:
    return said[:LONGEST_EXPLANATION] if isinstance(said, str) and said.strip() else None


def _parsed(text: str) -> JSONValue:
    """The JSON of a text; the last object in it where there is other text around; the text itself where there is
    none."""
    value = _loaded(text)
    if value is not None:
        return value
    decoder = json.JSONDecoder()
    found: JSONValue = None
    at = text.find("{")
    for _ in range(MOST_OBJECTS):
        if at < 0:
            break
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            if _member(value, _RESULTS) is not None:
                found = value
        at = text.find("{", end)
    return text if found is None else found


def _loaded(text: str) -> JSONValue:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _member(answer: Mapping[str, JSONValue], names: tuple[str, ...]) -> JSONValue:
    by_name = {key.strip().lower(): value for key, value in answer.items()}
    return next((by_name[name] for name in names if by_name.get(name) is not None), None)


def _coerced(definition: MetricDefinition, value: JSONValue) -> JSONValue:
    """A value in the type that the metric returns, where it plainly is one; otherwise as it is."""
    match definition.return_type:
        case ReturnType.FLOAT if isinstance(value, str):
            return _number(value)
        case ReturnType.BOOLEAN if isinstance(value, str | int | float):
            word = str(value).strip().strip(".\"'").lower()
            return True if word in _TRUE else False if word in _FALSE else value
        case ReturnType.CATEGORICAL:
            return _category(definition, value)
        case ReturnType.STRING if isinstance(value, int | float):
            return json.dumps(value)
    return value


def _number(text: str) -> JSONValue:
    """The number that a text begins with, as in ``4``, ``4/5`` and ``4 out of 5``, or the only one that it has."""
    numbers = _NUMBER.findall(text)
    begins = _NUMBER.match(text.strip())
    if begins is None and len(numbers) != 1:
        return text
    number = float(begins[0] if begins else numbers[0])
    return int(number) if math.isfinite(number) and number.is_integer() else number


def _category(definition: MetricDefinition, value: JSONValue) -> JSONValue:
    if isinstance(value, bool | int | float):
        value = json.dumps(value)
    if not isinstance(value, str):
        return value
    plain = value.strip().strip(".\"'").casefold()
    for each in definition.categories or ():
        if each.category.strip().casefold() == plain:
            return each.category
    return value
