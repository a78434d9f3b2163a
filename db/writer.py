"""The one writer of a process on SQLite: group commit.

SQLite has one writer at a time and a commit with ``synchronous=FULL`` waits for the disk, so what waits when a
transaction begins shares it, and is acknowledged by its commit. Writes of one kind that wait side by side, such as
batches of calls, are done as one; others each behind a savepoint of its own. Where what was done together fails, each
is done by itself, so that one that is refused takes nothing from the others. So is each of a group whose transaction
SQLite ended, since there was no room for one of them.
"""

import queue
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from typing import Any

from sqlalchemy import Connection, Engine

from db.checkpoints import Checkpoints
from db.prepared import run_sql
from db.signals import noted
from db.turns import Turns
from db.write_queue import MOST_AT_ONCE, Job, units

__all__ = ["GroupCommitWriter", "WriterClosedError"]

MOST_IN_A_GROUP = 256


class WriterClosedError(RuntimeError):
    """A write came after ``close``."""

    def __init__(self) -> None:
        super().__init__("the database is closed")


class _TransactionEndedError(Exception):
    """What went wrong ended the transaction of the whole group, as a full disk does."""


class GroupCommitWriter:
    """Runs functions in transactions on a thread of its own, one by one with the other processes on the file;
    ``committed`` gets the projects that each changed."""

    def __init__(self, engine: Engine, turns: Turns, committed: Callable[[Collection[str]], None]) -> None:
        self._engine = engine
        self._turns = turns
        self._checkpoints = Checkpoints(engine)
        self._committed = committed
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
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
                self._jobs.put(None)
        self._thread.join()
        self._checkpoints.close()
        self._engine.dispose()
        self._turns.close()

    def _loop(self) -> None:
        while self._commit_next():
            pass

    def _commit_next(self) -> bool:
        """Wait for a write and commit it with those that wait by then; false when the last was. What was written is let
        go by the return, not held until the next comes."""
        job = self._jobs.get()
        if job is None:
            return False
        with self._turns.turn():
            group, more = self._gathered(job)
            self._commit(group)
            for each in group:
                each.settle()
            self._checkpoints.committed(sum(each.size for each in group))
        return more

    def _gathered(self, job: Job) -> tuple[list[Job], bool]:
        """The job with those that wait, and whether more may come."""
        group: list[Job] = []
        size = 0
        following: Job | None = job
        while following is not None:
            size += following.size
            if following.future.set_running_or_notify_cancel():
                group.append(following)
            if len(group) == MOST_IN_A_GROUP or size >= MOST_AT_ONCE:
                break
            try:
                following = self._jobs.get_nowait()
            except queue.Empty:
                break
        return group, following is not None

    def _commit(self, group: list[Job]) -> None:
        try:
            with self._engine.connect() as connection:
                connection.begin()  # for SQLAlchemy, which would else end ours where a statement fails
                run_sql(connection, "BEGIN IMMEDIATE")
                try:
                    for unit in units(group):
                        _run(connection, unit)
                    run_sql(connection, "COMMIT")
                except BaseException:
                    noted(connection)
                    if connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
                        run_sql(connection, "ROLLBACK")
                    raise
                self._committed(noted(connection))
        except _TransactionEndedError as ended:
            if len(group) == 1:
                group[0].error = ended.__cause__
                return
            for job in group:
                self._commit([job])
        except BaseException as error:  # noqa: BLE001 - whatever it was, the writers must hear of it and the thread live
            for job in group:
                job.error = error


def _run(connection: Connection, unit: Sequence[Job]) -> None:
    """Do what is done together so that a failure leaves nothing of it and all of what was done before."""
    # Of a small write what SQLAlchemy does around a statement is most of what it costs.
    driver: Any = connection.connection.dbapi_connection
    driver.execute("SAVEPOINT job")
    error = None
    try:
        for job, result in zip(unit, unit[0].together(connection, [job.item for job in unit]), strict=True):
            job.result = result
    except Exception as raised:
        if not driver.in_transaction:
            raise _TransactionEndedError from raised
        driver.execute("ROLLBACK TO job")
        error = raised
    driver.execute("RELEASE job")
    if error is None:
        return
    if len(unit) == 1:
        unit[0].error = error
        return
    for job in unit:
        _run(connection, [job])
