"""What is found without reading every document is what reading them finds: SQLite looks at texts first, PostgreSQL
does not."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples

Sample = Any  # tests/db/conftest.py

SHORT = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
CHARACTER = st.sampled_from([*'ab"\\/*?[]{},: \n\t\x7fAé注\U0001f600\U0010f000\x00\ud800u0061'])
TEXT = st.text(CHARACTER, max_size=6)


def escape(character: str, how: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    escaped = "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))
    must = character in '"\\' or character < " " or "\ud800" <= character <= "\udfff"
    if how == "short" and character in SHORT:
        return SHORT[character]
    if how == "upper":
        return "\\u" + escaped[2:].upper().replace("\\U", "\\u")
    return escaped if how == "lower" or must else character


@st.composite
def string_tokens(draw: st.DrawFn) -> str:
    ways = st.sampled_from(["plain", "plain", "short", "lower", "upper"])
    return '"' + "".join(escape(character, draw(ways)) for character in draw(TEXT)) + '"'


@st.composite
def documents(draw: st.DrawFn) -> str:
    space = draw(st.sampled_from(["", " "]))
    scalars = st.one_of(string_tokens(), st.sampled_from(["1", "10", "1.50", "-2e3", "true", "null"]))
    value = draw(scalars | st.lists(scalars, max_size=3).map(lambda items: f"[{(',' + space).join(items)}]"))
    return f'{{"v":{space}{value}{space},"w":{draw(scalars)}}}'


@settings(max_examples=examples(400), deadline=None)
@given(texts=st.lists(documents(), min_size=1, max_size=5), sought=st.lists(TEXT, min_size=1, max_size=3))
def test_any_way_to_write_a_text_is_found(sample: Sample, texts: list[str], sought: list[str]) -> None:
    sample.fill({"id": f"row{number}", "inputs": text} for number, text in enumerate(texts))
    field = {"$getField": "inputs.v"}
    literals = [{"$literal": each} for each in sought]
    equal: set[str] = set()
    for each in sought:
        found = sample.select({"$eq": [field, {"$literal": each}]})
        assert found == [f"row{n}" for n, text in enumerate(texts) if same(json.loads(text)["v"], each)]
        equal.update(found)
        sample.select({"$contains": {"input": field, "substr": {"$literal": each}}})
    assert sample.select({"$in": [field, literals]}) == sorted(equal)


def same(value: Any, text: str) -> bool:
    return isinstance(value, str) and joined(value) == joined(text)


def joined(text: str) -> str:
    """With pairs of surrogates as the characters that they are."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def test_a_part_of_compact_text_is_found_in_spaced_text(sample: Sample) -> None:
    sample.fill([{"id": "spaced", "inputs": '{"v": [10, "a b", {"k" : true}]}'}])
    for part in ("10,", '10,"a b"', '"k":true', '{"k":', "b", "0"):
        assert sample.select({"$contains": {"input": {"$getField": "inputs.v"}, "substr": {"$literal": part}}}) == [
            "spaced"
        ]
