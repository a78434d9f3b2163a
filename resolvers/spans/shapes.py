"""Where the attributes of a span go, worked out once for all spans whose attributes have the same names.

An instrumentation sends the same few sets of names again and again. What their dots make of them depends on the names
alone, as long as none leads through the value of another: which objects and lists there are, and where in them each
value stands. So a shape has the text of all attributes as a template, and for each key that is sought the place where
it may have a value; of the hundred keys of the conventions most have none. Of the values no more is read than what is
looked at.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

import orjson

from db.json_text import JSONValue, dump_json
from resolvers.spans.nesting import ConflictError, below, nested, nested_apart, segments_of, text_of, value_of

__all__ = ["Keys", "NamedKeys", "Place", "Sent", "Shape", "arranged"]

LONGEST_NAMES = 4096
"""Characters of the names of a shape that is remembered."""


class Keys:
    """Keys in the order in which they are tried."""

    def __init__(self, *keys: str) -> None:
        self.keys = [(key, segments_of(key)) for key in keys]


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


class _Inside(NamedTuple):
    """A place inside what was sent as one attribute."""

    attribute: _Whole
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
            return _written(self._tree, lambda attribute: orjson.Fragment(sent.texts[attribute.number].encode()))
        except TypeError:  # half a surrogate pair in a name
            return dump_json(self.value(sent))

    def _make_template(self) -> None:
        numbers: list[int] = []

        def taken(attribute: _Whole) -> orjson.Fragment:
            numbers.append(attribute.number)
            return orjson.Fragment(b"\x00")  # which is in no JSON text

        text = _written(self._tree, taken)
        self._pick = itemgetter(*numbers) if numbers else lambda _: ()
        self._template = text.replace("%", "%%").replace("\x00", "%s")


def _filled(node: JSONValue, sent: Sent) -> JSONValue:
    if isinstance(node, _Whole):
        return node.value(sent)
    if isinstance(node, list):
        return [_filled(item, sent) for item in node]
    return {name: _filled(item, sent) for name, item in node.items()}


def _written(tree: JSONValue, write: Callable[[_Whole], orjson.Fragment]) -> str:
    """JSON text, with what is written for each attribute."""
    return orjson.dumps(tree, default=write).decode()


class Shape:
    """Nested attributes without their values: a tree of the places where these are."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._tree = tree
        self.whole: Place = _Made(tree)
        self._places: dict[Keys, list[tuple[str, Place]]] = {}
        self._named: dict[NamedKeys, list[tuple[str, Keys]]] = {}

    @property
    def members(self) -> dict[str, Place]:
        """What is at the top."""
        return {name: _at(node) for name, node in self._tree.items()}

    def places(self, keys: Keys) -> list[tuple[str, Place]]:
        """Those of ``keys`` that may have a value, with where that is."""
        found = self._places.get(keys)
        if found is None:
            tree = self._tree
            tried = [each for each in keys.keys if each[1][0] in tree or each[0] in tree]
            places = [(key, self._place(key, segments)) for key, segments in tried]
            found = self._places[keys] = [(key, place) for key, place in places if place is not None]
        return found

    def named(self, named: NamedKeys) -> list[tuple[str, Keys]]:
        """Those names whose keys may have a value."""
        found = self._named.get(named)
        if found is None:
            found = self._named[named] = [(name, keys) for name, keys in named.keys.items() if self.places(keys)]
        return found

    def _place(self, key: str, segments: Sequence[str]) -> Place | None:
        if key in self._tree:
            return _at(self._tree[key])
        node: Any = self._tree.get(segments[0])
        for number, part in enumerate(segments[1:], start=1):
            if node is None:
                return None
            if isinstance(node, _Whole):
                return _Inside(node, segments[number:])
            node = node.get(part) if isinstance(node, dict) else below(node, (part,))
        return None if node is None else _at(node)


def _at(node: JSONValue) -> Place:
    return node if isinstance(node, _Whole) else _Made(node)


@lru_cache(maxsize=512)
def _apart(names: tuple[str, ...]) -> Shape | None:
    """The shape of attributes with these names; None where one of them leads through the value of another."""
    try:
        return Shape(nested_apart({name: _Whole(number) for number, name in enumerate(names)}))
    except ConflictError:
        return None


@lru_cache(maxsize=512)
def _flat(names: tuple[str, ...]) -> Shape:
    """The shape of attributes that are nested already."""
    return Shape({name: _Whole(number) for number, name in enumerate(names)})


def arranged(attributes: Mapping[str, JSONValue]) -> tuple[Shape, Sent]:
    """Attributes as they are nested (``resolvers.spans.nesting.nested``): their shape, and their values."""
    names = tuple(attributes)
    is_short = sum(map(len, names)) <= LONGEST_NAMES
    shape = _apart(names) if is_short else _apart.__wrapped__(names)
    if shape is None:
        attributes = nested(attributes)
        names = tuple(attributes)
        shape = _flat(names) if is_short else _flat.__wrapped__(names)
    values = list(attributes.values())
    return shape, Sent(values, [text_of(value) for value in values])
