"""The experiments of each of many datasets, or object versions."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, select, union

from db.experiments.reads import select_experiments_by_id
from db.experiments.tables import experiments
from db.id_lists import one_of
from db.pages import Page, PageRequest
from db.partitions import partition_counts, partition_pages
from db.query.order import Order

__all__ = ["PLACES", "select_experiments_by_place", "select_place_counts"]

e = experiments.c

PLACES = {
    "dataset": (e.dataset_id, e.offline_dataset_id),
    "object": (e.dataset_ref, e.model_ref, e.evaluation_ref),
}
"""The columns that name a dataset by its id, and those that name a version of an object by its ref."""


def _places(project_id: str, place: str, values: Sequence[str]) -> Subquery:
    """``value`` and ``experiment_id``: which experiments name which of ``values``, each pair once."""
    named = (
        select(column.label("value"), e.id.label("experiment_id")).where(
            e.project_id == project_id, one_of(column, values)
        )
        for column in PLACES[place]
    )
    return union(*named).subquery()


def select_experiments_by_place(
    connection: Connection,
    project_id: str,
    values: Sequence[str],
    *,
    place: str,
    columns: Collection[str],
    conditions: Sequence[ColumnElement[bool]],
    order: Order,
    request: PageRequest,
) -> dict[str, Page]:
    """The page of the experiments that name each value; one without any is missing. Two statements a chunk."""
    key, joined = _joined(project_id, place, values)
    return partition_pages(
        connection,
        values,
        noun="Experiment",
        key=key,
        row_id=e.id,
        read=lambda ids: select_experiments_by_id(connection, project_id, ids, columns),
        conditions=[*conditions, joined],
        order=order,
        request=request,
    )


def select_place_counts(
    connection: Connection,
    project_id: str,
    values: Sequence[str],
    *,
    place: str,
    conditions: Sequence[ColumnElement[bool]],
) -> dict[str, int]:
    """How many experiments name each value; one without any is missing."""
    key, joined = _joined(project_id, place, values)
    return partition_counts(connection, values, key=key, conditions=[*conditions, joined])


def _joined(project_id: str, place: str, values: Sequence[str]) -> tuple[ColumnElement[Any], ColumnElement[bool]]:
    places = _places(project_id, place, values)
    return places.c.value, places.c.experiment_id == e.id
