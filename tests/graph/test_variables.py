"""Variables of our own operations, against those that graphql-core coerces and strawberry makes objects of."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLInputType, GraphQLNonNull, Undefined
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.language import OperationDefinitionNode
from graphql.utilities import coerce_input_value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.schema import schema
from graph.variables import OperationVariables, coercer_of, leads_back
from rest_compat.registry import operation_of
from tests.graph.input_values import CORE, INPUTS, objects_of, required, spoiled, values_of

quick = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


def types_of(operation: OperationDefinitionNode) -> dict[str, GraphQLInputType]:
    """The types of an operation's variables by name."""
    signatures = [get_variable_signature(CORE, node) for node in operation.variable_definitions or ()]
    return {each.name: each.type for each in signatures if not isinstance(each, GraphQLError)}


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_right_values_become_the_same_objects(name: str) -> None:
    coerce = coercer_of(INPUTS[name])

    @quick
    @given(required(INPUTS[name], 0))
    def check(sent: Any) -> None:
        ours = coerce(sent)
        assert repr(objects_of(ours, INPUTS[name])) == repr(
            objects_of(coerce_input_value(sent, INPUTS[name]), INPUTS[name])
        )
        assert leads_back(INPUTS[name]) or not isinstance(ours, dict)

    check()


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_wrong_values_are_given_up(name: str) -> None:
    type_ = GraphQLNonNull(INPUTS[name])
    coerce = coercer_of(type_)

    def by_graphql(sent: Any) -> Any:
        try:
            return coerce_input_value(sent, type_)
        except Exception:  # noqa: BLE001 - strawberry raises where graphql-core gives Undefined
            return Undefined

    @quick
    @given(spoiled(INPUTS[name]))
    def check(sent: Any) -> None:
        try:
            ours = coerce(sent)
        except Exception:  # noqa: BLE001 - whatever it is, graphql-core is asked
            return
        expected = by_graphql(sent)
        assert expected is not Undefined, ours
        assert repr(objects_of(ours, type_)) == repr(objects_of(expected, type_))

    check()


@pytest.mark.parametrize("name", ["weave/calls_upsert", "weave/call_start", "weave/call_end", "honeyhive/calls_record"])
def test_what_writes_calls_is_not_left_to_graphql(name: str) -> None:
    document = operation_of(name, schema).document
    (operation,) = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    variables = OperationVariables(CORE, operation)
    types = types_of(operation)

    @quick
    @given(st.fixed_dictionaries({each: values_of(type_) for each, type_ in types.items()}))
    def check(sent: Mapping[str, Any]) -> None:
        assert variables.coerced(sent) is not None

    check()
