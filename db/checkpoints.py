"""Moving what was written from the log of an SQLite database into its file, beside the commits.

SQLite does so by itself within the commit that finds the log at a thousand pages, and who waits for that commit waits
for all of it. Here a thread does it, while commits go on. The log begins anew only where all of it is moved when a
transaction begins, which beside a busy writer is hardly ever so: once the log is long the writer moves the rest.
"""

import logging
import sqlite3
import threading
from contextlib import closing
from typing import Any

from sqlalchemy import Engine, event

__all__ = ["Checkpoints"]

log = logging.getLogger("tracegraph.database")

EVERY = 4 << 20  # bytes written, about
OF_EACH = 100 << 10  # bytes that a transaction writes beside the payloads, about: a page of each index
LONG = 8000  # pages: 32 MiB

_MOVE = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpoints:
    """Those of one process, on the file that ``engine`` alone writes to there."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._written = 0
        self._long = False
        self._due = threading.Event()
        self._closed = False
        event.listen(engine, "connect", _without_its_own)
        self._thread = threading.Thread(target=self._run, name="tracegraph-checkpoint", daemon=True)
        self._thread.start()

    def committed(self, size: int) -> None:
        """A transaction with so many bytes of payloads was committed, and nobody writes until this returns."""
        self._written += OF_EACH + 2 * size
        if self._written >= EVERY:
            self._written = 0
            self._due.set()
        if self._long:
            self._long = False
            try:
                with self._engine.connect() as connection:
                    connection.exec_driver_sql(_MOVE)
            except Exception as error:  # noqa: BLE001 - whatever it was, the thread that writes lives on
                _complain(error)

    def close(self) -> None:
        """A second call does nothing."""
        self._closed = True
        self._due.set()
        self._thread.join()

    def _run(self) -> None:
        while self._wait():
            try:
                with closing(sqlite3.connect(self._engine.url.database or "", isolation_level=None)) as connection:
                    going_on = True
                    while going_on:
                        _, pages, _ = connection.execute(_MOVE).fetchone()
                        self._long = pages >= LONG
                        going_on = self._wait()
            except sqlite3.Error as error:
                _complain(error)

    def _wait(self) -> bool:
        """Wait until something is due; False where it is the end."""
        if not self._closed:
            self._due.wait()
            self._due.clear()
        return not self._closed


def _without_its_own(driver: Any, _record: Any) -> None:
    driver.execute("PRAGMA wal_autocheckpoint = 0")


def _complain(error: Exception) -> None:
    # What was committed is on disk in the log; a later commit tries again.
    log.warning("the write-ahead log cannot be moved into the database: %s", error)
