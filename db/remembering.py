"""Remembering what functions of a text give."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

__all__ = ["remembering"]

T = TypeVar("T")


def remembering(most: int, longest: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """Have a function remember what it gave for up to ``most`` texts of at most ``longest`` characters: what is kept of
    longer ones, which clients choose, would take too much memory."""

    def decorated(function: Callable[[str], T]) -> Callable[[str], T]:
        remembered = lru_cache(most)(function)

        @wraps(function)
        def called(text: str) -> T:
            return remembered(text) if len(text) <= longest else function(text)

        return called

    return decorated
