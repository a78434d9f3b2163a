"""Attributes as people read and query them: dotted keys as nested objects, JSON in strings as values.

``{"llm.messages.0.role": "user", "input.value": '{"a": 1}'}`` becomes
``{"llm": {"messages": [{"role": "user"}]}, "input": {"value": {"a": 1}}}``. Nothing is lost: a key that cannot be
nested, since another key has a plain value on its way, stays as it is at the top.
"""

from collections.abc import Iterable, Mapping

from db.json_text import JSONValue, parse_json

__all__ = ["at", "nested"]

DEEPEST_KEY = 64  # segments; a key of more stays flat
DEEPEST_VALUE = 200  # levels of JSON in a string; deeper text stays text


class _ConflictError(Exception):
    """A key leads through another key's value."""


class _Branch(dict[str, JSONValue]):
    """An object that dotted keys made; one that was sent as JSON is a plain dict, and stays as it is."""


def nested(attributes: Mapping[str, JSONValue]) -> dict[str, JSONValue]:
    """``attributes`` nested; see the module."""
    try:
        root = _nest(attributes.items(), strict=True)
    except _ConflictError:
        # Shorter keys first: whoever would lead through a plain value comes after it, and stays flat.
        root = _nest(sorted(attributes.items(), key=lambda item: item[0].count(".")), strict=False)
    return {key: _with_lists(value) for key, value in root.items()}


def at(tree: JSONValue, key: str) -> JSONValue:
    """The value at a dotted key of nested attributes; None where there is none."""
    if isinstance(tree, dict) and key in tree:
        return tree[key]
    for part in key.split("."):
        if isinstance(tree, dict):
            tree = tree.get(part)
        elif isinstance(tree, list) and part.isdecimal() and int(part) < len(tree):
            tree = tree[int(part)]
        else:
            return None
    return tree


def _nest(values: Iterable[tuple[str, JSONValue]], *, strict: bool) -> dict[str, JSONValue]:
    root: dict[str, JSONValue] = {}
    for key, sent in values:
        value = _value_of(sent)
        *path, last = key.split(".")
        if len(path) >= DEEPEST_KEY or "" in path or not last:
            root[key] = value
            continue
        place = _descend(root, path)
        present = None if place is None else place.get(last)
        if place is None or (isinstance(present, dict) and not isinstance(value, dict)):
            if strict:
                raise _ConflictError
            root[key] = value
        elif isinstance(present, dict):
            _merge(present, value)
        else:
            place[last] = value
    return root


def _descend(root: dict[str, JSONValue], path: Iterable[str]) -> dict[str, JSONValue] | None:
    """The object at ``path``, made where there is nothing; None where a plain value is in the way."""
    place = root
    for part in path:
        below = place.setdefault(part, _Branch())
        if isinstance(below, list):  # sent twice: as one JSON text and flattened
            below = place[part] = _Branch((str(index), item) for index, item in enumerate(below))
        if not isinstance(below, dict):
            return None
        place = below
    return place


def _merge(into: dict[str, JSONValue], value: dict[str, JSONValue]) -> None:
    for key, item in value.items():
        present = into.get(key)
        if isinstance(present, dict) and isinstance(item, dict):
            _merge(present, item)
        else:
            into[key] = item


def _with_lists(value: JSONValue) -> JSONValue:
    """Branches whose keys are 0, 1, 2, ... as lists."""
    if not isinstance(value, dict):
        return value
    items = {key: _with_lists(item) for key, item in value.items()}
    if items and isinstance(value, _Branch) and all(str(index) in items for index in range(len(items))):
        return [items[str(index)] for index in range(len(items))]
    return items


def _value_of(value: JSONValue) -> JSONValue:
    """``value``, or what it says where it is JSON text of an object or a list."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        parsed = parse_json(value)
    except (ValueError, RecursionError):
        return value
    return value if _deeper_than(parsed, DEEPEST_VALUE) else parsed


def _deeper_than(value: JSONValue, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [
            item
            for container in level
            for item in (container.values() if isinstance(container, dict) else container)
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True
