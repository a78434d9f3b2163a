"""Values at paths and previews against Python's own json, on payloads and paths made at random."""

import json
import re
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import literal

from db.json_text import parse_json
from db.picks import PICK_FUNCTION, Held, Preview, pick, select_previews, select_values
from tests.db.conftest import CALLS
from tests.examples import examples

Sample = Any  # tests/db/conftest.py

HELD = Held(CALLS.c.project_id, (CALLS.c.id,), CALLS.c.inputs, CALLS.c.inputs_query, literal(1))

KEYS = st.one_of(
    st.sampled_from(
        [
            "a",
            "b",
            "0",
            "1",
            "01",
            "-1",
            "a.b",
            "a[0]",
            "[0]",
            'a"b',
            "a\\b",
            "größe",
            "",
            "a b",
            "\0",
            "\ud800",
            "\\u0000",
            "😀",
        ]
    ),
    st.text(st.characters(exclude_categories=[]), max_size=4),
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=[]), max_size=12),
    st.sampled_from(
        ["\0", "\ud800\udc00", "\ud83d", "\udc00\ud800", "\\u0000", '"', "\\", " \t  ", "NaN", "x" * 30, "é\\\0", "/"]
    ),
)
NUMBERS = st.one_of(
    st.integers(-(10**40), 10**40), st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False), st.just(1.0)
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
FORMS = st.fixed_dictionaries({"ensure_ascii": st.booleans(), "spaced": st.booleans()})


def written(value: Any, form: dict[str, bool]) -> str:
    separators = (" , ", "\t:  ") if form["spaced"] else (",", ":")
    text = json.dumps(value, ensure_ascii=form["ensure_ascii"], separators=separators)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=separators)
    # JSON text cannot be told from what it stands for in a column: a raw U+0000 is always escaped.
    return text


def at(value: Any, parts: list[str]) -> Any:
    for part in parts:
        if isinstance(value, dict):
            value = value.get(part)
        elif (
            isinstance(value, list) and re.fullmatch("0|-?[1-9][0-9]*", part) and -len(value) <= int(part) < len(value)
        ):
            value = value[int(part)]
        else:
            return None
    return value


def paths_of(value: Any) -> list[list[str]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [[], *([str(key), *path] for key, item in members for path in paths_of(item))]


@settings(max_examples=examples(200), deadline=None)
@given(value=VALUES, other=st.lists(KEYS, max_size=3), form=FORMS, length=st.integers(1, 12))
@example(value={"a": "\0", "é": [1.0, 10**30]}, other=["a"], form={"ensure_ascii": True, "spaced": True}, length=3)
@example(value=[False, [1, 2]], other=["-1", "-2"], form={"ensure_ascii": False, "spaced": False}, length=1)
@example(value=["\ud83d", {"\ud800": "\udc00x"}], other=[], form={"ensure_ascii": True, "spaced": False}, length=1)
def test_values_and_previews_are_what_python_reads(
    sample: Sample, value: Any, other: list[str], form: dict[str, bool], length: int
) -> None:
    # Two halves of a surrogate pair that stand side by side are one character once they are escaped.
    value, other = json.loads(json.dumps([value, other]))
    sample.engines["sqlite"].raw_connection().driver_connection.create_function(PICK_FUNCTION, 2, pick)
    sample.fill([{"id": "c", "inputs": written(value, form)}])
    for parts in [*paths_of(value), other]:
        expected = at(value, parts)
        for name, engine in sample.engines.items():
            with engine.connect() as connection:
                found = select_values(connection, HELD, "team/app", [("c",)], parts, 1 << 20)
                preview = select_previews(connection, HELD, "team/app", [("c",)], parts, length).get(("c",))
            if expected is None:
                assert (found, preview) == ({}, None), (name, parts)
                continue
            text = found["c",]
            assert text is not None
            assert parse_json(text) == expected, (name, parts)
            assert repr(parse_json(text)) == repr(expected), (name, parts)
            compact = re.sub(r'("(?:[^"\\]|\\.)*")|[ \t]+', lambda match: match[1] or "", text)
            whole = expected if isinstance(expected, str) else compact
            assert preview == Preview(whole[:length], len(whole), len(compact.encode())), (name, parts)
