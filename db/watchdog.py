"""Stopping what reads for too long.

A statement that an index serves takes milliseconds; one that looks into every payload of a large project may take
minutes, and holds a reader meanwhile. A thread looks after the readers of a database and cancels a statement that
passes the limit, from outside: that costs a statement nothing, and works behind a pooler of connections too, where
settings of a session do not.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ClauseElement, Connection, Engine, event
from sqlalchemy.exc import DBAPIError

__all__ = ["SlowStatementError", "Watchdog"]

_WATCH = "tracegraph_watch"


class SlowStatementError(Exception):
    """A statement was stopped after ``seconds``; ``statement`` is it, where it is known."""

    def __init__(self, seconds: float, statement: ClauseElement | None) -> None:
        super().__init__(f"a statement took longer than {seconds:g} seconds")
        self.seconds = seconds
        self.statement = statement


@dataclass(slots=True, eq=False)
class _Watch:
    """One reader at work. A statement runs until the next one begins, as its rows are fetched meanwhile."""

    connection: Any
    deadline: float | None = None
    statement: ClauseElement | None = None
    stopped: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, statement: ClauseElement | None, deadline: float) -> bool:
        """Watch the next statement; False where the one before it has been stopped."""
        with self.lock:
            if not self.stopped:
                self.statement, self.deadline = statement, deadline
            return not self.stopped

    def end(self) -> bool:
        """Watch no longer; returns whether a statement has been stopped. Waits while one is."""
        with self.lock:
            self.deadline = None
            return self.stopped

    def stop_if_late(self, now: float) -> None:
        with self.lock:
            if self.deadline is not None and now > self.deadline:
                self.deadline = None
                self.stopped = True
                if hasattr(self.connection, "interrupt"):
                    self.connection.interrupt()
                else:
                    self.connection.cancel()


class Watchdog:
    """Stops statements on connections of ``engine`` that take longer than ``seconds``, while they are watched."""

    def __init__(self, engine: Engine, seconds: float) -> None:
        self._seconds = seconds
        self._watches: set[_Watch] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        event.listen(engine, "before_cursor_execute", self._begin)
        self._thread = threading.Thread(target=self._look, name="tracegraph-watchdog", daemon=True)
        self._thread.start()

    @contextmanager
    def watching(self, connection: Connection) -> Iterator[None]:
        """Inside, a statement of ``connection`` that takes too long is stopped. Raises SlowStatementError."""
        watch = _Watch(connection.connection.dbapi_connection)
        info = connection.info
        info[_WATCH] = watch
        with self._lock:
            self._watches.add(watch)
        try:
            yield
        except DBAPIError as error:
            if watch.end():
                raise SlowStatementError(self._seconds, watch.statement) from error
            raise
        finally:
            info.pop(_WATCH, None)
            if watch.end():
                # What was to stop the statement may have come after its end, and must not meet the next one.
                connection.invalidate()
            with self._lock:
                self._watches.discard(watch)

    def close(self) -> None:
        """End the thread; a second call does nothing."""
        self._closed.set()
        self._thread.join()

    def _begin(self, connection: Connection, *event_details: Any) -> None:
        watch: _Watch | None = connection.info.get(_WATCH)
        if watch is None:
            return
        context = event_details[3]
        statement = getattr(context, "invoked_statement", None)
        if not watch.begin(statement, time.monotonic() + self._seconds):
            raise SlowStatementError(self._seconds, watch.statement)

    def _look(self) -> None:
        while not self._closed.wait(min(0.25, self._seconds / 4)):
            with self._lock:
                watches = list(self._watches)
            now = time.monotonic()
            for watch in watches:
                watch.stop_if_late(now)
