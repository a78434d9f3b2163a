"""Taking JSON objects apart, and putting them together, without touching what their members say."""

from collections.abc import Iterable, Mapping

import msgspec

from db.json_text import JSONText, dump_json, pair_surrogates, unpair_surrogates

__all__ = ["is_list", "is_object", "items_of", "join_list", "join_object", "members_of", "value_at"]

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])


def members_of(text: str) -> dict[str, JSONText]:
    """The members of a JSON object, each as its text, in order; of a name that is there twice the last."""
    try:
        return {name: JSONText(str(bytes(raw), "utf-8")) for name, raw in _object.decode(text.encode()).items()}
    except (msgspec.DecodeError, UnicodeEncodeError):  # lone surrogates
        parts = _object.decode(pair_surrogates(_escaped(text)).encode())
        paired = {name: JSONText(str(bytes(raw), "utf-8")) for name, raw in parts.items()}
        return {str(unpair_surrogates(name)): unpair_surrogates(value) for name, value in paired.items()}


def items_of(text: str) -> list[JSONText]:
    """The items of a JSON list, each as its text."""
    try:
        return [JSONText(str(bytes(raw), "utf-8")) for raw in _list.decode(text.encode())]
    except (msgspec.DecodeError, UnicodeEncodeError):
        items = _list.decode(pair_surrogates(_escaped(text)).encode())
        return [unpair_surrogates(JSONText(str(bytes(raw), "utf-8"))) for raw in items]


def _escaped(text: str) -> str:
    """The text without lone surrogates that are written out."""
    return text.encode("utf-8", "backslashreplace").decode() if not text.isascii() else text


def is_object(text: str) -> bool:
    """Whether a JSON value is an object."""
    return text.lstrip().startswith("{")


def is_list(text: str) -> bool:
    """Whether a JSON value is a list."""
    return text.lstrip().startswith("[")


def join_object(members: Mapping[str, str]) -> JSONText:
    """The JSON object of these members, JSON texts."""
    return JSONText("{" + ",".join(f"{dump_json(name)}:{value}" for name, value in members.items()) + "}")


def join_list(items: Iterable[str]) -> JSONText:
    """The JSON list of these items, JSON texts."""
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
