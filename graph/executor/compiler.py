"""A shape as a Python function.

    run(items, given_up) -> [one result an item], [the index of each item that was given up]

The result of an item that compiled code gives up is ``given_up``. What the function does with an item - which fields it
reads, what it checks, what it gives up - is the same whatever the results are; how they are made is the business of a
``Notation``: dictionaries (``graph.executor.data``), or JSON text (``graph.executor.text``).
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from graphql import GraphQLLeafType, Undefined
from graphql.pyutils import is_awaitable as default_is_awaitable

from graph.executor.shapes import FieldKind, FieldShape, Shape

__all__ = ["Emitter", "Notation", "Run", "compile_leaves", "compile_shape"]

Run = Callable[[Sequence[Any], Any], tuple[list[Any], list[int]]]

_USUAL = frozenset({str, int, float, bool, list, dict, bytes})


def _unusual(value: object) -> bool:
    """Whether a value is none that a scalar may be asked for: nothing, an error, or something to wait for."""
    return value is Undefined or isinstance(value, Exception) or default_is_awaitable(value)


class _GivenUp(Exception):  # noqa: N818 - it is no error: graphql-core takes over
    """This item is none for compiled code."""


class Emitter:
    """The lines of a function that is being written, and the values that it knows by name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.bound: dict[str, Any] = {"GivenUp": _GivenUp, "usual": _USUAL, "unusual": _unusual}
        self._count = 0

    def emit(self, indent: int, line: str) -> None:
        """Add a line."""
        self.lines.append("    " * indent + line)

    def name(self, prefix: str) -> str:
        """A name that no other value has."""
        self._count += 1
        return f"{prefix}{self._count}"

    def bind(self, prefix: str, value: Any) -> str:
        """The name of a value that is there before the function runs."""
        name = self.name(prefix)
        self.bound[name] = value
        return name


class Notation(Protocol):
    """How results are made. Expressions are of Python, over the variables of the function."""

    null: str
    """What a variable is set to whose value is null."""

    def typename(self, name: str) -> str:
        """The expression of the name of a type."""

    def object(self, members: Sequence[tuple[str, str]]) -> str:
        """The expression of an object of these response names and expressions."""

    def list(self, items: str) -> str:
        """The expression of a list, of the variable that holds the list of what was made of its items."""

    def result(self, expression: str) -> str:
        """The expression of the result of an item."""

    def leaf(self, code: Emitter, leaf: GraphQLLeafType, value: str, indent: int) -> None:
        """Emit the replacement of the variable ``value``, which is not None, by what is made of it."""


def compile_shape(shape: Shape, columns: Sequence[str] | None, notation: Notation) -> Run:
    """The function of a shape, for items that are tuples of ``columns``, or any objects where it is None.

    Items are of the shape's type: whoever calls it has checked that.
    """
    compiler = _Compiler(notation)
    return compiler.compile(shape.type.name, lambda: compiler.object(shape, "item", 3, columns))


def compile_leaves(leaf: GraphQLLeafType, notation: Notation, *, nullable: bool) -> Run:
    """The function of a list of leaf values."""
    compiler = _Compiler(notation)
    field = FieldShape("", FieldKind.LEAF, nullable, leaf=leaf)
    return compiler.compile(leaf.name, lambda: compiler.field(field, "item", 3))


class _Compiler(Emitter):
    def __init__(self, notation: Notation) -> None:
        super().__init__()
        self._notation = notation

    def compile(self, name: str, body: Callable[[], str]) -> Run:
        """The function; ``body`` emits what is done with an item, and returns the expression of its result."""
        self.emit(0, "def run(items, given_up):")
        self.emit(1, "results = []")
        self.emit(1, "append = results.append")
        self.emit(1, "left = []")
        self.emit(1, "for item in items:")
        self.emit(2, "try:")
        self.emit(3, f"result = {self._notation.result(body())}")
        # Whatever it was, graphql-core will meet it again and say it in its own way.
        self.emit(2, "except Exception:")
        self.emit(3, "left.append(len(results))")
        self.emit(3, "result = given_up")
        self.emit(2, "append(result)")
        self.emit(1, "return results, left")
        code = compile("\n".join(self.lines), f"<compiled {name}>", "exec")
        exec(code, self.bound)  # noqa: S102 - made of our own templates; names of clients come in as literals only
        run: Run = self.bound["run"]
        return run

    def object(self, shape: Shape, source: str, indent: int, columns: Sequence[str] | None = None) -> str:
        """Emit the reads of one object; returns the expression of its result."""
        if columns:
            self.emit(indent, f"{', '.join(f'column{place}' for place in range(len(columns)))}, = {source}")
        members = []
        for field in shape.fields:
            made = self._notation.null
            if field.kind is FieldKind.TYPENAME:
                made = self._notation.typename(shape.type.name)
            elif field.reader is not None:
                made = self.field(field, self._read(field, source, indent, columns), indent)
            members.append((field.response, made))
        return self._notation.object(members)

    def _read(self, field: FieldShape, source: str, indent: int, columns: Sequence[str] | None) -> str:
        reader, value = field.reader, self.name("value")
        assert reader is not None
        if reader.attribute is None:
            self.emit(indent, f"{value} = {self.bind('function', reader.function)}({source})")
        elif columns is not None and reader.attribute in columns:
            self.emit(indent, f"{value} = column{columns.index(reader.attribute)}")
        else:
            self.emit(indent, f"{value} = {source}.{reader.attribute}")
        return value

    def field(self, field: FieldShape, value: str, indent: int) -> str:
        """Emit what makes the result of ``value``; returns its expression."""
        if not field.nullable:
            self.emit(indent, f"if {value} is None: raise GivenUp")
            if field.kind is FieldKind.OBJECT:
                return self._nested(field, value, indent)
            self._complete(field, value, indent)
            return value
        if self._notation.null == "None":
            self.emit(indent, f"if {value} is not None:")
        else:
            self.emit(indent, f"if {value} is None: {value} = {self._notation.null}")
            self.emit(indent, "else:")
        self._complete(field, value, indent + 1)
        return value

    def _complete(self, field: FieldShape, value: str, indent: int) -> None:
        """Emit the replacement of ``value``, which is not null, by its result."""
        match field.kind:
            case FieldKind.LEAF:
                assert field.leaf is not None
                self._notation.leaf(self, field.leaf, value, indent)
            case FieldKind.OBJECT:
                self.emit(indent, f"{value} = {self._nested(field, value, indent)}")
            case _:
                self._list(field, value, indent)

    def _list(self, field: FieldShape, value: str, indent: int) -> None:
        items, item = self.name("items"), self.name("item")
        self.emit(indent, f"if not isinstance({value}, list) and {value}.__class__ is not tuple: raise GivenUp")
        self.emit(indent, f"{items} = []")
        self.emit(indent, f"for {item} in {value}:")
        if field.item_nullable:
            self.emit(indent + 1, f"if {item} is None:")
            self.emit(indent + 2, f"{items}.append({self._notation.null})")
            self.emit(indent + 2, "continue")
        else:
            self.emit(indent + 1, f"if {item} is None: raise GivenUp")
        made = item
        if field.leaf is not None:
            self._notation.leaf(self, field.leaf, item, indent + 1)
        else:
            made = self._nested(field, item, indent + 1)
        self.emit(indent + 1, f"{items}.append({made})")
        self.emit(indent, f"{value} = {self._notation.list(items)}")

    def _nested(self, field: FieldShape, source: str, indent: int) -> str:
        assert field.below is not None
        predicate: Any = field.below.type.is_type_of
        if predicate is not None:
            # Rows know their type without the request; a predicate that asks for it fails and gives the item up.
            self.emit(indent, f"if {self.bind('is_type', predicate)}({source}, None) is not True: raise GivenUp")
        elif all(each.reader is None or each.reader.attribute is None for each in field.below.fields):
            # Functions may give something for an error, too; reading an attribute off one fails.
            self.emit(indent, f"if unusual({source}): raise GivenUp")
        return self.object(field.below, source, indent)
