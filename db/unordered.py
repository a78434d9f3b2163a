"""What is grouped, or told whether it is among others, without an index that has it in order.

Of all calls SQLite would read group by group, each call from the page that it has to itself, to spare the sort. Where
what is read stands in an index in another order (``db.calls.tables.NARROW``), to read that and sort takes a third.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["GroupBy", "as_it_is", "unordered"]

GroupBy = Callable[[ColumnElement[Any]], ColumnElement[Any]]
"""What calls are grouped by, of the column that has the key: ``as_it_is`` or ``unordered``."""


class _Unordered(FunctionElement[Any]):
    inherit_cache = True


@compiles(_Unordered)
def _plain(element: _Unordered, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


@compiles(_Unordered, "sqlite")
def _sqlite_unordered(element: _Unordered, compiler: SQLCompiler, **kw: Any) -> str:
    return f"+{compiler.process(element.clauses, **kw)}"


def as_it_is(key: ColumnElement[Any]) -> ColumnElement[Any]:
    """``key``, which any database looks for in an index."""
    return key


def unordered(key: ColumnElement[Any]) -> ColumnElement[Any]:
    """``key``, which SQLite does not look for in an index; PostgreSQL chooses by itself."""
    return _Unordered(key)
