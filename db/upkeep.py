"""Tables of PostgreSQL looked after soon after much was written.

Autovacuum comes once a minute at most. By then a busy server has written hundreds of thousands of calls: its planner
knows nothing of them and takes any index of calls for as good as another, lists are counted by looking at each row, and
what calls left behind when they ended takes room that new ones could have had. So each server process looks every few
seconds at what PostgreSQL counts, and asks for ANALYZE and VACUUM where a table changed by much.

One process at a time works on a table, and none where autovacuum does: the others pass it by. A role that may not
leaves it to autovacuum. On Citus rows are counted where they are, on the workers: autovacuum there looks after them.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.exc import SQLAlchemyError

from db.engines import engine_for, parse_url
from db.id_lists import Strings
from db.metadata import metadata

__all__ = ["Upkeep", "look_after"]

log = logging.getLogger("tracegraph.upkeep")

LOOK = 5.0  # seconds between two looks
ENDING = 0.1  # seconds between two attempts to end what goes on
REST = 5.0  # how long it rests after it worked, in times of what that took
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


def look_after(connection: Connection, refused: set[str]) -> bool:
    """Do what is due to each table; whether anything was. ``connection`` is in autocommit.

    Tables in ``refused`` are left alone; those that this role may not look after are added to it.
    """
    worked = False
    names = [name for name in metadata.tables if name not in refused]
    for table, rows, dead, inserted, changed in connection.execute(_COUNTED, {"names": names}).all():
        analyze = ANALYZED.is_exceeded(changed, rows)
        if DEAD.is_exceeded(dead, rows) or INSERTED.is_exceeded(inserted, rows):
            # What is at the end of the file may stay: to cut it off nobody may read the table.
            options = "SKIP_LOCKED, TRUNCATE false, PARALLEL 0" + (", ANALYZE" if analyze else "")
            statement = f"VACUUM ({options}) {table}"
        elif analyze:
            statement = f"ANALYZE (SKIP_LOCKED) {table}"
        else:
            continue
        worked = True
        with _warned(connection) as warnings:
            connection.exec_driver_sql(statement)
        for state, message in warnings:
            if state != _SKIPPED:
                log.warning("%s is left to autovacuum: %s", table, message)
                refused.add(table)
    return worked


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
        self._refused: set[str] = set()
        self._failed = False
        self._closing = threading.Event()
        self._driver: Any = None
        self._thread = threading.Thread(target=self._run, name="tracegraph-upkeep", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        pause = self._pause
        while not self._closing.wait(pause):
            begun = time.monotonic()
            worked = self._look()
            pause = max(self._pause, (time.monotonic() - begun) * REST) if worked else self._pause

    def _look(self) -> bool:
        try:
            with self._engine.connect() as connection:
                self._driver = connection.connection.driver_connection
                if self._closing.is_set():
                    return False
                worked = look_after(connection, self._refused)
        except SQLAlchemyError as error:
            # It may be away, shutting down or read-only; of the same failure again nothing is said.
            if not (self._failed or self._closing.is_set()):
                log.warning("tables are not looked after: %s", str(error).strip().partition("\n")[0])
            self._failed = True
            return False
        finally:
            self._driver = None
        self._failed = False
        return worked

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
