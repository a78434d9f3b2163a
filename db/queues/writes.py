"""Writing annotation queues."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, update

from db.queues.tables import queues

__all__ = ["insert_queue", "update_queue"]


def insert_queue(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert one whose id is free; ``row`` names all columns."""
    connection.execute(insert(queues), row)


def update_queue(connection: Connection, project_id: str, queue_id: str, values: Mapping[str, Any]) -> None:
    """Set ``values`` (by column) of a queue."""
    where = (queues.c.project_id == project_id, queues.c.id == queue_id)
    connection.execute(update(queues).where(*where).values(**values))
