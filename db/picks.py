"""What stands at a path inside JSON text, exactly as it was sent, and how it begins, found by the database.

Queries read ``<column>_query`` where it is set, whose numbers and characters are not those that were sent. Here the
text itself is read: SQLite's ``->`` gives the text of what it finds without looking at its escapes; PostgreSQL's
``json`` would refuse U+0000 and lone surrogates, so these are hidden from it first.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Text, func, select, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import InternalTraversal

from db.chunks import chunked
from db.id_lists import of_bound_project
from db.json_text import JSONText, dump_json, parse_json
from db.prepared import Prepared, execute
from db.query.json import is_index, is_plain_path, json_node
from db.query.templates import POSTGRESQL_COMPACT

__all__ = ["PICK_FUNCTION", "Held", "Key", "Preview", "pick", "picked", "select_previews", "select_values"]

PICK_FUNCTION = "tg_pick"
"""``pick`` as SQLite connections know it: for paths that its own functions cannot follow."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Where JSON text is held: its column, the column that queries read in its place, the rows that readers may see,
    what names a row within its project, and about how many bytes the text has."""

    project: ColumnElement[str]
    key: tuple[ColumnElement[str], ...]
    text: ColumnElement[Any]
    query: ColumnElement[Any]
    size: ColumnElement[int]
    shown: ColumnElement[bool] | None = None


class Preview(NamedTuple):
    """The beginning of a text; its whole has ``length`` characters, and ``size_bytes`` as JSON."""

    text: str
    length: int
    size_bytes: int


# Values at a path


class _Picked(FunctionElement[str]):
    """The JSON text at ``path`` (a JSON list of parts) of the first clause; the second is what queries read."""

    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012  # SQLAlchemy declares it so
        *FunctionElement._traverse_internals,  # noqa: SLF001  # documented for elements with state of their own
        ("path", InternalTraversal.dp_string),
    ]
    type = Text()

    def __init__(self, held: Held, parts: Sequence[str]) -> None:
        super().__init__(held.text, held.query)
        self.path = json.dumps(list(parts))


@compiles(_Picked, "sqlite")
def _sqlite_picked(element: _Picked, compiler: SQLCompiler, **kw: Any) -> str:
    text, _ = element.clauses
    parts = json.loads(element.path)
    if not parts:
        return str(compiler.process(text, **kw))
    if is_plain_path(parts, from_end=True):
        return str(compiler.process(json_node(text, parts, from_end=True), **kw))
    return f"{PICK_FUNCTION}({compiler.process(text, **kw)}, {compiler.render_literal_value(element.path, Text())})"


_LONE = (
    r"\\u(0000|[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F]))"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
)
"""Escapes that PostgreSQL refuses, in text whose escaped backslashes are out of the way."""


@compiles(_Picked, "postgresql")
def _postgresql_picked(element: _Picked, compiler: SQLCompiler, **kw: Any) -> str:
    text, query = element.clauses
    parts = json.loads(element.path)
    if not parts:
        return str(compiler.process(text, **kw))
    read, plain = compiler.process(query, **kw), compiler.process(json_node(text, parts, from_end=True), **kw)
    found = compiler.process(json_node(_Hidden(text), [_hidden(part) for part in parts], from_end=True), **kw)
    shown = f"replace(replace(CAST({found} AS text), '\\\\u', '\\u'), '\\\\b', '\\\\')"
    return f"(CASE WHEN {read} IS NULL THEN CAST({plain} AS text) ELSE {shown} END)"


class _Hidden(FunctionElement[str]):
    r"""JSON text with what PostgreSQL refuses out of its sight: each escaped backslash as ``\\b``, and each refused
    escape as ``\\uXXXX``, which both are text with a backslash in it."""

    inherit_cache = True
    type = Text()


@compiles(_Hidden, "postgresql")
def _postgresql_hidden(element: _Hidden, compiler: SQLCompiler, **kw: Any) -> str:
    text = compiler.process(element.clauses, **kw)
    return f"regexp_replace(replace({text}, '\\\\', '\\\\b'), '{_LONE}', '\\\\\\\\u\\1\\2', 'g')"


def _hidden(part: str) -> str:
    """A part of a path as it reads in hidden text."""
    return re.sub("[\0\ud800-\udfff]", lambda m: f"\\u{ord(m[0]):04x}", part.replace("\\", "\\b"))


def pick(text: str | None, path: str) -> str | None:
    """The JSON text at ``path`` (a JSON list of parts) of JSON text; None where nothing is there.

    A part that is a whole number is a position in a list, a negative one from its end, or a key, whichever is there.
    Never raises.
    """
    if text is None:
        return None
    value = parse_json(text)
    for part in json.loads(path):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and is_index(part, from_end=True) and -len(value) <= int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return str(dump_json(value))


def picked(held: Held, parts: Sequence[str]) -> ColumnElement[Any]:
    """The JSON text at ``parts`` of what is held, as it was sent; null where nothing is there."""
    return _Picked(held, parts)


# Previews


class _Previewed(FunctionElement[str]):
    """How the text of the first clause (JSON text) begins, as ``LENGTH BYTES HEAD``; null for null.

    The second clause is the same JSON as queries read it: of a string it gives the number of characters. ``length`` is
    how many characters a preview has. HEAD is JSON text of at least as many; of a string with escapes each may take
    twelve.
    """

    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012  # as above
        *FunctionElement._traverse_internals,  # noqa: SLF001  # as above
        ("length", InternalTraversal.dp_plain_obj),
    ]
    type = Text()

    def __init__(self, picked: ColumnElement[Any], read: ColumnElement[Any], length: int) -> None:
        super().__init__(picked, read)
        self.length = length


_HEAD = """CASE WHEN substr(tg_v.n, 1, 1) <> '"' THEN substr(tg_v.n, 1, {length})
 WHEN {escape} = 0 THEN substr(tg_v.n, 1, {cut}) ELSE substr(tg_v.n, 1, {escaped}) END"""


def _previewed(
    element: _Previewed, compiler: SQLCompiler, kw: Any, *, sizes: str, escape: str, form: str = "{}"
) -> str:
    picked, read = (compiler.process(clause, **kw) for clause in element.clauses)
    cut = element.length + 2  # the quotes
    length = element.length
    head = _HEAD.format(length=length, escape=escape.format(cut=cut), cut=cut, escaped=12 * length + 2)
    return (
        f"(SELECT CASE WHEN tg_v.n <> 'null' THEN {sizes.replace('{read}', read)} || ' ' || {head} END"
        f" FROM (SELECT {form.replace('{}', picked)} AS n LIMIT 1 OFFSET 0) AS tg_v)"
    )


@compiles(_Previewed, "sqlite")
def _sqlite_previewed(element: _Previewed, compiler: SQLCompiler, **kw: Any) -> str:
    picked, _ = element.clauses
    # What ``->`` gives is compact, the text of the column may have spaces.
    whole = isinstance(picked, _Picked) and picked.path == "[]"
    sizes = (
        "CASE WHEN substr(tg_v.n, 1, 1) = '\"' THEN length({read} ->> '$') ELSE length(tg_v.n) END"
        " || ' ' || length(CAST(tg_v.n AS BLOB))"
    )
    escape = "instr(substr(tg_v.n, 1, {cut}), '\\')"
    return _previewed(element, compiler, kw, sizes=sizes, escape=escape, form="json({})" if whole else "{}")


@compiles(_Previewed, "postgresql")
def _postgresql_previewed(element: _Previewed, compiler: SQLCompiler, **kw: Any) -> str:
    compact = POSTGRESQL_COMPACT.replace("{n}", "tg_w.n")
    form = (
        f"(SELECT CASE WHEN substr(tg_w.n, 1, 1) = '\"' THEN tg_w.n ELSE {compact} END"
        " FROM (SELECT {} AS n LIMIT 1 OFFSET 0) AS tg_w)"
    )
    sizes = (
        "CASE WHEN substr(tg_v.n, 1, 1) = '\"' THEN length(CAST({read} AS json) #>> '{}') ELSE length(tg_v.n) END"
        " || ' ' || octet_length(tg_v.n)"
    )
    return _previewed(element, compiler, kw, sizes=sizes, escape="strpos(substr(tg_v.n, 1, {cut}), '\\')", form=form)


_CHARACTER = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\"\\]")


def _preview_of(found: str, length: int) -> Preview:
    characters, size, head = found.split(" ", 2)
    if head.startswith('"'):
        kept: list[str] = []
        for match in _CHARACTER.finditer(head, 1):
            if len(kept) == length:
                break
            kept.append(match[0])
        text = json.loads(f'"{"".join(kept)}"')
    else:
        text = head
    return Preview(text, int(characters), int(size))


# Reads

BATCH_BYTES = 32 << 20
"""Bytes of the texts that one statement looks into to give values out."""


def _fetched(
    connection: Connection, held: Held, project: str, keys: Iterable[Key], expression: ColumnElement[Any]
) -> Iterator[tuple[Key, Any]]:
    for chunk in chunked(dict.fromkeys(keys)):
        if len(held.key) == 1:
            ids = [key[0] for key in chunk]
            rows = _by_id(held, expression).fetch(connection, {"project": project, "ids": ids})
        else:
            statement = _reading(held, *held.key, expression).where(
                held.project == project, tuple_(*held.key).in_(chunk)
            )
            rows = execute(connection, statement)[1]
        for *key, value in rows:
            yield tuple(key), value


def _reading(held: Held, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).where(*([] if held.shown is None else [held.shown]))


@lru_cache(maxsize=512)
def _by_id(held: Held, expression: ColumnElement[Any]) -> Prepared:
    """The statement that reads ``expression`` of the rows of a project that have given ids."""
    named = of_bound_project(held.project, held.key[0], "project", "ids")
    return Prepared(_reading(held, *held.key, expression).where(named))


@lru_cache(maxsize=512)
def _picked_of(held: Held, parts: tuple[str, ...]) -> ColumnElement[Any]:
    """Made once, as are the statements that have it."""
    return _Picked(held, parts)


@lru_cache(maxsize=512)
def _previewed_of(held: Held, parts: tuple[str, ...], length: int) -> ColumnElement[Any]:
    read = json_node(func.coalesce(held.query, held.text), parts, from_end=True)
    return _Previewed(_Picked(held, parts), read, length)


def select_values(
    connection: Connection, held: Held, project: str, keys: Iterable[Key], parts: Sequence[str], max_bytes: int
) -> dict[Key, JSONText | None]:
    """The JSON text at a path of each row: null and what is not there are missing.

    Values are read until they have ``max_bytes`` together, at least one; what would come after has None. One statement
    a chunk for the sizes of the texts, and one for each 32 MiB of them.
    """
    found: dict[Key, JSONText | None] = {}
    total = 0
    expression = _picked_of(held, tuple(parts))
    for batch in _batches(dict(_fetched(connection, held, project, keys, held.size))):
        if total >= max_bytes:
            found |= dict.fromkeys(batch)
            continue
        for key, text in _fetched(connection, held, project, batch, expression):
            if text is None or text == "null":
                continue
            fits = not total or total + len(text) <= max_bytes
            found[key] = JSONText(text) if fits else None
            total += len(text)
    return found


def _batches(sizes: Mapping[Key, int]) -> Iterator[list[Key]]:
    batch: list[Key] = []
    total = 0
    for key, size in sizes.items():
        if batch and total + size > BATCH_BYTES:
            yield batch
            batch, total = [], 0
        batch.append(key)
        total += size
    if batch:
        yield batch


def select_previews(
    connection: Connection, held: Held, project: str, keys: Iterable[Key], parts: Sequence[str], length: int
) -> dict[Key, Preview]:
    """How what stands at a path of each row begins, in at most ``length`` characters: a string as its text, anything
    else as compact JSON. Null and what is not there are missing. One statement a chunk."""
    found = _fetched(connection, held, project, keys, _previewed_of(held, tuple(parts), length))
    return {key: _preview_of(value, length) for key, value in found if value is not None}
