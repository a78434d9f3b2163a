"""The one writer of a process on SQLite: group commit.

SQLite has one writer at a time and a commit with ``synchronous=FULL`` waits for the disk, so what waits when a
transaction begins shares it, and is acknowledged by its commit. Writes of one kind that wait side by side, such as
batches of calls, are done as one. Where something in a group fails, its transaction begins anew with each write by
itself behind a savepoint, so that one that is refused takes nothing from the others; and where SQLite ends that too,
since there was no room for one of them, each has a transaction of its own.

There is no savepoint before something has failed. With one, SQLite keeps a copy of each page that changes, and goes
through all of them at the end of each statement: a third of what it took to write a table of 5,000 rows.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from typing import Any

from sqlalchemy import Connection, Engine

from db.checkpoints import Checkpoints
from db.prepared import run_sql
from db.signals import noted
from db.turns import Turns
from db.write_queue import Job, WriteQueue, units

__all__ = ["GroupCommitWriter", "WriterClosedError"]


class WriterClosedError(RuntimeError):
    """A write came after ``close``."""

    def __init__(self) -> None:
        super().__init__("the database is closed")


class _GroupFailedError(Exception):
    """What went wrong, which is the cause of this, ended the transaction of the whole group."""


class GroupCommitWriter:
    """Runs functions in transactions on a thread of its own, one by one with the other processes on the file;
    ``committed`` gets the projects that each changed."""

    def __init__(self, engine: Engine, turns: Turns, committed: Callable[[Collection[str]], None]) -> None:
        self._engine = engine
        self._turns = turns
        self._checkpoints = Checkpoints(engine)
        self._committed = committed
        self._jobs = WriteQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._loop, name="tracegraph-write", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> "Future[Any]":
        """Queue a write; the future is done when the transaction that held it is committed."""
        with self._lock:
            if self._closed:
                raise WriterClosedError
            self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Write what was queued, then end the thread; a second call does nothing."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.end()
        self._thread.join()
        self._checkpoints.close()
        self._engine.dispose()
        self._turns.close()

    def _loop(self) -> None:
        while self._jobs.wait():
            self._commit_next()

    def _commit_next(self) -> None:
        """Commit what waits by the time that it is our turn. What was written is let go by the return, not held until
        the next comes."""
        with self._turns.turn():
            group = self._jobs.take()
            if group:
                self._commit(group)
            for each in group:
                each.settle()
            self._checkpoints.committed(sum(each.size for each in group))

    def _commit(self, group: list[Job], *, apart: bool = False) -> None:
        """Do a group in one transaction; ``apart``, each of it by itself, so that those that fail leave the others."""
        try:
            with self._engine.connect() as connection:
                connection.begin()  # for SQLAlchemy, which would else end ours where a statement fails
                run_sql(connection, "BEGIN IMMEDIATE")
                try:
                    if apart:
                        for job in group:
                            _run_apart(connection, job)
                    else:
                        for unit in units(group):
                            _run(connection, unit)
                    run_sql(connection, "COMMIT")
                except BaseException:
                    noted(connection)
                    if connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
                        run_sql(connection, "ROLLBACK")
                    raise
                self._committed(noted(connection))
        except _GroupFailedError as failed:
            if len(group) == 1:
                group[0].error = failed.__cause__
            elif apart:
                for job in group:
                    self._commit([job])
            else:
                self._commit(group, apart=True)
        except BaseException as error:  # noqa: BLE001 - whatever it was, the writers must hear of it and the thread live
            for job in group:
                job.error = error


def _run(connection: Connection, unit: Sequence[Job]) -> None:
    """Do what is done together; a failure is one of the whole group."""
    try:
        for job, result in zip(unit, unit[0].together(connection, [job.item for job in unit]), strict=True):
            job.result = result
    except Exception as raised:
        raise _GroupFailedError from raised


def _run_apart(connection: Connection, job: Job) -> None:
    """Do one by itself, so that a failure leaves nothing of it and all of what was done before."""
    driver: Any = connection.connection.dbapi_connection
    driver.execute("SAVEPOINT job")
    try:
        _run(connection, [job])
    except _GroupFailedError as failed:
        if not driver.in_transaction:
            raise
        driver.execute("ROLLBACK TO job")
        job.error = failed.__cause__
    driver.execute("RELEASE job")
