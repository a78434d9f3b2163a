"""Bodies of exports: their type, their compression, and what of their headers counts."""

import asyncio
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from starlette.requests import Request as HTTPRequest

from resolvers.errors import InvalidInputError
from rest_compat.dialects import UnsupportedBodyError
from rest_compat.reading import BodyTooLargeError, read_body

__all__ = ["JSON", "PROTOBUF", "ExportBody", "encoding_of", "read_export"]

PROTOBUF, JSON = "application/x-protobuf", "application/json"

Encoding = Literal["PROTOBUF", "JSON"]
_ENCODINGS: dict[str, Encoding] = {PROTOBUF: "PROTOBUF", "application/protobuf": "PROTOBUF", JSON: "JSON"}

# Window bits that make zlib read gzip; and those of its own format, which HTTP calls deflate.
_COMPRESSIONS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class ExportBody:
    """An export, not compressed any more."""

    content: bytes
    encoding: Encoding
    project: str | None
    """The header ``project_id``."""


def encoding_of(http: HTTPRequest) -> Encoding | None:
    """The encoding that the content type names; None for another type."""
    return _ENCODINGS.get(http.headers.get("content-type", "").partition(";")[0].strip().lower())


async def read_export(http: HTTPRequest, limit: int) -> ExportBody:
    """The export in a request; neither as sent nor unpacked has it more than ``limit`` bytes.

    Raises UnsupportedBodyError, BodyTooLargeError, and InvalidInputError for a body that cannot be unpacked.
    """
    encoding = encoding_of(http)
    if encoding is None:
        sent = http.headers.get("content-type", "")
        raise UnsupportedBodyError(f"Content-Type must be {PROTOBUF} or {JSON}, not {sent!r}")
    content = await read_body(http, limit)
    for compression in reversed(http.headers.get("content-encoding", "").lower().split(",")):
        name = compression.strip()
        if name in _COMPRESSIONS:
            content = await asyncio.to_thread(_unpacked, content, name, limit)
        elif name not in ("", "identity"):
            raise UnsupportedBodyError(f"Content-Encoding must be gzip, deflate or identity, not {name!r}")
    return ExportBody(content, encoding, http.headers.get("project_id") or None)


def _unpacked(content: bytes, name: str, limit: int) -> bytes:
    """``content`` without its compression; unpacking stops at ``limit`` bytes, whatever would come after."""
    whole = BytesIO()
    rest = content
    begun = False
    while rest or not begun:
        begun = True
        unpacker = zlib.decompressobj(_COMPRESSIONS[name])
        while not unpacker.eof:
            try:
                part = unpacker.decompress(rest, CHUNK)
            except zlib.error as error:
                raise InvalidInputError(f"Malformed {name} content: {error}", ["content"]) from error
            rest = unpacker.unconsumed_tail
            if whole.tell() + len(part) > limit:
                raise BodyTooLargeError(limit)
            whole.write(part)
            if not part and not rest and not unpacker.eof:
                raise InvalidInputError(
                    f"Malformed {name} content: it ends before it is whole, after {len(content)} bytes", ["content"]
                )
        rest = unpacker.unused_data  # gzip may be several files one after another
    return whole.getvalue()
