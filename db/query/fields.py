"""The queryable fields of a noun: a table of names, types and SQL, and the look-up of a path in it."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement

from db.query.expression import Path, QueryError
from db.query.path_keys import PathKeys

__all__ = ["Field", "FieldType", "Fields", "Hook", "Related", "camel", "split_path"]

MAX_PATH = 1_000
"""Characters of a path, and far more than its parts: they are written into the statement."""

MAX_PARTS = 100


class FieldType(Enum):
    """What a field holds; the value names it in messages."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    TIME = "time"
    """Microseconds since the epoch in SQL, Unix seconds or ISO 8601 in a query."""
    JSON = "JSON"
    """JSON text in SQL, valid for the databases' JSON functions: ``coalesce(inputs_query, inputs)``."""


@dataclass(frozen=True, slots=True)
class Related:
    """Says that a field lies in other rows that belong to the row asked about, none or several of them.

    ``any`` takes a condition over such a row and gives "one of them fulfils it" (an EXISTS);
    ``one`` takes an expression over such a row and gives its value in the one row that sorts count (a scalar subquery).
    """

    any: Callable[[ColumnElement[bool]], ColumnElement[bool]]
    one: Callable[[ColumnElement[Any]], ColumnElement[Any]]


@dataclass(frozen=True, slots=True)
class Field:
    """A queryable field.

    ``name`` is the path in queries (``op_name``, ``inputs``, ``summary.weave.status``); ``sql`` its expression, with
    the SQL type that ``FieldType`` says. ``nullable`` is False where no row that is read can have null there, which
    keeps sorts index-friendly. ``parts`` is the path inside a JSON field; ``index`` gives the index on such a path, if
    there is one.
    """

    name: str
    type: FieldType
    sql: ColumnElement[Any]
    nullable: bool = True
    related: Related | None = None
    parts: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    """All that a text can be, where these are few: the values of an enum."""

    index: Callable[[tuple[str, ...]], PathKeys | None] | None = None

    def keys(self) -> PathKeys | None:
        """The index on its path; None without one."""
        return None if self.index is None else self.index(self.parts)


Hook = Callable[[str], Field | None]
"""Resolves paths that no table can list (``feedback.[TYPE].payload.PATH``, paths that cross a ref); None for others.
May raise ``QueryError`` for a path that is its own and cannot be."""


class Fields:
    """The fields of one noun. ``hooks`` are asked first; ``root`` is the JSON field that any other path reaches into
    (rows of a table, where all paths are the user's own).

    Each name is also known as GraphQL spells it: ``startedAt`` is ``started_at``. ``aliases`` has further names of
    fields, in either spelling; ``members`` names of places in JSON fields: ``note`` is ``payload.note``. ``unlisted``
    are names that REST alone has, and that the graph has others for.
    """

    def __init__(
        self,
        fields: Iterable[Field],
        *,
        hooks: Sequence[Hook] = (),
        root: Field | None = None,
        aliases: Mapping[str, str] | None = None,
        members: Mapping[str, str] | None = None,
        unlisted: Collection[str] = (),
    ) -> None:
        self._fields = {field.name: field for field in fields}
        self._hooks = tuple(hooks)
        self._root = root
        self._members = members or {}
        names = {**{name: name for name in self._fields}, **(aliases or {})}
        spelled = {spelling: name for alias, name in names.items() for spelling in (alias, camel(alias))}
        self._spellings = {spelling: name for spelling, name in spelled.items() if spelling not in self._fields}
        self._in_graph = {camel(name): self._fields[names[name]] for name in names if name not in unlisted}
        self._in_graph |= {name: self._fields[path.partition(".")[0]] for name, path in self._members.items()}

    @property
    def names(self) -> frozenset[str]:
        """The names of the fields themselves, in every spelling."""
        return frozenset({*self._fields, *self._spellings})

    def resolve(self, path: str, at: Path = ()) -> Field:
        """The field at ``path``, with the parts inside it. Raises ``QueryError`` for an unknown one."""
        if len(path) > MAX_PATH:
            raise QueryError(f"the path {path[:100] + '...'!r} is longer than {MAX_PATH} characters", at)
        for hook in self._hooks:
            try:
                found = hook(path)
            except QueryError as error:
                raise QueryError(error.message, at, error.in_graph) from error
            if found is not None:
                return found
        path = self._spellings.get(path, path)
        if path in self._fields:
            return self._fields[path]
        head, dot, rest = path.partition(".")
        path = self._members.get(head, head) + dot + rest
        parts = split_path(path)
        if len(parts) > MAX_PARTS:
            raise QueryError(f"the path {path[:100] + '...'!r} has more than {MAX_PARTS} parts", at)
        field = self._fields.get(parts[0])
        if field is not None and field.type is FieldType.JSON:
            return replace(field, parts=parts[1:])
        if self._root is not None:
            return replace(self._root, parts=parts)
        if field is not None:
            raise QueryError(
                f"unknown field {path!r}: {parts[0]!r} is {_with_article(field.type)} and holds no other fields", at
            )
        close = get_close_matches(path, self._spellings, 1)
        raise QueryError(
            f"unknown field {path!r}; {_meant(path, parts[0], self._fields, close=close)}",
            at,
            f"unknown field {path!r}; {_meant(path, parts[0], self._in_graph, camel)}",
        )


def _meant(
    path: str,
    first: str,
    known: Mapping[str, Field],
    spelled: Callable[[str], str] = str,
    close: Sequence[str] = (),
) -> str:
    if close := get_close_matches(spelled(path), known, 1) or close:
        return f"did you mean {close[0]!r}?"
    if close := get_close_matches(spelled(first), known, 1):
        inner = path[len(first) :] if known[close[0]].type is FieldType.JSON else ""
        return f"did you mean {close[0] + inner!r}?"
    return f"known are {', '.join(known)}"


def _with_article(kind: FieldType) -> str:
    return f"{'an' if kind is FieldType.INTEGER else 'a'} {kind.value}"


def camel(name: str) -> str:
    """A name as GraphQL spells it: ``started_at`` as ``startedAt``."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def split_path(path: str) -> tuple[str, ...]:
    r"""Parts of a dotted path; ``\.`` is a dot inside a part, any other backslash stands for itself."""
    return tuple(part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", path))
