"""What an exception says, in whichever form it was recorded."""

import re
from typing import NamedTuple

from db.json_text import parse_json

__all__ = ["ExceptionParts", "exception_parts"]

_TRACEBACK = "Traceback (most recent call last):"
_NAMED = re.compile(
    r"([A-Za-z_][\w.]*(?:Error|Exception|Exit|Failure|Group|Interrupt|Timeout|Warning))(?::\s*(.*))?", re.DOTALL
)


class ExceptionParts(NamedTuple):
    """``type`` is None where the text names none, both are where there is no text."""

    type: str | None
    message: str | None


def exception_parts(text: str) -> ExceptionParts:
    """Type and message of an exception: of the JSON that Weave's SDKs record, of ``ValueError: no such city``, or of
    a Python traceback that ends in such a line. Any other text is the message."""
    if text.startswith("{"):
        try:
            value = parse_json(text)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict) and isinstance(value.get("message"), str):
            kind = value.get("type")
            return ExceptionParts(kind if isinstance(kind, str) and kind else None, value["message"])
    told = text
    if text.startswith(_TRACEBACK):
        told = next((line for line in reversed(text.splitlines()) if line and not line[0].isspace()), text)
    if named := _NAMED.fullmatch(told):
        return ExceptionParts(named[1], (named[2] or "").strip())
    return ExceptionParts(None, text)
