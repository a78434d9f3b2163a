"""What a call says: its names, and the texts and numbers in its inputs and output, taken out of their JSON."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from json import JSONDecoder, decoder
from typing import Any, cast

from db.call_texts import LONGEST_PART, TextPart
from db.folding import SEPARATOR, fold
from db.pending_texts import Said
from resolvers.calls.names import op_short_name

__all__ = ["LONGEST_TERM", "says_all", "text_parts"]

LONGEST_TERM = 1000
"""Characters of folded text that are sought at a time. Parts of one value share as many, so that one of them has it."""

LONGEST_PARSED = 1 << 16
"""Characters of JSON that are parsed at once; longer ones are walked through."""

_scan_string = cast("Any", decoder).scanstring
"""Reads a string of JSON from behind its first quotation mark: its value, and where it ends. Written in C."""

_TOKEN = re.compile(r'"|[^\s"\[\]{},:]+')
_COLON = re.compile(r"\s*:")
_WORDS = {"true", "false", "null"}


def text_parts(said: Said) -> list[TextPart]:
    """The parts of what a call says, at least one. Memory stays at a few times the length of its JSON."""
    texts = list(_joined(_said(said))) or [""]
    return [TextPart(said.call_id, number, len(texts) == 1, text, said.started_at) for number, text in enumerate(texts)]


def says_all(said: Said, folded: Sequence[str]) -> bool:
    """Whether a call says all of this, as the database tells from its parts."""
    if not _may_say(said, folded):
        return False
    texts = list(_joined(_said(said)))
    return all(any(each in text for text in texts) for each in folded)


def _may_say(said: Said, folded: Iterable[str]) -> bool:
    """False where a call certainly does not say all of this: JSON without a backslash has each of its texts in it."""
    payloads = [text for text in (said.inputs, said.output) if text]
    if any("\\" in text for text in payloads):
        return True
    texts = [fold(text) for text in (*_names(said), *payloads)]
    return all(any(each in text for text in texts) for each in folded)


def _names(said: Said) -> Iterator[str]:
    if said.op_name:
        yield op_short_name(said.op_name)
    if said.display_name:
        yield said.display_name


def _said(said: Said) -> Iterator[str]:
    yield from _names(said)
    yield from chain.from_iterable(_values(text) for text in (said.inputs, said.output) if text)


def _values(text: str) -> Iterator[str]:
    """The strings and numbers in JSON text, one after another, numbers as they were sent. Keys are left out."""
    if len(text) <= LONGEST_PARSED:
        try:
            return _in_order(_parse(text))
        except RecursionError:  # it is nested deeper than the parser goes
            pass
    return _scanned(text)


def _members(pairs: list[tuple[str, Any]]) -> list[Any]:
    return [value for _, value in pairs]


_parse: Callable[[str], Any] = JSONDecoder(
    object_pairs_hook=_members, parse_int=str, parse_float=str, strict=False
).decode
"""JSON with lists of their values in the place of objects, and numbers as texts."""


def _in_order(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            waiting += reversed(value)


def _scanned(text: str) -> Iterator[str]:
    """The same of text of any length, without objects made of it, which would take many times the memory."""
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
        else:
            yield value


def _joined(values: Iterable[str]) -> Iterator[str]:
    """The values as folded text, in parts."""
    held: list[str] = []
    length = 0
    for value in values:
        for piece in _pieces(value):
            if held and length + len(piece) > LONGEST_PART:
                yield SEPARATOR.join(held)
                held, length = [], 0
            held.append(fold(piece))
            length += len(piece) + 1
    if held:
        yield SEPARATOR.join(held)


def _pieces(value: str) -> Iterator[str]:
    if len(value) <= LONGEST_PART:
        yield value
        return
    step = LONGEST_PART - LONGEST_TERM
    for begin in range(0, len(value) - LONGEST_TERM, step):
        yield value[begin : begin + LONGEST_PART]
