"""The size of text in UTF-8."""

from typing import Any

from sqlalchemy import ColumnElement, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["octets"]


class _Octets(FunctionElement[int]):
    """Bytes of a text."""

    inherit_cache = True
    type = Integer()


@compiles(_Octets, "sqlite")
def _sqlite_octets(element: _Octets, compiler: SQLCompiler, **kw: Any) -> str:
    return f"length(CAST({compiler.process(element.clauses, **kw)} AS BLOB))"


@compiles(_Octets, "postgresql")
def _postgresql_octets(element: _Octets, compiler: SQLCompiler, **kw: Any) -> str:
    return f"octet_length({compiler.process(element.clauses, **kw)})"


def octets(text: ColumnElement[Any]) -> ColumnElement[int]:
    """Bytes of ``text`` in UTF-8; null of null."""
    return _Octets(text)
