"""Finding things in JSON text without touching what is found (with ``db.json_members``)."""

from collections.abc import Iterable

import msgspec

from db.json_members import members_of
from db.json_text import JSONText, pair_surrogates, unpair_surrogates

__all__ = ["is_list", "is_object", "items_of", "list_of", "value_at"]


def is_object(text: str) -> bool:
    """Whether a JSON value is an object."""
    return text.lstrip().startswith("{")


def is_list(text: str) -> bool:
    """Whether a JSON value is a list."""
    return text.lstrip().startswith("[")


def items_of(text: str) -> list[JSONText]:
    """The items of a JSON list, as they were sent."""
    try:
        return _items(text)
    except msgspec.DecodeError:  # it takes no lone surrogate
        return [unpair_surrogates(item) for item in _items(pair_surrogates(text))]


def _items(text: str) -> list[JSONText]:
    # It takes a str and none of its subclasses.
    return [JSONText(bytes(item).decode()) for item in msgspec.json.decode(str(text), type=list[msgspec.Raw])]


def list_of(items: Iterable[str]) -> JSONText:
    """The JSON list of these items, in their order."""
    return JSONText(f"[{','.join(items)}]")


def value_at(text: str, path: Iterable[str]) -> JSONText | None:
    """What a JSON value has at a path of names of members and positions in lists; None where it has nothing."""
    found = JSONText(text)
    for part in path:
        if is_object(found):
            member = members_of(found).get(part)
        elif is_list(found) and part.isdecimal():
            items = items_of(found)
            member = items[int(part)] if int(part) < len(items) else None
        else:
            return None
        if member is None:
            return None
        found = member
    return found
