"""Short lists of texts in a column, such as tags: kept as JSON, so that both databases can look into them."""

import json
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Dialect, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from db.text import decode_text, encode_text

__all__ = ["NameList", "holds"]


class NameList(TypeDecorator[list[str]]):
    """A list of any Python strings, in their order (``db.text``)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> str | None:
        return value if value is None else json.dumps([encode_text(one) for one in value], ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[str] | None:
        return value if value is None else [decode_text(one) for one in json.loads(value)]


class _Holds(FunctionElement[bool]):
    """Whether the first argument, a JSON list, has the second, a text."""

    inherit_cache = True
    type = Boolean()


def holds(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The ``NameList`` has ``name``."""
    return _Holds(column, literal(encode_text(name), Text()))


@compiles(_Holds, "sqlite")
def _sqlite_holds(element: _Holds, compiler: SQLCompiler, **kw: Any) -> str:
    column, name = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{name} IN (SELECT value FROM json_each({column}))"


@compiles(_Holds, "postgresql")
def _postgresql_holds(element: _Holds, compiler: SQLCompiler, **kw: Any) -> str:
    column, name = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{name} IN (SELECT json_array_elements_text(CAST({column} AS json)))"
