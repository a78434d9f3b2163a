"""Text as search compares it, and its trigrams.

Folding is done character by character, so that a text that has another in it has it folded, too.
"""

import zlib
from collections.abc import Iterable

from db.text import encode_text

__all__ = ["GRAM", "SEPARATOR", "fold", "grams", "hashed"]

GRAM = 3
"""Characters of a trigram: the shortest text that an index can look for."""

SEPARATOR = "\U0010effe"
"""Stands between two values, so that nothing is found across them."""


def fold(text: str) -> str:
    """``text`` without regard to case, as a database can hold it: ``Straße`` as ``strasse``."""
    return encode_text(text.lower() if text.isascii() else text.upper().casefold())


def grams(folded: str) -> set[str]:
    """The trigrams of folded text."""
    return {folded[begin : begin + GRAM] for begin in range(len(folded) - GRAM + 1)}


def hashed(project_id: str, found: Iterable[str]) -> list[int]:
    """Trigrams as numbers of 32 bits with a sign, others in each project, so that an index keeps the projects apart.

    Two trigrams may have the same number: what is found by it is compared itself.
    """
    salt = zlib.crc32(project_id.encode(errors="surrogatepass"))
    numbers = {zlib.crc32(gram.encode(), salt) for gram in found}
    return sorted(number - (1 << 32) if number >> 31 else number for number in numbers)
