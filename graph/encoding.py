"""JSON of answers: values are written, stored JSON text is spliced in unparsed."""

import json
import re
from typing import Any

import orjson

__all__ = ["Spliced", "encode"]

MAX_DEPTH = 200  # orjson goes 254 deep
SURROGATE = re.compile("[\ud800-\udfff]")
INT64, UINT64 = -(1 << 63), 1 << 64


class Spliced:
    """JSON text inside an answer, which is written out as it is: it was validated when it came in."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Spliced({self.text!r})"


def encode(value: object) -> bytes:
    """Compact JSON in UTF-8. A lone surrogate in a string is escaped, an integer may have any length."""
    try:
        return orjson.dumps(value, default=_splice, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:
        return orjson.dumps(_mended(value), default=_splice, option=orjson.OPT_NON_STR_KEYS)


def _splice(value: Any) -> orjson.Fragment:
    if value.__class__ is Spliced:
        text = value.text
        # A Fragment takes a str and none of its subclasses.
        return orjson.Fragment(text if text.__class__ is str else str(text))
    raise TypeError(f"{type(value).__name__} is not JSON")


def _mended(value: object, depth: int = 0) -> object:
    """The same with what orjson refuses (lone surrogates, integers past 64 bits, deep nesting) written as JSON text."""
    if isinstance(value, dict | list | tuple) and depth > MAX_DEPTH:
        return orjson.Fragment(json.dumps(value))
    if isinstance(value, dict):
        mended = {key: _mended(item, depth + 1) for key, item in value.items()}
        if any(isinstance(key, str) and SURROGATE.search(key) for key in value):
            members = (json.dumps(str(key)).encode() + b":" + encode(item) for key, item in mended.items())
            return orjson.Fragment(b"{" + b",".join(members) + b"}")
        return mended
    if isinstance(value, list | tuple):
        return [_mended(item, depth + 1) for item in value]
    if isinstance(value, str):
        return orjson.Fragment(json.dumps(value)) if SURROGATE.search(value) else value
    if isinstance(value, int) and not INT64 <= value < UINT64:
        return orjson.Fragment(str(value))
    return value
