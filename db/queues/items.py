"""The items of annotation queues."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, select, update

from db.chunks import chunked
from db.metadata import Name, Time
from db.query.fields import Field, Fields, FieldType
from db.queues.tables import queue_items, queues
from db.readers import Reader
from db.rows import Row, fetch_by
from db.upsert import insert

__all__ = [
    "DONE",
    "ITEM_COLUMNS",
    "ITEM_FIELDS",
    "ITEM_SHOWN",
    "PENDING",
    "SKIPPED",
    "complete_items",
    "insert_items",
    "remove_items",
    "select_items_by_id",
    "select_items_by_key",
    "select_known_calls",
    "set_item_state",
]

PENDING, DONE, SKIPPED = "pending", "done", "skipped"
"""The states of items."""

REMOVED = "removed"
"""The state of what was taken out: nobody sees it, and the filters of its queue do not take it again."""

c = queue_items.c

ITEM_COLUMNS: dict[str, ColumnElement[Any]] = {
    "project_slug": c.project_id,
    "item_id": c.id,
    "queue_id": c.queue_id,
    "call_id": c.call_id,
    "state": c.state,
    "automatic": c.automatic,
    "added_at": c.added_at,
    "completed_at": c.completed_at,
    "completed_by": c.completed_by,
}
"""What an item can be asked for, by the names that rows carry. Its keys are always selected."""

ITEM_FIELDS = Fields(
    [
        Field("position", FieldType.INTEGER, c.position, nullable=False),
        Field("call_id", FieldType.TEXT, c.call_id, nullable=False),
        Field("queue_id", FieldType.TEXT, c.queue_id, nullable=False),
        Field("state", FieldType.TEXT, c.state, nullable=False),
        Field("added_at", FieldType.TIME, c.added_at, nullable=False),
        Field("completed_at", FieldType.TIME, c.completed_at),
        Field("completed_by", FieldType.TEXT, c.completed_by),
    ]
)
"""What lists of items can be ordered by."""

ITEM_SHOWN = and_(
    c.state != REMOVED,
    select(queues.c.id)
    .where(queues.c.project_id == c.project_id, queues.c.id == c.queue_id, queues.c.deleted_at.is_(None))
    .exists(),
)
"""Items that exist for readers, as their queue does."""

reader = Reader("AnnotationQueueItem", ITEM_COLUMNS, "item_id", always=("queue_id", "call_id"))

select_items_by_id = reader.by_id


def insert_items(connection: Connection, rows: Iterable[Mapping[str, Any]], *, again: bool) -> None:
    """Insert items, each naming all columns; one whose call is in its queue already is passed over, and, but for
    ``again``, one whose call was taken out of it."""
    statement = insert(connection, queue_items)
    if again:
        names = ("position", "state", "automatic", "added_at", "completed_at", "completed_by")
        statement = statement.on_conflict_do_update(
            index_elements=["project_id", "queue_id", "call_id"],
            set_={name: statement.excluded[name] for name in names},
            where=c.state == REMOVED,
        )
    else:
        statement = statement.on_conflict_do_nothing()
    for chunk in chunked(rows):
        connection.execute(statement, chunk)


def remove_items(connection: Connection, project_id: str, queue_id: str, call_ids: Iterable[str]) -> None:
    """Take calls out of a queue; one that is not in it is passed over."""
    for chunk in chunked(call_ids):
        where = (c.project_id == project_id, c.queue_id == queue_id, c.call_id.in_(chunk))
        connection.execute(update(queue_items).where(*where).values(state=REMOVED))


def select_known_calls(connection: Connection, project_id: str, queue_id: str, call_ids: Iterable[str]) -> set[str]:
    """Those of the calls that are in the queue, or were taken out of it."""
    found: set[str] = set()
    for chunk in chunked(call_ids):
        where = (c.project_id == project_id, c.queue_id == queue_id, c.call_id.in_(chunk))
        found.update(connection.execute(select(c.call_id).where(*where)).scalars())
    return found


def set_item_state(
    connection: Connection, project_id: str, queue_id: str, call_id: str, state: str, at: int | None, by: str | None
) -> None:
    """Put an item into a state, since when and by whom."""
    where = (c.project_id == project_id, c.queue_id == queue_id, c.call_id == call_id)
    connection.execute(update(queue_items).where(*where).values(state=state, completed_at=at, completed_by=by))


def complete_items(connection: Connection, project_id: str, done: Sequence[Mapping[str, Any]]) -> None:
    """Make items done that are not: each of ``done`` has ``queue``, ``call``, ``at`` and ``by``."""
    statement = (
        update(queue_items)
        .where(
            c.project_id == project_id,
            c.queue_id == bindparam("queue", type_=Name()),
            c.call_id == bindparam("call", type_=Name()),
            c.state != DONE,
            c.state != REMOVED,
        )
        .values(state=DONE, completed_at=bindparam("at", type_=Time()), completed_by=bindparam("by", type_=Name()))
    )
    connection.execute(statement, done)


def select_items_by_key(
    connection: Connection, project_id: str, keys: Iterable[tuple[str, str]], columns: Collection[str]
) -> dict[tuple[str, str], Row]:
    """Items of shown queues by (queue id, call id); those that are not there are missing."""
    wanted = set(keys)
    where = (c.project_id == project_id, c.queue_id.in_({queue for queue, _ in wanted}), ITEM_SHOWN)
    calls = {call for _, call in wanted}
    found = fetch_by(connection, "AnnotationQueueItem", reader.labelled(columns), c.call_id, calls, *where)
    return {key: row for row in found if (key := (row.queue_id, row.call_id)) in wanted}
