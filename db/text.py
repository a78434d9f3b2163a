"""Text that both databases can hold.

Exceptions, prompts and tool output contain U+0000 and lone surrogates, and neither a PostgreSQL ``text`` nor UTF-8 can.
They are kept as code points of a private plane, one for one, so that equality, order and substring search
go on working on what is stored. Nothing else is changed.
"""

import re
from collections.abc import Sequence

__all__ = ["decode_text", "encode_text", "encode_texts", "utf8_size"]

_PLANE = 0x10F000
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_STORED = re.compile("[\U0010f000\U0010f800-\U0010ffff]")


def encode_text(text: str) -> str:
    """What is stored for ``text``: U+0000 becomes U+10F000, a lone surrogate U+D800+n becomes U+10F800+n."""
    if _is_storable(text):
        return text
    return _UNSTORABLE.sub(lambda m: chr(_PLANE + (ord(m[0]) and ord(m[0]) - 0xD000)), text)


def encode_texts(texts: Sequence[str | None]) -> Sequence[str | None]:
    """``encode_text`` of each text that is there. They are looked at together: few need anything done to them."""
    whole = "".join([text for text in texts if text is not None])
    if _is_storable(whole):
        return texts
    return [text if text is None else encode_text(text) for text in texts]


def _is_storable(text: str) -> bool:
    """Whether it can be stored as it is, which is found out much sooner by writing it as UTF-8, and looking for a byte
    there, than by looking for what it must not have: beside wide characters, each narrow one has a byte that is 0."""
    if text.isascii():
        return "\x00" not in text
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


def utf8_size(text: str) -> int:
    """Its bytes as UTF-8. Raises UnicodeEncodeError for half a surrogate pair."""
    return len(text) if text.isascii() else len(text.encode())


def decode_text(stored: str) -> str:
    """The text that ``encode_text`` was given."""
    if stored.isascii():
        return stored
    return _STORED.sub(lambda m: chr(ord(m[0]) - _PLANE and ord(m[0]) - _PLANE + 0xD000), stored)
