"""The expression tree of a query, and its reading from the REST form ``{"$expr": {...}}``.

The tree is plain data: it knows nothing of fields, SQL or GraphQL. Both wire forms are read into it, so a query means
the same whichever way it came.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, get_args

__all__ = [
    "MAX_DEPTH",
    "MAX_NODES",
    "And",
    "Cast",
    "Comparison",
    "Constant",
    "Contains",
    "Convert",
    "CursorError",
    "EmptyOperationError",
    "Expression",
    "GetField",
    "Holds",
    "In",
    "Moment",
    "Not",
    "Operator",
    "Or",
    "Path",
    "QueryError",
    "check_constant",
    "field_paths",
    "from_rest",
    "parse_query",
    "to_rest",
]

MAX_DEPTH = 64
"""Levels of nesting, counted by ``LEVELS``: SQLite's parser holds about a hundred open symbols."""

MAX_NODES = 10_000
"""Operands, values inside literals included; each value is a bound parameter, and PostgreSQL takes 65,535."""

Path = tuple[str | int, ...]
"""Where in the request something stands: ``("$expr", "$eq", 1)``."""

Cast = Literal["double", "string", "int", "bool", "exists"]
Operator = Literal["eq", "gt", "lt", "gte", "lte"]


class QueryError(ValueError):
    """A query, sort or cursor that cannot be used. The message names the offending value; ``path`` says where it is.

    ``in_graph`` is the message in the names of the graph, where these are others.
    """

    def __init__(self, message: str, path: Path = (), in_graph: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.in_graph = in_graph or message
        self.path = list(path)


class EmptyOperationError(QueryError):
    """An operation that the language has room for, and that says nothing: ``{"$or": []}``."""


class CursorError(QueryError):
    """A cursor that cannot be used; ``path`` names the argument that it was given in, ``after`` or ``before``."""


@dataclass(frozen=True, slots=True)
class Constant:
    """``$literal``. Lists and objects hold plain values here; the REST form wraps each of them again."""

    value: Any


@dataclass(frozen=True, slots=True)
class GetField:
    """``$getField``. ``typed`` says that it came as the typed input of GraphQL, which refuses comparisons that could
    only be a mistake (``db.query.checks``)."""

    path: str
    typed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Convert:
    operand: "Expression"
    to: Cast


@dataclass(frozen=True, slots=True)
class And:
    operands: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Or:
    operands: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: Operator
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class In:
    operand: "Expression"
    choices: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Contains:
    operand: "Expression"
    substring: "Expression"
    case_insensitive: bool = False


@dataclass(frozen=True, slots=True)
class Holds:
    """True where the operand is true, else false: never unknown. Neither wire form can say it; the filters of events
    are made of it (``resolvers.calls.event_filters``)."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Moment:
    """The operand as a time, in Unix milliseconds: a number as it is, a text that is ISO 8601 or writes a number. As
    ``Holds``, neither wire form has it."""

    operand: "Expression"


Expression = Constant | GetField | Convert | And | Or | Not | Comparison | In | Contains | Holds | Moment

LEVELS: dict[type, int] = {And: 1, Or: 1, Not: 1, Comparison: 5, Contains: 5, In: 8, Convert: 9}
"""How much of ``MAX_DEPTH`` each form takes for what stands inside it: what its SQL keeps open in SQLite's parser,
measured on 3.40. Realistic queries are far from it: fifty ``$and`` and ``$or`` around a converted comparison pass."""

SUBSTRING_LEVELS = 12
"""The same for ``substr`` of ``$contains``, which stands second there."""

OPERATIONS = ("$and", "$or", "$not", "$eq", "$gt", "$lt", "$gte", "$lte", "$in", "$contains")
OPERANDS = (*OPERATIONS, "$literal", "$getField", "$convert")


def parse_query(query: Any) -> Expression:
    """Read ``{"$expr": operation}``. Raises ``QueryError``."""
    if not isinstance(query, Mapping):
        raise QueryError(f"a query is an object with the key $expr, not {_shown(query)}")
    for key in query:
        if key != "$expr":
            raise QueryError(f"unknown key {_shown(key)} beside $expr", (str(key),))
    if "$expr" not in query:
        raise QueryError("a query needs the key $expr")
    return from_rest(query["$expr"], ("$expr",))


def from_rest(operation: Any, at: Path = (), *, typed: bool = False) -> Expression:
    """Read one operation of the REST form (the value of ``$expr``). Raises ``QueryError``."""
    return _Reader(typed=typed).operation(operation, at)


class _Reader:
    """Counts what it has read, so that a large query is refused before it is compiled."""

    def __init__(self, *, typed: bool) -> None:
        self._nodes = 0
        self._typed = typed

    def operation(self, value: Any, at: Path) -> Expression:
        operator = _operator(value, at)
        if operator not in OPERATIONS:
            raise QueryError(f"{operator} cannot stand at the top of $expr; {', '.join(OPERATIONS)} can", at)
        return self.operand(value, at, 0)

    def operand(self, value: Any, at: Path, depth: int) -> Expression:
        self._count(at, depth)
        operator = _operator(value, at)
        argument = value[operator]
        at = (*at, operator)
        match operator:
            case "$literal":
                return Constant(self._literal(argument, at, depth))
            case "$getField":
                if not isinstance(argument, str):
                    raise QueryError(f"$getField takes a path as a string, not {_shown(argument)}", at)
                return GetField(argument, self._typed)
            case "$convert":
                return self._convert(argument, at, depth + LEVELS[Convert])
            case "$and" | "$or":
                operands = self._operands(argument, at, depth + LEVELS[And], None)
                return And(operands) if operator == "$and" else Or(operands)
            case "$not":
                return Not(self._operands(argument, at, depth + LEVELS[Not], 1)[0])
            case "$in":
                return self._in(argument, at, depth + LEVELS[In])
            case "$contains":
                return self._contains(argument, at, depth)
            case _:
                left, right = self._operands(argument, at, depth + LEVELS[Comparison], 2)
                return Comparison(operator[1:], left, right)  # type: ignore[arg-type]  # one of the five that are left

    def _count(self, at: Path, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise QueryError(f"a query has at most {MAX_NODES} operands", at)
        if depth > MAX_DEPTH:
            raise QueryError(f"nested too deeply (limit {MAX_DEPTH})", at)

    def _operands(self, argument: Any, at: Path, depth: int, count: int | None) -> tuple[Expression, ...]:
        operator = at[-1]
        if not isinstance(argument, list | tuple):
            raise QueryError(f"{operator} takes a list of operands, not {_shown(argument)}", at)
        if count is not None and len(argument) != count:
            raise QueryError(f"{operator} takes exactly {count} operand{'s'[: count > 1]}, not {len(argument)}", at)
        if not argument:
            raise EmptyOperationError(f"{operator} takes at least one operand, not an empty list", at)
        return tuple(self.operand(item, (*at, index), depth) for index, item in enumerate(argument))

    def _convert(self, argument: Any, at: Path, depth: int) -> Convert:
        operand, to = _members(argument, at, required=("input", "to"))
        if to not in get_args(Cast):
            raise QueryError(
                f"$convert cannot convert to {_shown(to)}, only to {', '.join(get_args(Cast))}", (*at, "to")
            )
        return Convert(self.operand(operand, (*at, "input"), depth), to)

    def _in(self, argument: Any, at: Path, depth: int) -> In:
        if not isinstance(argument, list | tuple) or len(argument) != 2 or not isinstance(argument[1], list | tuple):
            raise QueryError(f"$in takes an operand and a list of operands, not {_shown(argument)}", at)
        operand = self.operand(argument[0], (*at, 0), depth)
        choices = (self.operand(item, (*at, 1, index), depth) for index, item in enumerate(argument[1]))
        return In(operand, tuple(choices))

    def _contains(self, argument: Any, at: Path, depth: int) -> Contains:
        operand, substring, folded = _members(argument, at, required=("input", "substr"), optional="case_insensitive")
        if folded is not None and not isinstance(folded, bool):
            raise QueryError(f"case_insensitive is true or false, not {_shown(folded)}", (*at, "case_insensitive"))
        return Contains(
            self.operand(operand, (*at, "input"), depth + LEVELS[Contains]),
            self.operand(substring, (*at, "substr"), depth + SUBSTRING_LEVELS),
            bool(folded),
        )

    def _literal(self, value: Any, at: Path, depth: int) -> Any:
        if isinstance(value, Mapping):
            return {key: self._wrapped(item, (*at, key), depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._wrapped(item, (*at, index), depth + 1) for index, item in enumerate(value)]
        return check_constant(value, at)

    def _wrapped(self, value: Any, at: Path, depth: int) -> Any:
        self._count(at, depth)
        if not isinstance(value, Mapping) or set(value) != {"$literal"}:
            raise QueryError(
                f'inside a $literal each value is wrapped as {{"$literal": ...}}, unlike {_shown(value)}', at
            )
        return self._literal(value["$literal"], (*at, "$literal"), depth)


def check_constant(value: Any, at: Path) -> Any:
    """``value`` if it is a string, boolean, null or a number within a double. Raises ``QueryError``."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | float):
        try:
            if math.isfinite(float(value)):
                return value
        except OverflowError:
            pass
        raise QueryError(f"the number {_shown(value)} is beyond a double", at)
    raise QueryError(f"{_shown(value)} is no JSON value", at)


def _operator(value: Any, at: Path) -> str:
    if not isinstance(value, Mapping):
        raise QueryError(f'an operand is an object such as {{"$getField": ...}}, not {_shown(value)}', at)
    if len(value) != 1:
        raise QueryError(f"an operand has exactly one key, not {len(value)}: {_shown(dict(value))}", at)
    (operator,) = value
    if operator not in OPERANDS:
        close = get_close_matches(str(operator), OPERANDS, 1) or get_close_matches(f"${operator}", OPERANDS, 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise QueryError(f"unknown operator {_shown(operator)}{hint}", at)
    return str(operator)


def _members(argument: Any, at: Path, *, required: tuple[str, str], optional: str | None = None) -> Iterator[Any]:
    """The required members and, after them, the optional one or None."""
    if not isinstance(argument, Mapping):
        raise QueryError(f"{at[-1]} takes an object with {' and '.join(required)}, not {_shown(argument)}", at)
    for name in required:
        if name not in argument:
            raise QueryError(f"{at[-1]} needs {name!r}", at)
    for name in argument:
        if name not in required and name != optional:
            raise QueryError(f"{at[-1]} knows no member {_shown(name)}", (*at, str(name)))
    names = required if optional is None else (*required, optional)
    return iter([argument.get(name) for name in names])


def _shown(value: Any) -> str:
    """``value`` for a message, cut when it is long. Safe for integers too long to be written in decimal."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 1024:
        return f"an integer of {value.bit_length()} bits"
    text = (
        repr(value) if not isinstance(value, Mapping | list | tuple) or len(value) <= 16 else f"{type(value).__name__}"
    )
    return text if len(text) <= 120 else f"{text[:117]}..."


def to_rest(expression: Expression) -> dict[str, Any]:
    """The REST form of an operand; ``from_rest`` of it gives the expression again. Raises TypeError for what has
    none."""
    match expression:
        case Constant(value):
            return _wrap(value)
        case GetField(path):
            return {"$getField": path}
        case Convert(operand, to):
            return {"$convert": {"input": to_rest(operand), "to": to}}
        case And(operands):
            return {"$and": [to_rest(operand) for operand in operands]}
        case Or(operands):
            return {"$or": [to_rest(operand) for operand in operands]}
        case Not(operand):
            return {"$not": [to_rest(operand)]}
        case Comparison(operator, left, right):
            return {f"${operator}": [to_rest(left), to_rest(right)]}
        case In(operand, choices):
            return {"$in": [to_rest(operand), [to_rest(choice) for choice in choices]]}
        case Contains(operand, substring, case_insensitive):
            members = {"input": to_rest(operand), "substr": to_rest(substring), "case_insensitive": case_insensitive}
            return {"$contains": members}
        case Holds() | Moment():
            raise TypeError(f"no wire form says {expression!r}")


def _wrap(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"$literal": {key: _wrap(item) for key, item in value.items()}}
    if isinstance(value, list):
        return {"$literal": [_wrap(item) for item in value]}
    return {"$literal": value}


def field_paths(expression: Expression) -> set[str]:
    """Paths of all fields that ``expression`` reads; empty if it would match all rows or none."""
    match expression:
        case GetField(path):
            return {path}
        case Constant():
            return set()
        case And(operands) | Or(operands):
            return set().union(*map(field_paths, operands))
        case Convert(operand, _) | Not(operand) | Holds(operand) | Moment(operand):
            return field_paths(operand)
        case Comparison(_, left, right):
            return field_paths(left) | field_paths(right)
        case In(operand, choices):
            return field_paths(operand).union(*map(field_paths, choices))
        case Contains(operand, substring, _):
            return field_paths(operand) | field_paths(substring)
