"""Where the attributes of a span go, worked out once for all spans whose attributes have the same names.

An instrumentation sends the same few sets of names again and again. What their dots make of them depends on the names
alone, as long as none leads through the value of another: which objects and lists there are, and where in them each
value stands. So a shape has the text of all attributes as a template, and for each key that is sought the place where
it may have a value; of the hundred keys of the conventions most have none. Of the values no more is read than what is
looked at.

Shapes of few names are remembered, as far as they take little memory. Of others, which mostly come once, and of names
that lead through the value of another, the shape has the values in it.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

import orjson

from db.json_text import JSONValue, dump_json
from resolvers.spans.nesting import ConflictError, below, nested, nested_apart, segments_of, text_of, value_of

__all__ = ["MOST_MEMORY", "REMEMBERED", "Keys", "NamedKeys", "Place", "Sent", "Shape", "Shapes", "arranged"]

MOST_SEGMENTS = 256
"""Segments of the names of a shape that is remembered."""

LONGEST_NAMES = 4096
"""Characters of all of them."""

MOST_MEMORY = 8 << 20
"""Bytes that the shapes take which are remembered, as ``_memory_of`` reckons."""

MOST_CONFLICTS = 4096
"""Sets of names of which is remembered that one leads through the value of another."""


_seconds: dict[str, set[str]] = {}
"""By the first segments of all keys, what comes second."""


class Keys:
    """Keys in the order in which they are tried. They are made before shapes are."""

    def __init__(self, *keys: str) -> None:
        self.keys = [(key, segments_of(key)) for key in keys]
        for _, (first, *others) in self.keys:
            _seconds.setdefault(first, set()).update(others[:1])


class NamedKeys:
    """What has a name of ours, and the keys that it may have elsewhere."""

    def __init__(self, **keys: tuple[str, ...]) -> None:
        self.keys = {name: Keys(*several) for name, several in keys.items()}


class Sent(NamedTuple):
    """The values of attributes, in the order of their shape, and the JSON text of what they say."""

    values: Sequence[JSONValue]
    texts: Sequence[str]


class Place(Protocol):
    """Where there may be a value."""

    def value(self, sent: Sent) -> JSONValue:
        """The value, which is not to be changed; None where there is none."""

    def text(self, sent: Sent) -> str:
        """Its JSON text; that of null where there is none."""


class _Whole:
    """What was sent as the attribute of this number."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def value(self, sent: Sent) -> JSONValue:
        return value_of(sent.values[self.number])

    def text(self, sent: Sent) -> str:
        return sent.texts[self.number]


class _Plain:
    """A value that means itself."""

    __slots__ = ("_value",)

    def __init__(self, value: JSONValue) -> None:
        self._value = value

    def value(self, _: Sent) -> JSONValue:
        return self._value

    def text(self, _: Sent) -> str:
        return dump_json(self._value)


class _Known:
    """What was sent as an attribute, in a shape of its own: a container, or a text that may say one."""

    __slots__ = ("_sent",)

    def __init__(self, sent: JSONValue) -> None:
        self._sent = sent

    def value(self, _: Sent) -> JSONValue:
        return value_of(self._sent)

    def text(self, _: Sent) -> str:
        return text_of(self._sent)


_ATTRIBUTES = (_Whole, _Known, _Plain)


class _Inside(NamedTuple):
    """A place inside what was sent as one attribute."""

    attribute: Place
    segments: Sequence[str]

    def value(self, sent: Sent) -> JSONValue:
        return below(self.attribute.value(sent), self.segments)

    def text(self, sent: Sent) -> str:
        return dump_json(self.value(sent))


class _Made:
    """An object or a list that dotted keys made of several attributes."""

    __slots__ = ("_pick", "_template", "_tree", "_used")

    def __init__(self, tree: JSONValue) -> None:
        self._tree = tree
        self._used = False
        self._template: str | None = None
        self._pick: Callable[[Sequence[str]], Any] = tuple

    def value(self, sent: Sent) -> JSONValue:
        return _filled(self._tree, sent)

    def text(self, sent: Sent) -> str:
        try:
            if self._template is not None:
                text: str = self._template % self._pick(sent.texts)
                return text
            if self._used:
                self._make_template()
                return self.text(sent)
            self._used = True  # a template would cost more than one text, and the names may never come again
            return self._text_once(sent)
        except TypeError:  # half a surrogate pair in a name
            return dump_json(self.value(sent))

    def _text_once(self, sent: Sent) -> str:
        def written(attribute: Place) -> orjson.Fragment:
            return orjson.Fragment(attribute.text(sent).encode())

        with suppress(TypeError):  # half a surrogate pair in a value, or an integer past 64 bits
            text = _written(self._tree, written)
            if "null" not in text:  # which it writes for NaN, too
                return text
        return _written(_kept_apart(self._tree), written)

    def _make_template(self) -> None:
        numbers: list[int] = []

        def taken(attribute: _Whole) -> orjson.Fragment:
            numbers.append(attribute.number)
            return orjson.Fragment(b"\x00")  # which is in no JSON text

        text = _written(self._tree, taken)
        self._pick = itemgetter(*numbers) if numbers else lambda _: ()
        self._template = text.replace("%", "%%").replace("\x00", "%s")


def _filled(node: JSONValue, sent: Sent) -> JSONValue:
    if isinstance(node, dict):
        return {name: _filled(item, sent) for name, item in node.items()}
    if isinstance(node, list):
        return [_filled(item, sent) for item in node]
    return node.value(sent) if isinstance(node, _ATTRIBUTES) else node


def _kept_apart(node: JSONValue) -> JSONValue:
    """A tree in which no value stands itself."""
    if isinstance(node, dict):
        return {name: _kept_apart(item) for name, item in node.items()}
    if isinstance(node, list):
        return [_kept_apart(item) for item in node]
    return _at(node)


def _written(tree: JSONValue, write: Callable[[Any], orjson.Fragment]) -> str:
    """JSON text, with what is written for each attribute."""
    return orjson.dumps(tree, default=write).decode()


_Beginnings = frozenset[tuple[str, ...]]
"""The first two segments of keys, or all that they have; with an empty second one, all keys that begin like it."""


def _beginnings(tree: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Of those keys that may have a value. They are ours, not whatever clients send."""
    for name, node in tree.items():
        seconds = _seconds.get(name)
        if seconds is None:
            # A key with dots is there where it could not be nested.
            if "." in name and (first := name.partition(".")[0]) in _seconds:
                yield first, ""
            continue
        yield (name,)
        if isinstance(node, dict):
            for second in seconds.intersection(node):
                yield name, second
        else:
            yield name, ""


@lru_cache(maxsize=128)
def _same(beginnings: _Beginnings) -> _Beginnings:
    """One set for all that are equal, so that it is known by identity."""
    return beginnings


@lru_cache(maxsize=4096)
def _tried(keys: Keys, beginnings: _Beginnings) -> list[tuple[str, list[str]]]:
    return [
        (key, segments)
        for key, segments in keys.keys
        if tuple(segments[:2]) in beginnings or (segments[0], "") in beginnings
    ]


@lru_cache(maxsize=128)
def _named(named: NamedKeys, beginnings: _Beginnings) -> list[tuple[str, Keys]]:
    return [(name, keys) for name, keys in named.keys.items() if _tried(keys, beginnings)]


class Shape:
    """Nested attributes: a tree of the places where their values are, or of plain values themselves."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._tree = tree
        self.whole: Place = _Made(tree)
        self._beginnings = _same(frozenset(_beginnings(tree)))
        self._places: dict[Keys, list[tuple[str, Place]]] = {}

    @property
    def members(self) -> dict[str, Place]:
        """What is at the top."""
        return {name: _at(node) for name, node in self._tree.items()}

    def __contains__(self, name: str) -> bool:
        return name in self._tree

    def places(self, keys: Keys) -> list[tuple[str, Place]]:
        """Those of ``keys`` that may have a value, with where that is."""
        found = self._places.get(keys)
        if found is None:
            tried = _tried(keys, self._beginnings)
            found = self._places[keys] = self._where(tried) if tried else []
        return found

    def _where(self, tried: Sequence[tuple[str, list[str]]]) -> list[tuple[str, Place]]:
        places = [(key, self._place(key, segments)) for key, segments in tried]
        return [(key, place) for key, place in places if place is not None]

    def named(self, named: NamedKeys) -> list[tuple[str, Keys]]:
        """Those names whose keys may have a value."""
        return _named(named, self._beginnings)

    def _place(self, key: str, segments: Sequence[str]) -> Place | None:
        if key in self._tree:
            return _at(self._tree[key])
        node: JSONValue = self._tree
        for number, part in enumerate(segments):
            if isinstance(node, dict):
                node = node.get(part)
            elif isinstance(node, _ATTRIBUTES):
                return _Inside(node, segments[number:])
            else:
                node = below(node, (part,)) if isinstance(node, list) else None
            if node is None:
                return None
        return _at(node)


def _at(node: JSONValue) -> Place:
    if isinstance(node, (dict, list)):
        return _Made(node)
    return node if isinstance(node, _ATTRIBUTES) else _Plain(node)


class Shapes:
    """Shapes by their names, and which names have none of their own."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[str, ...], Shape] = {}
        self.memory = 0
        """Bytes that they take, as ``_memory_of`` reckons."""

        self._conflicts: set[int] = set()

    def get(self, names: tuple[str, ...]) -> Shape | None:
        """The shape of attributes with these names; None of so many or so long ones that it is not remembered. Raises
        ConflictError where one leads through the value of another."""
        shape = self._shapes.get(names)
        return self._made(names) if shape is None else shape

    def _made(self, names: tuple[str, ...]) -> Shape | None:
        memory = _memory_of(names)
        if memory is None:
            return None
        shape = Shape(nested_apart({name: _Whole(number) for number, name in enumerate(names)}))
        self.memory += memory
        if self.memory > MOST_MEMORY:  # what comes again is soon there again
            self._shapes, self.memory = {}, memory
        self._shapes[names] = shape
        return shape

    def have_conflict(self, names: tuple[str, ...]) -> bool:
        """Whether these names were said to have one, or others of the same hash; it only saves work."""
        return hash(names) in self._conflicts

    def add_conflict(self, names: tuple[str, ...]) -> None:
        """One of these names leads through the value of another."""
        if len(self._conflicts) >= MOST_CONFLICTS:
            self._conflicts = set()
        self._conflicts.add(hash(names))


REMEMBERED = Shapes()
"""Of all spans."""


def _memory_of(names: tuple[str, ...]) -> int | None:
    """Bytes that a shape takes at most: an object a segment, and the text of the names, its parts and templates. None
    where they are too many."""
    if len(names) > MOST_SEGMENTS:
        return None
    text = "".join(names)
    segments = len(names) + text.count(".")
    is_small = segments <= MOST_SEGMENTS and len(text) <= LONGEST_NAMES
    return 350 * segments + 4 * sys.getsizeof(text) if is_small else None


_NONE_APART = Sent((), ())
"""What is sent to a shape that has the values in it."""


def arranged(attributes: Mapping[str, JSONValue]) -> tuple[Shape, Sent]:
    """Attributes as they are nested (``resolvers.spans.nesting.nested``): their shape, and their values."""
    names = tuple(attributes)
    if not REMEMBERED.have_conflict(names):
        try:
            shape = REMEMBERED.get(names)
            if shape is None:
                return Shape(nested_apart(_standing(attributes))), _NONE_APART
            values = list(attributes.values())
            return shape, Sent(values, [text_of(value) for value in values])
        except ConflictError:
            REMEMBERED.add_conflict(names)
    return Shape(nested(attributes)), _NONE_APART


def _standing(attributes: Mapping[str, JSONValue]) -> dict[str, JSONValue]:
    """Attributes of which those that mean themselves, nearly all, stand themselves."""
    return {
        name: _Known(value)
        if (value.startswith(("{", "[")) if isinstance(value, str) else isinstance(value, (dict, list)))
        else value
        for name, value in attributes.items()
    }
