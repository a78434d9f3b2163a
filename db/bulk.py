"""Many rows at once, into a table where none of them is.

PostgreSQL takes them by COPY, which spares it a statement a row, and SQLite by one prepared statement, which spares us
what SQLAlchemy does for each value. Nothing here looks for a row that is there already: the caller holds the lock under
which it has looked.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.exc import DBAPIError

__all__ = ["insert_new"]


class _Plan(NamedTuple):
    columns: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    """Each column of the table with what its values are bound by, where they are not bound as they are."""

    names: str


@lru_cache(maxsize=64)
def _plan_of(table: Table, dialect: Dialect) -> _Plan:
    columns = tuple(
        (column.name, column.type.dialect_impl(dialect).bind_processor(dialect)) for column in table.columns
    )
    format_column = dialect.identifier_preparer.format_column
    return _Plan(columns, ", ".join(format_column(column) for column in table.columns))


def _values(plan: _Plan, row: Mapping[str, Any]) -> tuple[Any, ...]:
    values = []
    for name, bound in plan.columns:
        value = row.get(name)
        values.append(value if bound is None or value is None else bound(value))
    return tuple(values)


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows`` by column name, of which none exists; what a row does not name is null.

    Raises DBAPIError, as SQLAlchemy does.
    """
    if not rows:
        return
    plan = _plan_of(table, connection.dialect)
    name = connection.dialect.identifier_preparer.format_table(table)
    bound = (_values(plan, row) for row in rows)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {name} ({plan.names}) FROM STDIN", bound)
    else:
        places = ", ".join("?" * len(plan.columns))
        connection.exec_driver_sql(f"INSERT INTO {name} ({plan.names}) VALUES ({places})", list(bound))


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
