"""What resolvers get when they are called by ours, against what strawberry gives them."""

from collections.abc import Mapping
from typing import Any

import pytest
import strawberry
from graphql import GraphQLField, GraphQLObjectType, Undefined
from graphql.utilities import coerce_input_value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.schema.schema_converter import GraphQLCoreConverter, get_arguments
from strawberry.types.field import StrawberryField

from graph.input_objects import UnknownInputError
from graph.resolver_calls import build_resolver_calls
from graph.schema import Schema, build_schema, schema
from tests.graph.input_values import DEEPEST, values_of


def resolved(of: Schema) -> dict[str, GraphQLField]:
    """The fields with resolvers of our own, by type and name."""
    return {
        f"{type_.name}.{name}": definition
        for type_ in of._schema.type_map.values()
        if isinstance(type_, GraphQLObjectType)
        for name, definition in type_.fields.items()
        if isinstance(declared := definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF), StrawberryField)
        and declared.base_resolver is not None
        and definition.subscribe is None
    }


FIELDS = resolved(schema)
SOURCE, RAW_INFO = object(), object()


def test_there_are_fields_of_all_kinds() -> None:
    called = {name for name, each in FIELDS.items() if each.resolve.__module__ == "graph.resolver_calls"}
    assert called == set(FIELDS)
    assert {"Query.project", "Project.calls", "Mutation.callStart", "Query._entities"} <= called


@pytest.fixture(scope="module")
def telling() -> Mapping[str, GraphQLField]:
    """The fields of a schema whose resolvers answer with what they were called with."""
    own = build_schema()
    found = resolved(own)
    with pytest.MonkeyPatch.context() as patch:
        for definition in found.values():
            resolver = definition.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].base_resolver
            patch.setattr(resolver, "wrapped_func", lambda *args, **kwargs: (list(args), kwargs))
        build_resolver_calls(own._schema, own.config)
    return found


def compare(definition: GraphQLField, sent: dict[str, Any]) -> None:
    field: StrawberryField = definition.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    args, kwargs = get_arguments(
        field=field,
        source=SOURCE,
        info=schema.config.info_class(_raw_info=RAW_INFO, _field=field),  # type: ignore[arg-type]
        kwargs=sent,
        config=schema.config,
        scalar_registry=schema.schema_converter.scalar_registry,
    )
    assert definition.resolve is not None
    assert repr(definition.resolve(SOURCE, RAW_INFO, **sent)) == repr((args, kwargs))


def test_resolvers_without_arguments_get_what_strawberry_gives_them(telling: Mapping[str, GraphQLField]) -> None:
    for definition in telling.values():
        compare(definition, {})


@pytest.mark.parametrize("name", sorted(name for name, each in FIELDS.items() if each.args))
def test_resolvers_get_what_strawberry_gives_them(name: str, telling: Mapping[str, GraphQLField]) -> None:
    definition = telling[name]

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        sent: dict[str, Any] = {}
        for argument, declared in definition.args.items():
            if data.draw(st.booleans()):
                drawn = data.draw(values_of(declared.type, DEEPEST))  # input objects have a test of their own
                value = coerce_input_value(drawn, declared.type)
                assert value is not Undefined
                sent[argument] = value
        compare(definition, sent)

    check()


def test_what_may_be_missing_as_well_as_null_is_refused() -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def find(self, word: strawberry.Maybe[str | None]) -> str:
            return str(word)

    made = strawberry.Schema(Query)
    build_resolver_calls(made._schema, made.config)
    result = made.execute_sync('{ find(word: "x") }')
    assert result.errors is not None
    assert isinstance(result.errors[0].original_error, UnknownInputError)


def test_fields_with_extensions_are_left_to_strawberry() -> None:
    class Twice(strawberry.extensions.FieldExtension):
        def resolve(self, next_: Any, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
            return next_(source, info, **kwargs) * 2

    @strawberry.type
    class Query:
        @strawberry.field(extensions=[Twice()])  # type: ignore[untyped-decorator]
        def word(self) -> str:
            return "x"

    made = strawberry.Schema(Query)
    build_resolver_calls(made._schema, made.config)
    assert made.execute_sync("{ word }").data == {"word": "xx"}
