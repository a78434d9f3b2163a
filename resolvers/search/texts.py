"""What a call says: its names, and the texts and numbers in its inputs and output, taken out of their JSON."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest
from json import decoder
from typing import Any, cast

from db.call_texts import LONGEST_PART, TextPart
from db.folding import SEPARATOR, fold
from db.pending_texts import Said
from resolvers.calls.names import op_short_name

__all__ = ["LONGEST_TERM", "folded_key", "says_all", "text_parts"]

LONGEST_TERM = 1000
"""Characters of folded text that are sought at a time. Parts of one value share as many, so that one of them has it."""

_scan_string = cast("Any", decoder).scanstring
"""Reads a string of JSON from behind its first quotation mark: its value, and where it ends. Written in C."""

_TOKEN = re.compile(r'"|[^\s"\[\]{},:]+')
_COLON = re.compile(r"\s*:")
_WORDS = {"true", "false", "null"}
_KEYS = 0x40000
"""Where the alphabet of keys begins: nothing else is written in it, so that who looks for a word that is a key of every
call finds those that say it."""


def text_parts(said: Said) -> list[TextPart]:
    """The parts of what a call says, at least one. Memory stays at a few times the length of its JSON."""
    keys: set[str] = set()
    texts = list(_joined(_said(said, keys)))
    names = [folded_key(part) for part in _joined(sorted(keys))]
    pairs = list(zip_longest(texts, names, fillvalue="")) or [("", "")]
    return [TextPart(said.call_id, number, len(pairs) == 1, *pair) for number, pair in enumerate(pairs)]


def says_all(said: Said, folded: Iterable[str]) -> bool:
    """Whether a call says all of this, as the database tells from its parts."""
    texts = list(_joined(_said(said, set())))
    return all(any(each in text for text in texts) for each in folded)


def folded_key(folded: str) -> str:
    """Folded text in the alphabet of keys. Characters beyond the first plane may fall together."""
    return "".join(chr(_KEYS + (ord(character) & 0xFFFF)) for character in folded)


def _said(said: Said, keys: set[str]) -> Iterator[str]:
    if said.op_name:
        yield op_short_name(said.op_name)
    if said.display_name:
        yield said.display_name
    yield from chain.from_iterable(_values(text, keys) for text in (said.inputs, said.output) if text)


def _values(text: str, keys: set[str]) -> Iterator[str]:
    """The strings and numbers in JSON text, one after another, numbers as they were sent; keys go to ``keys``.

    Nothing is parsed into objects, which would take many times the memory.
    """
    at = 0
    while token := _TOKEN.search(text, at):
        at = token.end()
        if token[0] != '"':
            if token[0] not in _WORDS:
                yield token[0]
            continue
        value, at = _scan_string(text, at, False)
        if colon := _COLON.match(text, at):
            at = colon.end()
            keys.add(value)
        else:
            yield value


def _joined(values: Iterable[str]) -> Iterator[str]:
    """The values as folded text, in parts."""
    held: list[str] = []
    length = 0
    for value in values:
        for piece in _pieces(value):
            if held and length + len(piece) > LONGEST_PART:
                yield fold(SEPARATOR.join(held))
                held, length = [], 0
            held.append(piece)
            length += len(piece) + 1
    if held:
        yield fold(SEPARATOR.join(held))


def _pieces(value: str) -> Iterator[str]:
    if len(value) <= LONGEST_PART:
        yield value
        return
    step = LONGEST_PART - LONGEST_TERM
    for begin in range(0, len(value) - LONGEST_TERM, step):
        yield value[begin : begin + LONGEST_PART]
