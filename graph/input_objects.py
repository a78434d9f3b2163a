"""Input objects, made by constructors that know their fields.

strawberry makes an input object out of graphql-core's dictionary by working out, for each object anew, what its fields
are called and of what types they are. Of a batch of calls that is most of the time between the body and the database.
Here it is worked out once a class, and every schema builds its input objects so, those of clients too. What they hold
is what strawberry would have put there (tests/graph/test_input_objects.py compares the two).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING
from functools import cache
from typing import Any, NamedTuple

from graphql import GraphQLInputObjectType, GraphQLSchema
from strawberry.schema.name_converter import NameConverter
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import InputContext
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
    get_object_definition,
)
from strawberry.types.lazy_type import LazyType
from strawberry.types.unset import UNSET

__all__ = ["Convert", "UnknownInputError", "build_input_objects", "constructor_of", "converter_of"]

Convert = Callable[[Any], Any]


class UnknownInputError(TypeError):
    """An input field or argument that may be missing as well as null, which nothing here tells apart; a fault of
    ours."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is declared as Maybe, which graph.input_objects does not know")


class _Field(NamedTuple):
    name: str
    """In GraphQL."""

    python_name: str
    convert: Convert | None
    """None where the value is taken as graphql-core gives it."""


class _Constructor(NamedTuple):
    fields: tuple[_Field, ...]
    absent: Mapping[str, None]
    """Fields that are null where nothing is given and the class says nothing."""


def build_input_objects(schema: GraphQLSchema) -> None:
    """Let the input types of a schema of strawberry be built here."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            definition = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
            if isinstance(definition, StrawberryObjectDefinition):
                definition.from_input = _from_input


def _from_input(class_: type, values: Mapping[str, Any], _context: InputContext) -> Any:
    return _construct(class_, values)


def _construct(class_: type, values: Any) -> Any:
    if values.__class__ is class_:  # of a variable of our own operations (graph.variables)
        return values
    fields, absent = constructor_of(class_)
    members: dict[str, Any] = dict(absent)
    for name, python_name, convert in fields:
        if name in values:
            value = values[name]
            plain = convert is None or value is None or value is UNSET
            members[python_name] = value if plain else convert(value)  # type: ignore[misc]
    return class_(**members)


# Prefixes of a schema are before the names of types, never before those of input fields.
_name_of = NameConverter().from_field


@cache
def constructor_of(class_: type) -> _Constructor:
    """What is known of the fields of an input class."""
    definition = get_object_definition(class_, strict=True)
    fields = []
    for field in definition.fields:
        type_ = field.resolve_type(type_definition=definition)
        if isinstance(type_, StrawberryMaybe):
            raise UnknownInputError(f"{class_.__name__}.{field.python_name}")
        fields.append(_Field(_name_of(field), field.python_name, converter_of(type_)))
    absent = {
        field.python_name: None
        for field in definition.fields
        if field.default_value is MISSING and field.default_factory is MISSING
    }
    return _Constructor(tuple(fields), absent)


def converter_of(type_: Any) -> Convert | None:
    """What makes of a value that is neither null nor UNSET what an argument or input field of a type of strawberry's
    holds; None where it is taken as graphql-core gives it."""
    if isinstance(type_, LazyType):
        return converter_of(type_.resolve_type())
    if isinstance(type_, StrawberryOptional):
        return converter_of(type_.of_type)
    if isinstance(type_, StrawberryList):
        return _list_of(converter_of(type_.of_type))
    definition = get_object_definition(type_)
    if definition is None:
        return None
    return lambda values: _construct(type_, values)


def _list_of(convert: Convert | None) -> Convert:
    if convert is None:
        # A copy: graphql-core gives the same default to every request.
        return list

    def converted(values: Iterable[Any]) -> list[Any]:
        return [value if value is None or value is UNSET else convert(value) for value in values]

    return converted
