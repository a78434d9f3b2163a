"""Writing object versions: publishing and deleting.

All functions here run inside a write transaction that holds the project (``db.projects.lock``).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, func, null, select, update

from db.bulk import insert_new
from db.chunks import chunked
from db.json_text import query_form
from db.objects.tables import objects
from db.prepared import Prepared

__all__ = ["mark_deleted", "publish"]

c = objects.c

_NAME = (c.project_id == bindparam("b_project"), c.kind == bindparam("b_kind"), c.object_id == bindparam("b_object"))
_VERSION = (*_NAME, c.digest == bindparam("b_digest"))

_NONE_LATEST = Prepared(update(objects).where(*_NAME, c.is_latest).values(is_latest=False))
_LATEST_AGAIN = Prepared(
    update(objects).where(*_VERSION).values(is_latest=True, deleted_at=null(), published_seq=bindparam("b_published"))
)

# The version, where the name has had it, and the newest that is the latest and that is not: one look at an index each.
_STATE = Prepared(
    select(
        select(c.version_index).where(*_VERSION).scalar_subquery(),
        select(c.is_latest).where(*_VERSION).scalar_subquery(),
        *(
            select(func.max(c.version_index)).where(*_NAME, latest).scalar_subquery()
            for latest in (c.is_latest, ~c.is_latest)
        ),
    )
)


def publish(connection: Connection, values: Mapping[str, Any]) -> int:
    """Make a version the latest of its name; returns its index.

    ``values`` hold every column but ``version_index``, ``is_latest`` and ``val_query``. Content that the name has had
    before keeps its index and its times, and lives again where it was deleted; the latest content changes nothing.
    """
    key = {"b_project": values["project_id"], "b_kind": values["kind"], "b_object": values["object_id"]}
    version = {**key, "b_digest": values["digest"]}
    known: int | None
    ((known, is_latest, latest, other),) = _STATE.fetch(connection, version)
    if known is not None and is_latest:
        return known
    if latest is not None:
        _NONE_LATEST.run(connection, key)
    if known is not None:
        _LATEST_AGAIN.run(connection, {**version, "b_published": values["published_seq"]})
        return known
    index: int = max((number for number in (latest, other) if number is not None), default=-1) + 1
    made = {"version_index": index, "is_latest": True, "val_query": query_form(values["val"])}
    insert_new(connection, objects, [{**values, **made}])
    return index


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
