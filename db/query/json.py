"""JSON in SQL, alike on SQLite and PostgreSQL: a node at a path, and templates that read a value out of it.

A node is JSON text on SQLite (what ``->`` gives) and ``json`` on PostgreSQL: not ``jsonb``, which rewrites numbers, so
that the text of a number is what was sent on both. Paths are written into the statement, as an index on an expression
needs them there, and their parts may be any text at all; values are always bound.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import NullType

from db.text import encode_text

__all__ = ["JsonNode", "is_index", "is_plain_path", "json_node"]

_INDEX = re.compile(r"(?:0|[1-9][0-9]{0,8})")
_FROM_END = re.compile(r"-[1-9][0-9]{0,8}")
_ALMOST_INDEX = re.compile(r"\s*[-+]?[0-9]+")
"""What PostgreSQL's ``#>`` takes for an index of a list, from its end even; ``_INDEX`` is what the language does."""

# Characters that no encoder of JSON writes as an escape: SQLite before 3.45 compares a key as it is written.
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_ $@:;,=+*#~|()?!%^.\[\]{}`-]*")

MAX_ALTERNATIVES = 8

SQLITE_REAL = """CASE
 WHEN CAST(printf('%!.15g', {n}) AS REAL) = {n} THEN replace(printf('%!.15g', {n}), '.0e', 'e')
 WHEN CAST(printf('%!.16g', {n}) AS REAL) = {n} THEN replace(printf('%!.16g', {n}), '.0e', 'e')
 ELSE replace(printf('%!.17g', {n}), '.0e', 'e') END"""
"""Text of a float in as few digits as say it."""


class JsonNode(FunctionElement[Any]):
    """The JSON value at ``parts`` inside a JSON text; null where there is none. A part that is a whole number is an
    index of a list, or a key of an object; with ``from_end`` so is a negative one, which counts from the end."""

    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012  # SQLAlchemy declares it so
        *FunctionElement._traverse_internals,  # noqa: SLF001  # documented for elements with state of their own
        ("path", InternalTraversal.dp_string),
        ("from_end", InternalTraversal.dp_boolean),
    ]
    type = NullType()

    def __init__(self, text: ColumnElement[Any], parts: Sequence[str], *, from_end: bool = False) -> None:
        super().__init__(text)
        self.from_end = from_end
        self.path = json.dumps([encode_text(part) for part in parts])

    @property
    def text(self) -> ColumnElement[Any]:
        """The JSON text that the node lies in."""
        (text,) = self.clauses
        return text

    @property
    def parts(self) -> list[str]:
        """The parts, as they are written into SQL (``encode_text``)."""
        found: list[str] = json.loads(self.path)
        return found

    def is_index(self, part: str) -> bool:
        """Whether a part may be an index of a list."""
        return is_index(part, from_end=self.from_end)


def json_node(text: ColumnElement[Any], parts: Sequence[str], *, from_end: bool = False) -> JsonNode:
    """The node at ``parts`` of the JSON text that ``text`` gives."""
    return JsonNode(text, parts, from_end=from_end)


def is_index(part: str, *, from_end: bool) -> bool:
    """Whether a part of a path may be an index of a list: ``0``, ``12``, and ``-1`` where these count ``from_end``."""
    return bool(_INDEX.fullmatch(part) or (from_end and _FROM_END.fullmatch(part)))


def is_plain_path(parts: Sequence[str], *, from_end: bool = False) -> bool:
    """Whether SQLite's ``->`` follows the path by itself, and so gives the text of what it finds as it was sent."""
    indexes = sum(is_index(part, from_end=from_end) for part in parts)
    return 2**indexes <= MAX_ALTERNATIVES and all(map(_PLAIN_KEY.fullmatch, parts))


def _literal(text: str, compiler: SQLCompiler) -> str:
    return compiler.render_literal_value(text, String())


@compiles(JsonNode, "postgresql")
def _postgresql_node(element: JsonNode, compiler: SQLCompiler, **kw: Any) -> str:
    node = f"CAST({compiler.process(element.clauses, **kw)} AS json)"
    run: list[str] = []

    def flush(node: str) -> str:
        path = ", ".join(_literal(part, compiler) for part in run)
        run.clear()
        return f"({node} #> ARRAY[{path}])" if path else node

    for part in element.parts:
        if _ALMOST_INDEX.fullmatch(part) and not element.is_index(part):
            node = f"({flush(node)} -> CAST({_literal(part, compiler)} AS text))"
        else:
            run.append(part)
    return flush(node)


@compiles(JsonNode, "sqlite")
def _sqlite_node(element: JsonNode, compiler: SQLCompiler, **kw: Any) -> str:
    node = compiler.process(element.clauses, **kw)
    # The paths that the parts of this run may mean: with an index in it there are two, of a list and of an object.
    paths = ["$"]

    def flush(node: str) -> str:
        steps = [f"({node} -> {_literal(path, compiler)})" for path in paths]
        paths[:] = ["$"]
        return steps[0] if len(steps) == 1 else f"coalesce({', '.join(steps)})"

    parts = element.parts
    for position, part in enumerate(parts):
        index = element.is_index(part)
        if _PLAIN_KEY.fullmatch(part) and not (index and len(paths) == MAX_ALTERNATIVES):
            paths[:] = [
                path + step
                for path in paths
                for step in ([f"[{'#' * (part[0] == '-')}{part}]"] if index else []) + [f'."{part}"']
            ]
        else:
            node = _sqlite_member(flush(node) if position else node, part, index, compiler)
            if position + 1 == len(parts):
                return node
    return flush(node)


def _sqlite_member(node: str, part: str, index: bool, compiler: SQLCompiler) -> str:
    """The member of ``node`` whose key is ``part`` once escapes are read, which a path of SQLite cannot say."""
    place = f"json_array_length({node}) {part}" if part.startswith("-") else part
    keys = _literal(part, compiler) + (f", {place}" if index else "")
    real = SQLITE_REAL.replace("{n}", "tg_e.value")
    return (
        "(SELECT CASE tg_e.type WHEN 'text' THEN json_quote(tg_e.value)"
        f" WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'null' THEN 'null' WHEN 'real' THEN {real}"
        f" WHEN 'integer' THEN CASE typeof(tg_e.value) WHEN 'integer' THEN CAST(tg_e.value AS TEXT) ELSE {real} END"
        f" ELSE tg_e.value END FROM json_each({node}) AS tg_e WHERE tg_e.key IN ({keys}) LIMIT 1)"
    )
