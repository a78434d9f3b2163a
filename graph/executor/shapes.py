"""What a selection asks of an object: its fields, and how each is read."""

import inspect
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails
from strawberry.types.field import StrawberryField

__all__ = ["Column", "FieldKind", "FieldShape", "Reader", "Shape", "shape_of"]

FieldDetailsList = list[FieldDetails]

_READER = "graph.executor.reader"

MAX_NESTING = 6
"""Objects inside objects that are compiled into one function."""


class FieldKind(Enum):
    """How a field gets into the result."""

    TYPENAME = "typename"
    LEAF = "leaf"
    LEAVES = "leaves"
    OBJECT = "object"
    OBJECTS = "objects"
    GENERIC = "generic"
    """Left to graphql-core, as a column where ``FieldShape.column`` says how."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads a field off an item: its ``attribute``, or else what ``function`` gives for it."""

    attribute: str | None
    function: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """How the values of a field that is not compiled are had for all items of a list at once."""

    definition: GraphQLField
    reader: Reader | None
    """What reads the value off an item; None where the field's resolver is a coroutine function."""

    @property
    def field(self) -> StrawberryField:
        """The field as it was declared, with its resolver."""
        field: StrawberryField = self.definition.extensions["strawberry-definition"]
        return field


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field of a selection."""

    response: str
    kind: FieldKind
    nullable: bool = True
    item_nullable: bool = True
    reader: Reader | None = None
    leaf: GraphQLLeafType | None = None
    below: "Shape | None" = None
    details: FieldDetailsList | None = None
    """For graphql-core, where the field is left to it."""

    column: Column | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """A selection on an object type. Shapes with equal ``form`` compile to the same code."""

    type: GraphQLObjectType
    fields: Sequence[FieldShape]
    form: Hashable
    generic: Sequence[tuple[str, FieldDetailsList]]
    """The fields that are left to graphql-core item by item: response name and nodes."""

    columns: Sequence[tuple[str, FieldDetailsList, Column]]
    """The fields that are had for all items at once, likewise."""

    has_lists: bool
    """Whether there are lists of objects inside, made by the compiled function."""

    @property
    def whole(self) -> bool:
        """Whether the compiled function makes all fields."""
        return not self.generic and not self.columns


def shape_of(
    executor: Executor[Any], type_: GraphQLObjectType, details: FieldDetailsList, nesting: int = 0
) -> Shape | None:
    """The shape of a selection on ``type_``; None where nothing would be gained, or it is none of ours."""
    collected = executor.collect_subfields(type_, details)
    if collected.new_defer_usages:
        return None
    fields = []
    for response, field_details in collected.grouped_field_set.items():
        name = field_details[0].node.name.value
        if name == "__typename":
            fields.append(FieldShape(response, FieldKind.TYPENAME))
            continue
        definition = type_.fields.get(name)
        if definition is None:
            return None
        fields.append(_field(executor, response, definition, field_details, nesting))
    read = [field for field in fields if field.reader is not None]
    generic, columns = [], []
    for field in fields:
        if field.details is not None and field.column is not None:
            columns.append((field.response, field.details, field.column))
        elif field.details is not None:
            generic.append((field.response, field.details))
    # Without a field that is read, an item inside another would pass unseen, be it an exception or a coroutine.
    if nesting and (not read or generic or columns):
        return None
    if not read and not columns:
        return None
    form = (type_.name, *(_form(field) for field in fields))
    has_lists = any(
        field.kind is FieldKind.OBJECTS or (field.below is not None and field.below.has_lists) for field in fields
    )
    return Shape(type_, fields, form, generic, columns, has_lists)


def _form(field: FieldShape) -> Hashable:
    reader = field.reader
    return (
        field.response,
        field.kind,
        reader and (reader.attribute, reader.function),
        field.nullable,
        field.item_nullable,
        field.leaf and field.leaf.name,
        field.below and field.below.form,
    )


def _field(
    executor: Executor[Any], response: str, definition: GraphQLField, details: FieldDetailsList, nesting: int
) -> FieldShape:
    reader = _reader(definition)
    nullable, named = _opened(definition.type)
    item_nullable, many = True, isinstance(named, GraphQLList)
    column = Column(definition, reader) if reader is not None or _is_asynchronous(definition) else None
    generic = FieldShape(response, FieldKind.GENERIC, details=details, column=column)
    if reader is None:
        return generic
    if isinstance(named, GraphQLList):
        if any(node.directives for node in (each.node for each in details)):
            return generic  # it may be streamed
        item_nullable, named = _opened(named.of_type)
    if isinstance(named, GraphQLScalarType | GraphQLEnumType):
        kind = FieldKind.LEAVES if many else FieldKind.LEAF
        return FieldShape(response, kind, nullable, item_nullable, reader, leaf=named)
    if isinstance(named, GraphQLObjectType) and nesting < MAX_NESTING:
        below = shape_of(executor, named, details, nesting + 1)
        if below is not None:
            kind = FieldKind.OBJECTS if many else FieldKind.OBJECT
            return FieldShape(response, kind, nullable, item_nullable, reader, below=below)
    return generic


def _opened(type_: Any) -> tuple[bool, Any]:
    """Whether null is allowed, and the type without that."""
    return (False, type_.of_type) if isinstance(type_, GraphQLNonNull) else (True, type_)


def _reader(definition: GraphQLField) -> Reader | None:
    """How the value of a field is read off its source; None for one that must be resolved by graphql-core."""
    known = definition.extensions
    if _READER not in known:
        known[_READER] = _made_reader(definition)
    reader: Reader | None = known[_READER]
    return reader


def _made_reader(definition: GraphQLField) -> Reader | None:
    field = definition.extensions.get("strawberry-definition")
    if definition.args or not isinstance(field, StrawberryField) or field.extensions:
        return None
    resolver = field.base_resolver
    if resolver is None:
        return Reader(field.python_name) if field.default_resolver is getattr else None
    plain = resolver.self_parameter is not None and not resolver.arguments and not resolver.is_async
    if not plain or resolver.info_parameter is not None or not inspect.isfunction(resolver.wrapped_func):
        return None
    return Reader(None, resolver.wrapped_func)


def _is_asynchronous(definition: GraphQLField) -> bool:
    """Whether the resolver of a field is a coroutine function, and nothing else is done for the field."""
    field = definition.extensions.get("strawberry-definition")
    if not isinstance(field, StrawberryField) or field.extensions or field.base_resolver is None:
        return False
    return field.base_resolver.is_async and inspect.iscoroutinefunction(field.base_resolver.wrapped_func)
