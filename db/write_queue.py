"""Writes that wait: how many may, and how those that do the same wait to be done together."""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection

__all__ = ["MOST_AT_ONCE", "Admission", "Job", "Together", "WriteLimits", "WriteQueue", "WritesFullError", "units"]

Together = Callable[[Connection, Sequence[Any]], Sequence[Any]]
"""Does several things of one kind in one transaction; returns a result for each. It may run again, on fewer of them."""

MOST_AT_ONCE = 3 << 20
"""Bytes after which no more is taken into a transaction: what is in it waits for all of it."""

MOST_IN_A_GROUP = 256

LATEST = 0.25
"""Seconds after which what nobody waits for is written beside what somebody does."""


class WriteLimits(NamedTuple):
    """What may wait at a time, in one process."""

    writes: int = 10_000
    size: int = 256 << 20
    """Bytes."""


class WritesFullError(Exception):
    """A write was not taken, since too many wait; nothing of it was written."""

    def __init__(self, waiting: int, size: int) -> None:
        super().__init__(
            f"The server is busy: {waiting} requests of {size} bytes wait to be written. Nothing of this one was; "
            "send it again."
        )


class Admission:
    """Counts what waits, and what is being written."""

    def __init__(self, limits: WriteLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._writes = self._size = 0

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for a write."""
        return self._writes > 0

    def enter(self, size: int) -> None:
        """Take one more; raises WritesFullError. One of any size is taken where none waits."""
        with self._lock:
            if self._writes and (self._writes >= self._limits.writes or self._size + size > self._limits.size):
                raise WritesFullError(self._writes, self._size)
            self._writes += 1
            self._size += size

    def leave(self, size: int) -> None:
        """One is done, whatever came of it."""
        with self._lock:
            self._writes -= 1
            self._size -= size


@dataclass(slots=True, eq=False)
class Job:
    """One write, and who waits for it."""

    item: Any
    together: Together
    shared: bool
    """Whether others of its kind may be done with it."""

    size: int
    background: bool = False
    """Whether nobody waits for it, as for what search writes: others are written before it."""

    key: Hashable = None
    """What it waits for together with others of its kind."""

    future: "Future[Any]" = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        """Tell who waits."""
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class WriteQueue:
    """Jobs in the order in which they are written, for one thread that writes them.

    What nobody waits for is written where nothing else is there to be, or has waited for ``LATEST``.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._background: deque[tuple[float, Job]] = deque()
        """Until when each may wait."""

        self._next: Job | None = None
        self._ended = False

    def put(self, job: Job) -> None:
        """Add one; on any thread."""
        self._jobs.put(job)

    def end(self) -> None:
        """What was put is still there to be taken, nothing comes after it; on any thread."""
        self._jobs.put(None)

    def wait(self) -> bool:
        """Return when there is something to take; False where there will be nothing any more."""
        self._next = self._draw(wait=True)
        return self._next is not None

    def take(self) -> list[Job]:
        """What is there, as much as is written in one transaction; what was cancelled is left out."""
        group: list[Job] = []
        size = 0
        job, self._next = self._next, None
        while job is not None:
            size += job.size
            if job.future.set_running_or_notify_cancel():
                group.append(job)
            full = len(group) == MOST_IN_A_GROUP or size >= MOST_AT_ONCE
            job = None if full else self._draw(wait=False)
        return group

    def _draw(self, *, wait: bool) -> Job | None:
        """The next one; None where there is none, or, where it may ``wait``, never will be."""
        while True:
            if self._background and self._background[0][0] <= time.monotonic():
                return self._background.popleft()[1]
            try:
                job = self._jobs.get(block=wait and not self._background and not self._ended)
            except queue.Empty:
                return self._background.popleft()[1] if wait and self._background else None
            if job is None:
                self._ended = True
            elif job.background:
                self._background.append((time.monotonic() + LATEST, job))
            else:
                return job


def units(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    """Jobs in their order, those side by side that are done together in one list."""
    unit: list[Job] = []
    for job in jobs:
        if unit and not (job.shared and unit[0].shared and job.together is unit[0].together):
            yield unit
            unit = []
        unit.append(job)
    if unit:
        yield unit
