"""Who follows what: the projects that are followed, how far each has come, and the reads that followers share."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from db.changes import Changes, Position
from db.engines import Database
from db.projects import select_heads
from resolvers.live.feed import Feed
from resolvers.live.results import Results

__all__ = ["Hub", "Watch"]

GATHER = 0.01  # seconds between two looks at how far projects have come: a burst of commits is one change
AGAIN = 1.0  # seconds before a look that failed is tried again

logger = logging.getLogger("tracegraph.live")


class Watch:
    """One project that is followed: the number of its last change, as far as this process knows."""

    def __init__(self, hub: "Hub", project: str) -> None:
        self.project = project
        self.head = 0
        self.followers = 0
        self._hub = hub
        self._changed = asyncio.Event()

    async def reach(self, seq: int) -> bool:
        """Wait for the change with this number; False where the server stops first."""
        while self.head < seq and not self._hub.stopping:
            await self._changed.wait()
        return not self._hub.stopping

    def advance(self, head: int) -> None:
        """The project has come this far."""
        if head > self.head:
            self.head = head
            self.wake()

    def wake(self) -> None:
        """Let everyone who waits look again."""
        self._changed.set()
        self._changed = asyncio.Event()


class Hub:
    """What the followers of one process share. It does nothing while there are none."""

    def __init__(self, database: Database) -> None:
        self.stopping = False
        self.results = Results()
        self._database = database
        self._watches: dict[str, Watch] = {}
        self._feeds: dict[Hashable, Feed] = {}
        self._silence: Callable[[], None] | None = None
        self._dirty: set[str] = set()
        self._asked: list[tuple[str, asyncio.Future[int]]] = []
        self._asking = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """How many follow at the moment."""
        return sum(watch.followers for watch in self._watches.values())

    @contextmanager
    def watch(self, project: str) -> Iterator[Watch]:
        """The project as something that is followed meanwhile."""
        watch = self._watches.get(project)
        if watch is None:
            watch = self._watches[project] = Watch(self, project)
            if self._silence is None:
                self._listen()
            self._changed([project])  # it may have changed just before
        watch.followers += 1
        try:
            yield watch
        finally:
            watch.followers -= 1
            if not watch.followers:
                del self._watches[project]
            if not self._watches and self._silence is not None:
                self._silence()
                self._silence = None

    @contextmanager
    def feed(self, key: Hashable, watch: Watch, read: Callable[[Position, int], Awaitable[Changes]]) -> Iterator[Feed]:
        """The feed that all followers with the same ``key`` share; ``read`` takes a position and a head."""
        feed = self._feeds.get(key)
        if feed is None:
            feed = self._feeds[key] = Feed(watch, read)
        feed.followers += 1
        try:
            yield feed
        finally:
            feed.followers -= 1
            if not feed.followers:
                del self._feeds[key]
                self.results.forget(feed)

    async def head(self, project: str) -> int:
        """The number of the project's last change now: not less than what was committed before the call."""
        asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked.append((project, asked))
        self._asking.set()
        self._look()
        return await asked

    def stop(self) -> None:
        """End all following, at once."""
        self.stopping = True
        for watch in self._watches.values():
            watch.wake()

    async def close(self) -> None:
        """End what runs; a second call does nothing."""
        self.stop()
        if self._silence is not None:
            self._silence()
            self._silence = None
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
            self._looking = None
        for _, asked in self._asked:
            asked.cancel()

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()

        def heard(projects: Collection[str] | None) -> None:
            if not loop.is_closed():  # a write may end after the server has
                loop.call_soon_threadsafe(self._changed, projects)

        self._silence = self._database.signals.listen(heard)

    def _changed(self, projects: Collection[str] | None) -> None:
        dirty = self._watches.keys() if projects is None else self._watches.keys() & set(projects)
        if dirty:
            self._dirty |= dirty
            self._look()

    def _look(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_while_needed(), name="looking for changes")

    async def _look_while_needed(self) -> None:
        """See how far the projects have come that changed or that somebody asks for: one statement for all."""
        while self._dirty or self._asked:
            self._asking.clear()
            asked, self._asked = self._asked, []
            dirty, self._dirty = self._dirty, set()
            projects = dirty | {project for project, _ in asked}
            try:
                heads = await self._database.read(partial(select_heads, project_ids=projects))
            except Exception as error:  # noqa: BLE001 - whatever it was, followers stay and the next look may do
                self._dirty |= dirty
                for _, future in asked:
                    if not future.done():
                        future.set_exception(error)
                logger.warning("changes cannot be looked for: %s", error)
                await asyncio.sleep(AGAIN)
                continue
            for project, head in heads.items():
                if project in self._watches:
                    self._watches[project].advance(head)
            for project, future in asked:
                if not future.done():
                    future.set_result(heads[project])
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asking.wait(), GATHER)
