"""Taking a JSON object apart into the texts of its members, and putting one together from them: nothing is parsed that
is only moved."""

from collections.abc import Mapping

import msgspec

from db.json_text import JSONText, dump_json, pair_surrogates, unpair_surrogates

__all__ = ["members_of", "object_of"]


def members_of(text: str | None) -> dict[str, JSONText]:
    """The members of a JSON object as they were sent; none of what is no object."""
    if text is None or not text.lstrip().startswith("{"):
        return {}
    try:
        return _members(text)
    except msgspec.DecodeError:  # it takes no lone surrogate
        paired = _members(pair_surrogates(text))
        return {unpair_surrogates(name): unpair_surrogates(value) for name, value in paired.items()}


def _members(text: str) -> dict[str, JSONText]:
    # It takes a str and none of its subclasses.
    found = msgspec.json.decode(str(text), type=dict[str, msgspec.Raw])
    return {name: JSONText(bytes(value).decode()) for name, value in found.items()}


def object_of(members: Mapping[str, str]) -> JSONText:
    """The JSON object with these members, which are JSON text, in their order."""
    return JSONText("{" + ",".join(f"{dump_json(name)}:{value}" for name, value in members.items()) + "}")
