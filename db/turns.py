"""Turns of several processes at writing one SQLite file.

SQLite lets a process that finds another one writing look again after up to a tenth of a second, and whoever looks at
the right moment is next. Here it looks each millisecond, and those who wait come one after another. What comes
meanwhile to a process that waits is written in the same transaction.

The locks are advice: SQLite's own keep the file whole, also where these cannot be had, as on some network file systems.
The kernel lets go of what a process held that was killed. One that was only stopped keeps it, so nobody waits for long:
writes go on without turns until one can be had again.
"""

import logging
import os
import sys
import time
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

PATIENCE = 10.0
"""Seconds that a turn is waited for; one takes tens of milliseconds."""

_LOOK = 0.001


class Turns:
    """The turns of one process at a file, in a file of their own beside it, which stays empty."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._file: int | None = None
        self._without = False
        """Whether none could be had the last time."""

        path = database.with_name(f"{database.name}-turns")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            log.debug("processes take no turns at %s: %s", database, error)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Inside, it is our turn, or nobody's where it did not come."""
        self._without = not self._came(0 if self._without else PATIENCE)
        try:
            yield
        finally:
            with suppress(OSError):
                self._unlock(_ROOM)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _came(self, patience: float) -> bool:
        until = time.monotonic() + patience
        try:
            if self._lock(_DOOR, until):
                try:
                    if self._lock(_ROOM, until):
                        return True
                finally:
                    self._unlock(_DOOR)
        except OSError:
            return True  # of this file system there are no locks
        if patience:
            log.warning("another process that writes to %s does not go on; it is not waited for", self._database)
        return False

    def _lock(self, place: int, until: float) -> bool:
        """Whether it was free by then."""
        while self._file is not None and sys.platform != "win32":
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except (BlockingIOError, PermissionError):
                if time.monotonic() >= until:
                    return False
                time.sleep(_LOOK)
            else:
                break
        return True

    def _unlock(self, place: int) -> None:
        if self._file is not None and sys.platform != "win32":
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)
