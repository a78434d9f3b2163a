"""Writing object versions: publishing and deleting.

All functions here run inside a write transaction that holds the project (``db.projects.lock``).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, func, select, update

from db.chunks import chunked
from db.json_text import query_form
from db.objects.tables import objects
from db.upsert import insert

__all__ = ["mark_deleted", "publish"]

c = objects.c


def publish(connection: Connection, values: Mapping[str, Any]) -> int:
    """Make a version the latest of its name; returns its index.

    ``values`` hold every column but ``version_index``, ``is_latest`` and ``val_query``. Content that the name has had
    before keeps its index and its times, and lives again where it was deleted; the latest content changes nothing.
    """
    name = (
        c.project_id == values["project_id"],
        c.kind == values["kind"],
        c.object_id == values["object_id"],
    )
    known = connection.execute(
        select(c.version_index, c.is_latest).where(*name, c.digest == values["digest"])
    ).one_or_none()
    if known is not None and known.is_latest:
        return int(known.version_index)
    connection.execute(update(objects).where(*name, c.is_latest).values(is_latest=False))
    if known is not None:
        again = {"is_latest": True, "deleted_at": None, "published_seq": values["published_seq"]}
        connection.execute(update(objects).where(*name, c.digest == values["digest"]).values(again))
        return int(known.version_index)
    newest = connection.execute(select(func.max(c.version_index)).where(*name)).scalar_one()
    index = 0 if newest is None else newest + 1
    made = {"version_index": index, "is_latest": True, "val_query": query_form(values["val"])}
    connection.execute(insert(connection, objects), {**values, **made})
    return int(index)


def mark_deleted(
    connection: Connection, project_id: str, kind: str, object_id: str, digests: Iterable[str], now: int
) -> None:
    """Delete versions of one name; the newest publication that is left becomes the latest."""
    name = (c.project_id == project_id, c.kind == kind, c.object_id == object_id)
    for chunk in chunked(digests):
        gone = update(objects).where(*name, c.digest.in_(chunk), c.deleted_at.is_(None))
        connection.execute(gone.values(deleted_at=now, is_latest=False))
    left = select(c.digest).where(*name, c.deleted_at.is_(None)).order_by(c.published_seq.desc()).limit(1)
    newest = connection.execute(left).scalar_one_or_none()
    if newest is not None:
        connection.execute(update(objects).where(*name, c.digest == newest).values(is_latest=True))
