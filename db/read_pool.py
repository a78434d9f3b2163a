"""Who reads: threads, and on SQLite the event loop itself, what is small.

To hand a read to a thread, and what it found back, takes many times as long as SQLite takes to find a row by its key:
both threads wait for Python's lock and for a core that wakes. So what says that it is small, and finds nothing else of
this process reading or writing, is read where it was asked for, on a connection that is kept. Beside others it is not,
as each step of a statement lets go of Python's lock, which those who compute would keep from the event loop for
milliseconds.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from db.postgresql import connect, reading
from db.watchdog import Watchdog

__all__ = ["ReadPool"]

T = TypeVar("T")
Work = Callable[[Connection], T]


class ReadPool:
    """Reads on connections of ``engine``, which has one for each of the ``threads`` and one more.

    A statement takes at most ``query_timeout`` seconds; 0 is no limit.
    """

    def __init__(self, engine: Engine, threads: int, query_timeout: float) -> None:
        self.at_work = 0
        """What this process reads and writes at this moment, in threads."""

        self._engine = engine
        self._watchdog = Watchdog(engine, query_timeout) if query_timeout else None
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="tracegraph-read")
        self._is_local = engine.dialect.name == "sqlite"
        self._opening = threading.Lock()
        self._at_once: Connection | None = None
        """That of the event loop, which does not wait for a lock of SQLite's."""

    async def run(self, work: Work[T], *, at_once: bool) -> T:
        """What ``work`` gives; ``at_once`` allows that the event loop waits for it. It may run a second time."""
        if at_once and self._at_once is not None and not self.at_work:
            try:
                return self._run_at_once(self._at_once, work)
            except OperationalError as error:
                if not _is_busy(error):
                    raise
        self.at_work += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work, at_once)
        finally:
            self.at_work -= 1

    def _run(self, work: Work[T], at_once: bool) -> T:
        if not self._is_local:
            return reading(lambda: self._run_once(work))
        if at_once:
            self._open()  # here, as it may take a while
        return self._run_once(work)

    def _run_once(self, work: Work[T]) -> T:
        with connect(self._engine) as connection:
            return self._watched(connection, work)

    def _watched(self, connection: Connection, work: Work[T]) -> T:
        if self._watchdog is None:
            return work(connection)
        with self._watchdog.watching(connection):
            return work(connection)

    def _open(self) -> None:
        with self._opening:
            if self._at_once is None:
                connection = self._engine.connect()
                driver: Any = connection.connection.dbapi_connection
                driver.execute("PRAGMA busy_timeout = 0")
                self._at_once = connection

    def _run_at_once(self, connection: Connection, work: Work[T]) -> T:
        try:
            return self._watched(connection, work)
        except BaseException:
            self._give_up()
            raise
        finally:
            if connection.invalidated:
                self._give_up()

    def _give_up(self) -> None:
        """Another connection is opened by the next read that may be at once; those of threads wait for locks."""
        connection, self._at_once = self._at_once, None
        if connection is not None:
            if not connection.invalidated:
                connection.invalidate()
            connection.close()

    def close(self) -> None:
        """Finish the reads that were begun and close all connections; a second call does nothing."""
        self._threads.shutdown()
        if self._watchdog is not None:
            self._watchdog.close()
        self._give_up()
        self._engine.dispose()


def _is_busy(error: OperationalError) -> bool:
    """Whether another process has SQLite's lock, for which the event loop does not wait."""
    name: str = getattr(error.orig, "sqlite_errorname", "")
    return name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
