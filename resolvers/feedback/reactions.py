"""Reactions: one emoji, and its names with and without the tone of skin."""

import re

from resolvers.errors import InvalidInputError

__all__ = ["reaction_names"]

_TONE = re.compile(r"_(?:(?:medium-)?(?:light|dark)|medium)_skin_tone")


def reaction_names(text: str) -> dict[str, str]:
    """What a reaction's payload gains: ``alias`` (":thumbs_up_dark_skin_tone:"), ``detoned`` (the emoji in its plain
    form) and ``detoned_alias``, as W&B's servers write them.

    Raises InvalidInputError unless ``text`` holds exactly one emoji.
    """
    import emoji  # here, since its tables take five megabytes

    if emoji.emoji_count(text) != 1:
        raise InvalidInputError(f"A reaction holds exactly one emoji, {text[:60]!r} does not", ["payload", "emoji"])
    detoned = emoji.replace_emoji(text, replace=_without_tone)
    return {"alias": emoji.demojize(text), "detoned": detoned, "detoned_alias": emoji.demojize(detoned)}


def _without_tone(found: str, _data: dict[str, str]) -> str:
    """By way of the name: leaving out the tone's code point alone would miss the variation selector that the plain
    form of some emoji has."""
    import emoji

    return emoji.emojize(_TONE.sub("", emoji.demojize(found)))
