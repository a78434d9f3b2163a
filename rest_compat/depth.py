"""How deep JSON is nested, told before anything walks it."""

__all__ = ["depth_of", "is_deeper"]

_NOT_STRUCTURE = bytes(byte for byte in range(256) if byte not in b'[]{}"')


def is_deeper(text: bytes, levels: int) -> bool:
    """Whether ``text``, which need not be right, has more than ``levels`` of lists and objects inside each other."""
    if len(text) <= levels or _opened(text) <= levels:
        return False
    left = structure = _structure(text)
    if _opened(structure) <= levels:
        return False
    # Each pass takes away what holds nothing, which is one level or two.
    for _ in range(levels // 2):
        left = left.replace(b"[]", b"").replace(b"{}", b"")
        if not left:
            return False
    return _deepest(structure) > levels


def depth_of(text: bytes) -> int:
    """How many lists and objects are inside each other where it is deepest."""
    return _deepest(_structure(text))


def _opened(text: bytes) -> int:
    """How many lists and objects begin. Bytes are taken away at the speed of memory, and counted at a tenth of it."""
    return 2 * len(text) - len(text.replace(b"[", b"")) - len(text.replace(b"{", b""))


def _structure(text: bytes) -> bytes:
    """The brackets outside strings."""
    escaped = text.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in text else text
    # Two quotes beside each other, as most strings leave them, change nothing for what is around them.
    left = escaped.translate(None, _NOT_STRUCTURE).replace(b'""', b"")
    # What is left of strings is the structure outside them and inside them in turn.
    return b"".join(left.split(b'"')[::2])


def _deepest(structure: bytes) -> int:
    depth = deepest = 0
    for byte in structure:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest
