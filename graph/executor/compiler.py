"""A shape as a Python function.

    run(items, given_up) -> [one result an item], [the index of each item that was given up]

The result of an item that compiled code gives up is ``given_up``.
"""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType, Undefined
from graphql.pyutils import is_awaitable as default_is_awaitable

from graph.executor.shapes import FieldKind, FieldShape, Shape

__all__ = ["Run", "compile_shape"]

Run = Callable[[Sequence[Any], Any], tuple[list[Any], list[int]]]

_PLAIN = {
    "String": "{v}.__class__ is str",
    "ID": "{v}.__class__ is str",
    "Boolean": "{v}.__class__ is bool",
    "Int": "{v}.__class__ is int and -2147483648 <= {v} <= 2147483647",
    "Float": "{v}.__class__ is float and isfinite({v})",
}
"""Values of the built-in scalars that are results as they are."""


_USUAL = frozenset({str, int, float, bool, list, dict, bytes})


def _unusual(value: object) -> bool:
    """Whether a value is none that a scalar may be asked for: an error, or something to wait for."""
    return isinstance(value, Exception) or default_is_awaitable(value)


class _GivenUp(Exception):  # noqa: N818 - it is no error: graphql-core takes over
    """This item is none for compiled code."""


def compile_shape(shape: Shape, columns: Sequence[str] | None) -> Run:
    """The function of a shape, for items that are tuples of ``columns``, or any objects where it is None.

    Items are of the shape's type: whoever calls it has checked that.
    """
    return _Compiler().compile(shape, columns)


class _Compiler:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._bound: dict[str, Any] = {
            "isfinite": isfinite,
            "GivenUp": _GivenUp,
            "usual": _USUAL,
            "unusual": _unusual,
        }
        self._count = 0

    def compile(self, shape: Shape, columns: Sequence[str] | None) -> Run:
        self._emit(0, "def run(items, given_up):")
        self._emit(1, "results = []")
        self._emit(1, "append = results.append")
        self._emit(1, "left = []")
        self._emit(1, "for item in items:")
        self._emit(2, "try:")
        display = self._object(shape, "item", 3, columns)
        self._emit(3, f"result = {display}")
        # Whatever it was, graphql-core will meet it again and say it in its own way.
        self._emit(2, "except Exception:")
        self._emit(3, "left.append(len(results))")
        self._emit(3, "result = given_up")
        self._emit(2, "append(result)")
        self._emit(1, "return results, left")
        code = compile("\n".join(self._lines), f"<compiled {shape.type.name}>", "exec")
        exec(code, self._bound)  # noqa: S102 - made of our own templates; names of clients come in as literals only
        run: Run = self._bound["run"]
        return run

    def _emit(self, indent: int, line: str) -> None:
        self._lines.append("    " * indent + line)

    def _name(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def _bind(self, prefix: str, value: Any) -> str:
        name = self._name(prefix)
        self._bound[name] = value
        return name

    def _object(self, shape: Shape, source: str, indent: int, columns: Sequence[str] | None = None) -> str:
        """Emit the reads of one object; returns the expression of its result."""
        parts = []
        for field in shape.fields:
            value = repr(shape.type.name) if field.kind is FieldKind.TYPENAME else "None"
            if field.reader is not None:
                value = self._field(field, self._read(field, source, indent, columns), indent)
            parts.append(f"{field.response!r}: {value}")
        return "{" + ", ".join(parts) + "}"

    def _read(self, field: FieldShape, source: str, indent: int, columns: Sequence[str] | None) -> str:
        reader, value = field.reader, self._name("value")
        assert reader is not None
        if reader.attribute is None:
            self._emit(indent, f"{value} = {self._bind('function', reader.function)}({source})")
        elif columns is not None and reader.attribute in columns:
            self._emit(indent, f"{value} = {source}[{columns.index(reader.attribute)}]")
        else:
            self._emit(indent, f"{value} = {source}.{reader.attribute}")
        return value

    def _field(self, field: FieldShape, value: str, indent: int) -> str:
        """Emit what makes the result of ``value``; returns the variable that holds it."""
        if not field.nullable:
            self._emit(indent, f"if {value} is None: raise GivenUp")
            self._complete(field, value, indent)
        else:
            self._emit(indent, f"if {value} is not None:")
            self._complete(field, value, indent + 1)
        return value

    def _complete(self, field: FieldShape, value: str, indent: int) -> None:
        """Emit the replacement of ``value``, which is not null, by its result."""
        match field.kind:
            case FieldKind.LEAF:
                assert field.leaf is not None
                self._leaf(field.leaf, value, indent)
            case FieldKind.OBJECT:
                self._nested(field, value, value, indent)
            case _:
                self._list(field, value, indent)

    def _list(self, field: FieldShape, value: str, indent: int) -> None:
        items, item = self._name("items"), self._name("item")
        self._emit(indent, f"if not isinstance({value}, list) and {value}.__class__ is not tuple: raise GivenUp")
        self._emit(indent, f"{items} = []")
        self._emit(indent, f"for {item} in {value}:")
        if field.item_nullable:
            self._emit(indent + 1, f"if {item} is None:")
            self._emit(indent + 2, f"{items}.append(None)")
            self._emit(indent + 2, "continue")
        else:
            self._emit(indent + 1, f"if {item} is None: raise GivenUp")
        if field.leaf is not None:
            self._leaf(field.leaf, item, indent + 1)
        else:
            self._nested(field, item, item, indent + 1)
        self._emit(indent + 1, f"{items}.append({item})")
        self._emit(indent, f"{value} = {items}")

    def _nested(self, field: FieldShape, source: str, target: str, indent: int) -> None:
        assert field.below is not None
        predicate: Any = field.below.type.is_type_of
        if predicate is not None:
            # Rows know their type without the request; a predicate that asks for it fails and gives the item up.
            self._emit(indent, f"if {self._bind('is_type', predicate)}({source}, None) is not True: raise GivenUp")
        elif all(each.reader is None or each.reader.attribute is None for each in field.below.fields):
            # Functions may give something for an error, too; reading an attribute off one fails.
            self._emit(indent, f"if unusual({source}): raise GivenUp")
        self._emit(indent, f"{target} = {self._object(field.below, source, indent)}")

    def _leaf(self, leaf: GraphQLLeafType, value: str, indent: int) -> None:
        if isinstance(leaf, GraphQLEnumType):
            # The names of values that have been met; only of strings, since 1, 1.0 and True are one key.
            names, coerce = self._bind("names", _EnumNames(leaf)), self._bind("coerce", leaf.coerce_output_value)
            self._emit(indent, f"{value} = {names}[{value}] if {value}.__class__ is str else {coerce}({value})")
            return
        plain = _PLAIN.get(leaf.name)
        coerced = f"{value} = {self._bind('coerce', leaf.coerce_output_value)}({value})"
        if plain is None:
            undefined = self._bind("undefined", Undefined)
            self._emit(indent, f"if {value}.__class__ not in usual and unusual({value}): raise GivenUp")
            self._emit(indent, coerced)
            self._emit(indent, f"if {value} is None or {value} is {undefined}: raise GivenUp")
        else:
            self._emit(indent, f"if not ({plain.format(v=value)}): {coerced}")


class _EnumNames(dict[str, str]):
    """Names of an enum by the values of rows; a value that has none raises what the enum raises."""

    def __init__(self, enum: GraphQLEnumType) -> None:
        super().__init__()
        self._enum = enum

    def __missing__(self, value: str) -> str:
        name = self._enum.coerce_output_value(value)
        self[value] = name
        return name
