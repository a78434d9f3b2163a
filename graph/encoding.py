"""JSON of answers: values are written, JSON text is spliced in unparsed."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

__all__ = ["InParts", "Spliced", "Written", "encode", "encode_in_parts"]

MAX_DEPTH = 200  # orjson goes 254 deep
SURROGATE = re.compile("[\ud800-\udfff]")
INT64, UINT64 = -(1 << 63), 1 << 64

PART = 1 << 15
"""Bytes that a part of a list has, about."""

_HOLE = b"\0"
"""In place of a list that is written in parts: no JSON has this byte."""


class Spliced:
    """JSON text inside an answer, which is written out as it is: it was validated when it came in."""

    __slots__ = ("text",)
    json_text = str
    """Of a value that would be spliced: the text itself; for graph.executor."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Spliced({self.text!r})"


class Written:
    """A list inside an answer, each item of which is JSON text."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[bytes]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    @property
    def size(self) -> int:
        """Bytes of the list's JSON."""
        return sum(map(len, self.items)) + max(len(self.items) + 1, 2)

    def parts(self) -> Iterator[bytes]:
        """The list's JSON without the bracket at its end; made as it is asked for."""
        items = self.items
        some = max(1, PART * len(items) // self.size)
        before = b"["
        for first in range(0, len(items), some):
            part = items[first : first + some]
            yield b",".join((before + part[0], *part[1:]))
            before = b","
        if not items:
            yield before


class InParts:
    """JSON as bytes, of which lists are joined only as it is read."""

    def __init__(self, between: Sequence[bytes], lists: Sequence[Written]) -> None:
        self._between = between
        self._lists = lists
        self.size = sum(map(len, between)) + sum(each.size for each in lists)

    def __iter__(self) -> Iterator[bytes]:
        yield self._between[0]
        for each, after in zip(self._lists, self._between[1:], strict=True):
            yield from each.parts()
            yield b"]" + after


def encode(value: object) -> bytes:
    """Compact JSON in UTF-8. A lone surrogate in a string is escaped, an integer may have any length."""
    parts = encode_in_parts(value)
    return parts if isinstance(parts, bytes) else b"".join(parts)


def encode_in_parts(value: object) -> bytes | InParts:
    """As ``encode``; in parts where there are lists that are ``Written``."""
    lists: list[Written] = []

    def splice(value: Any) -> orjson.Fragment:
        if value.__class__ is Spliced:
            text = value.text
            # A Fragment takes a str and none of its subclasses.
            return orjson.Fragment(text if text.__class__ is str else str(text))
        if value.__class__ is Written:
            lists.append(value)
            return orjson.Fragment(_HOLE)
        raise TypeError(f"{type(value).__name__} is not JSON")

    try:
        text = orjson.dumps(value, default=splice, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:
        mended = _mended(value)
        lists.clear()
        text = orjson.dumps(mended, default=splice, option=orjson.OPT_NON_STR_KEYS)
    return InParts(text.split(_HOLE), lists) if lists else text


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
