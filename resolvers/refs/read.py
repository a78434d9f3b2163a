"""Reading what refs point to, many at once.

A path is walked level by level: all refs take their steps inside values that are at hand, then the objects and rows
that they came to are read together, with a few statements a project, and so on until none has a step left.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from db.json_text import JSONText, JSONValue, dump_json, parse_json
from db.objects.reads import ObjectKey, select_objects
from db.tables.reads import select_row_digests_at, select_rows
from resolvers.context import Context
from resolvers.errors import InvalidInputError, NotFoundError
from resolvers.refs.parse import CallRef, ObjectRef, TableRef, is_ref, parse_ref

__all__ = ["MOST_REFS", "ref_values", "refs_found", "refs_read"]

MOST_REFS = 10_000

_MOST_HOPS = 64
"""Objects and rows on one path; refs to ``latest`` can lead in circles."""


class _RowId(NamedTuple):
    project: str
    digest: str


class _RowAt(NamedTuple):
    project: str
    table: str
    position: int


class _Object(NamedTuple):
    project: str
    key: ObjectKey


_Source = _RowId | _RowAt | _Object

_Path = tuple[tuple[str, str], ...]


class _Document:
    """A value that was read; its text is parsed when a path first goes into it."""

    __slots__ = ("_parsed", "text")

    def __init__(self, text: str) -> None:
        self.text = JSONText(text)
        self._parsed: list[JSONValue] = []

    @property
    def value(self) -> JSONValue:
        if not self._parsed:
            self._parsed.append(parse_json(self.text))
        return self._parsed[0]


@dataclass(slots=True)
class _Walk:
    """A ref on its way: the value it waits for, and the steps that are left inside it."""

    uri: str
    source: _Source
    path: _Path

    def missing(self, what: str) -> NotFoundError:
        return NotFoundError(f"Ref {self.uri!r} not found: {what}", ["refs"])

    def invalid(self, what: str) -> InvalidInputError:
        return InvalidInputError(f"Invalid ref {self.uri!r}: {what}", ["refs"])


async def refs_read(context: Context, uris: Sequence[str]) -> list[JSONText | None]:
    """The values that object and op refs point to, whole or at a path, in the order of ``uris``.

    A path goes through refs that are values: into another object, and from a table to its rows by ``id`` or
    ``index``. None for what is deleted, or lies behind a ref into a project that the caller may not read.

    Raises NotFoundError naming a ref that leads nowhere; InvalidInputError naming a ref that is malformed, of a call or
    of a table, and for more than 10,000 of them; ForbiddenError for a project that the caller may not read.
    """
    if len(uris) > MOST_REFS:
        raise InvalidInputError(f"Too many refs: {len(uris)}, at most {MOST_REFS}", ["refs"])
    walks: dict[str, _Walk] = {}
    for index, uri in enumerate(uris):
        if uri in walks:
            continue
        ref = parse_ref(uri, ["refs", index])
        if not isinstance(ref, ObjectRef):
            kind = "Call" if isinstance(ref, CallRef) else "Table"
            raise InvalidInputError(f"{kind} refs not supported: {uri!r}", ["refs", index])
        walks[uri] = _Walk(uri, _object(ref), ref.path)
    for project in {walk.source.project for walk in walks.values()}:
        context.caller.require_read(project)
    found = await context.read(lambda connection: _Reader(connection, context.caller.may_read).read(walks.values()))
    return [found[uri] for uri in uris]


async def refs_found(context: Context, uris: Sequence[str]) -> dict[str, JSONText | None]:
    """The values of well-formed object and op refs, by ref; None for one that leads nowhere or may not be followed."""
    walks = []
    for uri in uris:
        ref = parse_ref(uri)
        assert isinstance(ref, ObjectRef), f"the caller has checked {uri}"
        if context.caller.may_read(ref.project):
            walks.append(_Walk(uri, _object(ref), ref.path))
    if not walks:
        return dict.fromkeys(uris)
    reader = partial(_Reader, may_read=context.caller.may_read, lenient=True)
    found = await context.read(lambda connection: reader(connection).read(walks))
    return {**dict.fromkeys(uris), **found}


async def ref_values(context: Context, uris: Sequence[str]) -> list[JSONText | None]:
    """The values of stored refs; None for calls and tables, for what leads nowhere, and for text that is no ref."""
    wanted = []
    for uri in uris:
        try:
            ref = parse_ref(uri)
        except InvalidInputError:
            continue
        if isinstance(ref, ObjectRef):
            wanted.append(uri)
    found = await refs_found(context, wanted)
    return [found.get(uri) for uri in uris]


def _object(ref: ObjectRef) -> _Object:
    return _Object(ref.project, ObjectKey(ref.kind, ref.object_id, ref.digest))


class _Reader:
    def __init__(self, connection: Connection, may_read: Callable[[str], bool], *, lenient: bool = False) -> None:
        self._connection = connection
        self._may_read = may_read
        self._lenient = lenient
        # None where an object is deleted.
        self._documents: dict[_Source, _Document | None] = {}

    def read(self, walks: Iterable[_Walk]) -> dict[str, JSONText | None]:
        """The values by ref."""
        found: dict[str, JSONText | None] = {}
        # Refs are read where they stand: this may run again, and a walk is used up by it.
        pending = [_Walk(walk.uri, walk.source, walk.path) for walk in walks]
        for _ in range(_MOST_HOPS):
            self._load({walk.source for walk in pending} - self._documents.keys())
            pending = [walk for walk in pending if self._waits(walk, found)]
            if not pending:
                return found
        if self._lenient:
            return found
        raise pending[0].invalid(f"it passes through more than {_MOST_HOPS} other refs")

    def _waits(self, walk: _Walk, found: dict[str, JSONText | None]) -> bool:
        """``_advance``, which a ref that leads nowhere ends where that is not said to be an error."""
        try:
            return self._advance(walk, found)
        except (NotFoundError, InvalidInputError):
            if not self._lenient:
                raise
            found[walk.uri] = None
            return False

    def _advance(self, walk: _Walk, found: dict[str, JSONText | None]) -> bool:
        """Walk as far as values are at hand; True if ``walk`` waits for another source, else its value is found."""
        if walk.source not in self._documents:
            raise walk.missing(_describe(walk.source))
        document = self._documents[walk.source]
        if document is None or not walk.path:
            found[walk.uri] = None if document is None else document.text
            return False
        value = document.value
        for number, (edge, name) in enumerate(walk.path):
            if is_ref(value):
                source, path = _follow(walk, value, walk.path[number:])
                if self._may_read(source.project):
                    walk.source, walk.path = source, path
                    return True
                found[walk.uri] = None
                return False
            value = _step(walk, value, edge, name)
        found[walk.uri] = dump_json(value)
        return False

    def _load(self, sources: set[_Source]) -> None:
        objects: defaultdict[str, list[ObjectKey]] = defaultdict(list)
        positions: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        rows: defaultdict[str, dict[str, list[_Source]]] = defaultdict(dict)
        for source in sources:
            match source:
                case _Object(project, key):
                    objects[project].append(key)
                case _RowAt(project, table, position):
                    positions[project].append((table, position))
                case _RowId(project, digest):
                    rows[project].setdefault(digest, []).append(source)
        for project, wanted in positions.items():
            for (table, position), digest in select_row_digests_at(self._connection, project, wanted).items():
                rows[project].setdefault(digest, []).append(_RowAt(project, table, position))
        for project, digests in rows.items():
            for digest, row in select_rows(self._connection, project, digests, {"val"}).items():
                document = _Document(row.val)
                self._documents.update(dict.fromkeys(digests[digest], document))
        for project, keys in objects.items():
            found = select_objects(self._connection, project, keys, {"val", "deleted_at"})
            for key, row in found.items():
                self._documents[_Object(project, key)] = None if row.deleted_at is not None else _Document(row.val)


def _describe(source: _Source) -> str:
    match source:
        case _Object(_, key):
            return f"there is no {key.kind} {key.object_id}:{key.version}"
        case _RowId(_, digest):
            return f"there is no row {digest!r}"
        case _RowAt(_, table, position):
            return f"there is no row {position} in table {table!r}"


def _follow(walk: _Walk, text: str, path: _Path) -> tuple[_Source, _Path]:
    """Where ``path`` goes on from a ref that is a value."""
    match parse_ref(text, ["refs"]):
        case ObjectRef() as ref:
            return _object(ref), ref.path + path
        case TableRef(project, digest):
            match path[0]:
                case ("id", row):
                    return _RowId(project, row), path[1:]
                case ("index", position):
                    return _RowAt(project, digest, _index(walk, position)), path[1:]
                case (edge, name):
                    raise walk.invalid(f"a table has no {edge} {name!r}, only rows by id and index")
        case CallRef():
            raise walk.invalid(f"{text!r} is a call and has no values")


def _step(walk: _Walk, value: JSONValue, edge: str, name: str) -> JSONValue:
    """The value one step inside ``value``."""
    match edge:
        case "attr" | "key":
            if not isinstance(value, dict) or name not in value:
                raise walk.missing(f"there is no {edge} {name!r}")
            return value[name]
        case "index":
            index = _index(walk, name)
            if not isinstance(value, list) or index >= len(value):
                raise walk.missing(f"there is no index {index}")
            return value[index]
        case _:
            raise walk.invalid(f"row {name!r} is asked of a value that is no table")


def _index(walk: _Walk, text: str) -> int:
    index = int(text)
    if index < 0:
        raise walk.invalid(f"index {index} is negative")
    return index
