"""Documents that are prepared run as graphql-core runs them."""

from typing import Any

import pytest
import strawberry
from graphql import GraphQLError, OperationDefinitionNode, execute, parse
from graphql.execution.values import get_variable_values
from graphql.utilities import type_from_ast
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.plans import MOST_PLANS, PreparedDocument
from graph.schema import schema
from resolvers.context import Context
from rest_compat.honeyhive.endpoints import ENDPOINTS as HONEYHIVE
from rest_compat.registry import operation_of
from rest_compat.weave.endpoints import ENDPOINTS as WEAVE
from tests.graph.input_values import objects_of, values_of

CORE = schema._schema
NAMES = sorted({endpoint.operation for endpoint in (*WEAVE, *HONEYHIVE)})
STRANGE: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=2) | st.lists(st.none(), max_size=1) | st.just({})
)


@pytest.mark.parametrize("name", NAMES)
def test_variables_are_those_of_graphql(name: str) -> None:
    document = operation_of(name, schema).document
    prepared = PreparedDocument(CORE, document)
    (operation,) = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    nodes = operation.variable_definitions or ()
    types: dict[str, Any] = {node.variable.name.value: type_from_ast(CORE, node.type) for node in nodes}
    right = st.fixed_dictionaries({}, optional={name: values_of(type_) for name, type_ in types.items()})
    wrong = st.dictionaries(st.sampled_from([*types, "unknown"]), STRANGE, max_size=2)

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(right, st.just({}) | wrong)
    def check(values: dict[str, Any], changed: dict[str, Any]) -> None:
        sent = {**values, **changed}
        expected, found = get_variable_values(CORE, nodes, sent, max_errors=50), prepared.variable_values(sent)
        assert isinstance(found, list) == isinstance(expected, list)
        if isinstance(expected, list):
            assert isinstance(found, list)
            assert [error.formatted for error in found] == [error.formatted for error in expected]
        else:
            assert not isinstance(found, list)
            assert repr(found.sources) == repr(expected.sources)
            assert list(found.coerced) == list(expected.coerced)
            for each, value in expected.coerced.items():
                assert repr(objects_of(found.coerced[each], types[each])) == repr(objects_of(value, types[each]))

    check()


@strawberry.type
class Inner:
    a: int = 1
    b: int | None = None

    @strawberry.field
    def fails(self) -> int:
        raise ValueError("it fails")

    @strawberry.field
    async def later(self, of: int = 3) -> int:
        return of


@strawberry.type
class Root:
    @strawberry.field
    def inner(self) -> Inner | None:
        return Inner()

    @strawberry.field
    async def inners(self) -> list[Inner]:
        return [Inner(a=number) for number in range(20)]


TOY = strawberry.Schema(Root)._schema
TOY_DOCUMENT = parse("""
    query Toy($a: Boolean!, $b: Boolean!, $fails: Boolean = false, $of: Int) {
      inner { a @include(if: $a) ...B fails @include(if: $fails) later(of: $of) }
      inners { a @include(if: $a) ...B fails @include(if: $fails) }
    }
    fragment B on Inner { b @skip(if: $b) __typename }
""")


class Bare(Context):
    """A context without a database."""

    def __init__(self) -> None:
        self.memory = None


async def test_what_is_selected_goes_by_the_variables() -> None:
    prepared = PreparedDocument(TOY, TOY_DOCUMENT)
    flags = [False, True]
    every = [{"a": a, "b": b, "fails": fails} for a in flags for b in flags for fails in flags]
    more: list[dict[str, Any]] = [{}, {"a": None, "b": True}, {"a": True, "b": True, "of": 7}]
    for variables in [*every, *more, *reversed(every)]:
        expected: Any = execute(TOY, TOY_DOCUMENT, variable_values=variables)
        if not hasattr(expected, "errors"):
            expected = await expected
        found = await prepared.execute(Bare(), variables)
        assert found.data == expected.data

        def told(errors: list[GraphQLError] | None) -> Any:
            return errors and sorted(str(error.formatted) for error in errors)

        assert told(found.errors) == told(expected.errors)


async def test_plans_are_bounded() -> None:
    flags = [f"f{number}" for number in range(8)]
    declared = " ".join(f"${name}: Boolean!" for name in flags)
    fields = " ".join(f"{name}: a @include(if: ${name})" for name in flags)
    prepared = PreparedDocument(TOY, parse(f"query({declared}) {{ inner {{ a {fields} }} }}"))
    for number in range(2 ** len(flags)):
        chosen = {name: bool(number >> place & 1) for place, name in enumerate(flags)}
        found = await prepared.execute(Bare(), chosen)
        assert found.data == {"inner": {"a": 1, **{name: 1 for name in flags if chosen[name]}}}
        assert prepared.plans <= MOST_PLANS
