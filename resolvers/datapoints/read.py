"""Reading datapoints by id."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from db.datapoints import select_datapoints_by_id
from db.dataset_members import select_dataset_ids
from db.pages import Page
from db.rows import Row, RowSet
from resolvers.batches import read_by_key
from resolvers.context import Context

__all__ = ["datapoints_by_id", "read_datapoints", "with_dataset_ids"]

DATASET_IDS = "dataset_ids"
"""A column that rows get by a statement of their own: the ids of the datasets that hold them, the oldest first."""


async def datapoints_by_id(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Datapoints by (project, datapoint id), in the order of ``keys``; None for what is not there or may not be
    seen."""

    def read(connection: Connection, project: str, ids: list[str]) -> dict[str, Row]:
        return read_datapoints(connection, project, ids, columns)

    return await read_by_key(context, keys, read)


def read_datapoints(
    connection: Connection, project: str, ids: Iterable[str], columns: Collection[str]
) -> dict[str, Row]:
    """Datapoints by id, with ``DATASET_IDS`` where it is among the columns; ids that are not there are missing."""
    found = select_datapoints_by_id(connection, project, ids, columns)
    rows = _extended(connection, project, list(found.values()), columns)
    return {row.datapoint_id: row for row in rows}


def with_dataset_ids(connection: Connection, project: str, page: Page, columns: Collection[str]) -> Page:
    """A page, with ``DATASET_IDS`` where it is among the columns."""
    if DATASET_IDS not in columns or not page.rows:
        return page
    return replace(page, rows=_row_set(connection, project, page.rows))


def _extended(connection: Connection, project: str, rows: Sequence[Row], columns: Collection[str]) -> Sequence[Row]:
    return _row_set(connection, project, rows) if rows and DATASET_IDS in columns else rows


def _row_set(connection: Connection, project: str, rows: Sequence[Row]) -> RowSet:
    held = select_dataset_ids(connection, project, [row.datapoint_id for row in rows])
    columns = (*rows[0].columns, DATASET_IDS)
    return RowSet("Datapoint", columns, ((*row, held.get(row.datapoint_id, [])) for row in rows))
