"""How a long answer gives way to others.

A stream asks for one page after the other as fast as its client reads, and would take all that is left of the
processor from those who ask for little and wait. So it looks, before each page, whether somebody waits for a write, or
the thread of the event loop computes while the stream itself waits: then others have work there, the stream rests
some times as long as its last page took, and takes smaller pages. What other processes do does not count.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rest_compat.registry import OTHER_PAGES

__all__ = ["Pace"]

MOMENT = 0.001  # seconds that it waits to see what others do
BUSY = 0.0005  # seconds of processor time in that; with nothing to do it is a tenth
TIMES = 3.0  # how long it rests, in times of what the page before took
LONGEST = 0.5  # seconds
SMALLER = 250  # rows of a page while others work


class Pace:
    """The pace of one answer; ``is_awaited`` says whether somebody waits for a write."""

    def __init__(self, is_awaited: Callable[[], bool]) -> None:
        self._is_awaited = is_awaited
        self.rows = OTHER_PAGES
        """How many rows the next page should have."""

        self._took = 0.0

    async def rest(self) -> None:
        """Before each page: let others go first where there are any."""
        before = time.thread_time()
        await asyncio.sleep(MOMENT)
        if time.thread_time() - before < BUSY and not self._is_awaited():
            self.rows = OTHER_PAGES
            return
        self.rows = SMALLER
        await asyncio.sleep(min(self._took * TIMES, LONGEST))

    @contextmanager
    def page(self) -> Iterator[None]:
        """While a page is made."""
        began = time.monotonic()
        yield
        self._took = time.monotonic() - began
