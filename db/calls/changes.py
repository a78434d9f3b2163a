"""What happens to calls, by the columns that number it."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, func, null, or_, select

from db.calls.tables import calls
from db.changes import Kind
from db.gathered import gathered
from db.id_lists import among
from db.metadata import Name

__all__ = ["CALL_CHANGES", "call_changes", "select_changed"]

c = calls.c

CALL_CHANGES: dict[str, tuple[Column[int], ColumnElement[Any]]] = {
    "started": (c.started_seq, c.started_at),
    # Of some it is not known when they ended: then it is when the server heard of it, or of a later change.
    "ended": (c.ended_seq, func.coalesce(c.ended_at, c.updated_at, c.created_at)),
    "updated": (c.updated_seq, c.updated_at),
    "deleted": (c.deleted_seq, c.deleted_at),
}
"""The kinds of change with their numbers and times, in the order that those with one number have."""


def call_changes(project_id: str, kinds: Collection[str], conditions: Sequence[ColumnElement[bool]]) -> list[Kind]:
    """Changes of these kinds to calls that fulfil ``conditions`` now. Deleted calls are among them: their rows stay."""
    return [
        Kind(
            rank,
            seq,
            c.id,
            at,
            c.start_size + c.end_size,
            null().cast(Name),
            [c.project_id == project_id, *conditions],
        )
        for rank, (name, (seq, at)) in enumerate(CALL_CHANGES.items())
        if name in kinds
    ]


def select_changed(connection: Connection, project_id: str, ids: Iterable[str], head: int) -> set[str]:
    """Those of the calls that changed, in whatever way, after the number ``head``."""
    later = or_(*(seq > head for seq, _ in CALL_CHANGES.values()))
    statement = select(c.id).where(c.project_id == project_id, among(c.id, ids), later)
    return {row[0] for row in gathered(connection, statement)}
