"""Results as JSON text: each item as bytes, made straight of what is read off it, without a dictionary in between.

Inside a function objects are the text between the quotes of an f-string, and variables hold ``str``. A lone surrogate,
which is no UTF-8, gives the item up.

A scalar of the schema's own is written as what its function ``serialize`` gives, unless that has an attribute
``json_text``: a function that gives the JSON of a value in one step as a ``str``, or raises for a value that it does
not know; ``str`` itself for values that are JSON text.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from graphql import GraphQLEnumType, GraphQLLeafType, GraphQLScalarType

from graph.encoding import encode
from graph.executor.compiler import Emitter
from graph.executor.data import PLAIN, EnumNames, coerce_custom, coercing

__all__ = ["TEXT"]

_WRITTEN = {
    "String": "{dumps}({v}).decode()",
    "ID": "{dumps}({v}).decode()",
    "Boolean": "('true' if {v} else 'false')",
    "Int": "str({v})",
    "Float": "{dumps}({v}).decode()",
}
"""The JSON of values that are as ``PLAIN`` says."""


def _json(value: Any) -> str:
    return encode(value).decode()


class _Text:
    """The notation of JSON text."""

    null = "'null'"

    def typename(self, name: str) -> str:
        return repr(f'"{name}"')

    def object(self, members: Sequence[tuple[str, str]]) -> str:
        # A name of a response is a name of GraphQL, so nothing in it needs an escape.
        return "f'{{" + ",".join(f'"{response}":{_inside(made)}' for response, made in members) + "}}'"

    def list(self, items: str) -> str:
        return f"'[' + ','.join({items}) + ']'"

    def result(self, expression: str) -> str:
        return f"{expression}.encode()"

    def leaf(self, code: Emitter, leaf: GraphQLLeafType, value: str, indent: int) -> None:
        if isinstance(leaf, GraphQLScalarType) and leaf.name not in PLAIN:
            _custom(code, leaf, value, indent)
            return
        coerced = f"{code.bind('json', _json)}({code.bind('coerce', coercing(leaf))}({value}))"
        if isinstance(leaf, GraphQLEnumType):
            names = code.bind("names", EnumNames(leaf, '"'))
            code.emit(indent, f"{value} = {names}[{value}] if {value}.__class__ is str else {coerced}")
        else:
            plain = PLAIN[leaf.name].format(v=value)
            written = _WRITTEN[leaf.name].format(v=value, dumps=code.bind("dumps", orjson.dumps))
            code.emit(indent, f"{value} = {written} if {plain} else {coerced}")


def _custom(code: Emitter, scalar: GraphQLScalarType, value: str, indent: int) -> None:
    """Emit the replacement of a value by the JSON of what a scalar of the schema's own makes of it."""
    serialize: Any = scalar.coerce_output_value
    json_text = getattr(serialize, "json_text", None)
    if json_text is str:
        code.emit(indent, f"if {value}.__class__ is not str:")
        code.emit(indent + 1, f"if unusual({value}): raise GivenUp")
        code.emit(indent + 1, f"{value} = str({value})")
    elif json_text is not None:
        code.emit(indent, f"{value} = {code.bind('json_text', json_text)}({value})")
    elif serialize is int:
        code.emit(indent, f"{value} = str(int({value}))")
    else:
        coerce_custom(code, scalar, value, indent)
        code.emit(indent, f"{value} = {code.bind('json', _json)}({value})")


def _inside(expression: str) -> str:
    """An expression inside an f-string."""
    if expression.startswith("f'"):
        return expression[2:-1]
    if expression.startswith("'"):
        return expression[1:-1]
    return f"{{{expression}}}"


TEXT: Any = _Text()
