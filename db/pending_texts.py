"""Which calls are to be read for search: those that changed since their texts were written."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    union_all,
)

from db.call_texts import TEXTS
from db.calls.tables import calls
from db.calls.writes import RUNNING
from db.changes import START
from db.followers import followers
from db.gathered import gathered
from db.id_lists import among
from db.metadata import Name
from db.prepared import Prepared
from db.projects import projects

__all__ = ["Said", "Unread", "select_behind", "select_running", "select_said", "select_unread"]

c = calls.c

_FOLLOWING = and_(followers.c.project_id == projects.c.project_id, followers.c.name == TEXTS)


class Said(NamedTuple):
    """Where a call says what is searched: JSON text, or null."""

    call_id: str
    started_at: int
    op_name: str | None
    display_name: str | None
    inputs: str | None
    output: str | None


def select_behind(connection: Connection, limit: int) -> list[tuple[str, bool]]:
    """Projects in which something happened since their texts were written: each with whether that ever began."""
    statement = (
        select(projects.c.project_id, followers.c.seq.is_not(None))
        .select_from(projects.outerjoin(followers, _FOLLOWING))
        .where(or_(followers.c.seq.is_(None), followers.c.seq <= projects.c.change_seq))
        .limit(limit)
    )
    return [(row[0], bool(row[1])) for row in connection.execute(statement)]


_PROJECT = bindparam("project", type_=Name())
_WRITTEN = Prepared(
    select(func.coalesce(followers.c.seq, START.seq), projects.c.change_seq)
    .select_from(projects.outerjoin(followers, _FOLLOWING))
    .where(projects.c.project_id == _PROJECT)
)
"""Of a project: the first change whose text may not be written, and the last that there is."""


def _changed_since(seq: ColumnElement[int]) -> Select[Any]:
    where = (c.project_id == _PROJECT, seq >= bindparam("since", type_=BigInteger()), c.deleted_at.is_(None))
    latest = select(c.id, seq.label("seq"), (c.start_size + c.end_size).label("size")).where(*where)
    return select(latest.order_by(seq.desc(), c.id.desc()).limit(bindparam("most", type_=Integer())).subquery())


_UNREAD = Prepared(union_all(*map(_changed_since, (c.started_seq, c.ended_seq, c.updated_seq))))


class Unread(NamedTuple):
    """The calls that changed since the texts of a project were written, those that changed last before others, with the
    bytes of their payloads. ``changes`` is how many changes the project has seen in all."""

    changes: int
    calls: Sequence[tuple[str, int]]


def select_unread(connection: Connection, project_id: str, limit: int) -> Unread:
    """What is to be read of a project, ``limit`` calls at most. Some that changed right before may be among them."""
    ((since, last),) = _WRITTEN.fetch(connection, {"project": project_id}) or [(START.seq, 0)]
    if last < since:
        return Unread(last, [])
    found: dict[str, tuple[int, int]] = {}
    for call_id, number, size in _UNREAD.fetch(connection, {"project": project_id, "since": since, "most": limit}):
        found[call_id] = (max(number, found.get(call_id, (0, 0))[0]), size)
    newest = sorted(found, key=lambda call_id: found[call_id], reverse=True)
    return Unread(last, [(call_id, found[call_id][1]) for call_id in newest[:limit]])


def select_running(
    connection: Connection, project_id: str, call_ids: Iterable[str], since: int, until: int
) -> set[str]:
    """Those of the calls that run and were first heard of at this time, in microseconds, both ends included."""
    conditions = (c.status == RUNNING, c.started_at.is_not(None), c.deleted_at.is_(None))
    heard = c.created_at.between(since, until)
    statement = select(c.id).where(c.project_id == project_id, among(c.id, call_ids), *conditions, heard)
    return {row[0] for row in gathered(connection, statement)}


def select_said(connection: Connection, project_id: str, call_ids: Sequence[str]) -> list[Said]:
    """What those of the calls say that are there, and not deleted; at most a thousand ids."""
    columns: Sequence[Any] = (c.id, c.started_at, c.op_name, c.display_name, c.inputs, c.output)
    where = (c.project_id == project_id, c.id.in_(call_ids), c.deleted_at.is_(None), c.started_at.is_not(None))
    return [Said(*row) for row in connection.execute(select(*columns).where(*where))]
