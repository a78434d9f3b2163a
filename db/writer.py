"""The one writer of a process on SQLite: group commit.

SQLite has one writer at a time and a commit with ``synchronous=FULL`` waits for the disk, so what waits when a
transaction begins shares it, and is acknowledged by its commit. Writes of one kind that wait side by side, such as
batches of calls, are done as one. One that fails takes nothing from the others:

- A write that is done by itself may well be refused from inside, as one of what is not there. It has a savepoint where
  it is not all of its group.
- What is done together is refused before it gets here, and has none: with one SQLite keeps a copy of each page that
  changes, and goes through all of them at the end of each statement, a third of what it took to write a table of 5,000
  rows. Should it fail nevertheless, the transaction begins anew, with each write of it by itself.
- Where SQLite itself ends the transaction, since there was no room for one of them, each has one of its own.
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


class _UnitFailedError(Exception):
    """What went wrong, which is the cause of this, is not behind a savepoint, or ``ended`` the transaction."""

    def __init__(self, unit: Sequence[Job], *, ended: bool) -> None:
        super().__init__("the transaction is to be done again")
        self.unit = unit
        self.ended = ended


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

    def _commit(self, group: list[Job], *, again: bool = False) -> None:
        """Do a group in one transaction, ``again`` where something that was done together failed."""
        try:
            with self._engine.connect() as connection:
                connection.begin()  # for SQLAlchemy, which would else end ours where a statement fails
                run_sql(connection, "BEGIN IMMEDIATE")
                try:
                    for unit in units(group):
                        if unit[0].shared or len(group) == 1:
                            _run(connection, unit)
                        else:
                            _run_apart(connection, unit)
                    run_sql(connection, "COMMIT")
                except BaseException:
                    noted(connection)
                    if connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
                        run_sql(connection, "ROLLBACK")
                    raise
                self._committed(noted(connection))
        except _UnitFailedError as failed:
            if len(group) == 1:
                group[0].error = failed.__cause__
            elif failed.ended:
                for job in group:
                    self._commit([job])
            else:
                for job in group if again else failed.unit:
                    job.shared = False
                self._commit(group, again=True)
        except BaseException as error:  # noqa: BLE001 - whatever it was, the writers must hear of it and the thread live
            for job in group:
                job.error = error


def _run(connection: Connection, unit: Sequence[Job]) -> None:
    """Do what is done together; raises _UnitFailedError."""
    try:
        for job, result in zip(unit, unit[0].together(connection, [job.item for job in unit]), strict=True):
            job.result, job.error = result, None
    except Exception as raised:
        ended = not connection.connection.dbapi_connection.in_transaction  # type: ignore[union-attr]
        raise _UnitFailedError(unit, ended=ended) from raised


def _run_apart(connection: Connection, unit: Sequence[Job]) -> None:
    """Do a unit of one so that a failure leaves nothing of it and all of what was done before; raises
    _UnitFailedError where it ended the transaction."""
    driver: Any = connection.connection.dbapi_connection
    driver.execute("SAVEPOINT job")
    try:
        _run(connection, unit)
    except _UnitFailedError as failed:
        if failed.ended:
            raise
        driver.execute("ROLLBACK TO job")
        unit[0].error = failed.__cause__
    driver.execute("RELEASE job")
