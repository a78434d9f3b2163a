"""Which datapoints are in which datasets, and in what order.

A datapoint has a position in each dataset that holds it. Positions rise and have gaps, so that adding and taking out
touch no other row. All writes run inside a transaction that holds the project (``db.projects.lock``).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    PrimaryKeyConstraint,
    Table,
    and_,
    delete,
    func,
    select,
    update,
)

from db.chunks import chunked
from db.datapoints import datapoints
from db.datasets import datasets
from db.id_lists import among
from db.metadata import Name, metadata
from db.query.fields import Field, FieldType
from db.upsert import insert

__all__ = [
    "POSITION",
    "add_members",
    "dataset_members",
    "delete_members",
    "delete_memberships",
    "held_datapoints",
    "holding_datasets",
    "replace_members",
    "select_datapoint_ids",
    "select_dataset_ids",
]

dataset_members = Table(
    "dataset_members",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("dataset_id", Name, nullable=False),
    Column("datapoint_id", Name, nullable=False),
    Column("position", BigInteger, nullable=False),
    PrimaryKeyConstraint("project_id", "dataset_id", "datapoint_id"),
    Index(None, "project_id", "dataset_id", "position", "datapoint_id"),
    Index(None, "project_id", "datapoint_id", "dataset_id"),
    info={"distribute_by": "project_id"},
)

c = dataset_members.c

POSITION = Field("position", FieldType.INTEGER, c.position, nullable=False)
"""The place of a datapoint in the dataset whose datapoints are listed."""


def held_datapoints(project_id: str) -> ColumnElement[bool]:
    """Joins datapoints of a project to the datasets that hold them."""
    return and_(c.project_id == project_id, datapoints.c.project_id == project_id, datapoints.c.id == c.datapoint_id)


def holding_datasets(project_id: str) -> ColumnElement[bool]:
    """Joins datasets of a project to the datapoints that they hold."""
    return and_(c.project_id == project_id, datasets.c.project_id == project_id, datasets.c.id == c.dataset_id)


def select_datapoint_ids(connection: Connection, project_id: str, dataset_ids: Iterable[str]) -> dict[str, list[str]]:
    """The ids of the datapoints of each dataset, in order; a dataset without any is missing."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for chunk in chunked(dataset_ids):
        held = select(c.dataset_id, c.datapoint_id).where(c.project_id == project_id, c.dataset_id.in_(chunk))
        for dataset_id, datapoint_id in connection.execute(held.order_by(c.dataset_id, c.position)):
            found[dataset_id].append(datapoint_id)
    return found


def select_dataset_ids(connection: Connection, project_id: str, datapoint_ids: Iterable[str]) -> dict[str, list[str]]:
    """The ids of the datasets that hold each datapoint, the oldest dataset first; a datapoint in none is missing."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for chunk in chunked(datapoint_ids):
        holding = select(c.datapoint_id, c.dataset_id).where(holding_datasets(project_id), c.datapoint_id.in_(chunk))
        for datapoint_id, dataset_id in connection.execute(holding.order_by(datasets.c.created_at, datasets.c.id)):
            found[datapoint_id].append(dataset_id)
    return found


def add_members(connection: Connection, project_id: str, dataset_id: str, ids: Sequence[str], now: int) -> int:
    """Put datapoints at the end of a dataset, in their order; those that it holds keep their places.

    Returns how many it has then, or where there was nothing to put in, how many of the ids it held.
    """
    known: set[str] = set()
    for chunk in chunked(ids):
        held = select(c.datapoint_id).where(c.project_id == project_id, c.dataset_id == dataset_id)
        known.update(connection.execute(held.where(c.datapoint_id.in_(chunk))).scalars())
    new = [datapoint_id for datapoint_id in dict.fromkeys(ids) if datapoint_id not in known]
    if not new:
        return len(known)
    ends = select(func.max(c.position)).where(c.project_id == project_id, c.dataset_id == dataset_id)
    last: int | None = connection.execute(ends).scalar_one()
    _insert(connection, project_id, dataset_id, new, 0 if last is None else last + 1)
    return _recount(connection, project_id, [dataset_id], now)[dataset_id]


def replace_members(connection: Connection, project_id: str, dataset_id: str, ids: Sequence[str], now: int) -> int:
    """Make a dataset hold exactly these datapoints in this order; returns how many that are.

    Where the order of what stays is as it was, only what comes and what goes is written.
    """
    wanted = dict.fromkeys(ids)
    before = select_datapoint_ids(connection, project_id, [dataset_id]).get(dataset_id, [])
    staying = [datapoint_id for datapoint_id in before if datapoint_id in wanted]
    if list(wanted)[: len(staying)] != staying:
        delete_members(connection, project_id, dataset_id, None, now)
    elif len(staying) < len(before):
        gone = [datapoint_id for datapoint_id in before if datapoint_id not in wanted]
        delete_members(connection, project_id, dataset_id, gone, now)
    return add_members(connection, project_id, dataset_id, list(wanted), now)


def delete_members(
    connection: Connection, project_id: str, dataset_id: str, ids: Iterable[str] | None, now: int
) -> int:
    """Take datapoints out of a dataset, all of them for None; returns how many were in it."""
    condition = and_(c.project_id == project_id, c.dataset_id == dataset_id)
    if ids is not None:
        condition = and_(condition, among(c.datapoint_id, ids))
    gone = connection.execute(delete(dataset_members).where(condition)).rowcount
    _recount(connection, project_id, [dataset_id], now)
    return gone


def delete_memberships(
    connection: Connection, project_id: str, datapoint_ids: Sequence[str], now: int, *, but: Iterable[str] = ()
) -> None:
    """Take datapoints out of all datasets ``but`` these."""
    condition = and_(c.project_id == project_id, among(c.datapoint_id, datapoint_ids), ~among(c.dataset_id, but))
    changed = list(connection.execute(select(c.dataset_id).where(condition).distinct()).scalars())
    if changed:
        connection.execute(delete(dataset_members).where(condition))
        _recount(connection, project_id, changed, now)


def _insert(connection: Connection, project_id: str, dataset_id: str, ids: Sequence[str], first: int) -> None:
    same = {"project_id": project_id, "dataset_id": dataset_id}
    rows = [{**same, "datapoint_id": each, "position": position} for position, each in enumerate(ids, first)]
    for chunk in chunked(rows, 5000):
        connection.execute(insert(connection, dataset_members), list(chunk))


def _recount(connection: Connection, project_id: str, dataset_ids: Iterable[str], now: int) -> dict[str, int]:
    """Note that the datasets changed, and how many datapoints each has now."""
    held = select(func.count()).where(c.project_id == project_id, c.dataset_id == datasets.c.id).scalar_subquery()
    counts: dict[str, int] = {}
    for chunk in chunked(dataset_ids):
        changed = update(datasets).where(datasets.c.project_id == project_id, datasets.c.id.in_(chunk))
        changed = changed.values(datapoint_count=held, updated_at=now)
        counted = connection.execute(changed.returning(datasets.c.id, datasets.c.datapoint_count))
        counts |= {row.id: row.datapoint_count for row in counted}
    return counts
