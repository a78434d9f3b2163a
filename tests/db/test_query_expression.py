"""Reading the REST form: what is refused, with its message and place."""

from typing import Any

import pytest

from db.query.expression import (
    And,
    Comparison,
    Constant,
    Contains,
    Convert,
    GetField,
    In,
    Not,
    Or,
    QueryError,
    field_paths,
    parse_query,
    to_rest,
)

FIELD = {"$getField": "id"}
ONE = {"$literal": 1}
EQUAL = {"$eq": [FIELD, ONE]}
EVERYTHING = {
    "$and": [
        {"$or": [EQUAL, {"$not": [{"$gt": [FIELD, ONE]}]}, {"$lt": [FIELD, ONE]}]},
        {"$gte": [{"$convert": {"input": {"$getField": "inputs.a"}, "to": "int"}}, ONE]},
        {"$lte": [FIELD, {"$literal": {"a": {"$literal": [{"$literal": None}]}}}]},
        {"$in": [FIELD, [ONE, {"$getField": "op_name"}]]},
        {"$contains": {"input": FIELD, "substr": {"$literal": "x"}, "case_insensitive": True}},
    ]
}


def test_every_form_is_read() -> None:
    field, one = GetField("id"), Constant(1)
    assert parse_query({"$expr": EVERYTHING}) == And(
        (
            Or((Comparison("eq", field, one), Not(Comparison("gt", field, one)), Comparison("lt", field, one))),
            Comparison("gte", Convert(GetField("inputs.a"), "int"), one),
            Comparison("lte", field, Constant({"a": [None]})),
            In(field, (one, GetField("op_name"))),
            Contains(field, Constant("x"), case_insensitive=True),
        )
    )


def test_to_rest_gives_the_query_again() -> None:
    assert to_rest(parse_query({"$expr": EVERYTHING})) == EVERYTHING


def test_field_paths_tells_which_fields_are_read() -> None:
    assert field_paths(parse_query({"$expr": EVERYTHING})) == {"id", "inputs.a", "op_name"}
    assert field_paths(parse_query({"$expr": {"$eq": [ONE, ONE]}})) == set()


@pytest.mark.parametrize(
    ("query", "message", "path"),
    [
        ([], "a query is an object with the key $expr, not []", []),
        ({}, "a query needs the key $expr", []),
        ({"$expr": EQUAL, "limit": 1}, "unknown key 'limit' beside $expr", ["limit"]),
        (
            {"$expr": FIELD},
            "$getField cannot stand at the top of $expr; $and, $or, $not, $eq, $gt, $lt, $gte, $lte, $in, $contains",
            ["$expr"],
        ),
        ({"$expr": {"$equals": []}}, "unknown operator '$equals'", ["$expr"]),
        ({"$expr": {"$contain": {}}}, "unknown operator '$contain'; did you mean $contains?", ["$expr"]),
        ({"$expr": {"eq": []}}, "unknown operator 'eq'; did you mean $eq?", ["$expr"]),
        ({"$expr": {"$eq": [FIELD]}}, "$eq takes exactly 2 operands, not 1", ["$expr", "$eq"]),
        ({"$expr": {"$not": [EQUAL, EQUAL]}}, "$not takes exactly 1 operand, not 2", ["$expr", "$not"]),
        ({"$expr": {"$not": EQUAL}}, "$not takes a list of operands, not {'$eq': ", ["$expr", "$not"]),
        ({"$expr": {"$or": []}}, "$or takes at least one operand, not an empty list", ["$expr", "$or"]),
        ({"$expr": {"$in": [FIELD, ONE]}}, "$in takes an operand and a list of operands, not [", ["$expr", "$in"]),
        (
            {"$expr": {"$eq": [FIELD, {"$literal": 1, "$getField": "id"}]}},
            "an operand has exactly one key, not 2: {'$literal': 1, '$getField': 'id'}",
            ["$expr", "$eq", 1],
        ),
        (
            {"$expr": {"$eq": [FIELD, 7]}},
            'an operand is an object such as {"$getField": ...}, not 7',
            ["$expr", "$eq", 1],
        ),
        (
            {"$expr": {"$eq": [FIELD, {"$literal": [7]}]}},
            'inside a $literal each value is wrapped as {"$literal": ...}, unlike 7',
            ["$expr", "$eq", 1, "$literal", 0],
        ),
        (
            {"$expr": {"$eq": [{"$getField": 5}, ONE]}},
            "$getField takes a path as a string, not 5",
            ["$expr", "$eq", 0, "$getField"],
        ),
        (
            {"$expr": {"$eq": [{"$convert": {"input": FIELD, "to": "date"}}, ONE]}},
            "$convert cannot convert to 'date', only to double, string, int, bool, exists",
            ["$expr", "$eq", 0, "$convert", "to"],
        ),
        ({"$expr": {"$contains": {"input": FIELD}}}, "$contains needs 'substr'", ["$expr", "$contains"]),
        (
            {"$expr": {"$contains": {"input": FIELD, "substr": ONE, "case": 1}}},
            "$contains knows no member 'case'",
            ["$expr", "$contains", "case"],
        ),
        (
            {"$expr": {"$contains": {"input": FIELD, "substr": ONE, "case_insensitive": "yes"}}},
            "case_insensitive is true or false, not 'yes'",
            ["$expr", "$contains", "case_insensitive"],
        ),
        (
            {"$expr": {"$eq": [FIELD, {"$literal": 10**400}]}},
            "the number an integer of 1329 bits is beyond a double",
            ["$expr", "$eq", 1, "$literal"],
        ),
    ],
)
def test_refusals(query: Any, message: str, path: list[str | int]) -> None:
    with pytest.raises(QueryError) as raised:
        parse_query(query)
    assert raised.value.message.startswith(message)
    assert raised.value.path == path


def test_a_query_that_is_too_deep_is_refused() -> None:
    deep: dict[str, Any] = EQUAL
    for _ in range(10_000):
        deep = {"$not": [deep]}
    with pytest.raises(QueryError, match=r"nested too deeply \(limit 64\)"):
        parse_query({"$expr": deep})
    literal: Any = {"$literal": 1}
    for _ in range(10_000):
        literal = {"$literal": [literal]}
    with pytest.raises(QueryError, match=r"nested too deeply \(limit 64\)"):
        parse_query({"$expr": {"$eq": [FIELD, literal]}})


def test_a_query_that_is_too_large_is_refused() -> None:
    with pytest.raises(QueryError, match="a query has at most 10000 operands"):
        parse_query({"$expr": {"$in": [FIELD, [ONE] * 10_000]}})
    assert isinstance(parse_query({"$expr": {"$in": [FIELD, [ONE] * 9_990]}}), In)
