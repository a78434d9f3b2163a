"""The one writer of a process on SQLite: group commit.

SQLite has one writer at a time and a commit with ``synchronous=FULL`` waits for the disk, so functions that are
waiting when a transaction begins share it, each behind a savepoint of its own, and are all acknowledged by its commit.
"""

import queue
import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from db.signals import noted

__all__ = ["GroupCommitWriter", "WriterClosedError"]

T = TypeVar("T")

MOST_IN_A_GROUP = 256


class WriterClosedError(RuntimeError):
    """A write came after ``close``."""

    def __init__(self) -> None:
        super().__init__("the database is closed")


@dataclass(slots=True)
class _Job:
    work: Callable[[Connection], Any]
    future: "Future[Any]"
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class GroupCommitWriter:
    """Runs functions in transactions on a thread of its own; ``committed`` gets the projects that each changed."""

    def __init__(self, engine: Engine, committed: Callable[[Collection[str]], None]) -> None:
        self._engine = engine
        self._committed = committed
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._loop, name="tracegraph-write", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T]) -> "Future[T]":
        """Queue ``work``; the future is done when the transaction that held it is committed."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise WriterClosedError
            self._jobs.put(_Job(work, future))
        return future

    def close(self) -> None:
        """Write what was queued, then end the thread; a second call does nothing."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()
        self._engine.dispose()

    def _loop(self) -> None:
        last = False
        while not last:
            job = self._jobs.get()
            if job is None:
                return
            group = [job]
            while len(group) < MOST_IN_A_GROUP:
                try:
                    more = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    last = True
                    break
                group.append(more)
            self._commit([job for job in group if job.future.set_running_or_notify_cancel()])

    def _commit(self, group: list[_Job]) -> None:
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                try:
                    for job in group:
                        _run(connection, job)
                    connection.exec_driver_sql("COMMIT")
                except BaseException:
                    noted(connection)
                    if connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
                        connection.exec_driver_sql("ROLLBACK")
                    raise
                self._committed(noted(connection))
        except BaseException as error:  # noqa: BLE001 - whatever it was, the writers must hear of it and the thread live
            for job in group:
                job.error = error
        for job in group:
            job.settle()


def _run(connection: Connection, job: _Job) -> None:
    """Run one job so that its failure leaves nothing of it and all of the others."""
    connection.exec_driver_sql("SAVEPOINT job")
    try:
        job.result = job.work(connection)
    except Exception as error:  # noqa: BLE001 - it belongs to the job's caller
        # A full disk ends the whole transaction; then there is no savepoint to go back to and the group fails.
        connection.exec_driver_sql("ROLLBACK TO job")
        job.error = error
    connection.exec_driver_sql("RELEASE job")
