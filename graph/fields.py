"""Declaring fields: columns of a row, and links that need some columns of it."""

from collections.abc import Iterable
from typing import Any

import strawberry

from graph.cost import cost

__all__ = ["NEEDS", "column", "link"]

NEEDS = "needs"
"""Key of a field's metadata: the columns of the row that its resolver reads."""


def column(description: str, **options: Any) -> Any:
    """A field that is read off the row under its Python name, without a resolver."""
    return strawberry.field(description=description, **options)


def link(description: str, needs: Iterable[str] = (), *, weight: int | None = None, **options: Any) -> Any:
    """Decorator of a field with a resolver; ``needs`` names the columns of the row (``self``) that it reads.

    ``weight`` is what it costs (``graph.cost``), where that is more than other fields of its kind.
    """
    metadata = {NEEDS: tuple(needs)} | ({} if weight is None else cost(weight))
    return strawberry.field(description=description, metadata=metadata, **options)
