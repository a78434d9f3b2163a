"""Computing that others should not wait for."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["aside"]

T = TypeVar("T")

LARGE = 64 << 10
"""Bytes whose reading takes longer than to hand it to a thread, and what it found back."""


async def aside(work: Callable[..., T], *given: Any, size: int) -> T:
    """What ``work(*given)`` gives, which reads so many bytes: on a thread, where that would hold up the event loop."""
    return work(*given) if size < LARGE else await asyncio.to_thread(work, *given)
