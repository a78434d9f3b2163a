"""Lists of bound values that a statement can hold."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

__all__ = ["CHUNK", "chunked"]

T = TypeVar("T")

CHUNK = 1000
"""Values bound in one IN list; well below SQLite's 32,766 and PostgreSQL's 65,535 parameters."""


def chunked(values: Iterable[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """``values`` in lists of at most ``size``."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk
