"""Input objects made by our constructors, against those that strawberry makes."""

from typing import Any

import pytest
import strawberry
from graphql import (
    Undefined,
)
from graphql.utilities import coerce_input_value
from hypothesis import HealthCheck, given, settings
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_argument

from graph.input_objects import UnknownInputError, build_input_objects
from graph.schema import schema
from tests.graph.input_values import INPUTS, required


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
