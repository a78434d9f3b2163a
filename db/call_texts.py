"""What calls say: the text of their names, inputs and output that is searched, and the index over it.

The text is folded (``db.folding``) and kept in parts, so that a value of megabytes is written bit by bit. It is written
after the call, by ``resolvers.search.index``, never with it. The index is one of trigrams: on SQLite a table of FTS5,
which ``db.search_index`` makes; on PostgreSQL a GIN index over numbers. That needs no extension, and finds texts of any
script in a database of any locale, which pg_trgm does not.
"""

import json
import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    FromClause,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeDecorator, TypeEngine

from db.bulk import insert_new
from db.calls.tables import calls
from db.chunks import chunked
from db.documents import documents_of, first_document
from db.folding import GRAM, grams, hashed
from db.id_lists import Strings, among
from db.metadata import Name, metadata
from db.prepared import Prepared, execute
from db.query.search import contains
from db.search_index import FTS
from db.text import decode_text, encode_text

__all__ = [
    "LONGEST_PART",
    "TEXTS",
    "LookedAt",
    "TextPart",
    "call_texts",
    "look_at_newest",
    "remove_parts",
    "says",
    "select_cut_candidates",
    "select_newest_saying",
    "select_parts",
    "select_saying",
    "select_saying_whole",
    "write_parts",
]

TEXTS = "texts"
"""The name of the follower that writes texts (``db.followers``)."""

LONGEST_PART = 1 << 16
"""Characters of text, before it is folded, that one row holds about."""

_MOST_GRAMS = 32
"""Trigrams of a text that an index is asked for: more hardly find fewer rows."""


class _Numbers(TypeDecorator[list[int]]):
    """Numbers of trigrams; null on SQLite, which has an index of its own."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return ARRAY(Integer()) if dialect.name == "postgresql" else Text()


call_texts = Table(
    "call_texts",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("call_id", Name, nullable=False),
    Column("part", Integer, nullable=False),
    # False where the call has further parts.
    Column("whole", Boolean, nullable=False),
    # The row of the index of SQLite: those of one project lie together, those whose calls began last before others.
    Column("document", BigInteger),
    Column("grams", _Numbers),
    Column("text", Name, nullable=False),
    PrimaryKeyConstraint("project_id", "call_id", "part"),
    # Each is empty on the database whose index is another.
    Index(
        None,
        "document",
        unique=True,
        sqlite_where=text("document IS NOT NULL"),
        postgresql_where=text("document IS NOT NULL"),
    ),
    Index(None, "grams", sqlite_where=text("grams IS NOT NULL"), postgresql_using="gin"),
    info={"distribute_by": "project_id"},
)

c = call_texts.c

_ADD = text(
    f"INSERT INTO {FTS} (rowid, text) SELECT t.document, t.text"
    " FROM json_each(:documents) AS d CROSS JOIN call_texts AS t ON t.document = d.value"
)
_REMOVE = text(
    f"INSERT INTO {FTS} ({FTS}, rowid, text) SELECT 'delete', document, text FROM call_texts"
    " WHERE project_id = :project AND call_id IN (SELECT value FROM json_each(:calls)) AND part = :part"
).bindparams(bindparam("project", type_=Name()), bindparam("calls", type_=Strings()))
_TAKEN = text("SELECT document FROM call_texts WHERE document IN (SELECT value FROM json_each(:documents))")

_MATCHING = (
    f"SELECT t.call_id FROM {FTS} AS i CROSS JOIN call_texts AS t ON t.document = i.rowid"
    f" WHERE i.{FTS} MATCH :sought AND i.rowid >= :first AND i.rowid < :end AND t.project_id = :project"
)
_NEWEST = _MATCHING.replace("t.call_id", "i.rowid, t.call_id", 1)
_MOST_PARTS = 20_000
"""Parts of calls of several that the index is asked for."""


class TextPart(NamedTuple):
    """A part of what a call says. ``whole`` where it is all of it; ``started_at`` is when the call began."""

    call_id: str
    part: int
    whole: bool
    text: str
    started_at: int


# Writes


def write_parts(connection: Connection, project_id: str, parts: Sequence[TextPart]) -> None:
    """Write parts, all of different keys, in the place of what was there."""
    if not parts:
        return
    remove_parts(connection, project_id, [(part.call_id, part.part) for part in parts])
    rows = [
        {"project_id": project_id, "call_id": part.call_id, "part": part.part, "whole": part.whole, "text": part.text}
        for part in parts
    ]
    if connection.dialect.name == "postgresql":
        for row, part in zip(rows, parts, strict=True):
            row["grams"] = hashed(project_id, grams(part.text))
        insert_new(connection, call_texts, rows)
        return
    documents = _free(connection, [first_document(project_id, part.started_at, whole=part.whole) for part in parts])
    for row, document in zip(rows, documents, strict=True):
        row["document"] = document
    insert_new(connection, call_texts, rows)
    # In their order, in which the index takes them best.
    connection.execute(_ADD, {"documents": json.dumps(sorted(documents))})


def _free(connection: Connection, wanted: Sequence[int]) -> list[int]:
    """Documents that are not taken: those that are wanted, or others before them."""
    taken = set(connection.execute(_TAKEN, {"documents": json.dumps(wanted)}).scalars())
    documents = []
    for first in wanted:
        document = first if first not in taken else _other(connection, first, taken)
        documents.append(document)
        taken.add(document)
    return documents


def _other(connection: Connection, first: int, taken: Collection[int]) -> int:
    """A document before the first that is not taken. It is guessed in a range that doubles, since of many calls that
    began at one time each would have to pass all others."""
    spread = 2
    while True:
        document = first - random.randrange(1, spread + 1)  # noqa: S311 - no secret
        if document not in taken and not connection.execute(_TAKEN, {"documents": json.dumps([document])}).first():
            return document
        spread *= 2


def remove_parts(connection: Connection, project_id: str, keys: Iterable[tuple[str, int]]) -> None:
    """Remove the parts with these call ids and numbers, those of them that are there."""
    calls_of: defaultdict[int, list[str]] = defaultdict(list)
    for call_id, part in keys:
        calls_of[part].append(call_id)
    for part, call_ids in calls_of.items():
        if connection.dialect.name != "postgresql":
            connection.execute(_REMOVE, {"project": project_id, "calls": call_ids, "part": part})
        connection.execute(
            delete(call_texts).where(c.project_id == project_id, among(c.call_id, call_ids), c.part == part)
        )


def select_parts(connection: Connection, project_id: str, call_ids: Iterable[str]) -> list[tuple[str, int, int]]:
    """The parts of calls that are there: call id, number, and how many characters it has."""
    found: list[tuple[str, int, int]] = []
    size = func.length(c.text)
    for chunk in chunked(call_ids):
        statement = select(c.call_id, c.part, size).where(c.project_id == project_id, among(c.call_id, chunk))
        found += [(row[0], row[1], row[2]) for row in connection.execute(statement.order_by(c.call_id, c.part))]
    return found


# Reads


def says(folded: str, of: FromClause = calls) -> ColumnElement[bool]:
    """A call whose text has this in it, read from the text itself; ``of`` has its ``project_id`` and ``id``.

    The offset has PostgreSQL look at each call that it is asked of: it would rather read all texts there are.
    """
    said = select(literal(1)).where(
        c.project_id == of.c.project_id,
        c.call_id == of.c.id,
        contains(c.text, literal(folded, Text()), folded=False),
    )
    return exists(said.offset(0))


class LookedAt(NamedTuple):
    """A call, when it began, and whether it says what is sought; None where it is not in the list."""

    id: str
    started_at: int
    says: bool | None


def look_at_newest(
    connection: Connection,
    project_id: str,
    folded: Sequence[str],
    within: Sequence[ColumnElement[bool]],
    where: Sequence[ColumnElement[bool]],
    after: LookedAt | None,
    limit: int,
) -> list[LookedAt]:
    """The calls that began last of those ``within`` which they are sought, from the one behind ``after`` on: each that
    fulfils ``where``, and so is in the list, is looked at.

    An index should have those ``within`` in their order; ``where`` may ask for anything, as no more calls than the
    limit are asked.
    """
    k = calls.c
    began_last = select(k.project_id, k.id, k.started_at, and_(*where).label("listed"))
    began_last = began_last.where(k.project_id == project_id, *within)
    if after is not None:
        began_last = began_last.where(tuple_(k.started_at, k.id) < (after.started_at, after.id))
    newest = began_last.order_by(k.started_at.desc(), k.id.desc()).limit(limit).subquery()
    said = case((newest.c.listed, and_(*(says(each, newest) for each in folded))))
    statement = select(newest.c.id, newest.c.started_at, said)
    found = execute(connection, statement.order_by(newest.c.started_at.desc(), newest.c.id.desc()))[1]
    return list(map(LookedAt._make, found))


def select_saying(
    connection: Connection,
    project_id: str,
    call_ids: Sequence[str],
    folded: Sequence[str],
    where: Sequence[ColumnElement[bool]] = (),
) -> list[tuple[str, int]]:
    """Those of the calls whose texts have all of this in them and that fulfil ``where``, with when they began."""
    found: list[tuple[str, int]] = []
    for chunk in chunked(call_ids):
        conditions = [calls.c.project_id == project_id, among(calls.c.id, chunk), *where, *map(says, folded)]
        statement = select(calls.c.id, calls.c.started_at).where(*conditions)
        found += [(row[0], row[1]) for row in connection.execute(statement)]
    return found


def select_saying_whole(connection: Connection, project_id: str, folded: Sequence[str], limit: int) -> list[str]:
    """Calls of one part that say all of this, ``limit`` of them at most; some of it has three characters or more.

    What the index gives is looked at where it is found: few calls say what many have the trigrams of.
    """
    sought = [each for each in folded if len(each) >= GRAM]
    return list(_matching(connection, project_id, sought, limit, said=folded))


def select_cut_candidates(connection: Connection, project_id: str, sought: Sequence[str]) -> set[str] | None:
    """Those of the calls whose texts have several parts that may say it; None where there are too many. What is sought
    has three characters or more. A statement each, while there are calls that say those before it."""
    among_cut: set[str] | None = None
    for each in sought:
        matching = set(_matching(connection, project_id, [each], _MOST_PARTS + 1))
        if len(matching) > _MOST_PARTS:
            return None
        among_cut = matching if among_cut is None else among_cut & matching
        if not among_cut:
            break
    return among_cut or set()


def select_newest_saying(
    connection: Connection, project_id: str, folded: Sequence[str], after: int | None, limit: int
) -> list[tuple[int, str]]:
    """As ``select_saying_whole``, with their documents, from the one behind ``after`` on: those that began last come
    first. SQLite alone."""
    sought = [each for each in folded if len(each) >= GRAM]
    first, end = documents_of(project_id)
    asked = _asked(project_id, sought, folded, limit) | {"first": first if after is None else after + 1, "end": end}
    rows = connection.execute(text(f"{_NEWEST}{_said(folded)} ORDER BY i.rowid LIMIT :limit"), asked)
    return [(document, decode_text(call_id)) for document, call_id in rows]


def _expression(sought: Sequence[str]) -> str:
    """What FTS5 is asked for."""
    chosen = (gram for each in sought for gram in _chosen(each))
    return " AND ".join('"' + gram.replace('"', '""') + '"' for gram in dict.fromkeys(chosen))


def _matching(
    connection: Connection, project_id: str, sought: Sequence[str], limit: int, *, said: Sequence[str] | None = None
) -> Iterable[str]:
    """Calls of one part that hold the trigrams of what is sought, and all that is ``said``; without that, calls of
    several parts of which one holds the trigrams, as often as parts do."""
    cut = said is None
    if connection.dialect.name == "postgresql":
        numbers = hashed(project_id, [gram for each in sought for gram in _chosen(each)])
        bound = {"project": project_id, "numbers": numbers, "limit": limit, **_named(said or ())}
        return [call_id for (call_id,) in _holding(len(said or ()), cut=cut).fetch(connection, bound)]
    first, end = documents_of(project_id, whole=not cut)
    asked = _asked(project_id, sought, said or (), limit) | {"first": first, "end": end}
    rows = connection.execute(text(f"{_MATCHING}{_said(said or ())} LIMIT :limit"), asked)
    return map(decode_text, rows.scalars())


@lru_cache(maxsize=64)
def _holding(said: int, *, cut: bool) -> Prepared:
    """The statement of PostgreSQL's that finds calls by their trigrams, and looks for ``said`` texts in each."""
    where = [c.project_id == bindparam("project", type_=Name()), c.whole.is_(not cut)]
    # Before the numbers, which take longer to read: in a project of few calls the index may not be asked.
    where += (contains(c.text, bindparam(f"said_{number}", type_=Text()), folded=False) for number in range(said))
    where.append(c.grams.op("@>")(bindparam("numbers", type_=ARRAY(Integer()))))
    return Prepared(select(c.call_id).where(*where).limit(bindparam("limit", type_=Integer())))


def _said(folded: Sequence[str]) -> str:
    """The condition that a text has all of this in it."""
    return "".join(f" AND instr(t.text, :said_{number}) > 0" for number in range(len(folded)))


def _asked(project_id: str, sought: Sequence[str], said: Sequence[str], limit: int) -> dict[str, Any]:
    return {"sought": _expression(sought), "project": encode_text(project_id), "limit": limit, **_named(said)}


def _named(said: Sequence[str]) -> dict[str, str]:
    return {f"said_{number}": each for number, each in enumerate(said)}


def _chosen(folded: str) -> list[str]:
    """Trigrams of folded text, from all over it."""
    found = sorted(grams(folded))
    step = -(-len(found) // _MOST_GRAMS)
    return found[::step]
