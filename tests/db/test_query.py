"""The rules of docs/query-language.md, by exact answers on both databases."""

import json
from typing import Any

import pytest

from db.query.expression import QueryError

Sample = Any  # tests/db/conftest.py

MICROS = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z


def get(path: str) -> dict[str, Any]:
    return {"$getField": path}


def lit(value: Any) -> dict[str, Any]:
    return {"$literal": value}


def to(kind: str, operand: dict[str, Any]) -> dict[str, Any]:
    return {"$convert": {"input": operand, "to": kind}}


def fill(sample: Sample, **values: Any) -> None:
    """A call for each name, with that value under ``inputs.v``; ``...`` leaves it out."""
    sample.fill(
        {"id": name, "inputs": json.dumps({} if value is ... else {"v": value})} for name, value in values.items()
    )


def test_equal_to_null_is_null_or_missing(sample: Sample) -> None:
    fill(sample, null=None, missing=..., zero=0, empty="")
    sample.add([{"id": "no_inputs"}])
    assert sample.select({"$eq": [get("inputs.v"), lit(None)]}) == ["missing", "no_inputs", "null"]
    assert sample.select({"$eq": [lit(None), get("inputs.v")]}) == ["missing", "no_inputs", "null"]
    assert sample.select({"$not": [{"$eq": [get("inputs.v"), lit(None)]}]}) == ["empty", "zero"]
    assert sample.select({"$gte": [get("inputs.v"), lit(None)]}) == []


def test_a_missing_value_is_neither_equal_nor_unequal(sample: Sample) -> None:
    fill(sample, hello="hello", other="x", number=1, missing=..., null=None)
    assert sample.select({"$eq": [get("inputs.v"), lit("hello")]}) == ["hello"]
    assert sample.select({"$not": [{"$eq": [get("inputs.v"), lit("hello")]}]}) == ["number", "other"]


def test_a_number_converts_the_field(sample: Sample) -> None:
    fill(sample, seven=7, text="7", more=7.5, true=True, words="seven", list=[7], big=2**53 + 1)
    assert sample.select({"$eq": [get("inputs.v"), lit(7)]}) == ["seven", "text"]
    assert sample.select({"$gt": [get("inputs.v"), lit(7)]}) == ["big", "more"]
    assert sample.select({"$lt": [lit(7), get("inputs.v")]}) == ["big", "more"]
    assert sample.select({"$lte": [get("inputs.v"), lit(1.0)]}) == ["true"]
    assert sample.select({"$not": [{"$eq": [get("inputs.v"), lit(7)]}]}) == ["big", "more", "true"]
    assert sample.select({"$gt": [get("inputs.v"), lit(2**53)]}) == ["big"]


def test_a_boolean_converts_the_field(sample: Sample) -> None:
    fill(sample, yes=True, no=False, one=1, zero=0.0, two=2, text="true", other="yes")
    assert sample.select({"$eq": [get("inputs.v"), lit(True)]}) == ["one", "text", "yes"]
    assert sample.select({"$not": [{"$eq": [get("inputs.v"), lit(True)]}]}) == ["no", "zero"]


def test_a_text_converts_nothing(sample: Sample) -> None:
    fill(sample, text="7", number=7, list=["7"])
    assert sample.select({"$eq": [get("inputs.v"), lit("7")]}) == ["text"]
    assert sample.select({"$not": [{"$eq": [get("inputs.v"), lit("7")]}]}) == ["list", "number"]
    assert sample.select({"$lt": [get("inputs.v"), lit("5")]}) == ["number"]


def test_texts_compare_by_code_point(sample: Sample) -> None:
    fill(sample, upper="B", lower="a", accent="é", nul="a\x00", surrogate="a\ud800", emoji="😀")
    assert sample.select({"$lt": [get("inputs.v"), lit("a")]}) == ["upper"]
    assert sample.select({"$gt": [get("inputs.v"), lit("z")]}) == ["accent", "emoji"]
    assert sample.select({"$eq": [get("inputs.v"), lit("a\x00")]}) == ["nul"]
    assert sample.select({"$eq": [get("inputs.v"), lit("a\ud800")]}) == ["surrogate"]


def test_lists_and_objects_compare_by_structure(sample: Sample) -> None:
    value = {"a": [1, None, "é\"'%"], "b": {}}
    fill(sample, same={"b": {}, "a": [1.0, None, "é\"'%"]}, longer={**value, "c": None}, shorter={"a": value["a"]})
    wrapped = lit({"a": lit([lit(1), lit(None), lit("é\"'%")]), "b": lit({})})
    assert sample.select({"$eq": [get("inputs.v"), wrapped]}) == ["same"]
    assert sample.select({"$not": [{"$eq": [get("inputs.v"), wrapped]}]}) == ["longer", "shorter"]
    assert sample.select({"$gt": [get("inputs.v"), wrapped]}) == []


def test_two_fields_compare_as_they_are(sample: Sample) -> None:
    pairs = {
        "numbers": (1, 1.0),
        "texts": ("x", "x"),
        "number_text": (1, "1"),
        "lists": ([1, {"a": 2}], [1.0, {"a": 2}]),
        "unlike": (True, 1),
        "one": (1, None),
    }
    sample.fill({"id": key, "inputs": json.dumps({"a": a, "b": b})} for key, (a, b) in pairs.items())
    both = [get("inputs.a"), get("inputs.b")]
    assert sample.select({"$eq": both}) == ["lists", "numbers", "texts"]
    assert sample.select({"$not": [{"$eq": both}]}) == ["number_text", "unlike"]
    assert sample.select({"$lt": both}) == ["number_text"]
    assert sample.select({"$gte": both}) == ["numbers", "texts"]


def test_in(sample: Sample) -> None:
    fill(sample, a="a", b="b", one=1, text_one="1", missing=..., list=[1])
    assert sample.select({"$in": [get("inputs.v"), [lit("a"), lit("c")]]}) == ["a"]
    assert sample.select({"$not": [{"$in": [get("inputs.v"), [lit("a"), lit("c")]]}]}) == [
        "b",
        "list",
        "one",
        "text_one",
    ]
    assert sample.select({"$in": [get("inputs.v"), [lit(1), lit(2.0)]]}) == ["one", "text_one"]
    assert sample.select({"$in": [get("inputs.v"), [lit(1), lit("a")]]}) == ["a", "one"]
    assert sample.select({"$in": [get("inputs.v"), [lit(None), lit("a")]]}) == ["a", "missing"]
    assert sample.select({"$in": [get("inputs.v"), [lit([lit(1)])]]}) == ["list"]
    assert sample.select({"$in": [get("inputs.v"), []]}) == []
    assert sample.select({"$not": [{"$in": [get("inputs.v"), []]}]}) == ["a", "b", "list", "missing", "one", "text_one"]


def test_many_operands(sample: Sample) -> None:
    fill(sample, first="0", last="4999", none="5000")
    values = [lit(str(number)) for number in range(5_000)]
    assert sample.select({"$in": [get("inputs.v"), values]}) == ["first", "last"]
    assert sample.select({"$or": [{"$eq": [get("inputs.v"), value]} for value in values[:1500]]}) == ["first"]
    assert sample.select({"$and": [{"$not": [{"$eq": [get("inputs.v"), value]}]} for value in values[:1500]]}) == [
        "last",
        "none",
    ]


@pytest.mark.parametrize(
    ("kind", "value", "converted"),
    [
        ("double", "1e3", 1000),
        ("double", True, 1),
        ("double", " 1", None),
        ("double", "0x10", None),
        ("double", "1e999", None),
        ("double", [1], None),
        ("int", 7.9, 7),
        ("int", -7.9, -7),
        ("int", "12", 12),
        ("int", "7.5", None),
        ("int", 1e300, None),
        ("int", 2**63 - 1, 2**63 - 1),
        ("string", "x", "x"),
        ("string", True, "true"),
        ("string", 1.50, "1.5"),
        ("string", 2**70, str(2**70)),
        ("string", {"a": [1, "x y"]}, '{"a":[1,"x y"]}'),
        ("string", None, None),
        ("bool", 1.0, True),
        ("bool", 2, None),
        ("bool", "false", False),
        ("bool", "no", None),
        ("exists", 0, True),
        ("exists", None, False),
        ("exists", ..., False),
    ],
)
def test_convert(sample: Sample, kind: str, value: Any, converted: Any) -> None:
    fill(sample, row=value)
    converting = to(kind, get("inputs.v"))
    assert sample.select({"$eq": [converting, lit(converted)]}) == ["row"]
    assert sample.select({"$not": [{"$eq": [converting, lit(converted)]}]}) == []
    if value is not ... and not isinstance(value, list | dict):
        assert sample.select({"$eq": [to(kind, lit(value)), lit(converted)]}) == ["row"]


def test_the_text_of_a_number_is_what_was_sent(sample: Sample) -> None:
    sample.fill([{"id": "row", "inputs": '{"a": 1.10, "b": 1E2, "c": {"k" :  [ 1.0 , "x  y" ]}}'}])
    for path, text in {"a": "1.10", "b": "1E2", "c": '{"k":[1.0,"x  y"]}'}.items():
        assert sample.select({"$eq": [to("string", get(f"inputs.{path}")), lit(text)]}) == ["row"]


def test_contains(sample: Sample) -> None:
    fill(sample, percent="50%_*[x]", plain="50 x", upper="ÉCOLE", nested={"k": ['say "Été"']}, number=150, missing=...)

    def holding(substring: Any, folded: bool | None = None) -> list[str]:
        spec = {"input": get("inputs.v"), "substr": lit(substring)}
        found: list[str] = sample.select(
            {"$contains": spec if folded is None else {**spec, "case_insensitive": folded}}
        )
        return found

    assert holding("50") == ["number", "percent", "plain"]
    assert holding("%_*[") == ["percent"]
    assert holding("É") == ["nested", "upper"]
    assert holding("éc") == []
    assert holding("éc", folded=True) == ["upper"]
    assert holding("X", folded=True) == ["percent", "plain"]
    assert holding("X", folded=False) == []
    assert holding('"Été"') == ["nested"]
    assert holding('{"k":[') == ["nested"]
    assert holding("") == ["nested", "number", "percent", "plain", "upper"]
    assert holding(None) == []
    assert sample.select({"$not": [{"$contains": {"input": get("inputs.v"), "substr": lit("5")}}]}) == [
        "nested",
        "upper",
    ]


def test_times(sample: Sample) -> None:
    sample.fill(
        [
            {"id": "running", "started_at": MICROS},
            {"id": "ended", "started_at": MICROS + 500_000, "ended_at": MICROS + 2_000_001},
        ]
    )
    assert sample.select({"$gt": [get("started_at"), lit("2026-01-01")]}) == ["ended"]
    assert sample.select({"$eq": [get("started_at"), lit("2026-01-01T01:00:00+01:00")]}) == ["running"]
    assert sample.select({"$eq": [lit(1_767_225_600.5), get("started_at")]}) == ["ended"]
    assert sample.select({"$in": [get("started_at"), [lit(1_767_225_600), lit("2026-01-01T00:00:00.5Z")]]}) == [
        "ended",
        "running",
    ]
    assert sample.select({"$eq": [get("ended_at"), lit(None)]}) == ["running"]
    assert sample.select({"$gt": [get("ended_at"), get("started_at")]}) == ["ended"]
    assert sample.select({"$eq": [to("string", get("ended_at")), lit("2026-01-01T00:00:02.000001Z")]}) == ["ended"]
    assert sample.select({"$eq": [to("int", get("ended_at")), lit(1_767_225_602)]}) == ["ended"]
    assert sample.select({"$lt": [get("started_at"), lit(10**30)]}) == ["ended", "running"]


def test_derived_fields(sample: Sample) -> None:
    op = "weave:///team/app/op/predict:abc"
    sample.fill(
        [
            {"id": "error", "exception": "boom", "op_name": op},
            {"id": "running", "op_name": "plain", "summary": '{"status_counts": {"error": 2}}'},
            {"id": "below", "ended_at": 1_500, "summary": '{"status_counts": {"error": 2}}', "op_name": op},
            {"id": "success", "ended_at": 2_000, "op_name": op, "display_name": "Shown"},
        ]
    )
    for status, call in {
        "error": "error",
        "running": "running",
        "descendant_error": "below",
        "success": "success",
    }.items():
        assert sample.select({"$eq": [get("summary.weave.status"), lit(status)]}) == [call]
    assert sample.select({"$eq": [get("summary.weave.latency_ms"), lit(1.5)]}) == ["below"]
    assert sample.select({"$not": [{"$lt": [get("summary.weave.latency_ms"), lit(1.5)]}]}) == ["below", "success"]
    assert sample.select({"$eq": [get("summary.weave.trace_name"), lit("predict")]}) == ["below", "error"]
    assert sample.select({"$in": [get("summary.weave.trace_name"), [lit("Shown"), lit("plain")]]}) == [
        "running",
        "success",
    ]


HOSTILE = [
    "",
    "a.b",
    'q"x',
    "a'b",
    "50%",
    ":name",
    "back\\slash",
    "é",
    "a\x00b",
    "\ud800",
    "$",
    "[0]",
    "<&>",
    "-1",
    "+1",
    " 1",
    "01",
]


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("key", HOSTILE)
def test_any_key_can_be_reached(sample: Sample, key: str, ascii_only: bool) -> None:
    nested = json.dumps({"o": {key: {"in": "here"}}, "l": ["a", "b", "c"]}, ensure_ascii=ascii_only or "\ud800" in key)
    sample.fill([{"id": "row", "inputs": nested}])
    escaped = key.replace(".", "\\.")
    assert sample.select({"$eq": [get(f"inputs.o.{escaped}.in"), lit("here")]}) == ["row"]
    assert sample.select({"$eq": [get(f"inputs.l.{escaped}"), lit(None)]}) == ["row"]


def test_a_whole_number_is_an_index_or_a_key(sample: Sample) -> None:
    deep = {"0": [[{"1": [[[[["x"]]]]]}]]}
    sample.fill(
        [
            {"id": "list", "inputs": '{"v": [10, [20, 30]]}'},
            {"id": "object", "inputs": '{"v": {"0": 10, "1": {"1": 30}}}'},
            {"id": "deep", "inputs": json.dumps(deep)},
        ]
    )
    assert sample.select({"$eq": [get("inputs.v.0"), lit(10)]}) == ["list", "object"]
    assert sample.select({"$eq": [get("inputs.v.1.1"), lit(30)]}) == ["list", "object"]
    assert sample.select({"$eq": [get("inputs.0.0.0.1.0.0.0.0.0"), lit("x")]}) == ["deep"]
    assert sample.select({"$eq": [get("inputs.v.4294967296"), lit(None)]}) == ["deep", "list", "object"]


def test_operands_may_nest(sample: Sample) -> None:
    fill(sample, five=5, ten=10, text="x", missing=...)
    above = {"$gt": [get("inputs.v"), lit(7)]}
    assert sample.select({"$eq": [above, lit(True)]}) == ["ten"]
    assert sample.select({"$eq": [above, lit(False)]}) == ["five"]
    assert sample.select({"$eq": [above, lit(None)]}) == ["missing", "text"]
    assert sample.select({"$gt": [above, {"$lt": [get("inputs.v"), lit(7)]}]}) == ["ten"]
    assert sample.select({"$gt": [{"$not": [above]}, above]}) == ["five"]
    assert sample.select({"$eq": [to("string", above), lit("true")]}) == ["ten"]
    assert sample.select({"$and": [lit(True), to("exists", get("inputs.v"))]}) == ["five", "ten", "text"]
    assert sample.select({"$not": [lit("false")]}) == ["five", "missing", "ten", "text"]
    assert sample.select({"$or": [lit(2), {"$eq": [lit(1), lit(1.0)]}]}) == ["five", "missing", "ten", "text"]
    assert sample.select({"$eq": [lit(1), lit("1")]}) == []


def test_deep_nesting(sample: Sample) -> None:
    fill(sample, five=5, ten=10)
    operation: dict[str, Any] = {"$gt": [get("inputs.v"), lit(7)]}
    for level in range(50):
        join = ("$and", "$or")[level % 2]
        operation = {join: [{"$not": [{"$eq": [get("inputs.v"), lit(100 + level % 2)]}]}, operation]}
    assert sample.select(operation) == ["five", "ten"]
    operation = {"$gt": [get("inputs.v"), lit(7)]}
    for _ in range(11):
        operation = {"$eq": [operation, lit(True)]}
    assert sample.select(operation) == ["ten"]
    operation = {"$gt": [get("inputs.v"), lit(7)]}
    for _ in range(4):
        operation = {"$eq": [to("string", operation), lit("true")]}
    assert sample.select(operation) == ["ten"]


def test_related_rows(sample: Sample) -> None:
    sample.fill(
        [{"id": "none"}, {"id": "one"}, {"id": "two"}],
        notes=[
            {"id": "1", "call_id": "one", "payload": '{"score": 1, "note": "bad"}'},
            {"id": "2", "call_id": "two", "payload": '{"score": 1}'},
            {"id": "3", "call_id": "two", "payload": '{"score": 5, "note": "Good"}'},
        ],
    )
    score = get("note.score")
    assert sample.select({"$gt": [score, lit(3)]}) == ["two"]
    assert sample.select({"$eq": [score, lit(1)]}) == ["one", "two"]
    assert sample.select({"$not": [{"$gt": [score, lit(3)]}]}) == ["one"]
    assert sample.select({"$eq": [score, lit(None)]}) == ["none"]
    assert sample.select({"$eq": [to("exists", score), lit(False)]}) == ["none"]
    assert sample.select({"$in": [score, [lit(5), lit(None)]]}) == ["none", "two"]
    assert sample.select(
        {"$contains": {"input": get("note.note"), "substr": lit("good"), "case_insensitive": True}}
    ) == ["two"]
    assert sample.sort(("note.score", "desc")) == ["two", "one", "none"]


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"$eq": [get("op_nam"), lit(1)]}, "unknown field 'op_nam'; did you mean 'op_name'?"),
        ({"$eq": [get("input.model"), lit(1)]}, "unknown field 'input.model'; did you mean 'inputs.model'?"),
        (
            {"$eq": [get("op_name.x"), lit(1)]},
            "unknown field 'op_name.x': 'op_name' is a text and holds no other fields",
        ),
        (
            {"$eq": [get("started_at"), lit("soon")]},
            "started_at is compared with ISO 8601 text or Unix seconds, not 'soon'",
        ),
        (
            {"$eq": [get("started_at"), lit(True)]},
            "started_at is compared with ISO 8601 text or Unix seconds, not True",
        ),
    ],
)
def test_what_cannot_be_compiled_is_named(sample: Sample, operation: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError) as raised:
        sample.select(operation)
    assert raised.value.message == message
    assert raised.value.path[:2] == ["$expr", "$eq"]
