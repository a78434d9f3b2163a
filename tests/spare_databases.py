"""Databases of PostgreSQL with empty tables that tests get one after another: to make one of a template and to drop it
takes PostgreSQL ten times as long as to empty what a test has written to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

__all__ = ["SpareDatabases"]

_OURS = "relnamespace = 'public'::regnamespace"
_RELATIONS = (
    f"SELECT string_agg(format('%s %s %s', relname, relkind, reloptions), ',' ORDER BY oid) FROM pg_class WHERE {_OURS}"
)
_OTHERS = (
    "FROM pg_stat_activity"
    " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
# What never had a row, and no statistics, is as the template has it.
_WRITTEN = (
    f"SELECT relname FROM pg_class WHERE {_OURS} AND relkind = 'r' AND relname <> 'alembic_version'"
    " AND (pg_relation_size(oid) > 0 OR reltuples >= 0)"
)
_FORGET = (
    "SELECT pg_stat_reset()",
    f"DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM pg_class WHERE {_OURS})",
)


@dataclass
class _Spare:
    url: str
    connection: psycopg.Connection
    relations: object
    """Its tables and indexes, as they were made."""


class SpareDatabases:
    """``make`` gives the URL of a new database, ``drop`` drops one."""

    def __init__(self, make: Callable[[], str], drop: Callable[[str], None]) -> None:
        self._make = make
        self._drop = drop
        self._spare: list[_Spare] = []

    @contextmanager
    def one(self) -> Iterator[str]:
        """The URL of a database with empty tables, as if it were new. Connections to it are ended afterwards."""
        spare = self._spare.pop() if self._spare else self._new()
        yield spare.url
        if _is_emptied(spare):
            self._spare.append(spare)
        else:
            self._give_up(spare)

    def close(self) -> None:
        """Drop those that nobody has."""
        while self._spare:
            self._give_up(self._spare.pop())

    def _new(self) -> _Spare:
        url = self._make()
        connection = psycopg.connect(url, autocommit=True)
        connection.execute("SET lock_timeout = '10s'")
        return _Spare(url, connection, _relations(connection))

    def _give_up(self, spare: _Spare) -> None:
        spare.connection.close()
        self._drop(spare.url)


def _relations(connection: psycopg.Connection) -> object:
    return connection.execute(_RELATIONS).fetchone()


def _is_emptied(spare: _Spare) -> bool:
    """Empties what was written to; False where the test has made or dropped something, or ended the connection."""
    connection = spare.connection
    try:
        # What this gives does not tell: it is false as well for one that ends by itself meanwhile.
        connection.execute(f"SELECT pg_terminate_backend(pid, 10000) {_OTHERS}")
        if connection.execute(f"SELECT 1 {_OTHERS}").fetchone() or _relations(connection) != spare.relations:
            return False
        written = [sql.Identifier(name) for (name,) in connection.execute(_WRITTEN)]
        if written:
            connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(sql.SQL(", ").join(written)))
        for statement in _FORGET:
            connection.execute(statement)
    except psycopg.Error:
        return False
    return True
