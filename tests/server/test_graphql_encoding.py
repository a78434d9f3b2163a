import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from server.graphql.encoding import MalformedJSONError, decode
from tests.examples import examples

PARTS = st.sampled_from(
    [
        *'{}[]:,"\\ \n\t\r\0\x0b\x7f\x1f-+.eE019',
        "true",
        "null",
        "NaN",
        "Infinity",
        '"a"',
        '"é😀"',
        r'"\ud800"',
        r'"\ud83d\ude00"',
        r'"\u0000"',
        '"a":1,"a":2',
        "18446744073709551616",
        "-9223372036854775809",
        "1e999",
        "-0",
        "0.1",
        "1e22",
        "9007199254740993.0",
        "2.2250738585072014e-308",
        "\ufeff",
        "\u2028",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
TEXTS = (
    st.lists(PARTS, max_size=8).map("".join)
    | VALUES.map(json.dumps)
    | VALUES.map(lambda value: json.dumps(value, ensure_ascii=False, indent=1))
)


def read(text: bytes) -> Any:
    try:
        return repr(decode(text))
    except MalformedJSONError:
        return None


def expected(text: bytes) -> Any:
    """What Python's own reader makes of it."""
    try:
        return repr(json.loads(text.decode(), parse_constant=str))
    except (ValueError, RecursionError):
        return None


@settings(max_examples=examples(800), deadline=None)
@given(TEXTS.map(lambda text: text.encode(errors="surrogatepass")))
def test_a_request_means_what_python_reads_in_it(text: bytes) -> None:
    wanted = expected(text)
    assume("inf" not in str(wanted))  # a number past the range of a float
    assert read(text) == wanted


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"1e400", 10**400),
        (b"-1E400", -(10**400)),
        (b"[NaN, -Infinity]", ["NaN", "-Infinity"]),
        (b'"\\ud800"', "\ud800"),
        (b"9" * 4300, 10**4300 - 1),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_what_other_readers_refuse_or_round(text: bytes, value: object) -> None:
    assert decode(text) == value


@pytest.mark.parametrize(
    "text",
    [
        b"9" * 4301,
        b"1e9999999999999999999",
        b"\xff",
        b'"\xed\xa0\x80"',
        b"[" * 100_000,
        b'"a\nb"',
        b"",
        b"\xef\xbb\xbf1",
    ],
)
def test_what_is_no_json(text: bytes) -> None:
    with pytest.raises(MalformedJSONError):
        decode(text)
