"""Equality of a JSON field with a list or object that is known: a condition for each value in it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from db.query.json import JsonNode
from db.query.templates import apply
from db.query.values import Kind, Value, bind, literal_kind

__all__ = ["balanced", "equals_constant", "negated"]

_CONDITIONS = {Kind.TEXT: "json_string", Kind.NUMBER: "json_number", Kind.BOOLEAN: "json_boolean"}


def equals_constant(value: Value, known: Any) -> ColumnElement[bool]:
    """True if ``value`` is the list or object ``known``: keys in any order, nothing converted. Otherwise false or
    unknown."""
    if not isinstance(value.sql, JsonNode):
        return false()
    conditions: list[ColumnElement[bool]] = []
    _require(value.sql, known, conditions)
    return balanced(and_, conditions)


def _require(node: JsonNode, known: Any, conditions: list[ColumnElement[bool]]) -> None:
    match known:
        case list() | dict():
            conditions.append(apply("json_kind", node) == ("array" if isinstance(known, list) else "object"))
            conditions.append(apply("json_length", node) == len(known))
            members = enumerate(known) if isinstance(known, list) else known.items()
            for key, item in members:
                _require(JsonNode(node.text, [*node.parts, str(key)]), item, conditions)
        case None:
            conditions.extend([node.is_not(None), apply("json_kind", node).is_(None)])
        case _:
            kind = literal_kind(known)
            assert kind is not None
            conditions.append(apply(_CONDITIONS[kind], node) == bind(known))


class _Parentheses(FunctionElement[Any]):
    """A condition in parentheses that stay: SQLAlchemy's own are dropped where operators are alike. It has no type, or
    it would be written as ``(...) = 1`` for SQLite, which no index serves."""

    inherit_cache = True
    type = NullType()


@compiles(_Parentheses)
def _write_parentheses(element: _Parentheses, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)})"


_FAN_OUT = 16


def balanced(join: Any, conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Conditions joined as a tree whose first one lies near the top: SQLite refuses trees a thousand levels high."""
    first, *rest = conditions
    while len(rest) > _FAN_OUT:
        chunks = [rest[start : start + _FAN_OUT] for start in range(0, len(rest), _FAN_OUT)]
        rest = [_Parentheses(join(*chunk)) for chunk in chunks]
    if not rest:
        return first
    return join(first, _Parentheses(join(*rest)) if len(rest) > 1 else rest[0])  # type: ignore[no-any-return]


def negated(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """NOT, in parentheses: SQLAlchemy writes ``condition = 0`` for SQLite, and lets it stand bare beside a ``>``."""
    return _Parentheses(not_(condition))
