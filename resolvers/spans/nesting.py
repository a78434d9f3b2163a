"""Attributes as people read and query them: dotted keys as nested objects, JSON in strings as values.

``{"llm.messages.0.role": "user", "input.value": '{"a": 1}'}`` becomes
``{"llm": {"messages": [{"role": "user"}]}, "input": {"value": {"a": 1}}}``. Nothing is lost: a key that cannot be
nested, since another key has a plain value on its way, stays as it is at the top.
"""

from collections.abc import Iterable, Mapping, MutableMapping
from functools import lru_cache

import msgspec

from db.json_text import JSONValue, dump_json, is_deeper, parse_json
from db.remembering import remembering

__all__ = ["ConflictError", "at", "below", "nested", "nested_apart", "segments_of", "text_of", "value_of"]

DEEPEST_KEY = 64  # segments; a key of more stays flat
DEEPEST_VALUE = 200  # levels of JSON in a string; deeper text stays text
SHORT = 64  # characters of texts that are remembered

_CONTAINERS = (dict, list)


class ConflictError(Exception):
    """A key leads through another key's value."""


class _Branch(dict[str, JSONValue]):
    """An object that dotted keys made; one that was sent as JSON is a plain dict, and stays as it is."""


def nested(attributes: Mapping[str, JSONValue]) -> dict[str, JSONValue]:
    """``attributes`` nested; see the module."""
    try:
        root = nested_apart(_read(attributes))
    except ConflictError:
        # Shorter keys first: whoever would lead through a plain value comes after it, and stays flat.
        root = _nest(sorted(_read(attributes).items(), key=lambda item: item[0].count(".")), strict=False)
    return root


def nested_apart(values: Mapping[str, JSONValue]) -> dict[str, JSONValue]:
    """Values as they are at their keys, none of which leads through another's value. Raises ConflictError where one
    does."""
    return _nest(values.items(), strict=True)


def _read(attributes: Mapping[str, JSONValue]) -> dict[str, JSONValue]:
    """What attributes say, with containers of the caller's own."""
    return {key: _copied(sent) if isinstance(sent, _CONTAINERS) else value_of(sent) for key, sent in attributes.items()}


def at(tree: JSONValue, key: str) -> JSONValue:
    """The value at a dotted key of nested attributes; None where there is none."""
    return tree[key] if isinstance(tree, dict) and key in tree else below(tree, segments_of(key))


def below(tree: JSONValue, segments: Iterable[str]) -> JSONValue:
    """What the names of members and the numbers of items lead to; None where they lead nowhere."""
    for part in segments:
        if isinstance(tree, dict):
            tree = tree.get(part)
        elif isinstance(tree, list) and part.isdecimal() and int(part) < len(tree):
            tree = tree[int(part)]
        else:
            return None
    return tree


def segments_of(key: str) -> list[str]:
    """The segments of a dotted key."""
    return key.split(".")


# A few keys come again and again: those of the conventions, and what a program makes of its own.
@remembering(most=4096, longest=100)
def _place_of(key: str) -> tuple[list[str], str] | None:
    """Where a key leads, and what it is called there; None for one that stays as it is."""
    *path, last = segments_of(key)
    return None if len(path) >= DEEPEST_KEY or "" in path or not last else (path, last)


def _nest(values: Iterable[tuple[str, JSONValue]], *, strict: bool) -> dict[str, JSONValue]:
    root: dict[str, JSONValue] = {}
    branches: list[_Made] = []
    for key, value in values:
        where = _place_of(key)
        if where is None:
            root[key] = value
            continue
        path, last = where
        place = _descend(root, path, branches) if path else root
        present = None if place is None else place.get(last)
        if place is None or (isinstance(present, dict) and not isinstance(value, dict)):
            if strict:
                raise ConflictError
            root[key] = value
        elif isinstance(present, dict):
            _merge(present, value)
        else:
            place[last] = value
    _make_lists(branches)
    return root


_Made = tuple[MutableMapping[str, JSONValue], str, _Branch]
"""Where a branch is, the name that it has there, and the branch."""


def _descend(root: dict[str, JSONValue], path: Iterable[str], branches: list[_Made]) -> dict[str, JSONValue] | None:
    """The object at ``path``, made where there is nothing; None where a plain value is in the way."""
    place = root
    for part in path:
        if part not in place:
            below: JSONValue = _Branch()
        elif isinstance(below := place[part], list):  # sent twice: as one JSON text and flattened
            below = _Branch((str(index), item) for index, item in enumerate(below))
        elif isinstance(below, dict):
            place = below
            continue
        else:
            return None
        place[part] = below
        branches.append((place, part, below))
        place = below
    return place


def _merge(into: dict[str, JSONValue], value: dict[str, JSONValue]) -> None:
    for key, item in value.items():
        present = into.get(key)
        if isinstance(present, dict) and isinstance(item, dict):
            _merge(present, item)
        else:
            into[key] = item


def _make_lists(branches: list[_Made]) -> None:
    """Put lists in the place of branches whose keys are 0, 1, 2, ...: those within others first."""
    for place, part, branch in reversed(branches):
        if "0" in branch and place[part] is branch and all(str(index) in branch for index in range(len(branch))):
            place[part] = [branch[str(index)] for index in range(len(branch))]


def value_of(value: JSONValue) -> JSONValue:
    """``value``, or what it says where it is JSON text of an object or a list."""
    return _said_by(value) if isinstance(value, str) and value.startswith(("{", "[")) else value


def text_of(value: JSONValue) -> str:
    """JSON text of ``value_of(value)``: what is JSON text itself is taken as it was sent."""
    if isinstance(value, str):
        return _text_of_short(value) if len(value) <= SHORT else _text_of(value)
    return str(value) if type(value) is int else dump_json(value)


def _text_of(text: str) -> str:
    if not text.startswith(("{", "[")):
        return dump_json(text)
    # To check a text takes a tenth of what it takes to read it and to write it again.
    if text.count("{") + text.count("[") <= DEEPEST_VALUE and "\n" not in text and "\r" not in text:
        try:
            _check(text)
        except (msgspec.MsgspecError, UnicodeEncodeError):
            pass  # the parser takes a little more: NaN, halves of surrogate pairs
        else:
            return text.rstrip() if not text[1].isspace() else _without_space(text)
    return dump_json(_said_by(text))


def _without_space(text: str) -> str:
    """Right JSON text; what is empty has nothing in it."""
    kept = text.rstrip()
    return kept[0] + kept[-1] if kept[1:-1].isspace() else kept


# What is short comes again and again: names of models, kinds, types of media.
_text_of_short = lru_cache(maxsize=4096)(_text_of)
_check = msgspec.json.Decoder(msgspec.Raw).decode


def _copied(value: JSONValue) -> JSONValue:
    """Containers of the caller's own."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value


def _said_by(text: str) -> JSONValue:
    try:
        value = parse_json(text)
    except (ValueError, RecursionError):
        return text
    is_flat = text.count("{") + text.count("[") <= DEEPEST_VALUE
    return value if is_flat or not is_deeper(value, DEEPEST_VALUE) else text
