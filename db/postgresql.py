"""Connections to PostgreSQL: what they are set to, and what is done where they break.

Statements are prepared by name, which spares PostgreSQL most of what a small one costs, where nothing stands between
us and the server. Each connection has to learn them, so the one that was used last is used next. A pooler such as
pgbouncer gives each transaction another connection of its own, on which the name would be unknown or stand for
something else; it is known by the number of the backend, which is not the one that the server told when we connected.
Plans are made for the values at hand each time: one that suits a project of twenty calls is the wrong one for a project
of a million.

A connection that broke is found out by the statement that fails on it, not by asking before each. A read is run
again on another connection; so is a write whose commit has not been asked for.
"""

import threading
from collections import deque
from collections.abc import Callable, Collection, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from db.signals import noted
from db.write_queue import MOST_AT_ONCE, Job

__all__ = ["DatabaseAwayError", "TransactionWriter", "connect", "is_lost", "postgresql_engine", "reading"]

T = TypeVar("T")

CONNECT_SECONDS = 10
PREPARED_AFTER = 2
"""Times a text of SQL is sent before it is prepared by name."""

MOST_PREPARED = 200
"""Names that a connection holds."""

_DIRECT = (
    "SELECT CASE WHEN pg_backend_pid() = %s"
    # A statement that reads into JSON is large, and would be compiled for longer than it runs.
    " THEN set_config('jit', 'off', false) || set_config('plan_cache_mode', 'force_custom_plan', false) END"
)

_CONFLICTS = {"40001", "40P01", "08006"}  # the server asks for another try; 08006 may be a worker of Citus
_ENDED = {"57P01", "57P02", "57P03"}  # it shuts down, was killed, or is starting


class DatabaseAwayError(Exception):
    """The database cannot be reached. ``unknown`` where a commit was under way, which may have been made."""

    def __init__(self, *, unknown: bool = False) -> None:
        super().__init__(
            "The connection to the database broke while this was committed: it may have been written or not."
            if unknown
            else "The database cannot be reached."
        )
        self.unknown = unknown


def postgresql_engine(url: URL, *, pool_size: int, read_only: bool) -> Engine:
    """An engine of ``pool_size`` connections; reads need no transactions, as each statement sees what is committed."""
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,
        connect_args={
            "prepare_threshold": None,
            "application_name": "tracegraph",
            **({} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}),
        },
        isolation_level="AUTOCOMMIT" if read_only else "READ COMMITTED",
        use_native_hstore=False,  # which would be looked for in the catalogue
    )
    event.listen(engine, "connect", _set_up)
    return engine


def _set_up(driver: Any, _record: Any) -> None:
    (set_,) = driver.execute(_DIRECT, (driver.info.backend_pid,)).fetchone()
    driver.commit()
    if set_ is not None:
        driver.prepare_threshold = PREPARED_AFTER
        driver.prepared_max = MOST_PREPARED


def is_lost(error: DBAPIError) -> bool:
    """Whether it was the connection that failed, not what was sent on it."""
    return error.connection_invalidated or _state_of(error) in _ENDED


def _state_of(error: DBAPIError) -> str | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


def connect(engine: Engine) -> Connection:
    """A connection of the engine. Raises DatabaseAwayError where there is none to be had."""
    try:
        return engine.connect()
    except OperationalError as error:
        raise DatabaseAwayError from error


def reading(read: Callable[[], T]) -> T:
    """What ``read`` gives, on one connection or, where that broke, on another.

    Raises DatabaseAwayError where that broke as well.
    """
    return _twice(read, is_lost)


def _twice(run: Callable[[], T], is_worth_it: Callable[[DBAPIError], bool]) -> T:
    """What ``run`` gives, run again after an error for which it is worth it."""
    try:
        return run()
    except DBAPIError as error:
        if not is_worth_it(error):
            raise
    try:
        return run()
    except DBAPIError as error:
        if is_lost(error):
            raise DatabaseAwayError from error
        raise


class TransactionWriter:
    """A transaction for each write, on a pool of threads; run again where the server asks for it or was away.

    Writes of one kind and key that wait while one of them is written are done as one: they would wait for its locks.
    Where that fails each is done by itself. ``committed`` gets the projects that each changed.
    """

    def __init__(self, engine: Engine, threads: int, committed: Callable[[Collection[str]], None]) -> None:
        self._engine = engine
        self._committed = committed
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="tracegraph-write")
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[Job]] = {}
        """What waits by kind and key, while something of them is written."""

    def submit(self, job: Job) -> "Future[Any]":
        """Queue a write; the future is done when its transaction is committed."""
        if not job.shared:
            self._threads.submit(self._do, [job])
            return job.future
        kind = (job.together, job.key)
        with self._lock:
            waiting = self._waiting.get(kind)
            if waiting is None:
                self._threads.submit(self._do_all, kind)
                waiting = self._waiting[kind] = deque()
            waiting.append(job)
        return job.future

    def _do_all(self, kind: Hashable) -> None:
        while True:
            jobs: list[Job] = []
            size = 0
            with self._lock:
                waiting = self._waiting[kind]
                while waiting and size < MOST_AT_ONCE:
                    jobs.append(waiting.popleft())
                    size += jobs[-1].size
                if not jobs:
                    del self._waiting[kind]
                    return
            self._do(jobs)

    def _do(self, jobs: Sequence[Job]) -> None:
        taken = [job for job in jobs if job.future.set_running_or_notify_cancel()]
        if taken:
            self._attempt(taken)
        for job in taken:
            job.settle()

    def _attempt(self, jobs: Sequence[Job]) -> None:
        try:
            results = self._run(lambda connection: jobs[0].together(connection, [job.item for job in jobs]))
            for job, result in zip(jobs, results, strict=True):
                job.result = result
        except DatabaseAwayError as error:
            for job in jobs:
                job.error = error
        except Exception as error:  # noqa: BLE001 - whatever it was, who waits must hear of it
            if len(jobs) == 1:
                jobs[0].error = error
                return
            for job in jobs:
                self._attempt([job])

    def _run(self, work: Callable[[Connection], T]) -> T:
        return _twice(lambda: self._run_once(work), lambda error: is_lost(error) or _state_of(error) in _CONFLICTS)

    def _run_once(self, work: Callable[[Connection], T]) -> T:
        with connect(self._engine) as connection:
            try:
                transaction = connection.begin()
                with transaction:
                    result = work(connection)
                    _commit(transaction.commit)
            except BaseException:
                noted(connection)
                raise
            self._committed(noted(connection))
            return result

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._engine.dispose()


def _commit(commit: Callable[[], None]) -> None:
    try:
        commit()
    except DBAPIError as error:
        if is_lost(error):
            raise DatabaseAwayError(unknown=True) from error
        raise
