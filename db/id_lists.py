"""Thousands of ids in one condition, as one bound value: an IN list of as many parameters takes longer to write, parse
and plan than to answer."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, cast

from sqlalchemy import ARRAY, Boolean, ColumnElement, Dialect, Text, bindparam, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from db.metadata import Name
from db.text import encode_text, encode_texts

__all__ = ["Strings", "among", "among_bound", "of_bound_project", "of_project", "one_of"]

FEW = 100
"""Ids that are bound one by one, which the databases plan best."""


class Strings(TypeDecorator[Iterable[str]]):
    """A list of strings as one text: JSON on SQLite, an array on PostgreSQL, which estimates by how many there are.

    There it is bound as an array: text that the statement makes one of would be read again for each row it is asked of.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Text()) if dialect.name == "postgresql" else Text())

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        return _array if dialect.name == "postgresql" else _json


def _json(strings: Iterable[str]) -> str:
    return json.dumps(encode_texts(list(strings)), ensure_ascii=False)


def _array(strings: Iterable[str]) -> str:
    """An array of PostgreSQL's as it is written, of text as it is stored."""
    stored = cast("Sequence[str]", encode_texts(list(strings)))
    joined = '","'.join(stored)
    if "\\" in joined or joined.count('"') > 2 * (len(stored) - 1):  # looked for in all of them together
        joined = '","'.join(each.replace("\\", "\\\\").replace('"', '\\"') for each in stored)
    return f'{{"{joined}"}}' if stored else "{}"


class _Among(FunctionElement[bool]):
    """Whether the first argument is one of the strings that are the second."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> Any:
        """As it is: the ``= 1`` that SQLAlchemy adds for SQLite would keep it from the index."""
        return self


def among(column: ColumnElement[Any], ids: Iterable[str]) -> ColumnElement[bool]:
    """``column`` holds one of ``ids``, however many there are; an index on the column serves it."""
    found = list(ids)
    if len(found) == 1:
        return column == literal(encode_text(found[0]), Text())
    return _Among(column, literal(found, Strings()))


def among_bound(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """``among`` of a statement that is made once: with the name of a parameter, a list of ids."""
    return _Among(column, bindparam(name, type_=Strings()))


def one_of(column: ColumnElement[Any], ids: Collection[str]) -> ColumnElement[bool]:
    """``column`` holds one of ``ids``, in the form that is best for few of them, or for many."""
    return column.in_(ids) if len(ids) <= FEW else among(column, ids)


@compiles(_Among, "sqlite")
def _sqlite_among(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"


@compiles(_Among, "postgresql")
def _postgresql_among(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{column} = ANY ({ids})"


class _OfProject(FunctionElement[bool]):
    """Whether the first two arguments are the third and one of the strings that are the fourth."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> Any:
        """As it is: the ``= 1`` that SQLAlchemy adds for SQLite would keep it from the index."""
        return self


def of_project(
    project: ColumnElement[Any], column: ColumnElement[Any], project_id: str, ids: Iterable[str]
) -> ColumnElement[bool]:
    """``project`` is this one, and ``column`` holds one of ``ids``: found by the key, whatever the order of the list.

    Beside ``project = ...`` SQLite, which knows nothing of how many rows a project has, would rather walk along an
    index that has the order.
    """
    return _OfProject(project, column, literal(encode_text(project_id), Text()), literal(list(ids), Strings()))


def of_bound_project(
    project: ColumnElement[Any], column: ColumnElement[Any], project_id: str, ids: str
) -> ColumnElement[bool]:
    """``of_project`` of a statement that is made once: with the names of two parameters, a slug and a list of ids."""
    return _OfProject(project, column, bindparam(project_id, type_=Name()), bindparam(ids, type_=Strings()))


@compiles(_OfProject, "sqlite")
def _sqlite_of_project(element: _OfProject, compiler: SQLCompiler, **kw: Any) -> str:
    project, column, project_id, ids = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({project}, {column}) IN (SELECT {project_id}, value FROM json_each({ids}))"


@compiles(_OfProject, "postgresql")
def _postgresql_of_project(element: _OfProject, compiler: SQLCompiler, **kw: Any) -> str:
    project, column, project_id, ids = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({project} = {project_id} AND {column} = ANY ({ids}))"
