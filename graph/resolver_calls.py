"""Resolvers, called by functions that know their arguments.

strawberry works out for each call anew how a resolver's arguments are called in GraphQL, of what types they are and
what else it takes, and goes through a chain of functions for extensions that a field may have. For a small query that
is as much as everything else that is executed. Here it is worked out once a field, and every schema calls its resolvers
so. What they get is what strawberry would give them (tests/graph/test_resolver_calls.py compares the two); fields with
extensions are left to it.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryMaybe
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry.types.unset import UNSET

from graph.input_objects import Convert, UnknownInputError, converter_of

__all__ = ["build_resolver_calls"]


def build_resolver_calls(schema: GraphQLSchema, config: StrawberryConfig) -> None:
    """Let the resolvers of a schema of strawberry be called from here."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType):
            for definition in type_.fields.values():
                field = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
                if isinstance(field, StrawberryField) and _is_plain(definition, field):
                    definition.resolve = _Call(field, config).function


def _is_plain(definition: GraphQLField, field: StrawberryField) -> bool:
    """Whether nothing is done for the field but to call its resolver."""
    return (
        field.base_resolver is not None
        and definition.subscribe is None
        and not field.extensions
        and type(field).get_result is StrawberryField.get_result
    )


class _Call:
    """How one resolver is called."""

    def __init__(self, field: StrawberryField, config: StrawberryConfig) -> None:
        resolver: StrawberryResolver[Any] | None = field.base_resolver
        assert resolver is not None
        self._field = field
        self._config = config
        self._resolver = resolver

    @cached_property
    def arguments(self) -> dict[str, tuple[str, Convert | None]]:
        """By the name in GraphQL, the name of the parameter, and what converts values that are neither null nor UNSET.

        Worked out when it is first called: of most fields no server ever asks.
        """
        for each in self._field.arguments:
            if isinstance(each.type, StrawberryMaybe):
                raise UnknownInputError(f"{self._field.python_name}({each.python_name})")
        name_of = self._config.name_converter.from_argument
        return {name_of(each): (each.python_name, converter_of(each.type)) for each in self._field.arguments}

    @property
    def function(self) -> Callable[..., Any]:
        """Calls the resolver with what graphql-core gives: a value for each argument that has one."""
        field, resolver, info_class = self._field, self._resolver, self._config.info_class
        call: Any = resolver.wrapped_func
        takes_self = resolver.self_parameter is not None
        parents = [each.name for each in (resolver.parent_parameter, resolver.root_parameter) if each is not None]
        info_name = None if resolver.info_parameter is None else resolver.info_parameter.name

        def resolve(source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
            parameters: dict[str, Any] = {}
            if given:
                arguments = self.arguments
                for name, value in given.items():
                    parameter, convert = arguments[name]
                    plain = convert is None or value is None or value is UNSET
                    parameters[parameter] = value if plain else convert(value)  # type: ignore[misc]
            for parent in parents:
                parameters[parent] = source
            if info_name is not None:
                parameters[info_name] = info_class(info, field)
            return call(source, **parameters) if takes_self else call(**parameters)

        return resolve
