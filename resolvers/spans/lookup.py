"""Looking up the dotted keys of the conventions in the attributes of a span."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from db.json_text import JSONValue, parse_json
from resolvers.spans.shapes import Keys, NamedKeys, Place, Sent, arranged

__all__ = ["ASIDE", "Finder", "Found"]

ASIDE = {"input": {"mime_type", "value"}, "output": {"mime_type", "value"}, "gen_ai.prompt": {"name"}}
"""What may stand below a key without being its value; an ``input.value`` that says something was found before."""

_EMPTY = frozenset({"null", '""', "[]", "{}"})


class Found(NamedTuple):
    """A value that counts."""

    key: str
    text: str
    """Its JSON text."""

    place: Place
    sent: Sent

    @property
    def value(self) -> JSONValue:
        """Itself."""
        return self.place.value(self.sent)


class Finder:
    """What there is in the attributes of one span."""

    __slots__ = ("_sent", "_shape")

    def __init__(self, attributes: Mapping[str, JSONValue]) -> None:
        self._shape, self._sent = arranged(attributes)

    def whole(self) -> str:
        """All of them, nested (``resolvers.spans.nesting``)."""
        return self._shape.whole.text(self._sent)

    def members(self) -> dict[str, str]:
        """What is at the top of all of them."""
        return {name: place.text(self._sent) for name, place in self._shape.members.items()}

    def has_member(self, name: str) -> bool:
        """Whether that has this name."""
        return name in self._shape

    def values(self, keys: Keys) -> list[Any]:
        """The value of each of ``keys`` that may have one, or None."""
        return [place.value(self._sent) for _, place in self._shape.places(keys)]

    def named(self, named: NamedKeys) -> list[tuple[str, Keys]]:
        """Those names whose keys may have a value."""
        return self._shape.named(named)

    def first(self, keys: Keys) -> Found | None:
        """The first of ``keys`` that has a value. Empty text and empty containers are none."""
        for key, place in self._shape.places(keys):
            text = place.text(self._sent)
            if text not in _EMPTY and not (key in ASIDE and _is_aside(key, text)):
                return Found(key, text, place, self._sent)
        return None

    def text(self, keys: Keys) -> str | None:
        """The first of ``keys`` with a plain value, as text."""
        for value in self.values(keys):
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                return str(value)
        return None

    def has(self, keys: Keys) -> bool:
        """Whether one of ``keys`` has a value that is true."""
        return any(self.values(keys))

    def get(self, keys: Keys) -> JSONValue:
        """The value of ``keys``, which are one; None where it has none."""
        return next(iter(self.values(keys)), None)


def _is_aside(key: str, text: str) -> bool:
    return text.startswith("{") and parse_json(text).keys() <= ASIDE[key]
