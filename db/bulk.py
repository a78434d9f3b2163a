"""Many rows at once.

PostgreSQL takes new ones by COPY, which spares it a statement a row, and SQLite all by prepared statements of many
rows, which spare us what SQLAlchemy does for each value. The driver gives up Python's lock for each run of a statement,
and gets it back when other threads let it: with a run for each row, two hundred calls took four times as long beside a
busy event loop as without one, and to update a hundred took 47 ms in place of 3.

Where one of the rows is refused, SQLite leaves those before it, and whoever runs the transaction ends it. To take them
back itself, it would copy each page aside before a statement changes it: half of what it takes to insert rows whose
keys are digests.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Table, bindparam, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from db.chunks import chunked
from db.id_lists import one_of
from db.metadata import Name
from db.prepared import Prepared, run_sql
from db.text import encode_text, encode_texts

__all__ = ["Columns", "insert_missing", "insert_new", "put_missing", "update_rows"]

Columns = Mapping[str, Sequence[Any]]
"""The values of many rows, by the name of the column; as many in each."""

LOOKED_UP = 5000
"""Keys of one statement that looks which are there."""


ROWS_AT_A_TIME = (64, 16, 4, 1)
"""Rows of a statement on SQLite: few sizes, so that their statements stay prepared. Those of the widest table have a
tenth of the values that a statement may have."""


class _Plan(NamedTuple):
    columns: tuple[tuple[str, Callable[[Sequence[Any]], Sequence[Any]] | None], ...]
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


def _binding(type_: TypeEngine[Any], dialect: Dialect) -> Callable[[Sequence[Any]], Sequence[Any]] | None:
    if isinstance(type_, Name):
        return encode_texts
    bound = type_.dialect_impl(dialect).bind_processor(dialect)
    return None if bound is None else lambda values: [value if value is None else bound(value) for value in values]


def _bound(plan: _Plan, columns: Columns) -> Iterator[tuple[Any, ...]]:
    """The values of each row as they are bound; made column by column, since a loop of Python's own is quick."""
    return zip(*(columns[name] if bound is None else bound(columns[name]) for name, bound in plan.columns), strict=True)


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows`` by column name, of which none exists; what a row does not name is null.

    Nothing here looks for a row that is there already: the caller holds the lock under which it has looked. Raises
    DBAPIError, as SQLAlchemy does; what the transaction did then is not to be committed.
    """
    if not rows:
        return
    columns = _columns_of(table, rows)
    if connection.dialect.name == "postgresql":
        _copy(connection, table, columns)
    else:
        _insert(connection, table, columns)


def _columns_of(table: Table, rows: Sequence[Mapping[str, Any]]) -> Columns:
    """The values of ``rows``; columns that are null in all of them are left out, as half of those of calls are."""
    names = tuple(rows[0])
    columns: dict[str, Sequence[Any]]
    if all(tuple(row) == names for row in rows):
        columns = dict(zip(names, zip(*[row.values() for row in rows], strict=True), strict=True))
    else:
        columns = {name: [row.get(name) for row in rows] for name in set().union(*rows)}
    nulls = len(rows)
    return {
        name: values
        for name, values in columns.items()
        if values[0] is not None or values.count(None) < nulls or table.c[name].server_default is not None
    }


def insert_missing(connection: Connection, table: Table, key: str, columns: Columns) -> None:
    """Insert those rows, all of one project, whose ``key`` the project has not yet; of several with the same key, one.
    The primary key is ``project_id`` and ``key``, and the caller holds the project.

    Raises DBAPIError as ``insert_new``.
    """
    if not columns[key]:
        return
    if connection.dialect.name != "postgresql":
        put_missing(connection, table, columns)
        return
    # COPY knows no conflicts.
    new = {value: place for place, value in enumerate(columns[key])}
    project_id = columns["project_id"][0]
    for chunk in chunked(list(new), LOOKED_UP):
        found = select(table.c[key]).where(table.c.project_id == project_id, one_of(table.c[key], chunk))
        for known in connection.execute(found).scalars():
            del new[known]
    if new:
        _copy(connection, table, {name: [values[place] for place in new.values()] for name, values in columns.items()})


def put_missing(connection: Connection, table: Table, columns: Columns) -> None:
    """On SQLite: insert those rows whose primary key is not there yet; of several with the same, one."""
    _insert(connection, table, columns, " ON CONFLICT DO NOTHING")


def update_rows(
    connection: Connection, table: Table, project_id: str, key: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Set columns of rows of a project that are there. Each of ``rows`` names its ``key``, each another one, and all
    name the same columns. The primary key is ``project_id`` and ``key``.

    Raises DBAPIError as ``insert_new``.
    """
    if not rows:
        return
    names = frozenset(rows[0])
    if connection.dialect.name == "postgresql":
        bound = [{"of_project": project_id, "of_key": row[key], **row} for row in rows]
        _updating(table, key, names - {key}).run_many(connection, bound)
        return
    columns = {name: [row[name] for row in rows] for name in names}
    plan = _plan_of(table, connection.dialect, names)
    _run_by_rows(connection, plan, columns, partial(_update_sql, plan, key), encode_text(project_id))


@lru_cache(maxsize=256)
def _updating(table: Table, key: str, names: frozenset[str]) -> Prepared:
    of_row = (table.c.project_id == bindparam("of_project"), table.c[key] == bindparam("of_key"))
    return Prepared(update(table).where(*of_row).values({name: bindparam(name) for name in sorted(names)}))


def _insert(connection: Connection, table: Table, columns: Columns, conflict: str = "") -> None:
    plan = _plan_of(table, connection.dialect, frozenset(columns))
    _run_by_rows(connection, plan, columns, partial(_insert_sql, plan, conflict))


def _insert_sql(plan: _Plan, conflict: str, places: str) -> str:
    return f"INSERT OR FAIL INTO {plan.table} ({plan.names}) VALUES {places}{conflict}"


def _update_sql(plan: _Plan, key: str, places: str) -> str:
    setting = ", ".join([f"{name} = given.{name}" for name, _ in plan.columns if name != key])
    return (
        f"WITH given ({plan.names}) AS (VALUES {places}) UPDATE OR FAIL {plan.table} SET {setting} FROM given"
        f" WHERE {plan.table}.{key} = given.{key} AND {plan.table}.project_id = ?"
    )


def _run_by_rows(
    connection: Connection, plan: _Plan, columns: Columns, statement: Callable[[str], str], *following: Any
) -> None:
    """Run on SQLite what ``statement`` makes of the places of some rows, until all of them were in it; ``following`` is
    bound behind their values."""
    place = f"({', '.join('?' * len(plan.columns))})"
    bound = list(_bound(plan, columns))
    begin = 0
    for size in ROWS_AT_A_TIME:
        if begin + size > len(bound):
            continue
        sql = statement(", ".join([place] * size))
        while begin + size <= len(bound):
            run_sql(connection, sql, (*chain.from_iterable(bound[begin : begin + size]), *following))
            begin += size


def _copy(connection: Connection, table: Table, columns: Columns) -> None:
    plan = _plan_of(table, connection.dialect, frozenset(columns))
    statement = f"COPY {plan.table} ({plan.names}) FROM STDIN"
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(statement) as copy:
            for row in _bound(plan, columns):
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:
        # Whoever runs the transaction knows the errors of SQLAlchemy, and runs it again after some of them.
        if cursor.connection.closed:
            connection.exec_driver_sql("SELECT 1")  # it finds so too, and makes all connections anew
        raise DBAPIError(statement, None, error) from error
    finally:
        cursor.close()
