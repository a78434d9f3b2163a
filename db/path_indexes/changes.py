"""Making, dropping and listing indexes on paths.

Not in a transaction on PostgreSQL, where calls are written while an index of them is made. An index counts once its row
is there; what a command that was killed left behind is made anew by the next one.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from db.assumptions import assume
from db.calls.tables import calls
from db.metadata import Name
from db.path_indexes.paths import EVERY_PROJECT, PathIndex
from db.path_indexes.tables import path_indexes
from db.query.path_keys import keys_of

__all__ = ["add_path_index", "path_indexes_of", "prepare_path_indexes", "remove_path_index", "select_path_indexes"]

_LOCK = 0x70617468  # an advisory lock of this application; the number only has to be ours
_PAUSE = 0.1  # seconds between two looks whether another process has finished

c = path_indexes.c


def select_path_indexes(connection: Connection) -> list[PathIndex]:
    """All indexes, by project and path."""
    return [PathIndex(*row) for row in connection.execute(select(c.project_id, c.path).order_by(c.project_id, c.path))]


def path_indexes_of(engine: Engine) -> list[PathIndex]:
    """All indexes of a database, by project and path."""
    with engine.connect() as connection:
        return select_path_indexes(connection)


def add_path_index(engine: Engine, index: PathIndex) -> bool:
    """Make an index; returns whether it was not there before. While it is made nothing can be written to SQLite."""
    with _changing(engine) as connection:
        if index in select_path_indexes(connection):
            return False
        postgresql = connection.dialect.name == "postgresql"
        if postgresql:  # one that is not whole
            connection.exec_driver_sql(f'DROP INDEX CONCURRENTLY IF EXISTS "{index.name}"')
        connection.exec_driver_sql(_statement(connection, index))
        if postgresql:
            # The planner knows what values an expression has only once there is an index on it.
            connection.exec_driver_sql("ANALYZE calls")
        else:
            assume(connection)
        insert = postgresql_insert if postgresql else sqlite_insert
        connection.execute(insert(path_indexes).values(project_id=index.project, path=index.path))
        return True


def prepare_path_indexes(engine: Engine, paths: Iterable[str]) -> list[PathIndex]:
    """Make those on ``paths`` of all projects that are missing, when a server starts; returns all that there are."""
    for path in paths:
        add_path_index(engine, PathIndex(EVERY_PROJECT, path))
    return path_indexes_of(engine)


def remove_path_index(engine: Engine, index: PathIndex) -> bool:
    """Drop an index; returns whether it was there."""
    with _changing(engine) as connection:
        gone = connection.execute(delete(path_indexes).where(c.project_id == index.project, c.path == index.path))
        concurrently = "CONCURRENTLY " if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(f'DROP INDEX {concurrently}IF EXISTS "{index.name}"')
        return gone.rowcount > 0


@contextmanager
def _changing(engine: Engine) -> Iterator[Connection]:
    """A connection that alone changes indexes: in a transaction on SQLite, without one on PostgreSQL."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # Asked for again and again: who waits inside a statement would be waited for by CONCURRENTLY.
            while not connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}).scalar_one():
                time.sleep(_PAUSE)
            try:
                yield connection
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
    else:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.exec_driver_sql("COMMIT")


def _statement(connection: Connection, index: PathIndex) -> str:
    column = func.coalesce(calls.c[f"{index.column}_query"], calls.c[index.column])
    everywhere = index.project == EVERY_PROJECT
    project = None if everywhere else calls.c.project_id == bindparam(None, index.project, Name(), literal_execute=True)
    keys = keys_of(column, index.parts, project)
    # An index names the columns of its table without the table.
    number, start, here = (
        str(part.compile(dialect=connection.dialect, compile_kwargs={"include_table": False, "literal_binds": True}))
        for part in (keys.number, keys.start, keys.here)
    )
    concurrently = "CONCURRENTLY " if connection.dialect.name == "postgresql" else ""
    return f'CREATE INDEX {concurrently}"{index.name}" ON calls (project_id, ({number}), ({start})) WHERE {here}'
