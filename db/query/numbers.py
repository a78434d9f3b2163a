"""Numbers as queries know them: an integer of 64 bits, or else a double."""

import re
from decimal import Decimal
from typing import Any

__all__ = ["normal_number", "number_of_text", "postgresql_number"]

_NUMBER_TEXT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?")
_INTEGER_TEXT = re.compile(r"-?(0|[1-9][0-9]*)")
_LONGEST_NUMBER = 64


def normal_number(value: float) -> int | float:
    """An integer beyond 64 bits becomes a double, as it does in SQLite and in most clients."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return float(value)
    return value


def postgresql_number(value: Any) -> Any:
    """``value`` as a ``numeric`` that compares as the double does: the integer that it is, or its shortest text."""
    if not isinstance(value, float):
        return value
    return int(value) if -(2.0**63) <= value < 2.0**63 and value.is_integer() else Decimal(repr(value))


def number_of_text(value: str) -> int | float | None:
    """The number that a text writes, as JSON does; None where it writes none."""
    if len(value) <= _LONGEST_NUMBER and _NUMBER_TEXT.fullmatch(value):
        number = normal_number(int(value)) if _INTEGER_TEXT.fullmatch(value) else float(value)
        return number if abs(number) != float("inf") else None
    return None
