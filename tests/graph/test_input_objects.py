"""Input objects made by our constructors, against those that strawberry makes."""

from typing import Any

import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
    is_required_input_field,
)
from graphql.utilities import coerce_input_value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_argument

from graph.input_objects import UnknownInputError, build_input_objects
from graph.schema import schema

CORE = schema._schema
INPUTS = {name: type_ for name, type_ in CORE.type_map.items() if isinstance(type_, GraphQLInputObjectType)}
JSON = st.recursive(st.none() | st.booleans() | st.integers(), lambda of: st.lists(of) | st.dictionaries(st.text(), of))
LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "String": st.text(max_size=3),
    "ID": st.text(max_size=3),
    "Int": st.integers(-(1 << 31), (1 << 31) - 1),
    "Float": st.floats(allow_nan=False, allow_infinity=False),
    "Boolean": st.booleans(),
    "JSON": JSON.filter(lambda value: value is not None),
    "BigInt": st.integers(-(1 << 63), (1 << 63) - 1),
    "DateTime": st.datetimes().map(lambda time: time.isoformat()),
    "Bytes": st.just("aGVsbG8="),
}
DEEPEST = 4


def values_of(type_: GraphQLInputType, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that a client may send; types that lead back to themselves end below ``DEEPEST``."""
    if isinstance(type_, GraphQLNonNull):
        return required(type_.of_type, depth)
    return st.none() if depth > DEEPEST else st.none() | required(type_, depth)


def required(type_: Any, depth: int) -> st.SearchStrategy[Any]:
    if isinstance(type_, GraphQLList):
        return st.lists(values_of(type_.of_type, depth + 1), max_size=0 if depth > DEEPEST else 2)
    if isinstance(type_, GraphQLEnumType):
        return st.sampled_from(sorted(type_.values))
    if not isinstance(type_, GraphQLInputObjectType):
        return LEAVES[type_.name]
    if type_.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].is_one_of:
        members = type_.fields.items()
        shallow = [(name, field) for name, field in members if not leads_down(field.type)]
        chosen = shallow if depth > DEEPEST and shallow else list(members)
        one = [st.fixed_dictionaries({name: required(field.type, depth + 1)}) for name, field in chosen]
        return st.one_of(one)
    must = {name: values_of(f.type, depth + 1) for name, f in type_.fields.items() if is_required_input_field(f)}
    may = {name: values_of(f.type, depth + 1) for name, f in type_.fields.items() if name not in must}
    return st.fixed_dictionaries(must, optional={} if depth > DEEPEST else may)


def leads_down(type_: Any) -> bool:
    while isinstance(type_, GraphQLNonNull | GraphQLList):
        type_ = type_.of_type
    return isinstance(type_, GraphQLInputObjectType)


@pytest.fixture
def by_strawberry(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes an input object as strawberry does."""
    definitions = [type_.extensions[GraphQLCoreConverter.DEFINITION_BACKREF] for type_ in INPUTS.values()]

    def make(class_: type, values: Any) -> Any:
        with monkeypatch.context() as patch:
            for definition in definitions:
                patch.setattr(definition, "from_input", None)
            return convert_argument(values, class_, schema.schema_converter.scalar_registry, schema.config)

    return make


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_objects_are_those_of_strawberry(name: str, by_strawberry: Any) -> None:
    definition = INPUTS[name].extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    class_ = definition.origin

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(required(INPUTS[name], 0))
    def check(sent: Any) -> None:
        values = coerce_input_value(sent, INPUTS[name])
        assert values is not Undefined, sent
        made = definition.from_input(class_, values, None)
        assert type(made) is class_
        assert repr(made) == repr(by_strawberry(class_, values))

    check()


def test_lists_are_copies() -> None:
    given_list = ["a"]
    definition = INPUTS["CallsDeleteInput"].extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    made = definition.from_input(definition.origin, {"project": "e/p", "callIds": given_list}, None)
    assert made.call_ids == ["a"]
    assert made.call_ids is not given_list


def test_what_may_be_missing_as_well_as_null_is_refused() -> None:
    @strawberry.input
    class Odd:
        odd: strawberry.Maybe[str]

    @strawberry.type
    class Query:
        @strawberry.field
        def read(self, given: Odd) -> str:
            return str(given)

    strange = strawberry.Schema(query=Query)
    build_input_objects(strange._schema)
    result = strange.execute_sync('{ read(given: { odd: "x" }) }')
    assert result.errors
    assert isinstance(result.errors[0].original_error, UnknownInputError)
