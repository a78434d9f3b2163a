"""Numbers as queries know them: an integer of 64 bits, or else a double."""

from decimal import Decimal
from typing import Any

__all__ = ["normal_number", "postgresql_number"]


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
