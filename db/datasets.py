"""Datasets: the table, its writes, and what reads can take from it. What they hold is in ``db.dataset_members``."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    PrimaryKeyConstraint,
    Table,
    delete,
    update,
)

from db.metadata import Name, Time, metadata
from db.query.fields import Field, Fields, FieldType
from db.readers import Reader
from db.upsert import insert

__all__ = [
    "COLUMNS",
    "DATASET_FIELDS",
    "datasets",
    "delete_dataset",
    "insert_dataset",
    "select_datasets_by_id",
    "select_datasets_page",
    "update_dataset",
]

datasets = Table(
    "datasets",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("description", Name),
    # How many datapoints it has, set by whatever changes that (db.dataset_members).
    Column("datapoint_count", BigInteger, nullable=False),
    # Refs of the object version that it was last published as, and of the one that it was imported from.
    Column("published_ref", Name),
    Column("imported_ref", Name),
    Column("created_by", Name),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    PrimaryKeyConstraint("project_id", "id"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "project_id", "name"),
    info={"distribute_by": "project_id"},
)

c = datasets.c

COLUMNS: dict[str, ColumnElement[Any]] = {
    "project_slug": c.project_id,
    "dataset_id": c.id,
    "name": c.name,
    "description": c.description,
    "datapoint_count": c.datapoint_count,
    "published_ref": c.published_ref,
    "imported_ref": c.imported_ref,
    "created_by": c.created_by,
    "created_at": c.created_at,
    "updated_at": c.updated_at,
}
"""What a dataset can be asked for, by the names that rows carry. Its keys are always selected."""

reader = Reader("Dataset", COLUMNS, "dataset_id")

select_datasets_by_id = reader.by_id
select_datasets_page = reader.page

DATASET_FIELDS = Fields(
    [
        Field("id", FieldType.TEXT, c.id, nullable=False),
        Field("project_id", FieldType.TEXT, c.project_id, nullable=False),
        Field("name", FieldType.TEXT, c.name, nullable=False),
        Field("datapoint_count", FieldType.INTEGER, c.datapoint_count, nullable=False),
        Field("created_at", FieldType.TIME, c.created_at, nullable=False),
        Field("updated_at", FieldType.TIME, c.updated_at, nullable=False),
        *(Field(name, FieldType.TEXT, c[name]) for name in ("description", "published_ref", "imported_ref")),
        Field("created_by", FieldType.TEXT, c.created_by),
    ],
    aliases={"dataset_id": "id", "project_slug": "project_id", "user": "created_by"},
    unlisted=("id", "project_id"),
)
"""What queries and sorts of datasets can name."""


def insert_dataset(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a dataset whose id is free; ``values`` name all columns."""
    connection.execute(insert(connection, datasets).values(**values))


def update_dataset(connection: Connection, project_id: str, dataset_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a dataset."""
    connection.execute(update(datasets).where(c.project_id == project_id, c.id == dataset_id).values(**values))


def delete_dataset(connection: Connection, project_id: str, dataset_id: str) -> None:
    """Delete a dataset; ``db.dataset_members.delete_members`` empties it."""
    connection.execute(delete(datasets).where(c.project_id == project_id, c.id == dataset_id))
