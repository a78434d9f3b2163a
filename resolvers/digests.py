"""Content addresses, equal to those that Weave's SDKs of version 0.52 and later compute.

A digest is the SHA-256 of bytes in an alphabet of letters and digits: URL-safe base64 with ``X`` for ``-``, ``Y`` for
``_`` and no padding. A JSON value is hashed as the text that Python's ``json.dumps`` gives with sorted keys.
"""

import binascii
import hashlib
from collections.abc import Iterable, Sequence

from db.json_text import JSONText, JSONValue, dump_canonical, parse_each, parse_json
from resolvers.errors import ConflictError

__all__ = ["bytes_digest", "check_expected", "json_digest", "json_digests", "table_digest", "value_digest"]

_LETTERS = bytes.maketrans(b"+/", b"XY")  # of plain base64


def bytes_digest(data: bytes | Iterable[bytes]) -> str:
    """The digest of bytes, given whole or in pieces."""
    if isinstance(data, bytes):
        hasher = hashlib.sha256(data)
    else:
        hasher = hashlib.sha256()
        for piece in data:
            hasher.update(piece)
    return binascii.b2a_base64(hasher.digest(), newline=False).translate(_LETTERS, b"=").decode("ascii")


def value_digest(value: JSONValue) -> str:
    """The digest of a parsed JSON value."""
    return bytes_digest(dump_canonical(value).encode())


def json_digest(text: JSONText) -> str:
    """The digest of a JSON value, whatever its key order and spacing."""
    return value_digest(parse_json(text))


def json_digests(texts: Sequence[JSONText]) -> list[str]:
    """``json_digest`` of each of many."""
    return [value_digest(value) for value in parse_each(texts)]


def table_digest(row_digests: Iterable[str]) -> str:
    """The digest of a table with these rows, in this order; in hexadecimal, unlike the others."""
    named = "".join(row_digests).encode(errors="surrogatepass")  # a client may name what no row can have
    return hashlib.sha256(named).hexdigest()


def check_expected(expected: str | None, digest: str, what: str) -> None:
    """Raise ConflictError where the client computed another digest of ``what`` than we did."""
    if expected is not None and expected != digest:
        raise ConflictError(f"Expected digest {expected!r} of {what}, but it is {digest!r}", ["expectedDigest"])
