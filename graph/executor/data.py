"""Results as data: dictionaries and lists, as graphql-core makes them."""

from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType, GraphQLScalarType, Undefined

from graph.executor.compiler import Emitter

__all__ = ["DATA", "PLAIN", "EnumNames", "coerce_custom", "coercing"]

PLAIN = {
    "String": "{v}.__class__ is str",
    "ID": "{v}.__class__ is str",
    "Boolean": "{v}.__class__ is bool",
    "Int": "{v}.__class__ is int and -2147483648 <= {v} <= 2147483647",
    "Float": "{v}.__class__ is float and -1e999 < {v} < 1e999",
}
"""By the name of each built-in scalar, which values are results as they are."""


class EnumNames(dict[str, str]):
    """Names of an enum by the values of rows, each between ``quote``; for one without a name, what the enum raises.

    Only for values that are strings, since 1, 1.0 and True are one key.
    """

    def __init__(self, enum: GraphQLEnumType, quote: str = "") -> None:
        super().__init__()
        self._enum = enum
        self._quote = quote

    def __missing__(self, value: str) -> str:
        name = self[value] = f"{self._quote}{self._enum.coerce_output_value(value)}{self._quote}"
        return name


class _Data:
    """The notation of dictionaries and lists."""

    null = "None"

    def typename(self, name: str) -> str:
        return repr(name)

    def object(self, members: Sequence[tuple[str, str]]) -> str:
        return "{" + ", ".join(f"{response!r}: {expression}" for response, expression in members) + "}"

    def list(self, items: str) -> str:
        return items

    def result(self, expression: str) -> str:
        return expression

    def leaf(self, code: Emitter, leaf: GraphQLLeafType, value: str, indent: int) -> None:
        if isinstance(leaf, GraphQLScalarType) and leaf.name not in PLAIN:
            coerce_custom(code, leaf, value, indent)
            return
        coerce = code.bind("coerce", coercing(leaf))
        if isinstance(leaf, GraphQLEnumType):
            names = code.bind("names", EnumNames(leaf))
            code.emit(indent, f"{value} = {names}[{value}] if {value}.__class__ is str else {coerce}({value})")
        else:
            plain = PLAIN[leaf.name].format(v=value)
            code.emit(indent, f"if not ({plain}): {value} = {coerce}({value})")


def coercing(leaf: GraphQLLeafType) -> Callable[[Any], Any]:
    """What an enum or a scalar that is built in makes of a value; raises for what graphql-core would not show it."""
    coerce = leaf.coerce_output_value

    def coerced(value: Any) -> Any:
        if value is Undefined:
            raise ValueError(value)
        return coerce(value)

    return coerced


def coerce_custom(code: Emitter, scalar: GraphQLScalarType, value: str, indent: int) -> None:
    """Emit the replacement of a value by what a scalar of the schema's own makes of it."""
    code.emit(indent, f"if {value}.__class__ not in usual and unusual({value}): raise GivenUp")
    code.emit(indent, f"{value} = {code.bind('coerce', scalar.coerce_output_value)}({value})")
    code.emit(indent, f"if {value} is None or {value} is {code.bind('undefined', Undefined)}: raise GivenUp")


DATA: Any = _Data()
