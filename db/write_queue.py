"""Writes that wait: how many may, and how those that do the same wait to be done together."""

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection

__all__ = ["MOST_AT_ONCE", "Admission", "Job", "Together", "WriteLimits", "WritesFullError", "units"]

Together = Callable[[Connection, Sequence[Any]], Sequence[Any]]
"""Does several things of one kind in one transaction; returns a result for each. It may run again, on fewer of them."""

MOST_AT_ONCE = 2 << 20
"""Bytes after which no more is taken into a transaction: what is in it waits for all of it."""


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
