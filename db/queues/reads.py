"""Reading annotation queues."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from db.chunks import chunked
from db.query.fields import Field, Fields, FieldType
from db.queues.tables import queue_items, queues
from db.readers import Reader
from db.rows import Row, fetch

__all__ = [
    "COLUMNS",
    "QUEUE_FIELDS",
    "SHOWN",
    "TakingQueue",
    "select_queue_state_counts",
    "select_queue_to_change",
    "select_queues_by_id",
    "select_queues_page",
    "select_taking_projects",
    "select_taking_queues",
]

c = queues.c

SHOWN = c.deleted_at.is_(None)
"""Queues that exist for readers."""

COLUMNS: dict[str, ColumnElement[Any]] = {
    "project_slug": c.project_id,
    "queue_id": c.id,
    "name": c.name,
    "description": c.description,
    "enabled": c.enabled,
    "filters": c.filters,
    "created_at": c.created_at,
    "created_by": c.created_by,
    "updated_at": c.updated_at,
}
"""What a queue can be asked for, by the names that rows carry. Its keys are always selected."""

QUEUE_FIELDS = Fields(
    [
        Field("queue_id", FieldType.TEXT, c.id, nullable=False),
        Field("name", FieldType.TEXT, c.name, nullable=False),
        Field("enabled", FieldType.BOOLEAN, c.enabled, nullable=False),
        Field("created_at", FieldType.TIME, c.created_at, nullable=False),
        Field("created_by", FieldType.TEXT, c.created_by, nullable=False),
        Field("updated_at", FieldType.TIME, c.updated_at),
    ]
)
"""What lists of queues can be ordered by."""

reader = Reader("AnnotationQueue", COLUMNS, "queue_id", [SHOWN])

select_queues_by_id = reader.by_id
select_queues_page = reader.page


def select_queue_state_counts(
    connection: Connection, project_id: str, queue_ids: Iterable[str]
) -> dict[str, dict[str, int]]:
    """How many items of each queue are in each state; one statement a chunk."""
    i = queue_items.c
    counts: dict[str, dict[str, int]] = {}
    for chunk in chunked(queue_ids):
        statement = (
            select(i.queue_id, i.state, func.count())
            .where(i.project_id == project_id, i.queue_id.in_(chunk))
            .group_by(i.queue_id, i.state)
        )
        for queue_id, state, count in connection.execute(statement):
            counts.setdefault(queue_id, {})[state] = count
    return counts


def select_queue_to_change(connection: Connection, project_id: str, queue_id: str) -> Row | None:
    """A shown queue as it is: ``enabled``, ``filters`` and ``taking_since``. Its row is held until the transaction
    ends."""
    columns = (c.enabled, c.filters, c.taking_since)
    where = (c.project_id == project_id, c.id == queue_id, SHOWN)
    found = fetch(connection, "AnnotationQueue", select(*columns).where(*where).with_for_update())
    return found[0] if found else None


class TakingQueue(NamedTuple):
    """A queue that takes calls by itself: those that end after the change number ``since`` and match ``filters``."""

    id: str
    filters: str
    since: int


def select_taking_projects(connection: Connection) -> list[str]:
    """The projects with a queue that takes calls by itself."""
    return list(connection.execute(select(c.project_id).where(c.taking_since.is_not(None)).distinct()).scalars())


def select_taking_queues(connection: Connection, project_id: str) -> list[TakingQueue]:
    """The queues of a project that take calls by themselves, the first made first."""
    statement = (
        select(c.id, c.filters, c.taking_since)
        .where(c.project_id == project_id, c.taking_since.is_not(None))
        .order_by(c.created_at, c.id)
    )
    return [TakingQueue(*row) for row in connection.execute(statement)]
