"""Cursors of changes: opaque text that holds a project, what was followed there, and how far."""

import base64
import binascii
import json
from typing import Literal

from db.changes import Position, beyond
from resolvers.errors import InvalidInputError

__all__ = ["Noun", "decode_cursor", "encode_cursor", "head_cursor"]

Noun = Literal["calls", "feedback"]

EVERYTHING = "changes"
"""In place of a noun: a cursor of the project as a whole, which all its subscriptions take."""


def encode_cursor(noun: str, project: str, position: Position) -> str:
    """The cursor of a position."""
    text = json.dumps([noun, project, *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def head_cursor(project: str, head: int) -> str:
    """The cursor after the change with this number, for any noun."""
    return encode_cursor(EVERYTHING, project, beyond(head))


def decode_cursor(text: str, noun: Noun, project: str) -> Position:
    """The position of a cursor; raises InvalidInputError, which names it, where it is none of this noun and project."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        made_for, slug, *position = parts
        seq, row_id, rank = position
        known = isinstance(made_for, str) and isinstance(slug, str) and isinstance(row_id, str)
        if not (known and type(seq) is type(rank) is int and 0 < seq < 10**18 and -1 <= rank < 10):
            raise ValueError(text)  # noqa: TRY301 - answered as any other text that is no cursor
        found = Position(seq, row_id, rank)
        if encode_cursor(made_for, slug, found) != text.rstrip("="):
            raise ValueError(text)  # noqa: TRY301
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise InvalidInputError(f"Invalid cursor {text[:200]!r}: not one of a subscription", ["after"]) from error
    if slug != project:
        raise InvalidInputError(f"The cursor {text!r} is of project {slug!r}, not {project!r}", ["after"])
    if made_for not in (noun, EVERYTHING):
        raise InvalidInputError(f"The cursor {text!r} is of {made_for}, not of {noun}", ["after"])
    return found
