import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.json_text import JSONText, dump_json
from resolvers.digests import bytes_digest, json_digest, json_digests, table_digest
from resolvers.errors import InvalidInputError, RefusalCode
from resolvers.objects.builtin import as_builtin
from tests.db.test_json_text import VALUES


# What weave 0.52.43 and 0.54.0 compute for the same values.
@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("{}", "RBNvo1WzZ4oRRq0W9XhknpT7T8If536DEMBg9hyqY4o"),
        ('{"b":1,"a":[1.0,{"z":null,"y":true}]}', "YbQRtpQRCUGIpwSolAxvATtwnkM5T84X16p82rHKxBw"),
        ('{ "a" : [1.0, {"y":true,"z":null}],\t"b":1}', "YbQRtpQRCUGIpwSolAxvATtwnkM5T84X16p82rHKxBw"),
        ('"é\U0001f600\u2028"', "uYHwR4lVGcg8bh76thMvSIfTocgKaNQg5zA3WHu9Kaw"),
        ('"\\u00e9\\ud83d\\ude00\\u2028"', "uYHwR4lVGcg8bh76thMvSIfTocgKaNQg5zA3WHu9Kaw"),
        ('{"10":1,"9":2,"a":1e16}', "lmP6aqz6F1cw6UueABKidlerIPWbilFvNfdKXPjwlPM"),
        ("123456789012345678901234567890", "9U5cj4EGSOdjjSXrftbSS35ZmdWI6Igm8qqDfS7lLs0"),
        ("[5e-324,-0.0,1e22,0.1]", "xd2uLTGrXyTkGukQZLCa9qyMUX2FXIcHtyetfd6AiPI"),
        ('{"é":1,"e":2,"\uffff":3,"\U0001f600":4}', "YQVbHYKZUGxRWyXcN2zUGCS7kgwpIuY6XSzKY3Yb51g"),
        ('"\\ud800"', "jAxZ3Q0nWq3NRipf4S6zUsvf6vlh6uT4WkZgUh330vU"),
    ],
)
def test_digests_of_values_are_those_of_weave(text: str, digest: str) -> None:
    assert json_digest(JSONText(text)) == digest


@given(st.lists(VALUES, max_size=5), st.sampled_from([None, 1]), st.booleans())
def test_digests_are_of_what_json_writes_with_sorted_keys(
    values: list[Any], indent: int | None, ascii_only: bool
) -> None:
    def digest(text: str) -> str:
        hashed = hashlib.sha256(json.dumps(json.loads(text), sort_keys=True).encode()).digest()
        return base64.urlsafe_b64encode(hashed).decode().rstrip("=").replace("-", "X").replace("_", "Y")

    texts = [JSONText(json.dumps(value, ensure_ascii=ascii_only, indent=indent)) for value in values]
    assert json_digests(texts) == [digest(text) for text in texts]
    assert [json_digest(text) for text in texts] == json_digests(texts)


def test_digests_of_bytes_and_tables_are_those_of_weave() -> None:
    assert bytes_digest(b"hello") == "LPJNulXwow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"
    assert bytes_digest(iter([b"he", b"", b"llo"])) == bytes_digest(b"hello")
    assert table_digest([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert table_digest(["a", "b"]) == "fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603"


QUERY = {
    "$and": [
        {"$eq": [{"$getField": "op_name"}, {"$literal": "x"}]},
        {"$not": [{"$gt": [{"$convert": {"input": {"$getField": "inputs.x"}, "to": "double"}}, {"$literal": 1.0}]}]},
        {"$in": [{"$getField": "a"}, [{"$literal": 1}, {"$literal": True}, {"$literal": None}]]},
        {"$contains": {"input": {"$getField": "a"}, "substr": {"$literal": "b"}}},
        {
            "$or": [
                {"$lt": [{"$getField": "a"}, {"$literal": 2}]},
                {"$gte": [{"$getField": "a"}, {"$literal": {"k": {"$literal": 1}}}]},
                {"$lte": [{"$getField": "a"}, {"$literal": [{"$literal": "z"}]}]},
            ]
        },
    ]
}
DEFINITION = {
    "filter": {"op_names": ["a"], "trace_roots_only": True},
    "sort_by": [{"field": "a", "direction": "asc"}],
    "columns": [{"path": ["a", 1], "label": "q"}],
    "pin": {"left": ["a"], "right": []},
    "page_size": 3,
    "cols": {"a": True},
    "charts": [{"x_axis": "a", "y_axis": "b", "plot_type": "bar"}],
    "query": {"$expr": QUERY},
}
LAYOUT = {"x": 4, "y": 0, "w": 4, "h": 2}
PANELS = [
    {"id": "a", "layout": {**LAYOUT, "x": 0}, "panel_type": "kpi", "settings": {"query": {"metric": "m"}}},
    {
        "id": "b",
        "layout": LAYOUT,
        "panel_type": "timeline",
        "settings": {"query": {"metric": "m", "groupBy": "g"}, "title": "t"},
    },
    {
        "id": "c",
        "layout": LAYOUT,
        "panel_type": "breakdown",
        "settings": {"query": {"metric": "m", "groupBy": "g", "limit": 4}},
    },
]


# What weave 0.54.0 computes; 0.52.43 gives the same but for classes that have gained fields since.
@pytest.mark.parametrize(
    ("class_name", "value", "digest"),
    [
        ("Leaderboard", {"columns": []}, "khZGp0XTiejKtPu9L94JwC34r8MrVp4zo230eqacQp8"),
        (
            "AnnotationSpec",
            {"name": "n", "field_schema": {"type": "integer", "minimum": 0, "maximum": 10}},
            "jWmzD1wD0K3b0ddxKJEuTP24YeaiS33hyqteGuY6dXM",
        ),
        ("AnnotationSpec", {}, "mX2Yx4KrqY6v1S3G6wykpZwJuYVsIZbKrcENLS0TBpw"),
        (
            "Provider",
            {"base_url": "https://api.example.com/v1", "api_key_name": "K"},
            "YjYQxxHVXU21E9SENSg3xUGRwFWWxKyUVS88VQWKHFY",
        ),
        ("ProviderModel", {"provider": "p", "max_tokens": "100"}, "xqCIemO24RIK70hJJIj3djCChxEfbbb05SoZxwVM9Bk"),
        (
            "ComparisonView",
            {"label": "x", "definition": {"evaluation_call_ids": ["a"]}},
            "RlNYg2MfaqZgCYfYqGZTnRJj8shsR57X6zjkO7XzIKU",
        ),
        (
            "SavedView",
            {"view_type": "traces", "label": "x", "definition": {}},
            "OD3IVI81sxf3vGDjjnBQTWYfHYj2TAYvnGmNdZA4p4Q",
        ),
        (
            "SavedView",
            {"view_type": "traces", "label": "x", "definition": DEFINITION},
            "uxCOX7O0X4F4lFXcOchrmb90dNp0rfgQqc9yqsJFVgc",
        ),
        ("LLMStructuredCompletionModel", {"llm_model_id": "x"}, "g21E8LXHD9t2WTYaylKCCYI1YHVJvrZIhFIWh777W7U"),
        (
            "LLMStructuredCompletionModel",
            {
                "name": "m",
                "llm_model_id": "openai/gpt-4o",
                "default_params": {
                    "temperature": 1,
                    "messages_template": [{"role": "system", "content": "x"}],
                    "response_format": "text",
                },
            },
            "5GxqTIZBODornSSa463MLHf02o7UUdri85wA8YD4euk",
        ),
        (
            "AlertSpec",
            {"spec": {"threshold": 1, "metric_path": "a.b", "unknown": 3}},
            "d66XsHk1KK6OOFgoY7dWfLqXpUFNxxSIjxbSfmSGge4",
        ),
        (
            "AgentDashboard",
            {"label": "d", "definition": {"panels": PANELS}},
            "pYATGKA50UTKLiIKDMFmMKI66UGcR10UmZRP3TfIdOw",
        ),
    ],
)
def test_digests_of_builtin_classes_are_those_of_weave(class_name: str, value: dict[str, Any], digest: str) -> None:
    assert json_digest(dump_json(as_builtin(class_name, value))) == digest


def test_an_object_of_a_builtin_class_has_its_defaults_and_names_in_order() -> None:
    stored = as_builtin("Leaderboard", {"columns": [], "name": "best", "unknown": 1})
    assert dump_json(stored) == (
        '{"_type":"Leaderboard","name":"best","description":null,"columns":[],'
        '"_class_name":"Leaderboard","_bases":["BaseObject","BaseModel"]}'
    )


@pytest.mark.parametrize(
    ("class_name", "value", "message", "field"),
    [
        ("Leaderboard", {}, "Invalid Leaderboard: columns: Field required", ["val", "columns"]),
        (
            "AnnotationSpec",
            {"field_schema": {"type": "nonsense"}},
            (
                "Invalid AnnotationSpec: field_schema: Value error, 'nonsense' is no JSON Schema type, expected one of "
                "array, boolean, integer, null, number, object, string"
            ),
            ["val", "field_schema"],
        ),
        (
            "AnnotationSpec",
            {"field_schema": {"type": "object", "properties": {"a": {"maximum": "10"}}}},
            "Invalid AnnotationSpec: field_schema: Value error, 'maximum' must be a number, not '10'",
            ["val", "field_schema"],
        ),
        (
            "Provider",
            {"base_url": "ftp://models", "api_key_name": "K"},
            "Invalid Provider: base_url: Value error, 'ftp://models' is no base URL, expected http(s)://host[:port][/path]",
            ["val", "base_url"],
        ),
        (
            "Provider",
            {"base_url": "http://models:1", "api_key_name": "K", "extra_headers": {"Metadata-Flavor": "x"}},
            "Invalid Provider: extra_headers: Value error, header 'Metadata-Flavor' may not be sent",
            ["val", "extra_headers"],
        ),
        (
            "LLMStructuredCompletionModel",
            {"llm_model_id": "x", "zz": 1},
            "Invalid LLMStructuredCompletionModel: zz: Extra inputs are not permitted",
            ["val", "zz"],
        ),
        (
            "ActionSpec",
            {"name": None, "config": {"action_type": "contains_words", "target_words": []}},
            "Invalid ActionSpec: name: Value error, an action needs a name, not null",
            ["val", "name"],
        ),
        (
            "Nope",
            {},
            (
                "Unknown object class 'Nope', expected one of ActionSpec, AgentDashboard, AlertSpec, AnnotationSpec, "
                "ComparisonView, LLMStructuredCompletionModel, Leaderboard, Provider, ProviderModel, SavedView"
            ),
            ["builtinObjectClass"],
        ),
    ],
)
def test_what_is_no_object_of_its_class_is_refused(
    class_name: str, value: dict[str, Any], message: str, field: Iterable[str]
) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        as_builtin(class_name, value)
    assert refusal.value.message == message
    assert refusal.value.field == tuple(field)
    assert refusal.value.code is RefusalCode.INVALID_INPUT
