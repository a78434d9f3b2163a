"""Which paths inside JSON are indexed, kept up with what other processes change."""

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from db.engines import Database
from db.path_indexes.changes import select_path_indexes
from db.path_indexes.known import know

__all__ = ["follow_path_indexes"]

PAUSE = 5
"""Seconds between two looks."""

log = logging.getLogger("tracegraph.indexes")


async def follow_path_indexes(database: Database, pause: float = PAUSE) -> None:
    """Know the indexes that there are, which were known when this began, until cancelled."""
    while True:
        await asyncio.sleep(pause)
        try:
            know(await database.read(select_path_indexes))
        except SQLAlchemyError as error:
            log.warning("cannot read which paths are indexed: %s", error)
