"""Who follows the changes of which project, and how far each has come.

The table stays local where others are sharded (docs/storage.md): it is what this installation has to look after, read
across projects, and holds one row for each project and follower.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Connection, PrimaryKeyConstraint, Table, delete, select, update

from db.changes import Position, beyond
from db.metadata import Name, metadata
from db.projects import select_heads
from db.upsert import insert

__all__ = [
    "Following",
    "followers",
    "move_follower",
    "select_follower",
    "select_followers",
    "set_following",
    "start_following",
]

followers = Table(
    "followers",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("id", Name, nullable=False),
    Column("rank", BigInteger, nullable=False),
    PrimaryKeyConstraint("project_id", "name"),
)

c = followers.c

_ALL = select(c.project_id, c.name, c.seq, c.id, c.rank)


class Following(NamedTuple):
    """A follower of a project, and the position up to which it has handled everything."""

    project: str
    name: str
    position: Position


def set_following(connection: Connection, project_id: str, name: str, *, wanted: bool) -> None:
    """Let the follower of this name follow the project from now on, or no more.

    One that follows already goes on from where it is. Call it in the transaction that makes it so, after
    ``db.projects.lock``, whenever what is wanted may have changed.
    """
    if not wanted:
        connection.execute(delete(followers).where(c.project_id == project_id, c.name == name))
        return
    start_following(connection, project_id, name, beyond(select_heads(connection, [project_id])[project_id]))


def start_following(connection: Connection, project_id: str, name: str, at: Position) -> None:
    """Let the follower of this name follow the project from ``at`` on, where it does not yet."""
    values = {"project_id": project_id, "name": name, "seq": at.seq, "id": at.id, "rank": at.rank}
    connection.execute(
        insert(connection, followers).values(values).on_conflict_do_nothing(index_elements=["project_id", "name"])
    )


def select_followers(connection: Connection, names: Collection[str]) -> list[Following]:
    """Those of these names, in all projects."""
    return [_following(row) for row in connection.execute(_ALL.where(c.name.in_(names)))]


def select_follower(connection: Connection, project_id: str, name: str) -> Following | None:
    """One of them; None where it does not follow the project."""
    row = connection.execute(_ALL.where(c.project_id == project_id, c.name == name)).one_or_none()
    return None if row is None else _following(row)


def _following(row: Sequence[Any]) -> Following:
    project, name, *position = row
    return Following(project, name, Position(*position))


def move_follower(connection: Connection, following: Following, after: Position) -> bool:
    """Move a follower on; False where it is not at ``following.position`` any more, since another process moved it."""
    before = following.position
    moved = connection.execute(
        update(followers)
        .where(
            c.project_id == following.project,
            c.name == following.name,
            c.seq == before.seq,
            c.id == before.id,
            c.rank == before.rank,
        )
        .values(seq=after.seq, id=after.id, rank=after.rank)
    )
    return bool(moved.rowcount)
