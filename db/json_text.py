"""JSON that is stored, and given back, as the text that came in.

A value is validated once, when it enters; from then on it is a ``JSONText`` and is spliced into answers unparsed, so
key order, ``1.0`` against ``1``, and integers of any length come back as they were sent. ``NaN`` and ``Infinity``,
which Python sends though JSON has no such words, are kept as the strings ``"NaN"``, ``"Infinity"``, ``"-Infinity"``.
"""

import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from json.encoder import (  # type: ignore[attr-defined]
    c_make_encoder,
    encode_basestring,
    encode_basestring_ascii,
)
from typing import Any

import orjson

from db.text import decode_text, encode_text

__all__ = [
    "MAX_DEPTH",
    "JSONText",
    "JSONValue",
    "dump_canonical",
    "dump_json",
    "each_replaced",
    "is_deeper",
    "normalise_json",
    "parse_each",
    "parse_json",
    "query_form",
    "query_forms",
    "quote_constants",
]

JSONValue = Any
"""A parsed JSON value; what it holds is the sender's business."""

MAX_DEPTH = 512
"""Levels of nesting that are accepted; SQLite's JSON functions stop at 1,000, Python's parser not much later."""

_LONGEST_INTEGER = 20_000  # digits that are turned into a number; converting takes time with the square of it
sys.set_int_max_str_digits(_LONGEST_INTEGER)

_STRING = r'"(?:[^"\\]|\\.)*"'
_CONSTANTS = re.compile(rf"({_STRING})|(-?Infinity|NaN)", re.DOTALL)
_SPACE = re.compile(rf"({_STRING})|[ \t\r\n]+", re.DOTALL)
# What the databases' JSON functions refuse or cannot give back: U+0000, surrogates that are no pair, numbers beyond a
# double. What is found wrongly, after an escaped backslash, costs a needless form and no more.
_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_SUSPICIOUS_ESCAPE = re.compile(
    rf"\\u(?:0000|[dD](?:[89abAB][0-9a-fA-F]{{2}}(?!{_LOW})|(?<!{_HIGH}\\u[dD])[c-fC-F][0-9a-fA-F]{{2}}))"
)
_SUSPICIOUS_CHARACTER = re.compile("[\U0010f000\U0010f800-\U0010ffff]")
_LAST_PLANE = b"\xf4"
"""How all of these begin, and few others."""
_SUSPICIOUS_NUMBER = re.compile(
    r"(?:^|[:\[,\s])-?(?:[0-9]{300}|[0-9]+\.[0-9]{300}|[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{3})"
)
# The forms of numbers, with one digit for all and no signs: they are looked for at the speed of memory, and what has
# none of them, which is nearly all, is not searched by the expressions above.
_FORMS = bytes.maketrans(b"123456789E", b"000000000e")
_SIGNS = b"+-"
_LONG, _EXPONENT = b"0" * 300, b"0e000"
_EXPONENTS = re.compile(_EXPONENT)
_BEFORE_NUMBERS = frozenset(b":[, \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f") | frozenset(range(0x80, 0x100))
_MOST_DIGITS = 400


class JSONText(str):
    """Valid JSON text without line breaks outside strings; ``str`` methods see the text, not the value."""

    __slots__ = ()


def normalise_json(text: str) -> JSONText:
    """Valid JSON text as it is stored: on one line. The caller has checked that it is JSON."""
    if "\n" in text or "\r" in text:
        text = _SPACE.sub(r"\1", text)
    return JSONText(text)


def quote_constants(text: str) -> str:
    """``text`` with the words NaN, Infinity and -Infinity outside strings made strings."""
    return _CONSTANTS.sub(lambda m: m[1] or f'"{m[2]}"', text)


# Characters of the plane that stands for surrogates may be there before: U+10F001 is put before each of them.
_OWN = "[\U0010f000\U0010f001\U0010f800-\U0010ffff]"
_MARK, _ESCAPED_MARK = "\U0010f001", r"\udbfc\udc01"
_ESCAPE = re.compile(rf"\\(?:u([0-9a-fA-F]{{4}})(?:\\u([dD][c-fC-F][0-9a-fA-F]{{2}}))?|.)|{_OWN}", re.DOTALL)
_IS_OWN = re.compile(_OWN)
_UNPAIRED = re.compile(f"{_MARK}(.)|{_OWN}")
_PAIRED = re.compile(r"\\udbfc\\udc01(\\u....\\u....|.)|\\udbf[ef]\\ud[c-f][0-9a-f]{2}")


def pair_surrogates(text: str) -> str:
    """JSON text with the escape of each lone surrogate replaced by that of the character that stands for it
    (``db.text``), so that a parser that takes no lone surrogate can take it apart."""

    def paired(match: re.Match[str]) -> str:
        first, second = match[1], match[2]
        if first is None:
            return match[0] if match[0][0] == "\\" else _ESCAPED_MARK + match[0]
        if second is not None and 0xD800 <= int(first, 16) < 0xDC00:
            return _ESCAPED_MARK + match[0] if _IS_OWN.match(json.loads(f'"{match[0]}"')) else match[0]
        return "".join(_pair(unit) for unit in (first, second) if unit is not None)

    return _ESCAPE.sub(paired, text)


def _pair(unit: str) -> str:
    surrogate = int(unit, 16)
    if not 0xD800 <= surrogate < 0xE000:
        return f"\\u{unit}"
    return json.dumps(encode_text(chr(surrogate)))[1:-1]


def each_replaced(value: JSONValue, replaced: Callable[[JSONValue], JSONValue]) -> JSONValue:
    """``value`` with each name, and each value that holds no others, as ``replaced`` gives it.

    A loop and no recursion: the sender chooses the depth, and of Python's stack others have taken a part.
    """
    held = [value]
    unread: list[dict[str, JSONValue] | list[JSONValue]] = [held]
    while unread:
        place: Any = unread.pop()
        for key, item in place.items() if isinstance(place, dict) else enumerate(place):
            if isinstance(item, dict):
                place[key] = {replaced(name): member for name, member in item.items()}
                unread.append(place[key])
            elif isinstance(item, list | tuple):
                place[key] = list(item)
                unread.append(place[key])
            else:
                place[key] = replaced(item)
    return held[0]


def unpair_surrogates(value: JSONValue) -> JSONValue:
    """What was taken out of ``pair_surrogates`` text as it was before: values, and JSON text inside them."""
    return each_replaced(value, _unpaired)


def _unpaired(value: JSONValue) -> JSONValue:
    if isinstance(value, JSONText):
        return JSONText(
            _PAIRED.sub(lambda match: match[1] or json.dumps(decode_text(json.loads(f'"{match[0]}"')))[1:-1], value)
        )
    if isinstance(value, str):
        return _UNPAIRED.sub(lambda match: match[1] or decode_text(match[0]), value)
    return value


def _integer(digits: str) -> int | float:
    if len(digits) <= _LONGEST_INTEGER:
        return int(digits)
    return float("-inf") if digits[0] == "-" else float("inf")


# ``json.loads`` and ``json.dumps`` make a decoder or an encoder for each value: of a small one, most of the time.
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def parse_json(text: str) -> JSONValue:
    """The value of valid JSON text. Unlike orjson it takes lone surrogates and long integers."""
    try:
        value, end = _scan(text, 0)
    except (StopIteration, ValueError):  # space before it, an integer too long to be converted, or no JSON
        return json.loads(text, parse_int=_integer)
    return value if end == len(text) else json.loads(text, parse_int=_integer)


def parse_each(texts: Sequence[str]) -> Iterator[JSONValue]:
    """``parse_json`` of each text. They are read together: of small ones that are alike, a third is saved so."""
    for some in _read_together(texts):
        yield from parse_json(f"[{','.join(some)}]")


READ_TOGETHER = 1 << 18
"""Characters of texts that are read together, which takes a copy or two."""


def _read_together(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    first = size = 0
    for number, text in enumerate(texts):
        size += len(text)
        if size > READ_TOGETHER:
            yield texts[first : number + 1]
            first, size = number + 1, 0
    if first < len(texts):
        yield texts[first:]


_AS_JSON = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def _refuse(value: object) -> JSONValue:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


# Of values that came as JSON, or are built like it: no list holds itself, which is all that markers would be for.
_compact = c_make_encoder(None, _refuse, encode_basestring, None, ":", ",", False, False, False)
_canonical = c_make_encoder(None, _refuse, encode_basestring_ascii, None, ": ", ", ", True, False, True)


def _storable(value: JSONValue) -> JSONValue:
    """A float JSON has no words for as a string; other values as they are."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[repr(float(value))]
    return value


def dump_json(value: JSONValue) -> JSONText:
    """JSON text of a Python value.

    Raises TypeError for what JSON cannot hold, RecursionError for nesting beyond what Python can walk.
    """
    if isinstance(value, JSONText):
        return value
    try:
        encoded = orjson.dumps(value, option=_AS_JSON)
        # It writes null for NaN and the infinities too, which no null equals.
        if b"null" not in encoded or orjson.loads(encoded) == value:
            return JSONText(encoded.decode())
    except TypeError:  # integers past 64 bits, half a surrogate pair, deep nesting, or what JSON cannot hold
        pass
    try:
        text = "".join(_compact(value, 0))
        if not text.isascii():
            text.encode()
    except ValueError:  # NaN or an infinity, or (UnicodeEncodeError) half a surrogate pair
        text = json.dumps(each_replaced(value, _storable), separators=(",", ":"))
    return JSONText(text)


def is_deeper(value: JSONValue, levels: int) -> bool:
    """Whether a value has more than ``levels`` of lists and objects inside each other."""
    level = [value] if isinstance(value, dict | list | tuple) else []
    for _ in range(levels):
        if not level:
            return False
        level = [
            item
            for each in level
            for item in (each.values() if isinstance(each, dict) else each)
            if isinstance(item, dict | list | tuple)
        ]
    return bool(level)


def dump_canonical(value: JSONValue) -> str:
    """What ``json.dumps(value, sort_keys=True)`` gives: ASCII, with a space after each comma and colon."""
    return "".join(_canonical(value, 0))


def _within_double(value: float) -> float:
    """A number as the databases compute with it: a double where it is past 64 bits, and none past the largest."""
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        return value
    limit = sys.float_info.max
    try:
        return max(-limit, min(limit, float(value)))
    except OverflowError:
        return limit if value > 0 else -limit


def _queryable(value: JSONValue) -> JSONValue:
    if isinstance(value, str):
        return encode_text(value)
    if isinstance(value, float | int) and not isinstance(value, bool):
        return _within_double(value)
    return value


def _is_suspicious(text: str) -> bool:
    encoded = text.encode("utf-8", "surrogatepass")
    # One byte is found at the speed of memory, two are not.
    if b"\\" in encoded and b"\\u" in encoded and _SUSPICIOUS_ESCAPE.search(text) is not None:
        return True
    if _LAST_PLANE in encoded and _SUSPICIOUS_CHARACTER.search(text) is not None:
        return True
    forms = encoded.translate(_FORMS, _SIGNS)
    numbers = _LONG in forms or (_EXPONENT in forms and _has_exponents(forms))
    return numbers and _SUSPICIOUS_NUMBER.search(text) is not None


def _has_exponents(forms: bytes) -> bool:
    """Whether what looks like a large exponent may be one: most are in the middle of ids in hexadecimal."""
    for found in _EXPONENTS.finditer(forms):
        end = found.start() + 1
        before = forms[max(0, end - _MOST_DIGITS) : end].rstrip(b"0")
        if before.endswith(b"."):
            before = before[:-1].rstrip(b"0")
        if not before or before[-1] in _BEFORE_NUMBERS:
            return True
    return False


def query_form(text: str) -> str | None:
    """What queries read in place of ``text``, or None where they can read the text itself.

    PostgreSQL's jsonb refuses U+0000, lone surrogates and huge exponents, SQLite cuts or mangles them. In this form
    characters are mapped as in ``db.text`` and numbers are held within a double, so that such a row can be found,
    and never makes a query or an index fail.
    """
    if not _is_suspicious(text):
        return None
    return str(dump_json(each_replaced(parse_json(text), _queryable)))


def query_forms(texts: Sequence[str]) -> list[str | None]:
    """``query_form`` of each text. They are looked at together: of many small ones, most of the time is in looking."""
    return [form for some in _read_together(texts) for form in _forms(some)]


def _forms(texts: Sequence[str]) -> list[str | None]:
    if len(texts) > 1 and not _is_suspicious(",".join(texts)):
        return [None] * len(texts)
    return [query_form(text) for text in texts]
