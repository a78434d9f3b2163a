"""Opaque ids of nodes: ``Node.id`` holds the type, the project and the key."""

import base64
import binascii
import json
import time
import uuid
from typing import NamedTuple

from resolvers.errors import InvalidInputError

__all__ = ["GlobalId", "decode_id", "encode_id", "new_id"]


class GlobalId(NamedTuple):
    """A node's identity: the noun, the project's slug, and the key within the project."""

    noun: str
    project: str
    key: tuple[str, ...]


def encode_id(noun: str, project: str, *key: str) -> str:
    """The opaque id of a node."""
    text = json.dumps([noun, project, *key], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_id(text: str) -> GlobalId:
    """What ``encode_id`` was given; raises InvalidInputError naming ``text`` where it is no id of ours."""
    try:
        noun, project, *key = parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if all(isinstance(part, str) for part in parts) and encode_id(noun, project, *key) == text.rstrip("="):
            return GlobalId(noun, project, tuple(key))
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise InvalidInputError(f"Invalid node id {text!r}", ["id"]) from error
    raise InvalidInputError(f"Invalid node id {text!r}", ["id"])


def new_id() -> str:
    """A UUID version 7 (RFC 9562), as the Weave SDKs make them: ids sort by the time they were made."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | (uuid.uuid4().int & ((1 << 80) - 1))
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return str(uuid.UUID(int=value))
