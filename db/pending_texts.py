"""Which calls are to be read for search: those that changed since their texts were written."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, or_, select

from db.call_texts import TEXTS
from db.calls.tables import calls
from db.changes import START, Position
from db.followers import followers, select_follower
from db.projects import projects

__all__ = ["Said", "select_behind", "select_position", "select_said", "select_unread"]

c = calls.c


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
    following = and_(followers.c.project_id == projects.c.project_id, followers.c.name == TEXTS)
    statement = (
        select(projects.c.project_id, followers.c.seq.is_not(None))
        .select_from(projects.outerjoin(followers, following))
        .where(or_(followers.c.seq.is_(None), followers.c.seq <= projects.c.change_seq))
        .limit(limit)
    )
    return [(row[0], bool(row[1])) for row in connection.execute(statement)]


def select_position(connection: Connection, project_id: str) -> Position:
    """Up to where the texts of a project's calls are written."""
    found = select_follower(connection, project_id, TEXTS)
    return START if found is None else found.position


def select_unread(connection: Connection, project_id: str, since: Position, limit: int) -> list[tuple[str, int]]:
    """Calls that changed since, those that changed last before others, with the bytes of their payloads; ``limit`` at
    most. Some that changed right before may be among them."""
    found: dict[str, tuple[int, int]] = {}
    for seq in (c.started_seq, c.ended_seq, c.updated_seq):
        statement = (
            select(c.id, seq, c.start_size + c.end_size)
            .where(c.project_id == project_id, seq >= since.seq, c.deleted_at.is_(None))
            .order_by(seq.desc(), c.id.desc())
            .limit(limit)
        )
        for call_id, number, size in connection.execute(statement):
            found[call_id] = (max(number, found.get(call_id, (0, 0))[0]), size)
    newest = sorted(found, key=lambda call_id: found[call_id], reverse=True)
    return [(call_id, found[call_id][1]) for call_id in newest[:limit]]


def select_said(connection: Connection, project_id: str, call_ids: Sequence[str]) -> list[Said]:
    """What those of the calls say that are there, and not deleted; at most a thousand ids."""
    columns: Sequence[Any] = (c.id, c.started_at, c.op_name, c.display_name, c.inputs, c.output)
    where = (c.project_id == project_id, c.id.in_(call_ids), c.deleted_at.is_(None), c.started_at.is_not(None))
    return [Said(*row) for row in connection.execute(select(*columns).where(*where))]
