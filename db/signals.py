"""Hearing that a project changed: by a commit of this process at once, by one of another process soon.

What is heard is a hint to look (``db.projects.select_heads``), never a fact: it may come twice, or for nothing.

- SQLite: ``PRAGMA data_version`` tells that another connection committed; it is asked every twentieth of a second.
- PostgreSQL: LISTEN on a connection of its own, which may need another address than the rest where that leads through a
  pooler. Who commits sends NOTIFY right after, many projects at once, from another connection: inside the writing
  transaction NOTIFY would hold a lock of the whole server until the commit is on disk, so that writers of all projects
  would wait for one another. A process that dies in between is made up for by looking every second.

Nothing runs while nobody listens, but for the sender on PostgreSQL, which others may listen to.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Collection
from contextlib import closing
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from db.text import decode_text, encode_text

__all__ = ["Heard", "PostgreSQLSignals", "SQLiteSignals", "Signals", "note", "noted"]

Heard = Callable[[Collection[str] | None], None]
"""Called, on any thread, with the projects that may have changed; None stands for any."""

CHANNEL = "tracegraph_changes"
LOOK = 0.05  # seconds between two looks at an SQLite database
SURE = 1.0  # seconds after which PostgreSQL is looked at whatever was heard
GATHER = 0.01  # seconds in which commits are gathered for one NOTIFY
AGAIN = 1.0  # seconds before a lost connection is made again

_NOTED = "changed_projects"

logger = logging.getLogger("tracegraph.signals")


def note(connection: Connection, project_id: str) -> None:
    """Remember, until the transaction ends, that it changes the project."""
    connection.info.setdefault(_NOTED, set()).add(project_id)


def noted(connection: Connection) -> set[str]:
    """The projects that the transaction, which has ended, changed; forgets them."""
    if connection.invalidated:
        return set()
    found: set[str] = connection.info.pop(_NOTED, set())
    return found


class Signals(Protocol):
    """What a database hears of commits."""

    def committed(self, projects: Collection[str]) -> None:
        """This process committed changes of ``projects``. On any thread."""

    def listen(self, heard: Heard) -> Callable[[], None]:
        """Call ``heard`` from now on, and once when what comes first cannot be missed any more; returns what ends it.

        One listener at a time.
        """

    def close(self) -> None:
        """End what runs; a second call does nothing."""


class _Listening:
    """A thread that listens until it is told to stop."""

    def __init__(self, run: Callable[["_Listening"], None], heard: Heard) -> None:
        self.heard = heard
        self.stopped = threading.Event()
        self._thread = threading.Thread(target=run, args=(self,), name="tracegraph-signals", daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join()


class SQLiteSignals:
    """Between processes that have one file."""

    def __init__(self, url: URL) -> None:
        self._path = url.database or ""
        self._listening: _Listening | None = None

    def committed(self, projects: Collection[str]) -> None:
        listening = self._listening
        if listening is not None and projects:
            listening.heard(projects)

    def listen(self, heard: Heard) -> Callable[[], None]:
        self._listening = listening = _Listening(self._look, heard)

        def end() -> None:
            listening.stopped.set()
            if self._listening is listening:
                self._listening = None

        return end

    def _look(self, listening: _Listening) -> None:
        while not listening.stopped.is_set():
            try:
                with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
                    self._look_on(connection, listening)
            except sqlite3.Error as error:
                logger.warning("changes of other processes are not heard: %s", error)
                listening.stopped.wait(AGAIN)

    def _look_on(self, connection: sqlite3.Connection, listening: _Listening) -> None:
        seen = None
        while not listening.stopped.is_set():
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            if version != seen:
                seen = version
                listening.heard(None)
            listening.stopped.wait(LOOK)

    def close(self) -> None:
        if self._listening is not None:
            self._listening.stopped.set()
            self._listening.join()
            self._listening = None


class PostgreSQLSignals:
    """Between all processes on a server. ``engine`` gives at least two direct connections in autocommit."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._errors = (SQLAlchemyError, engine.dialect.loaded_dbapi.Error)
        self._listening: _Listening | None = None
        self._waiting: set[str] = set()
        self._due = threading.Condition()
        self._sender: threading.Thread | None = None
        self._sender_pid = 0
        self._closed = False

    def committed(self, projects: Collection[str]) -> None:
        if not projects:
            return
        listening = self._listening
        if listening is not None:
            listening.heard(projects)
        with self._due:
            if self._closed:
                return
            self._waiting.update(projects)
            if self._sender is None:
                self._sender = threading.Thread(target=self._send, name="tracegraph-notify", daemon=True)
                self._sender.start()
            self._due.notify()

    def listen(self, heard: Heard) -> Callable[[], None]:
        self._listening = listening = _Listening(self._listen, heard)

        def end() -> None:
            listening.stopped.set()
            if self._listening is listening:
                self._listening = None

        return end

    def _listen(self, listening: _Listening) -> None:
        while not listening.stopped.is_set():
            try:
                with self._engine.connect() as connection:
                    driver: Any = connection.connection.driver_connection
                    connection.detach()  # it listens: nobody else shall have it after
                    driver.execute(f"LISTEN {CHANNEL}")
                    while not listening.stopped.is_set():
                        listening.heard(None)
                        self._hear(driver, listening)
            except self._errors as error:
                logger.warning("notifications of PostgreSQL are not heard: %s", str(error).strip().partition("\n")[0])
                listening.stopped.wait(AGAIN)

    def _hear(self, driver: Any, listening: _Listening) -> None:
        for notification in driver.notifies(timeout=SURE):
            if listening.stopped.is_set():
                return
            if notification.pid != self._sender_pid:  # our own was heard when it was committed
                listening.heard([decode_text(notification.payload)])

    def _send(self) -> None:
        while True:
            with self._due:
                self._due.wait_for(lambda: self._waiting or self._closed)
                if self._closed and not self._waiting:
                    return
                projects, self._waiting = [encode_text(project) for project in self._waiting], set()
            try:
                self._notify(projects)
            except self._errors as error:
                # Whoever listens looks by itself soon.
                logger.warning("notification was not sent: %s", str(error).strip().partition("\n")[0])
            with self._due:
                self._due.wait_for(lambda: self._closed, GATHER)

    def _notify(self, projects: list[str]) -> None:
        with self._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            self._sender_pid = driver.info.backend_pid
            driver.execute("SELECT pg_notify(%s, project) FROM unnest(%s::text[]) AS project", (CHANNEL, projects))

    def close(self) -> None:
        """What was committed is sent first."""
        listening, self._listening = self._listening, None
        with self._due:
            self._closed = True
            self._due.notify_all()
        if self._sender is not None:
            self._sender.join()
        if listening is not None:
            listening.stopped.set()
            self._wake()
            listening.join()
        self._engine.dispose()

    def _wake(self) -> None:
        """Make our own listener look at whether it is stopped."""
        try:
            self._notify([""])
        except self._errors as error:
            logger.debug("the listener ends later by itself: %s", error)
