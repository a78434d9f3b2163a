"""Which payloads queries read in another form than the stored one, against one expression that says it slowly."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import json_text

_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
SUSPICIOUS = re.compile(
    rf"\\u0000|{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW}|[\U0010f000\U0010f800-\U0010ffff]"
    r"|(?:^|[:\[,\s])-?(?:[0-9]{300}|[0-9]+\.[0-9]{300}|[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{3})"
)
PIECES = (
    *("\\u0000", "\\ud83d", "\\uDE00", "\\uD83D\\uDE00", "\\udc00", "\\", "\\\\u0000"),
    *("a", "é", "\U0010f000", "\U0010f7ff", "\U0010ffff", "\U0001f600"),
    *(":", "[", ",", "-", " ", "\n", '"', "0.", "e", "E", "+", "1", "99", "100", "1e99", "1e400", "2E-400", "1.5E+400"),
    *("1" * 299, "9" * 300, "5e9380", '{"a":', ".5", "\u00a0", "\x1c", "b7e1234"),
)


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=7).map("".join))
def test_the_quick_look_finds_what_the_expression_finds(text: str) -> None:
    assert json_text._is_suspicious(text) == (SUSPICIOUS.search(text) is not None)


def test_forms_of_unusual_values() -> None:
    assert json_text.query_form('{"a":"\\u0000","b":[1,2.5]}') == '{"a":"\U0010f000","b":[1,2.5]}'
    assert json_text.query_form('{"a":"\\ud83d"}') == '{"a":"\U0010f83d"}'
    assert json_text.query_form('{"a":1e400,"b":-1E+400}') == (
        '{"a":1.7976931348623157e+308,"b":-1.7976931348623157e+308}'
    )
    assert json_text.query_form("1" * 310) == "1.7976931348623157e+308"


def test_usual_values_have_none() -> None:
    assert json_text.query_form('{"a":"\\ud83d\\ude00 \\u00e9 é","b":[1e10,-2.5e-30],"c":"5e12345abc"}') is None


@pytest.mark.parametrize("levels", [254, 255, 498, json_text.MAX_DEPTH])
def test_deep_values_have_one_wherever_it_is_made(levels: int) -> None:
    def form(frames: int) -> str | None:
        deep = '[{"a":' * (levels // 2) + '"\\u0000"' + "}]" * (levels // 2)
        return form(frames - 1) if frames else json_text.query_form(deep)

    assert form(400) == '[{"a":' * (levels // 2) + '"\U0010f000"' + "}]" * (levels // 2)
