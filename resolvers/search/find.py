"""Finding calls by what they say."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, not_, or_, select

from db.call_texts import (
    LookedAt,
    look_at_newest,
    says,
    select_cut_candidates,
    select_newest_saying,
    select_saying,
    select_saying_whole,
)
from db.calls.tables import calls
from db.chunks import chunked
from db.documents import all_seen_since
from db.folding import GRAM
from db.id_lists import of_project, one_of
from db.pending_texts import select_said, select_unread
from resolvers.context import Context
from resolvers.search.texts import says_all

__all__ = ["MOST_FOUND", "MOST_UNREAD", "count_unsearched", "newest_saying", "saying", "unsearched"]

c = calls.c

MOST_UNREAD = 20_000
"""Calls whose texts are not written yet, that a search reads itself: those that changed last."""

MOST_UNREAD_BYTES = 64 << 20
READ_BYTES = 4 << 20  # bytes of payloads that are held at a time

MOST_COUNTED = 100_000
"""Calls whose texts are not written yet that are counted."""

MOST_FOUND = 5000
"""Calls that are found by the index. Where there are more, those that a page is made of are looked at in its order."""

MOST_AT_FIRST, MOST_AT_A_TIME = 200, 5000
"""Calls that the index is asked for at a time, where the newest are sought."""

MOST_SEEN = 5000
"""Calls that it gives, of which few are in a list: then those of the list are looked at, in its order. As many of them
are looked at where many say what is sought."""

FEW_CHANGES = 5000
"""Changes of a project up to which it has so few calls that the index is asked first."""

MOST_SCANNED = 100_000
"""The newest calls, that a search is among which no index serves."""


def saying(connection: Connection, project: str, terms: Sequence[str]) -> ColumnElement[bool]:
    """The calls of a project that say all of these folded texts, as a condition that names the project."""
    return _saying(connection, project, terms, _read_themselves(connection, project, terms))


def _saying(connection: Connection, project: str, terms: Sequence[str], unwritten: "_Unwritten") -> ColumnElement[bool]:
    indexed = [term for term in terms if len(term) >= GRAM]
    if not indexed:
        return _looked_at(project, terms, unwritten, _newest(project))
    whole = select_saying_whole(connection, project, terms, MOST_FOUND + 1)
    cut = select_cut_candidates(connection, project, indexed) if len(whole) <= MOST_FOUND else None
    if cut is None or len(cut) > MOST_FOUND:
        return _looked_at(project, terms, unwritten)
    said = [*unwritten.said, *(call_id for call_id in whole if call_id not in unwritten.known)]
    said += (call_id for call_id, _ in select_saying(connection, project, sorted(cut - unwritten.known), terms))
    return of_project(c.project_id, c.id, project, said)


def _looked_at(
    project: str, terms: Sequence[str], unwritten: "_Unwritten", *where: ColumnElement[bool]
) -> ColumnElement[bool]:
    """The calls whose texts say it, each looked at, and those that say it themselves."""
    looked_at = and_(*where, *map(says, terms), not_(one_of(c.id, unwritten.known)))
    said = unwritten.said
    return and_(c.project_id == project, or_(looked_at, one_of(c.id, said)) if said else looked_at)


def newest_saying(
    connection: Connection,
    project: str,
    terms: Sequence[str],
    within: Sequence[ColumnElement[bool]],
    where: Sequence[ColumnElement[bool]],
    wanted: int,
) -> ColumnElement[bool]:
    """As ``saying``, but of those that fulfil ``within`` and ``where`` the newest alone: ``wanted`` of them at least,
    where there are as many. An index has those that fulfil ``within`` in the order of their start."""
    unwritten = _read_themselves(connection, project, terms)
    if all(len(term) < GRAM for term in terms):
        return _saying(connection, project, terms, unwritten)
    if connection.dialect.name == "sqlite":
        found = _newest_by_index(connection, project, terms, [*within, *where], wanted, unwritten)
    else:
        found = _newest_by_looking(connection, project, terms, within, where, wanted, unwritten)
    return _saying(connection, project, terms, unwritten) if found is None else found


def _newest_by_looking(
    connection: Connection,
    project: str,
    terms: Sequence[str],
    within: Sequence[ColumnElement[bool]],
    where: Sequence[ColumnElement[bool]],
    wanted: int,
    unwritten: "_Unwritten",
) -> ColumnElement[bool] | None:
    """Those among the newest that are looked at; None where that would be too many of them, or the index finds them
    sooner.

    The index of PostgreSQL gives all calls or none, which takes long where many say it. So a few of the newest are
    looked at first, in the list or not, and how many of these are in it and say it tells how many more are to be looked
    at for a page.
    """
    if unwritten.changes <= FEW_CHANGES:
        return None
    found: list[str] = []
    seen, size = 0, max(MOST_AT_FIRST, 2 * wanted)
    last: LookedAt | None = None
    while seen + size <= MOST_SEEN:
        newest = look_at_newest(connection, project, terms, within, where, last, size)
        found += (each.id for each in newest if unwritten.says(each))
        if len(newest) < size or len(found) >= wanted:
            return of_project(c.project_id, c.id, project, found)
        if not found:
            break
        seen, last = seen + size, newest[-1]
        size = max(MOST_AT_FIRST, 2 * seen * (wanted - len(found)) // len(found))
    return None


def _newest_by_index(
    connection: Connection,
    project: str,
    terms: Sequence[str],
    where: Sequence[ColumnElement[bool]],
    wanted: int,
    unwritten: "_Unwritten",
) -> ColumnElement[bool] | None:
    """Those that the index of SQLite gives, in this order, until there are enough of them; None where calls of several
    parts are too many to be put between them."""
    cut = select_cut_candidates(connection, project, [term for term in terms if len(term) >= GRAM])
    if cut is None:
        return None
    found = set(unwritten.said)
    starts = _starts(connection, project, unwritten.said, where)
    for call_id, began in select_saying(connection, project, sorted(cut - unwritten.known), terms, where):
        found.add(call_id)
        starts.append(began)
    after: int | None = None
    size = max(MOST_AT_FIRST, 2 * wanted)
    seen = 0
    while True:
        newest = select_newest_saying(connection, project, terms, after, size)
        new = [call_id for _, call_id in newest if call_id not in unwritten.known]
        found.update(new)
        starts += _starts(connection, project, new, where)
        listed = of_project(c.project_id, c.id, project, sorted(found))
        if len(newest) < size:
            return listed
        after = newest[-1][0]
        since = all_seen_since(project, after)
        if sum(began >= since for began in starts) >= wanted:
            return and_(listed, c.started_at >= since)
        seen += size
        if seen > MOST_SEEN:
            return _looked_at(project, terms, unwritten)
        size = min(2 * size, MOST_AT_A_TIME)


def _starts(
    connection: Connection, project: str, ids: Iterable[str], where: Sequence[ColumnElement[bool]]
) -> list[int]:
    """When those of the calls began that fulfil ``where``."""
    starts: list[int] = []
    for chunk in chunked(ids):
        statement = select(c.started_at).where(of_project(c.project_id, c.id, project, chunk), *where)
        starts += connection.execute(statement).scalars()
    return starts


class _Unwritten(NamedTuple):
    """Calls whose texts are not written yet, and which of them say what is sought; ``changes`` are those of the
    project in all."""

    changes: int
    known: AbstractSet[str]
    said: AbstractSet[str]

    def says(self, call: LookedAt) -> bool:
        """Whether a call of the list says it, of whose text this may be known better than it was found."""
        return call.says is not None and (call.id in self.said if call.id in self.known else call.says)


def _read_themselves(connection: Connection, project: str, terms: Sequence[str]) -> _Unwritten:
    """Read the payloads of calls whose texts are not written yet."""
    unread = select_unread(connection, project, MOST_UNREAD)
    found: list[str] = []
    known: list[str] = []
    batch: list[str] = []
    held = 0

    def read() -> None:
        for chunk in chunked(batch):
            found.extend(said.call_id for said in select_said(connection, project, chunk) if says_all(said, terms))

    for call_id, size in unread.calls[: _readable(unread.calls)]:
        if batch and held + size > READ_BYTES:
            read()
            batch, held = [], 0
        batch.append(call_id)
        known.append(call_id)
        held += size
    read()
    return _Unwritten(unread.changes, frozenset(known), frozenset(found))


def _readable(unread: Sequence[tuple[str, int]]) -> int:
    """How many of them a search reads, the first of them always."""
    total = 0
    for place, (_, size) in enumerate(unread[:MOST_UNREAD]):
        total += size
        if place and total > MOST_UNREAD_BYTES:
            return place
    return min(len(unread), MOST_UNREAD)


def count_unsearched(connection: Connection, project: str) -> int:
    """How many calls of a project a search would not look at now, counted up to ``MOST_COUNTED``."""
    unread = select_unread(connection, project, MOST_COUNTED)
    return len(unread.calls) - _readable(unread.calls)


async def unsearched(context: Context, projects: Sequence[str]) -> list[int]:
    """A batch read: ``count_unsearched`` of each."""
    for project in projects:
        context.caller.require_read(project)
    return await context.read(lambda connection: [count_unsearched(connection, project) for project in projects])


def _newest(project: str) -> ColumnElement[bool]:
    last = (
        select(c.started_at)
        .where(c.project_id == project)
        .order_by(c.started_at.desc(), c.id.desc())
        .offset(MOST_SCANNED)
        .limit(1)
        .correlate(None)
        .scalar_subquery()
    )
    return or_(last.is_(None), c.started_at > last)
