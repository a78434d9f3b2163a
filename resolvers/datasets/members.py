"""What datasets hold, as their rules have it. For use inside a write transaction that holds the project."""

from collections.abc import Sequence

from sqlalchemy import Connection

from db.datapoints import select_datapoints_by_id
from db.dataset_members import add_members, replace_members
from db.datasets import select_datasets_by_id
from resolvers.datapoints.validate import missing
from resolvers.errors import TooLargeError

__all__ = ["MOST_HELD", "add_to_dataset", "require_datapoints", "require_datasets", "set_datapoints"]

MOST_HELD = 100_000
"""Datapoints of one dataset."""


def require_datasets(connection: Connection, project: str, ids: Sequence[str], field: Sequence[str | int]) -> None:
    """Raise NotFoundError, about ``field``, naming the datasets that are not there."""
    found = select_datasets_by_id(connection, project, ids, ())
    if lacking := [dataset_id for dataset_id in dict.fromkeys(ids) if dataset_id not in found]:
        missing("Dataset", lacking, project, field)


def require_datapoints(connection: Connection, project: str, ids: Sequence[str], field: Sequence[str | int]) -> None:
    """Raise NotFoundError, about ``field``, naming the datapoints that are not there."""
    found = select_datapoints_by_id(connection, project, ids, ())
    if lacking := [datapoint_id for datapoint_id in dict.fromkeys(ids) if datapoint_id not in found]:
        missing("Datapoint", lacking, project, field)


def add_to_dataset(connection: Connection, project: str, dataset_id: str, ids: Sequence[str], at: int) -> None:
    """Put datapoints at the end of a dataset; those that it holds keep their places. Raises TooLargeError."""
    _check_size(dataset_id, add_members(connection, project, dataset_id, ids, at))


def set_datapoints(connection: Connection, project: str, dataset_id: str, ids: Sequence[str], at: int) -> None:
    """Make a dataset hold exactly these datapoints in this order. Raises TooLargeError."""
    _check_size(dataset_id, replace_members(connection, project, dataset_id, ids, at))


def _check_size(dataset_id: str, size: int) -> None:
    if size > MOST_HELD:
        raise TooLargeError(f"A dataset holds at most {MOST_HELD:,} datapoints, {dataset_id!r} would hold {size:,}")
