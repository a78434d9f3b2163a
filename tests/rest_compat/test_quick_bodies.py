"""Bodies read in one go, against the same bodies read level by level."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

import rest_compat.bodies
from rest_compat.bodies import InvalidBodyError, check_depth, decode_body
from rest_compat.honeyhive.endpoints import ENDPOINTS as HONEYHIVE
from rest_compat.quick_bodies import quick_reader
from rest_compat.struct_bodies import struct_reader
from rest_compat.weave.endpoints import ENDPOINTS as WEAVE
from tests.examples import examples

MODELS = {
    endpoint.model.__name__: endpoint.model
    for endpoint in (*WEAVE, *HONEYHIVE)
    if endpoint.model is not None and not endpoint.form
}
QUICK = sorted(name for name, model in MODELS.items() if quick_reader(model) is not None)

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["start", "end", "e/p", "2026-01-01T00:00:00Z", "\x00", "\ud800", "a\nb", 1 << 70, 1e300, ""])
)
WORDS = {"mode"}
"""Fields that tell the models of a union apart."""

ANYTHING = st.recursive(LEAVES, lambda of: st.lists(of, max_size=2) | st.dictionaries(st.text(max_size=2), of))


def members_of(schema: dict[str, Any], whole: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of about the form that a JSON schema describes, often right and often not."""
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return st.one_of([members_of(each, whole) for each in schema["anyOf"]])
    if "properties" in schema:
        required = set(schema.get("required", ()))
        properties = {name: members_of(each, whole) for name, each in schema["properties"].items()}
        known = st.fixed_dictionaries(
            {name: each for name, each in properties.items() if name in required},
            optional={name: each for name, each in properties.items() if name not in required},
        )
        odd = st.dictionaries(st.sampled_from([*properties, "unknown"]), ANYTHING, max_size=2)
        return known | st.tuples(known, odd).map(lambda pair: {**pair[0], **pair[1]})
    if schema.get("type") == "array":
        return st.lists(members_of(schema.get("items", {}), whole), max_size=3)
    if schema.get("type") == "object":
        return st.dictionaries(st.text(max_size=3), ANYTHING, max_size=2)
    right = {
        "string": st.sampled_from(["e/p", "2026-01-01T00:00:00.5+01:00", "weave:///e/p/op/f:x", "é"]),
        "integer": st.integers(-3, 1 << 33),
        "number": st.floats(allow_nan=False) | st.integers(),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    return right.get(schema.get("type", ""), ANYTHING)


def outcome(body: bytes, model: type[BaseModel]) -> str:
    try:
        read = decode_body(body, model)
    except InvalidBodyError as error:
        return f"refused {json.dumps(error.errors, default=repr)}"
    return json.dumps(_told(read, with_given=struct_reader(model) is None))


def _told(value: Any, *, with_given: bool) -> Any:
    """What is in a model, or what stands for it, all the way down: its fields, and which of them were given."""
    if isinstance(value, BaseModel | msgspec.Struct):
        named = type(value).model_fields if isinstance(value, BaseModel) else value.__struct_fields__
        names = {*named, *WORDS & {*dir(value)}}
        fields = {name: _told(getattr(value, name), with_given=with_given) for name in sorted(names)}
        given = sorted(value.model_fields_set) if with_given and isinstance(value, BaseModel) else None
        return {"fields": fields, "given": given}
    if isinstance(value, list):
        return [_told(item, with_given=with_given) for item in value]
    return f"{type(value).__name__} {value!r}"


@pytest.mark.hypothesis
@pytest.mark.parametrize("name", QUICK)
def test_a_body_is_read_as_level_by_level(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = MODELS[name]
    schema = model.model_json_schema()

    @settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
    @given(members_of(schema, schema) | ANYTHING, st.booleans(), st.sampled_from([None, 1]))
    def check(value: Any, ascii_only: bool, indent: int | None) -> None:
        text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
        body = text.encode("utf-8", "surrogatepass")
        with monkeypatch.context() as patch:
            patch.setattr(rest_compat.bodies, "quick_reader", lambda _model: None)
            expected = outcome(body, model)
        assert outcome(body, model) == expected

    check()


def given_level_by_level(*_: Any) -> None:
    raise AssertionError("the body was given up")


START = {
    "project_id": "e/p",
    "op_name": "é",
    "started_at": "2026-01-01T00:00:00Z",
    "inputs": {},
    "attributes": {"a": [1]},
}
END: dict[str, Any] = {
    "project_id": "e/p",
    "id": "1",
    "ended_at": "2026-01-01T00:00:00.5+01:00",
    "summary": {},
    "output": None,
}
EVENTS: list[Any] = [
    {"mode": "start", "req": {"start": START}},
    {"mode": "end", "req": {"end": {**END, "wb_run_step_end": 3, "exception": None}}},
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CallStartReq", {"start": START}),
        ("CallEndReq", {"end": END}),
        ("CallCreateBatchReq", {"batch": EVENTS}),
        ("CallsUpsertCompleteReq", {"batch": [{**START, **END, "trace_id": "2", "unknown": 1}]}),
        ("CallReadReq", {"project_id": "e/p", "id": "1", "include_costs": None}),
        ("CallsQueryReq", {"project_id": "e/p", "query": {"$expr": {"$eq": [1, {"$literal": 2}]}}}),
    ],
)
def test_right_bodies_of_calls_are_read_in_one_go(
    name: str, value: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest_compat.bodies, "validate_model", given_level_by_level)
    decode_body(json.dumps(value).encode(), MODELS[name])


def test_what_is_only_stored_may_be_as_deep_as_the_rest_of_a_body_leaves() -> None:
    def body(levels: int) -> bytes:
        batch = json.dumps({"batch": EVENTS}).encode()
        return batch.replace(b'"inputs": {}', b'"inputs": {"a": ' + nested(levels) + b"}")

    model: Any = MODELS["CallCreateBatchReq"]
    # An object, a list, an event, its request, its start and its inputs are around it.
    assert decode_body(body(506), model).batch[0].req.start.inputs == '{"a": ' + nested(506).decode() + "}"
    with pytest.raises(InvalidBodyError) as refused:
        decode_body(body(507), model)
    assert refused.value.errors[0]["ctx"]["error"] == "nested 513 levels deep, at most 512 are taken"


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize(
    "body",
    [
        nested(512),
        b'{"a":' * 512 + b"1" + b"}" * 512,
        b"[" + b"[],{}," * 1000 + b"1]",
        b'["' + b"[{" * 1000 + b'"]',
        b'["\\\\", "' + b"[" * 1000 + b'", "\\\\\\"' + b"{" * 1000 + b'"]',
        b'["C:\\\\new\\\\\\"", "' + b"[" * 1000 + b'"]',
    ],
)
def test_what_is_not_deep_is_taken(body: bytes) -> None:
    json.loads(body)
    check_depth(body)


@pytest.mark.parametrize(
    "body", [nested(513), b'{"a":' * 513 + b"1" + b"}" * 513, b"[" * 5000, b'["\\\\"' + b"[" * 600]
)
def test_what_is_too_deep_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidBodyError) as refused:
        check_depth(body)
    assert "levels deep, at most 512 are taken" in refused.value.errors[0]["ctx"]["error"]
