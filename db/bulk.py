"""Many rows at once.

PostgreSQL takes them by COPY, which spares it a statement a row, and SQLite by prepared statements of many rows, which
spare us what SQLAlchemy does for each value. The driver gives up Python's lock for each run of a statement, and gets it
back when other threads let it: with a run for each row, two hundred calls took four times as long beside a busy event
loop as without one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Table, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from db.chunks import chunked
from db.id_lists import one_of
from db.metadata import Name
from db.prepared import run_sql
from db.text import encode_texts

__all__ = ["insert_missing", "insert_new"]

LOOKED_UP = 5000
"""Keys of one statement that looks which are there."""


ROWS_AT_A_TIME = (64, 16, 4, 1)
"""Rows of a statement on SQLite: few sizes, so that their statements stay prepared. Those of the widest table have a
tenth of the values that a statement may have."""


class _Plan(NamedTuple):
    columns: tuple[tuple[str, Callable[[list[Any]], Sequence[Any]] | None], ...]
    """Each column that some row names with what makes its values those that are bound, where they are not."""

    table: str
    """Its name, as SQL."""

    names: str
    """Those of the columns."""


@lru_cache(maxsize=256)
def _plan_of(table: Table, dialect: Dialect, named: frozenset[str]) -> _Plan:
    known = [column for column in table.columns if column.name in named]
    columns = tuple((column.name, _binding(column.type, dialect)) for column in known)
    preparer = dialect.identifier_preparer
    names = ", ".join(preparer.format_column(column) for column in known)
    return _Plan(columns, preparer.format_table(table), names)


def _binding(type_: TypeEngine[Any], dialect: Dialect) -> Callable[[list[Any]], Sequence[Any]] | None:
    if isinstance(type_, Name):
        return encode_texts
    bound = type_.dialect_impl(dialect).bind_processor(dialect)
    return None if bound is None else lambda values: [value if value is None else bound(value) for value in values]


def _bound(plan: _Plan, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """The values of each row as they are bound; made column by column, since a loop of Python's own is quick."""
    columns: list[Sequence[Any]] = []
    for name, bound in plan.columns:
        values = [row.get(name) for row in rows]
        columns.append(values if bound is None else bound(values))
    return zip(*columns, strict=True)


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows`` by column name, of which none exists; what a row does not name is null.

    Nothing here looks for a row that is there already: the caller holds the lock under which it has looked. Raises
    DBAPIError, as SQLAlchemy does.
    """
    if rows and connection.dialect.name == "postgresql":
        plan = _plan_of(table, connection.dialect, frozenset().union(*rows))
        _copy(connection, f"COPY {plan.table} ({plan.names}) FROM STDIN", _bound(plan, rows))
    elif rows:
        _insert(connection, table, rows)


def insert_missing(connection: Connection, table: Table, key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those of ``rows``, all of one project, whose ``key`` the project has not yet; of several with the same
    key, one. The primary key is ``project_id`` and ``key``, and the caller holds the project.

    Raises DBAPIError, as SQLAlchemy does.
    """
    if rows and connection.dialect.name == "postgresql":
        # COPY knows no conflicts.
        new = {row[key]: row for row in rows}
        project_id = rows[0]["project_id"]
        for chunk in chunked(list(new), LOOKED_UP):
            found = select(table.c[key]).where(table.c.project_id == project_id, one_of(table.c[key], chunk))
            for known in connection.execute(found).scalars():
                del new[known]
        insert_new(connection, table, list(new.values()))
    elif rows:
        _insert(connection, table, rows, " ON CONFLICT DO NOTHING")


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], conflict: str = "") -> None:
    plan = _plan_of(table, connection.dialect, frozenset().union(*rows))
    place = f"({', '.join('?' * len(plan.columns))})"
    bound = list(_bound(plan, rows))
    begin = 0
    for size in ROWS_AT_A_TIME:
        if begin + size > len(bound):
            continue
        statement = f"INSERT INTO {plan.table} ({plan.names}) VALUES {', '.join([place] * size)}{conflict}"
        while begin + size <= len(bound):
            run_sql(connection, statement, tuple(chain.from_iterable(bound[begin : begin + size])))
            begin += size


def _copy(connection: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:
        # Whoever runs the transaction knows the errors of SQLAlchemy, and runs it again after some of them.
        if cursor.connection.closed:
            connection.exec_driver_sql("SELECT 1")  # it finds so too, and makes all connections anew
        raise DBAPIError(statement, None, error) from error
    finally:
        cursor.close()
