"""Looking up the dotted keys of the conventions in the attributes of a span.

There are more than a hundred, and a span has a few of them. So only keys whose first two segments are in its attributes
are tried, and which those are is worked out once for spans that are alike in that.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from db.json_text import JSONValue
from resolvers.spans.nesting import segments_of, value_at

__all__ = ["ASIDE", "Finder", "Keys", "NamedKeys", "Tree"]

Tree = Mapping[str, JSONValue]
"""Nested attributes (``resolvers.spans.nesting``)."""

ASIDE = {"input": {"mime_type", "value"}, "output": {"mime_type", "value"}, "gen_ai.prompt": {"name"}}
"""What may stand below a key without being its value; an ``input.value`` that says something was found before."""

_Key = tuple[str, list[str]]
"""A key and its segments."""

_Beginning = tuple[str, ...]
"""The first two segments of a key, or all that it has; with an empty second one, all keys that begin like it."""

_seconds: dict[str, set[str]] = {}
"""By the first segments of all keys, what comes second."""


class Keys:
    """Keys in the order in which they are tried."""

    def __init__(self, *keys: str) -> None:
        self.keys: list[_Key] = [(key, segments_of(key)) for key in keys]
        for _, (first, *others) in self.keys:
            _seconds.setdefault(first, set()).update(others[:1])


class NamedKeys:
    """What has a name of ours, and the keys that it may have elsewhere."""

    def __init__(self, **keys: tuple[str, ...]) -> None:
        self.keys = {name: Keys(*several) for name, several in keys.items()}


# Beginnings are those of our keys, not whatever clients send, but there are many sets of them.
@lru_cache(maxsize=4096)
def _tried(keys: Keys, beginnings: frozenset[_Beginning]) -> list[_Key]:
    return [
        (key, segments)
        for key, segments in keys.keys
        if tuple(segments[:2]) in beginnings or (segments[0], "") in beginnings
    ]


@lru_cache(maxsize=4096)
def _same(beginnings: frozenset[_Beginning]) -> frozenset[_Beginning]:
    """One set for all that are equal, so that those that were looked up before are known by identity."""
    return beginnings


@lru_cache(maxsize=4096)
def _named(named: NamedKeys, beginnings: frozenset[_Beginning]) -> list[tuple[str, Keys]]:
    return [(name, keys) for name, keys in named.keys.items() if _tried(keys, beginnings)]


def _beginnings(tree: Tree) -> Iterator[_Beginning]:
    for name, value in tree.items():
        seconds = _seconds.get(name)
        if seconds is None:
            # A key with dots is there where it could not be nested.
            if "." in name and (first := name.partition(".")[0]) in _seconds:
                yield first, ""
            continue
        yield (name,)
        if isinstance(value, dict):
            for second in seconds.intersection(value):
                yield name, second
        else:
            yield name, ""


class Finder:
    """What there is in the attributes of one span."""

    __slots__ = ("beginnings", "tree")

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.beginnings = _same(frozenset(_beginnings(tree)))

    def values(self, keys: Keys) -> Iterator[tuple[str, Any]]:
        """Each of ``keys`` that may have a value, with that or None."""
        tried = _tried(keys, self.beginnings)
        # Of most keys none is there.
        return self._each(tried) if tried else iter(())

    def _each(self, tried: list[_Key]) -> Iterator[tuple[str, Any]]:
        tree = self.tree
        for key, segments in tried:
            yield key, value_at(tree, key, segments)

    def named(self, named: NamedKeys) -> list[tuple[str, Keys]]:
        """Those names whose keys may have a value."""
        return _named(named, self.beginnings)

    def first(self, keys: Keys) -> tuple[str, JSONValue] | None:
        """The first of ``keys`` that has a value, with its value. Empty text and empty containers are none."""
        for key, value in self.values(keys):
            if value in (None, "", [], {}) or (isinstance(value, dict) and value.keys() <= ASIDE.get(key, _NOTHING)):
                continue
            return key, value
        return None

    def text(self, keys: Keys) -> str | None:
        """The first of ``keys`` with a plain value, as text."""
        for _, value in self.values(keys):
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                return str(value)
        return None

    def has(self, keys: Keys) -> bool:
        """Whether one of ``keys`` has a value that is true."""
        return any(value for _, value in self.values(keys))

    def get(self, keys: Keys) -> JSONValue:
        """The value of ``keys``, which are one; None where it has none."""
        return next((value for _, value in self.values(keys)), None)


_NOTHING: set[str] = set()
