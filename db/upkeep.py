"""Tables of PostgreSQL looked after soon after much was written.

Autovacuum comes once a minute at most. By then a busy server has written hundreds of thousands of calls: its planner
knows nothing of them and takes any index of calls for as good as another, lists are counted by looking at each row, and
what calls left behind when they ended takes room that new ones could have had. So each server process looks every few
seconds at what PostgreSQL counts, and asks for ANALYZE and VACUUM where a table changed by much.

One process at a time works on a table, and none where autovacuum does: the others pass it by. A role that may not, and
one whose statements fail or are stopped, leaves it to autovacuum. What VACUUM cannot remove, since an old transaction
could still see it, is not tried again until as much came to it. On Citus rows are counted where they are, on the
workers: autovacuum there looks after them.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from db.engines import engine_for, parse_url
from db.id_lists import Strings
from db.metadata import metadata

__all__ = ["Tables", "Upkeep", "look_after"]

log = logging.getLogger("tracegraph.upkeep")

LOOK = 5.0  # seconds between two looks
ENDING = 0.1  # seconds between two attempts to end what goes on
REST = 5.0  # how long it rests after a look, in times of what that took
_SKIPPED = "55P03"  # a table is passed by, since somebody else works on it


class _Share(NamedTuple):
    """How many rows are many: some, and a share of those that a table has."""

    some: int
    share: float

    def is_exceeded(self, changed: int, rows: int) -> bool:
        return changed > self.some + self.share * rows


ANALYZED = _Share(1000, 0.2)  # of rows that were written since the last ANALYZE
DEAD = _Share(2000, 0.04)  # of versions of rows that nobody sees any more
INSERTED = _Share(5000, 0.2)  # of rows that were inserted since the last VACUUM, which lets indexes alone count them

_COUNTED = text(
    "SELECT relname, n_live_tup, n_dead_tup, n_ins_since_vacuum, n_mod_since_analyze FROM pg_stat_user_tables"
    " WHERE relid IN (SELECT to_regclass(name) FROM unnest(:names) AS name) ORDER BY relname"
).bindparams(bindparam("names", type_=Strings()))


@dataclass(slots=True)
class Tables:
    """What a process knows of the tables."""

    refused: set[str] = field(default_factory=set)
    """Those that are left to autovacuum."""

    kept: dict[str, int] = field(default_factory=dict)
    """Dead versions of rows that the last VACUUM had to leave."""


def look_after(connection: Connection, tables: Tables, *, is_closing: Callable[[], bool] = lambda: False) -> bool:
    """Do what is due to each table; whether anything was. ``connection`` is in autocommit.

    Raises DBAPIError where the connection is lost, and where a statement is ended since all ``is_closing``.
    """
    worked = False
    names = [name for name in metadata.tables if name not in tables.refused]
    for table, rows, dead, inserted, changed in _counted(connection, names):
        kept = tables.kept[table] = min(dead, tables.kept.get(table, 0))
        analyze = ANALYZED.is_exceeded(changed, rows)
        vacuum = DEAD.is_exceeded(dead - kept, rows) or INSERTED.is_exceeded(inserted, rows)
        if not (vacuum or analyze):
            continue
        worked = True
        # What is at the end of the file may stay: to cut it off nobody may read the table.
        options = "SKIP_LOCKED, TRUNCATE false, PARALLEL 0" + (", ANALYZE" if analyze else "")
        statement = f"VACUUM ({options}) {table}" if vacuum else f"ANALYZE (SKIP_LOCKED) {table}"
        try:
            with _warned(connection) as warnings:
                connection.exec_driver_sql(statement)
        except DBAPIError as error:
            if error.connection_invalidated or is_closing():
                raise
            warnings = [(str(getattr(error.orig, "sqlstate", "")), str(error.orig))]
        for state, message in warnings:
            if state != _SKIPPED:
                log.warning("%s is left to autovacuum: %s", table, message)
                tables.refused.add(table)
        if vacuum:
            ((_, _, tables.kept[table], _, _),) = _counted(connection, [table])
    return worked


def _counted(connection: Connection, names: list[str]) -> list[Any]:
    return list(connection.execute(_COUNTED, {"names": names}).all())


@contextmanager
def _warned(connection: Connection) -> Iterator[list[tuple[str, str]]]:
    """What PostgreSQL warns of within the block: state and message."""
    driver: Any = connection.connection.driver_connection
    warnings: list[tuple[str, str]] = []

    def note(notice: Any) -> None:  # which says nothing after this call
        if notice.severity_nonlocalized == "WARNING":
            warnings.append((notice.sqlstate, notice.message_primary))

    driver.add_notice_handler(note)
    try:
        yield warnings
    finally:
        driver.remove_notice_handler(note)


class Upkeep:
    """Looks after the tables of a database, on a thread and a connection of its own, until it is closed."""

    def __init__(self, url: str, pause: float = LOOK) -> None:
        self._engine = engine_for(parse_url(url), pool_size=1, read_only=True)
        self._pause = pause
        self._tables = Tables()
        self._failed = False
        self._closing = threading.Event()
        self._driver: Any = None
        self._thread = threading.Thread(target=self._run, name="tracegraph-upkeep", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        pause = self._pause
        while not self._closing.wait(pause):
            begun = time.monotonic()
            self._look()
            pause = max(self._pause, (time.monotonic() - begun) * REST)

    def _look(self) -> None:
        try:
            with self._engine.connect() as connection:
                self._driver = connection.connection.driver_connection
                if self._closing.is_set():
                    return
                look_after(connection, self._tables, is_closing=self._closing.is_set)
        except SQLAlchemyError as error:
            # It may be away, shutting down or read-only; of the same failure again nothing is said.
            if not (self._failed or self._closing.is_set()):
                log.warning("tables are not looked after: %s", str(error).strip().partition("\n")[0])
            self._failed = True
            return
        finally:
            self._driver = None
        self._failed = False

    def close(self) -> None:
        """End what is going on; a second call does nothing."""
        self._closing.set()
        while self._thread.is_alive():
            driver = self._driver
            if driver is not None:
                with suppress(self._engine.dialect.loaded_dbapi.Error):
                    driver.cancel_safe()
            # A statement that begins only now is ended in the next round.
            self._thread.join(ENDING)
        self._engine.dispose()
