"""Connections: one writer, many readers, all off the event loop.

``Database.read`` runs a function with a connection on a reader thread. ``Database.write`` runs one in a transaction
and returns after its commit. Both take plain functions of a SQLAlchemy connection, so that statements know nothing of
threads, and one function may serve a read inside a write.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from db.picks import PICK_FUNCTION, pick
from db.postgresql import TransactionWriter, postgresql_engine
from db.read_pool import ReadPool
from db.signals import PostgreSQLSignals, Signals, SQLiteSignals
from db.turns import Turns
from db.write_queue import Admission, Job, Together, WriteLimits
from db.writer import GroupCommitWriter

__all__ = ["Database", "DatabaseURLError", "engine_for", "parse_url", "preparing"]

T = TypeVar("T")

READERS = 4  # threads, and connections, for reads
POSTGRESQL_WRITERS = 4
DEFAULT_WRITE_LIMITS = WriteLimits()
BUSY_TIMEOUT = 60  # seconds that a process waits for another one's SQLite transaction
MAPPED_BYTES = 64 << 20
"""Of a SQLite file, that each reader sees without a copy: a call of 2 KB has a page of its own, and to read that from
the file takes as long as to take the call out of it. Pages that lie behind go through the cache."""


class DatabaseURLError(ValueError):
    """A database URL that names no database we can open; the message holds it, without its password."""


class Writer(Protocol):
    """Runs what is to be written in transactions; the future is done after the commit."""

    def submit(self, job: Job) -> "Future[Any]": ...

    def close(self) -> None: ...


def parse_url(url: str) -> URL:
    """``sqlite:///path`` or ``postgresql://...`` (``postgres://`` too) as SQLAlchemy wants it, with psycopg implied."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise DatabaseURLError(f"not a database URL: {url!r} (sqlite:///path or postgresql://...)") from error
    backend = parsed.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        if parsed.database in {None, "", ":memory:"}:
            raise DatabaseURLError("SQLite needs a file: sqlite:////absolute/path or sqlite:///relative/path")
        return parsed.set(drivername="sqlite+pysqlite")
    raise DatabaseURLError(f"database {backend!r} is not supported; use sqlite:///path or postgresql://...")


def engine_for(url: URL, *, pool_size: int, read_only: bool = False) -> Engine:
    """An engine of ``pool_size`` connections, each prepared for its database.

    On SQLite, transactions are begun by hand (``GroupCommitWriter``): the driver would begin them late and deferred,
    and a reader without one holds no snapshot between its statements.
    """
    if url.get_backend_name() == "postgresql":
        return postgresql_engine(url, pool_size=pool_size, read_only=read_only)
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.execute("PRAGMA cache_size = -16384")
        if read_only:
            cursor.execute("PRAGMA query_only = ON")
            cursor.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
            connection.create_function(PICK_FUNCTION, 2, pick, deterministic=True)
        cursor.close()

    return engine


@contextmanager
def preparing(url: str) -> Iterator[Engine]:
    """An engine of one connection, by which everything is made ready before a database is opened: to connect to
    PostgreSQL takes longer than all of it. Raises ``DatabaseURLError``."""
    engine = engine_for(parse_url(url), pool_size=1)
    try:
        yield engine
    finally:
        engine.dispose()


class Database:
    """An open database; ``close`` waits for writes that were accepted.

    ``direct_url`` leads to the same PostgreSQL where ``url`` leads to a pooler that does not pass notifications on.
    A statement of a read takes at most ``query_timeout`` seconds; 0 is no limit. No more waits to be written than
    ``write_limits`` says.
    """

    def __init__(
        self,
        url: str,
        *,
        readers: int = READERS,
        direct_url: str = "",
        query_timeout: float = 0,
        write_limits: WriteLimits = DEFAULT_WRITE_LIMITS,
    ) -> None:
        parsed = parse_url(url)
        self.dialect = parsed.get_backend_name()
        engine = engine_for(parsed, pool_size=readers + 1, read_only=True)
        self.engines = (engine,)
        self._reads = ReadPool(engine, readers, query_timeout)
        self.fair_share = max(1, readers // 2)
        """Readers that one request should use at a time, so that others find some free."""

        self.signals: Signals
        self._writer: Writer
        self._admission = Admission(write_limits)
        if self.dialect == "postgresql":
            direct = parse_url(direct_url) if direct_url else parsed
            self.signals = PostgreSQLSignals(engine_for(direct, pool_size=2, read_only=True))
            writing = engine_for(parsed, pool_size=POSTGRESQL_WRITERS)
            self._writer = TransactionWriter(writing, POSTGRESQL_WRITERS, self.signals.committed)
        else:
            self.signals = SQLiteSignals(parsed)
            turns = Turns(Path(parsed.database or ""))
            self._writer = GroupCommitWriter(engine_for(parsed, pool_size=1), turns, self.signals.committed)

    async def read(self, work: Callable[[Connection], T], *, at_once: bool = False) -> T:
        """Run ``work`` on a reader's connection. Each statement sees what was committed when it began.

        ``at_once`` says that it is so small, a few rows by their keys, that the event loop may wait for it. Raises
        ``SlowStatementError`` for one that was stopped, ``DatabaseAwayError`` where PostgreSQL is away. ``work``
        may run a second time on another connection.
        """
        return await self._reads.run(work, at_once=at_once)

    async def write(self, work: Callable[[Connection], T], *, always: bool = False) -> T:
        """Run ``work`` in a transaction; returns its result after the commit, raises what it raised after a rollback,
        ``DatabaseAwayError`` where PostgreSQL is away, and ``WritesFullError`` where too much waits to be written,
        unless it is to be taken ``always``: then it is nothing that anybody waits for, and SQLite writes others first.

        ``work`` may run again after a conflict, or where what shares its transaction fails, so it must not touch
        anything but its connection.
        """
        result: T = await self._write(
            Job(None, lambda connection, _items: [work(connection)], shared=False, size=0, background=always), always
        )
        return result

    async def write_together(
        self, together: Together, item: Any, *, key: Hashable = None, size: int = 0, always: bool = False
    ) -> Any:
        """Do ``together`` for ``item``, a thing of so many bytes, and for others of its kind that wait; as ``write``.

        On PostgreSQL only those with the same ``key`` are done together: they wait for the same locks.
        """
        return await self._write(Job(item, together, shared=True, size=size, key=key), always)

    async def _write(self, job: Job, always: bool) -> Any:
        if not always:
            self._admission.enter(job.size)
            job.future.add_done_callback(lambda _future: self._admission.leave(job.size))
        # Shielded: a client that goes away does not take back a write that others may be committed with.
        self._reads.at_work += 1
        try:
            return await asyncio.shield(asyncio.wrap_future(self._writer.submit(job)))
        finally:
            self._reads.at_work -= 1

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for a write of this process."""
        return self._admission.waiting

    async def close(self) -> None:
        """Finish accepted writes and reads and close all connections; a second call does nothing."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._writer.close)
        await loop.run_in_executor(None, self.signals.close)
        await loop.run_in_executor(None, self._reads.close)
