"""Rows that come from SQLite in one step: as a JSON array of arrays.

The driver gives up Python's lock for each step to a next row, and beside a busy event loop gets it back half a
millisecond later: a hundred small rows took fifty milliseconds, and with them the transaction that asked for them.
PostgreSQL sends all rows at once and is asked as ever.

Columns are texts, whole numbers and truth values; small ones, since each text is written as JSON and read again.
"""

from typing import Any

import orjson
from sqlalchemy import ColumnCollection, Connection, Select, func, select
from sqlalchemy.dialects import sqlite

from db.prepared import Prepared, Rows, Values, reader

__all__ = ["Gathered", "gathered"]

_SQLITE = sqlite.dialect()


class Gathered:
    """A ``Prepared`` whose rows come in one step."""

    __slots__ = ("_columns", "_gathering", "_rows")

    def __init__(self, statement: Select[Any]) -> None:
        self._rows = Prepared(statement)
        self._gathering = Prepared(_gathering(statement))
        self._columns = statement.selected_columns

    def fetch(self, connection: Connection, values: Values) -> Rows:
        """The rows that come back, as tuples or lists."""
        if connection.dialect.name == "postgresql":
            return self._rows.fetch(connection, values)
        ((text,),) = self._gathering.fetch(connection, values)
        return _read(self._columns, text)


def gathered(connection: Connection, statement: Select[Any]) -> Rows:
    """The rows of a statement that is another each time; in their order where it has a limit."""
    if connection.dialect.name == "postgresql":
        return [tuple(row) for row in connection.execute(statement)]
    return _read(statement.selected_columns, connection.execute(_gathering(statement)).scalar_one())


def _gathering(statement: Select[Any]) -> Select[Any]:
    rows = statement.subquery()
    return select(func.json_group_array(func.json_array(*rows.c)))


def _read(columns: ColumnCollection[Any, Any], text: str) -> Rows:
    rows: Rows = orjson.loads(text)
    return reader(tuple(each.type.dialect_impl(_SQLITE).result_processor(_SQLITE, None) for each in columns))(rows)
