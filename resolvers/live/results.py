"""What was made of a page for one follower and serves the others who ask for the same."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, NamedTuple

from resolvers.live.feed import Feed, Page

__all__ = ["Made", "Results"]

MOST_BYTES = 64 << 20


class Made(NamedTuple):
    """What was made of each change of a page, and how much memory it takes, in bytes."""

    results: Sequence[Any]
    size: int


class Results:
    """Made once for all who want the same; the last ones are kept, up to 64 MiB together."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[Page, Hashable], Made] = OrderedDict()
        self._making: dict[tuple[Page, Hashable], asyncio.Task[Made]] = {}
        self.size = 0

    async def get(self, page: Page, want: Hashable, make: Callable[[], Awaitable[Made]]) -> Sequence[Any]:
        """What is wanted of the page, by ``make`` where nobody made it yet."""
        key = (page, want)
        made = self._made.get(key)
        if made is not None:
            self._made.move_to_end(key)
            return made.results
        making = self._making.get(key)
        if making is None:
            # A task of its own: who asked first may go away while others wait.
            making = self._making[key] = asyncio.create_task(self._make(key, make))
            making.add_done_callback(_heard)
        return (await asyncio.shield(making)).results

    async def _make(self, key: tuple[Page, Hashable], make: Callable[[], Awaitable[Made]]) -> Made:
        try:
            made = self._made[key] = await make()
        finally:
            del self._making[key]
        self.size += made.size
        if not key[0].feed.followers:
            self.forget(key[0].feed)
        while self.size > MOST_BYTES:
            self.size -= self._made.popitem(last=False)[1].size
        return made

    def forget(self, feed: Feed) -> None:
        """Nobody follows the feed any more."""
        for key in [key for key in self._made if key[0].feed is feed]:
            self.size -= self._made.pop(key).size


def _heard(task: asyncio.Task[Made]) -> None:
    """Whoever still waits gets the error; nobody may."""
    if not task.cancelled():
        task.exception()
