"""The ids of the calls that calls made."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.chunks import chunked
from db.id_lists import among

__all__ = ["select_child_ids"]

c = calls.c


def select_child_ids(
    connection: Connection, project_id: str, parents: Iterable[str], most: int
) -> dict[str, list[str]]:
    """Ids of shown calls by the parent that they name, the oldest first, ``most`` of each; one statement a chunk."""
    found: dict[str, list[str]] = {}
    place = func.row_number().over(partition_by=c.parent_id, order_by=(c.started_at, c.id)).label("place")
    for chunk in chunked(parents):
        where = (c.project_id == project_id, among(c.parent_id, chunk), SHOWN)
        ranked = select(c.parent_id, c.id, place).where(*where).subquery().c
        statement = select(ranked.parent_id, ranked.id).where(ranked.place <= most)
        for parent_id, call_id in connection.execute(statement.order_by(ranked.parent_id, ranked.place)):
            found.setdefault(parent_id, []).append(call_id)
    return found
