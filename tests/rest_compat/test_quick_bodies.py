"""Bodies read in one go, against the same bodies read level by level."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

import rest_compat.bodies
from rest_compat.bodies import InvalidBodyError, check_depth, decode_body
from rest_compat.honeyhive.endpoints import ENDPOINTS as HONEYHIVE
from rest_compat.quick_bodies import quick_reader
from rest_compat.weave.endpoints import ENDPOINTS as WEAVE

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
    return f"{read!r} {_set(read)}"


def _set(value: Any) -> Any:
    """Which fields were given, all the way down."""
    if isinstance(value, BaseModel):
        return {name: _set(getattr(value, name)) for name in sorted(value.model_fields_set)}
    if isinstance(value, list):
        return [_set(item) for item in value]
    return type(value).__name__


@pytest.mark.parametrize("name", QUICK)
def test_a_body_is_read_as_level_by_level(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = MODELS[name]
    schema = model.model_json_schema()

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(members_of(schema, schema) | ANYTHING, st.booleans(), st.sampled_from([None, 1]))
    def check(value: Any, ascii_only: bool, indent: int | None) -> None:
        text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
        body = text.encode("utf-8", "surrogatepass")
        with monkeypatch.context() as patch:
            patch.setattr(rest_compat.bodies, "quick_reader", lambda _model: None)
            expected = outcome(body, model)
        assert outcome(body, model) == expected

    check()


def test_bodies_of_calls_are_read_in_one_go() -> None:
    assert {"CallsUpsertCompleteReq", "CallCreateBatchReq", "CallStartReq", "CallEndReq"} <= set(QUICK)


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
