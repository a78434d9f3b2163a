"""The query language as GraphQL inputs, and the two forms of one query."""

from typing import Any

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from db.query.expression import Expression, QueryError, from_rest, to_rest
from graph.query import QueryExprInput, from_variables, to_variables
from graph.scalars import SCALARS

FIELD = {"$getField": "id"}
REST = {
    "$and": [
        {"$or": [{"$eq": [FIELD, {"$literal": None}]}, {"$not": [{"$gt": [FIELD, {"$literal": 1}]}]}]},
        {"$lt": [{"$convert": {"input": FIELD, "to": "exists"}}, {"$literal": True}]},
        {"$gte": [FIELD, {"$literal": 1.5}]},
        {"$lte": [FIELD, {"$literal": {"a": {"$literal": [{"$literal": "x"}, {"$literal": None}]}}}]},
        {"$in": [FIELD, [{"$literal": 2**70}, FIELD]]},
        {"$contains": {"input": FIELD, "substr": {"$literal": "é"}, "case_insensitive": True}},
    ]
}
FIELD_GRAPHQL = {"getField": "id"}
VARIABLES = {
    "and": [
        {
            "or": [
                {"eq": [FIELD_GRAPHQL, {"literal": {"value": None}}]},
                {"not": [{"gt": [FIELD_GRAPHQL, {"literal": {"value": 1}}]}]},
            ]
        },
        {"lt": [{"convert": {"input": FIELD_GRAPHQL, "to": "EXISTS"}}, {"literal": {"value": True}}]},
        {"gte": [FIELD_GRAPHQL, {"literal": {"value": 1.5}}]},
        {"lte": [FIELD_GRAPHQL, {"literal": {"value": {"a": ["x", None]}}}]},
        {"in": {"input": FIELD_GRAPHQL, "values": [{"literal": {"value": 2**70}}, FIELD_GRAPHQL]}},
        {"contains": {"input": FIELD_GRAPHQL, "substr": {"literal": {"value": "é"}}, "caseInsensitive": True}},
    ]
}

read: list[Expression] = []


@strawberry.type
class Query:
    @strawberry.field
    def rows(self, query: QueryExprInput) -> bool:
        read.append(query.to_expression())
        return True


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))


def test_rest_and_graphql_say_the_same() -> None:
    expression = from_rest(REST)
    assert to_variables(expression) == VARIABLES
    assert from_variables(VARIABLES) == expression
    assert to_rest(from_variables(VARIABLES)) == REST


def test_variables_of_a_document_are_read() -> None:
    result = SCHEMA.execute_sync("query ($q: QueryExprInput!) { rows(query: $q) }", variable_values={"q": VARIABLES})
    assert (result.errors, read.pop()) == (None, from_rest(REST))


def test_inline_input_is_read() -> None:
    # One operand needs no list.
    result = SCHEMA.execute_sync('{ rows(query: {not: {eq: [{getField: "a"}, {literal: {value: {k: [1, "x"]}}}]}}) }')
    assert result.errors is None
    literal = {"$literal": {"k": {"$literal": [{"$literal": 1}, {"$literal": "x"}]}}}
    assert to_rest(read.pop()) == {"$not": [{"$eq": [{"$getField": "a"}, literal]}]}


@pytest.mark.parametrize(
    ("variables", "message", "path"),
    [
        ({"eq": [FIELD_GRAPHQL]}, "$eq takes exactly 2 operands, not 1", ["eq"]),
        (
            {"in": {"input": FIELD_GRAPHQL, "values": [{"and": []}]}},
            "$and takes at least one operand, not an empty list",
            ["in", "values", 0, "and"],
        ),
        (
            {"contains": {"input": FIELD_GRAPHQL, "substr": {"literal": {"value": 10**400}}}},
            "the number an integer of 1329 bits is beyond a double",
            ["contains", "substr", "literal", "value"],
        ),
    ],
)
def test_refusals_name_the_place_in_the_input(variables: Any, message: str, path: list[Any]) -> None:
    with pytest.raises(QueryError) as raised:
        from_variables(variables)
    assert (raised.value.message, raised.value.path) == (message, path)


def test_an_input_that_is_too_deep_is_refused() -> None:
    deep: dict[str, Any] = {"eq": [FIELD_GRAPHQL, FIELD_GRAPHQL]}
    for _ in range(80):
        deep = {"not": [deep]}
    result = SCHEMA.execute_sync("query ($q: QueryExprInput!) { rows(query: $q) }", variable_values={"q": deep})
    assert result.errors is not None
    assert result.errors[0].message == "nested too deeply (limit 64)"
