"""Turns of several processes at writing one SQLite file.

SQLite lets a process that finds another one writing look again after up to a tenth of a second, and whoever looks at
the right moment is next. Here it sleeps until the kernel wakes it, and those who wait come one after another. What
comes meanwhile to a process that waits is written in the same transaction.

The locks are advice: SQLite's own keep the file whole, also where these cannot be had, as on some network file systems.
The kernel lets go of what a process held that was killed.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

__all__ = ["Turns"]

log = logging.getLogger("tracegraph.database")

_DOOR, _ROOM = 0, 1
"""Bytes of the file that are locked. Who waits for the room stands in the door, so that the one who leaves the room
cannot be back in it first."""


class Turns:
    """The turns of one process at a file, in a file of their own beside it, which stays empty."""

    def __init__(self, database: Path) -> None:
        self._file: int | None = None
        path = database.with_name(f"{database.name}-turns")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            log.debug("processes take no turns at %s: %s", database, error)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Inside, it is our turn."""
        with suppress(OSError):
            self._lock(_DOOR)
            try:
                self._lock(_ROOM)
            finally:
                self._unlock(_DOOR)
        try:
            yield
        finally:
            with suppress(OSError):
                self._unlock(_ROOM)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _lock(self, place: int) -> None:
        if self._file is not None and sys.platform != "win32":
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, place)

    def _unlock(self, place: int) -> None:
        if self._file is not None and sys.platform != "win32":
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)
