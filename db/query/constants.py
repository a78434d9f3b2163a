"""Comparison of two constants, as SQL would compare two values: nothing is converted."""

from typing import Any

from db.query.expression import Operator
from db.query.numbers import normal_number
from db.text import encode_text

__all__ = ["compare_constants", "same_json"]


def compare_constants(name: Operator, left: Any, right: Any) -> bool | None:
    """True, false, or None for unknown. ``$eq`` with null asks whether the other is null."""
    if left is None or right is None:
        return left is None and right is None if name == "eq" else None
    if name == "eq":
        return same_json(left, right)
    kinds = _rank(left), _rank(right)
    if "nested" in kinds or (kinds[0] != kinds[1] and "boolean" in kinds):
        return None
    # Numbers come before texts, as they do in sorts.
    a, b = (_key(left), _key(right)) if kinds[0] == kinds[1] else (kinds[0] == "text", kinds[1] == "text")
    return {"gt": a > b, "lt": a < b, "gte": a >= b, "lte": a <= b}[name]


def _rank(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case _:
            return "nested"


def _key(value: Any) -> Any:
    if isinstance(value, str):
        return encode_text(value)
    return normal_number(value)


def same_json(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal: 1 and 1.0 are, 1 and true are not, keys may be in any order."""
    if _rank(left) != _rank(right):
        return False
    match left, right:
        case dict(), dict():
            return left.keys() == right.keys() and all(same_json(left[key], right[key]) for key in left)
        case list(), list():
            return len(left) == len(right) and all(map(same_json, left, right))
        case ((dict() | list() | None), _):
            return left is None and right is None
        case _:
            return bool(_key(left) == _key(right))
