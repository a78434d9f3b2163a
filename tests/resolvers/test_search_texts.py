"""What calls say, against the rule in a few lines of Python."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from db.call_texts import LONGEST_PART
from db.folding import fold, grams
from db.pending_texts import Said
from resolvers.search.texts import LONGEST_TERM, says_all, text_parts

TEXTS = st.text(alphabet=st.sampled_from('abß İıſΣς東é\\"\n\0\ud800👩'), max_size=8) | st.text(max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def values_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in values_of(item)]
    if isinstance(value, list):
        return [text for item in value for text in values_of(item)]
    return [] if value is None or isinstance(value, bool) else [str(value)]


@given(VALUES, VALUES, TEXTS.filter(bool), st.booleans())
def test_a_call_says_what_one_of_its_values_has_in_it(inputs: Any, output: Any, sought: str, ascii_only: bool) -> None:
    dumped = [json.dumps(value, ensure_ascii=ascii_only or "\\ud" in json.dumps(value)) for value in (inputs, output)]
    said = Said("id", 1, "weave:///team/app/op/answer:1", None, *dumped)
    values = ["answer", *values_of(inputs), *values_of(output)]
    assert says_all(said, [fold(sought)]) == any(fold(sought) in fold(value) for value in values)


@given(TEXTS, TEXTS, TEXTS)
def test_folding_keeps_what_is_inside(before: str, text: str, after: str) -> None:
    folded = fold(before + text + after)
    assert fold(text) in folded
    assert fold(text.upper()) == fold(text)
    assert grams(fold(text)) <= grams(folded)


def test_long_values_are_cut_so_that_no_term_is() -> None:
    text = "".join(f"{number:06}" for number in range(60_000))
    parts = text_parts(Said("id", 1, None, None, json.dumps(["first", text]), None))
    assert [part.part for part in parts] == list(range(len(parts)))
    assert not any(part.whole for part in parts)
    assert max(len(part.text) for part in parts) <= LONGEST_PART
    for begin in range(0, len(text) - LONGEST_TERM + 1, 97):
        term = text[begin : begin + LONGEST_TERM]
        assert any(term in part.text for part in parts)
    assert parts[-1].text.endswith(text[-LONGEST_TERM:])
