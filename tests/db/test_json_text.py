"""Reading and writing JSON by kept decoders and encoders, against what Python's json module does."""

import json
import math
import string
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import json_text
from db.json_text import (
    MAX_DEPTH,
    JSONText,
    JSONValue,
    dump_canonical,
    dump_json,
    normalise_json,
    pair_surrogates,
    parse_each,
    parse_json,
    query_form,
    query_forms,
    unpair_surrogates,
)

ANY_TEXT = st.text(
    st.characters(categories=None) | st.sampled_from('"\\/\x00\x7f\u2028\ud800\udfff\U0001f600'), max_size=8
)
NUMBERS = st.integers() | st.integers(-(1 << 70), 1 << 70) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | ANY_TEXT,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(ANY_TEXT, inside, max_size=4),
    max_leaves=12,
)
INDENTS = st.sampled_from([None, 1])


@given(VALUES, st.booleans(), INDENTS, st.sampled_from(["", " ", "\n\t"]))
def test_a_value_is_read_as_json_reads_it(value: Any, ascii_only: bool, indent: int | None, space: str) -> None:
    text = f"{space}{json.dumps(value, ensure_ascii=ascii_only, indent=indent)}{space}"
    assert repr(parse_json(JSONText(text))) == repr(json.loads(text))


@given(st.lists(VALUES, max_size=6), st.integers(0, 60))
def test_values_that_are_read_together_are_read_as_each_is(values: list[Any], together: int) -> None:
    texts = [JSONText(json.dumps(value)) for value in values]
    with patch.object(json_text, "READ_TOGETHER", together):
        assert repr(list(parse_each(texts))) == repr([parse_json(text) for text in texts])


@given(st.text(string.digits + '-+.eE[]{}":, tfn\\u', max_size=12))
def test_what_is_no_json_is_refused_as_json_refuses_it(text: str) -> None:
    def outcome(read: Any) -> str:
        try:
            return repr(read(text))
        except ValueError as error:
            return str(error)

    assert outcome(parse_json) == outcome(json.loads)


@given(VALUES)
def test_a_value_is_written_as_json_writes_it(value: Any) -> None:
    assert dump_canonical(value) == json.dumps(value, sort_keys=True)
    text = dump_json(value)
    assert repr(json.loads(text)) == repr(json.loads(json.dumps(value)))
    assert normalise_json(text) == text
    text.encode()


@given(st.lists(ANY_TEXT | st.none() | st.integers() | st.booleans(), max_size=4))
def test_a_value_without_fractions_is_written_in_the_same_letters(value: list[Any]) -> None:
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    is_whole = not any("\ud800" <= character <= "\udfff" for character in plain)
    assert dump_json(value) == (plain if is_whole else json.dumps(value, separators=(",", ":")))


@given(st.recursive(st.none() | st.floats() | st.booleans(), st.lists))
def test_no_number_is_lost(value: Any) -> None:
    def said(value: Any) -> Any:
        if isinstance(value, list):
            return [said(item) for item in value]
        known = value is None or math.isfinite(value)
        return value if known else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[repr(value)]

    assert repr(json.loads(dump_json(value))) == repr(said(value))


def test_long_integers_and_no_numbers() -> None:
    assert parse_json(f"[-{'9' * 20_001},{'9' * 20_001},{'8' * 5000}]") == [-math.inf, math.inf, int("8" * 5000)]
    assert dump_json({"a": [math.nan, math.inf, -math.inf, 1.5]}) == '{"a":["NaN","Infinity","-Infinity",1.5]}'
    for value, name in ((set(), "set"), (datetime.now(UTC), "datetime")):
        with pytest.raises(TypeError, match=f"Object of type {name} is not JSON serializable"):
            dump_json({"a": [value]})
    nested: list[Any] = []
    nested.append(nested)
    with pytest.raises(RecursionError):
        dump_json(nested)


PAYLOADS = (
    '{"a":1}',
    '"\\u0000"',
    "[1e400,2]",
    '"\U0010f000"',
    '"\\ud800"',
    f'"{"1" * 299}"',
    "1" * 299,
    "[]",
    "1e9",
    "",
)


@given(st.lists(st.sampled_from(PAYLOADS), max_size=6))
def test_many_payloads_are_looked_at_together(texts: list[str]) -> None:
    assert query_forms(texts) == [query_form(text) for text in texts]


def test_deep_values_are_written_wherever_they_are() -> None:
    def text(frames: int, leaf: JSONValue) -> str:
        value = leaf
        for _ in range(MAX_DEPTH // 2):
            value = {"a": [value]}
        return text(frames - 1, leaf) if frames else dump_json(value)

    for leaf, written in ((math.inf, '"Infinity"'), ("\ud800", '"\\ud800"'), (1 << 70, str(1 << 70))):
        assert text(400, leaf) == '{"a":[' * (MAX_DEPTH // 2) + written + "]}" * (MAX_DEPTH // 2)


def test_deep_values_are_put_together_again_wherever_they_are() -> None:
    def unpaired(frames: int) -> JSONValue:
        if frames:
            return unpaired(frames - 1)
        return unpair_surrogates(parse_json(pair_surrogates("[" * MAX_DEPTH + '"\\ud800"' + "]" * MAX_DEPTH)))

    value = unpaired(400)
    for _ in range(MAX_DEPTH):
        (value,) = value
    assert value == "\ud800"
