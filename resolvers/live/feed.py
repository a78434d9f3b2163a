"""A feed: what happened in a project and was asked for, in pages that all its followers share."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.changes import Change, Changes, Position
from resolvers.callers import Caller

if TYPE_CHECKING:
    from resolvers.live.hub import Watch

__all__ = ["Feed", "Page"]

KEPT = 16  # pages


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Some changes in order, and where a follower stands that has seen them; told apart by identity."""

    feed: "Feed"
    changes: Sequence[Change]
    end: Position


class Feed:
    """Pages of changes by the position that each begins after.

    Whoever is up to date asks for the same page at the same time, and it is read once. The last pages are kept for
    those who are a little behind; who is further behind reads by its own position. So a follower needs no queue.
    """

    def __init__(self, watch: "Watch", read: Callable[[Position, int], Awaitable[Changes]]) -> None:
        self.followers = 0
        self._watch = watch
        self._read = read
        self._pages: OrderedDict[Position, Page] = OrderedDict()
        self._reading: dict[Position, asyncio.Task[Page]] = {}

    async def follow(self, after: Position, caller: Caller) -> AsyncGenerator[Page, None]:
        """Every page after ``after`` that has changes, as it comes, until the server stops.

        Raises ForbiddenError when the caller may no longer read the project.
        """
        position = after
        while await self._watch.reach(position.seq):
            caller.require_read(self._watch.project)
            page = await self._page(position)
            position = page.end
            if page.changes:
                yield page

    async def _page(self, after: Position) -> Page:
        page = self._pages.get(after)
        if page is not None:
            return page
        reading = self._reading.get(after)
        if reading is None:
            # A task of its own: who asked first may go away while others wait.
            reading = self._reading[after] = asyncio.create_task(self._load(after))
            reading.add_done_callback(_heard)
        return await asyncio.shield(reading)

    async def _load(self, after: Position) -> Page:
        try:
            page = self._pages[after] = Page(self, *await self._read(after, self._watch.head))
        finally:
            del self._reading[after]
        while len(self._pages) > KEPT:
            self._pages.popitem(last=False)
        return page


def _heard(task: asyncio.Task[Page]) -> None:
    """Whoever still waits gets the error; nobody may."""
    if not task.cancelled():
        task.exception()
