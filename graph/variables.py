"""Variables of our own operations: from what a request model has validated to the objects that resolvers get.

graphql-core coerces a variable by asking its type what it is, at each field of each item, and strawberry makes the
input objects out of the dictionaries that this gives. For a batch of calls that is more than all else that is done
before the database. Here each input type has a function, written out once, that checks the values and makes the
object in one go. What it gives is what the two would have given; where a value is not what it should be it gives up,
and graphql-core coerces the variables and says what is wrong with them.

Types whose values may lead back to themselves are left to graphql-core, which bounds how deep they go.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from functools import cache, cached_property, partial
from typing import Any, cast

from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    VariableDefinitionNode,
    get_named_type,
    is_required_input_field,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import (
    VariableValues,
    VariableValueSource,
    get_variable_values,
    input_is_nested_too_deeply,
)
from graphql.utilities import coerce_input_value
from graphql.utilities.coerce_input_value import coerce_default_value
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition

from db.json_text import JSONText
from graph.input_objects import Convert, constructor_of

__all__ = ["GivenUpError", "OperationVariables", "coercer_of", "leads_back"]

Coerce = Callable[[Any], Any]


class GivenUpError(Exception):
    """A value that graphql-core has to look at."""


class OperationVariables:
    """The variables that one operation takes."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._variables = [_Variable(schema, node) for node in operation.variable_definitions or ()]
        named = (get_named_type(variable.signature.type) for variable in self._variables)
        self.makes_objects = any(isinstance(type_, GraphQLInputObjectType) for type_ in named)
        """Whether there are input objects among them, which are not what graphql-core gives."""

    def coerced(self, given: Mapping[str, Any]) -> VariableValues | None:
        """``given`` as an executor takes it, input objects made; None where graphql-core has to coerce it."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        try:
            for variable in self._variables:
                name = variable.name
                if name in given:
                    sources[name] = VariableValueSource(variable.signature, given[name])
                    coerced[name] = variable.coerce(given[name])
                else:
                    missing = variable.missing
                    sources |= missing.sources
                    coerced |= missing.coerced
        except Exception:  # noqa: BLE001 - whatever a scalar raises, graphql-core words it
            return None
        return VariableValues(sources, coerced)


class _Variable:
    """One of them."""

    def __init__(self, schema: GraphQLSchema, node: VariableDefinitionNode) -> None:
        self._schema = schema
        self._node = node
        # A document that was validated has signatures for all of its variables.
        self.signature = cast("GraphQLVariableSignature", get_variable_signature(schema, node))
        self.name = self.signature.name
        self.coerce = coercer_of(self.signature.type)

    @cached_property
    def missing(self) -> VariableValues:
        """What stands for it where it is not given; raises GivenUpError where it must be, or is not to be shared."""
        values = get_variable_values(self._schema, [self._node], {})
        if isinstance(values, list) or any(isinstance(value, list | dict) for value in values.coerced.values()):
            raise GivenUpError
        return values


def leads_back(type_: GraphQLInputObjectType, way: frozenset[str] = frozenset()) -> bool:
    """Whether a value of the type may hold another of it, or of a type of which that is so."""
    if type_.name in way:
        return True
    below = {get_named_type(field.type) for field in type_.fields.values()}
    return any(isinstance(each, GraphQLInputObjectType) and leads_back(each, way | {type_.name}) for each in below)


@cache
def coercer_of(type_: Any) -> Coerce:
    """What coerces values of an input type and makes the objects; it raises where it may not do it."""
    if isinstance(type_, GraphQLNonNull):
        return _required(type_.of_type)
    coerce = _required(type_)
    return lambda value: None if value is None else coerce(value)


@cache
def _required(type_: Any) -> Coerce:
    if isinstance(type_, GraphQLList):
        item: Any = type_.of_type.of_type if isinstance(type_.of_type, GraphQLNonNull) else type_.of_type
        return _list(coercer_of(type_.of_type), _TAKEN_AS_THEY_ARE.get(getattr(item, "name", "")))
    if not isinstance(type_, GraphQLInputObjectType):
        return _leaf(type_.coerce_input_value, _TAKEN_AS_THEY_ARE.get(type_.name))
    definition = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if leads_back(type_) or not isinstance(definition, StrawberryObjectDefinition):
        return _by_graphql(type_)
    return _one_of(type_, definition) if definition.is_one_of else _written_out(type_, definition)


def _leaf(coerce: Coerce, taken: type | None) -> Coerce:
    """``taken`` is the class of values that need no coercion."""

    def coerced(value: Any) -> Any:
        if value.__class__ is taken:
            return value
        if value is None or value is Undefined:
            raise GivenUpError
        return coerce(value)

    return coerced


_TAKEN_AS_THEY_ARE = {"String": str, "Boolean": bool, "JSON": JSONText}
"""Scalars, with the class of values that need no coercion."""


def _list(coerce: Coerce, taken: type | None) -> Coerce:
    """``taken`` is the class of items that need no coercion."""

    def coerced(values: Any) -> list[Any]:
        if values.__class__ is not list:
            raise GivenUpError
        return [value if value.__class__ is taken else coerce(value) for value in values]

    return coerced


def _by_graphql(type_: GraphQLInputObjectType) -> Coerce:
    def coerced(value: Any) -> Any:
        if input_is_nested_too_deeply(value, type_):
            raise GivenUpError
        made = Undefined if value is None else coerce_input_value(value, type_)
        if made is Undefined:
            raise GivenUpError
        return made

    return coerced


def _one_of(type_: GraphQLInputObjectType, definition: StrawberryObjectDefinition) -> Coerce:
    class_: Any = definition.origin
    names = {each.name: each.python_name for each in constructor_of(class_).fields}
    members = {name: (names[name], coercer_of(field.type)) for name, field in type_.fields.items()}

    def coerced(values: Any) -> Any:
        if values.__class__ is not dict:
            raise GivenUpError
        ((name, value),) = values.items()
        python_name, coerce = members[name]
        if value is None:
            raise GivenUpError
        return class_(**{python_name: coerce(value)})

    return coerced


def _written_out(type_: GraphQLInputObjectType, definition: StrawberryObjectDefinition) -> Coerce:
    """A function of one statement or two a field."""
    known: dict[str, Any] = {
        "GivenUpError": GivenUpError,
        "JSONText": JSONText,
        "Class": definition.origin,
        "names": frozenset(type_.fields),
        "absent": object(),
    }
    class_: Any = definition.origin
    lines = [
        "def coerced(values):",
        "    if values.__class__ is not dict or not names.issuperset(values):",
        "        raise GivenUpError",
        "    get = values.get",
    ]
    arguments = []
    for index, each in enumerate(constructor_of(class_).fields):
        field = type_.fields[each.name]
        known[f"coerce{index}"] = coercer_of(field.type)
        scalar = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        taken = _TAKEN_AS_THEY_ARE.get(str(scalar))
        unlike = [] if taken is None else [f"value{index}.__class__ is not {taken.__name__}"]
        default = None
        if not is_required_input_field(field):
            default = known[f"default{index}"] = _default(definition, each.python_name, each.convert, field)
            # Null, and what is not given, is left as None.
            unlike += [] if isinstance(field.type, GraphQLNonNull) else [f"value{index} is not None"]
        if default is None:
            # A value that has to be there is coerced where it is not, which gives up.
            lines.append(f"    value{index} = get({each.name!r})")
        else:
            lines.append(f"    value{index} = get({each.name!r}, absent)")
            lines.append(f"    if value{index} is absent: value{index} = default{index}{'()' * callable(default)}")
            unlike.append(f"{each.name!r} in values")
        condition = f"if {' and '.join(unlike)}: " if unlike else ""
        lines.append(f"    {condition}value{index} = coerce{index}(value{index})")
        arguments.append(f"{each.python_name}=value{index}")
    lines.append(f"    return Class({', '.join(arguments)})")
    exec("\n".join(lines), known)  # noqa: S102 - names are those of our own schema
    return cast("Coerce", known["coerced"])


def _default(
    definition: StrawberryObjectDefinition, python_name: str, convert: Convert | None, field: GraphQLInputField
) -> Any:
    """What stands for a field that is not given: a value to share, or a function that makes one."""
    given = coerce_default_value(field)
    if given is not Undefined:
        return given if convert is None or given is None else partial(convert, given)
    declared = next(each for each in definition.fields if each.python_name == python_name)
    if declared.default_factory is not MISSING:
        return declared.default_factory
    return None if declared.default_value is MISSING else declared.default_value
