"""What an index on a JSON path holds, and the conditions that it serves.

Of each row that has something at the path it holds two values: the ``number`` that it converts to, null where it is
none, and the ``start`` of its text. They are what orders sort by, and whatever a comparison with a constant selects
lies in a range of them. So the comparison is said twice: once in these, roughly, for the index, and once in full.
However long a value is, an entry of the index stays small.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_

from db.query.expression import Cast, Operator
from db.query.json import json_node
from db.query.numbers import normal_number, number_of_text
from db.query.templates import NUMBER, START_CHARACTERS, apply
from db.text import encode_text

__all__ = ["PathKeys", "bind_start", "keys_of"]

_MAX = 1.7976931348623157e308
_EXACT = 2**53
"""Integers below are doubles too."""

_LAST_DIGITS = 1e-12
"""SQLite may read the last bit of a double otherwise than Python does."""


@dataclass(frozen=True, slots=True)
class PathKeys:
    """The index on a path. ``here`` is the condition on what it holds; ``read_as`` the conversion of the value that is
    compared, where there is one."""

    here: ColumnElement[bool]
    number: ColumnElement[Any]
    start: ColumnElement[Any]
    read_as: Cast | None = None

    def converted(self, to: Cast) -> "PathKeys | None":
        """The index for the value converted; None where it does not serve that."""
        return replace(self, read_as=to) if self.read_as is None and to != "exists" else None

    def compared(self, name: Operator, known: Any) -> ColumnElement[bool] | None:
        """A condition that holds wherever the value compares so with the constant; None where none is known."""
        match known:
            case bool():
                return self._truth(known) if name == "eq" and self.read_as in {None, "bool"} else None
            case int() | float():
                return self._number(name, normal_number(known))
            case str() if self.read_as in {None, "string"}:
                return self._text(name, known)
            case _:
                return None

    def one_of(self, known: Sequence[Any]) -> ColumnElement[bool] | None:
        """A condition that holds wherever the value equals one of the constants; None where none is known."""
        plain: list[str] = []
        conditions: list[ColumnElement[bool]] = []
        for value in known:
            if isinstance(value, str) and self.read_as in {None, "string"} and not self._reads_otherwise(value):
                plain.append(value)
                continue
            condition = self.compared("eq", value)
            if condition is None:
                return None
            conditions.append(condition)
        if plain:
            conditions.append(self._among(self.number.is_(None), self.start.in_([*map(bind_start, plain)])))
        return or_(*conditions) if conditions else None

    def _among(self, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(self.here, *conditions)

    def _number(self, name: Operator, known: float) -> ColumnElement[bool] | None:
        if self.read_as == "bool" or (self.read_as == "double" and abs(known) >= _EXACT):
            return None
        # What stands behind the point is cut off of an integer.
        wide = 1 if self.read_as == "int" else 0
        match name:
            case "eq" if not wide:
                return self._among(self.number == _bind(known))
            case "eq":
                return self._among(self.number >= _bind(known - wide), self.number <= _bind(known + wide))
            case "gt" | "gte":
                low = _bind(known - wide)
                return self._among(self.number > low if name == "gt" and not wide else self.number >= low)
            case _:
                high = _bind(known + wide)
                return self._among(self.number < high if name == "lt" and not wide else self.number <= high)

    def _truth(self, known: bool) -> ColumnElement[bool]:
        text = bind_start("true" if known else "false")
        return or_(
            self._among(self.number == _bind(int(known))), self._among(self.number.is_(None), self.start == text)
        )

    def _reads_otherwise(self, known: str) -> bool:
        """Whether a value with this text has a number."""
        return number_of_text(known) is not None or (self.read_as == "string" and known in {"true", "false"})

    def _text(self, name: Operator, known: str) -> ColumnElement[bool]:
        start = bind_start(known)
        if name != "eq":
            beyond = self.start >= start if name in {"gt", "gte"} else self.start <= start
            texts = self._among(self.number.is_(None), beyond)
            if name in {"gt", "gte"} and self.read_as is None and known[:1] > "9":
                return texts
            # Texts that write a number, which begin with a digit or a minus, lie among the numbers.
            return or_(texts, self._among(self.number >= _bind(-_MAX)))
        texts = self._among(self.number.is_(None), self.start == start)
        if not self._reads_otherwise(known):
            return texts
        number = number_of_text(known)
        if number is None:  # "true", of true and of "true"
            return or_(texts, self._among(self.number == _bind(int(known == "true")), self.start == start))
        around = abs(number) * _LAST_DIGITS if isinstance(number, float) else 0
        low, high = max(number - around, -_MAX), min(number + around, _MAX)
        return self._among(self.number >= _bind(low), self.number <= _bind(high), self.start == start)


def _bind(value: float) -> ColumnElement[Any]:
    return literal(normal_number(value), NUMBER)


def bind_start(text: str) -> ColumnElement[Any]:
    """The start of a text, as the index has it."""
    return literal(encode_text(text)[:START_CHARACTERS])


def keys_of(text: ColumnElement[Any], parts: Sequence[str], project: ColumnElement[bool] | None) -> PathKeys:
    """The index on the path ``parts`` of the JSON ``text``, in what fulfils ``project`` or everywhere."""
    node = json_node(text, parts)
    start = apply("json_start", node)
    there = start.is_not(None)
    return PathKeys(there if project is None else and_(project, there), apply("json_number_key", node), start)
