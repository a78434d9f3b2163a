"""Declaring fields: columns of a row, and links that need some columns of it."""

from collections.abc import Iterable
from typing import Any

import strawberry

__all__ = ["NEEDS", "column", "link"]

NEEDS = "needs"
"""Key of a field's metadata: the columns of the row that its resolver reads."""


def column(description: str, **options: Any) -> Any:
    """A field that is read off the row under its Python name, without a resolver."""
    return strawberry.field(description=description, **options)


def link(description: str, needs: Iterable[str] = (), **options: Any) -> Any:
    """Decorator of a field with a resolver; ``needs`` names the columns of the row (``self``) that it reads."""
    return strawberry.field(description=description, metadata={NEEDS: tuple(needs)}, **options)
