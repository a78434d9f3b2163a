"""Datapoints: the table, its writes, and what reads can take from it.

A datapoint changes in place and may be in several datasets (``db.dataset_members``). The call it came from is named by
its id, which may be one that never came.
"""

from collections.abc import Iterable, Mapping, Sequence
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
    func,
    update,
)

from db.chunks import chunked
from db.json_text import query_form
from db.metadata import JSONColumn, Name, Time, metadata
from db.query.fields import Field, Fields, FieldType
from db.readers import Reader
from db.upsert import insert

__all__ = [
    "COLUMNS",
    "PAYLOADS",
    "datapoint_fields",
    "datapoints",
    "delete_datapoints",
    "insert_datapoints",
    "payload_columns",
    "select_datapoints_by_id",
    "select_datapoints_page",
    "update_datapoint",
]

PAYLOADS = ("inputs", "history", "ground_truth", "metadata")
"""Columns of JSON text, which may hold megabytes; each stands beside a column ``<name>_query``."""

datapoints = Table(
    "datapoints",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("id", Name, nullable=False),
    # The call that it was made from.
    Column("linked_call_id", Name),
    Column("created_by", Name),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    # Payloads come last: SQLite walks through what lies before a column to reach it.
    Column("inputs", JSONColumn, nullable=False),
    Column("inputs_query", JSONColumn),
    Column("history", JSONColumn, nullable=False),
    Column("history_query", JSONColumn),
    Column("ground_truth", JSONColumn),
    Column("ground_truth_query", JSONColumn),
    Column("metadata", JSONColumn),
    Column("metadata_query", JSONColumn),
    PrimaryKeyConstraint("project_id", "id"),
    Index(None, "project_id", "created_at", "id"),
    info={"distribute_by": "project_id"},
)

c = datapoints.c

Index(
    None,
    c.project_id,
    c.linked_call_id,
    c.created_at,
    c.id,
    sqlite_where=c.linked_call_id.is_not(None),
    postgresql_where=c.linked_call_id.is_not(None),
)

COLUMNS: dict[str, ColumnElement[Any]] = {
    "project_slug": c.project_id,
    "datapoint_id": c.id,
    "inputs": c.inputs,
    "history": c.history,
    "ground_truth": c.ground_truth,
    "metadata": c.metadata,
    "linked_call_id": c.linked_call_id,
    "created_by": c.created_by,
    "storage_size_bytes": c.size_bytes,
    "created_at": c.created_at,
    "updated_at": c.updated_at,
}
"""What a datapoint can be asked for, by the names that rows carry. Its keys are always selected."""

reader = Reader("Datapoint", COLUMNS, "datapoint_id", payloads=frozenset(PAYLOADS))

select_datapoints_by_id = reader.by_id
select_datapoints_page = reader.page
labelled = reader.labelled

DATAPOINT_FIELDS = (
    Field("id", FieldType.TEXT, c.id, nullable=False),
    Field("project_id", FieldType.TEXT, c.project_id, nullable=False),
    Field("linked_call_id", FieldType.TEXT, c.linked_call_id),
    Field("created_by", FieldType.TEXT, c.created_by),
    Field("storage_size_bytes", FieldType.INTEGER, c.size_bytes, nullable=False),
    Field("created_at", FieldType.TIME, c.created_at, nullable=False),
    Field("updated_at", FieldType.TIME, c.updated_at, nullable=False),
    *(Field(name, FieldType.JSON, func.coalesce(c[f"{name}_query"], c[name])) for name in PAYLOADS),
)

ALIASES = {"datapoint_id": "id", "project_slug": "project_id", "linked_event": "linked_call_id", "user": "created_by"}
UNLISTED = ("id", "project_id", "linked_event")


def datapoint_fields(*more: Field) -> Fields:
    """What queries and sorts of datapoints can name, and ``more``."""
    # Below a JSON field a path is not spelled anew, so its name in the graph is one of a place.
    members = {"groundTruth": "ground_truth"}
    return Fields([*DATAPOINT_FIELDS, *more], aliases=ALIASES, unlisted=UNLISTED, members=members)


def payload_columns(values: Mapping[str, str | None]) -> dict[str, str | None]:
    """The columns of payloads, by name, with those that queries read."""
    forms = {f"{name}_query": None if text is None else query_form(text) for name, text in values.items()}
    return {**values, **forms}


def insert_datapoints(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert datapoints whose ids are free; each row names all columns."""
    for chunk in chunked(rows):
        connection.execute(insert(connection, datapoints), list(chunk))


def update_datapoint(connection: Connection, project_id: str, datapoint_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a datapoint."""
    connection.execute(update(datapoints).where(c.project_id == project_id, c.id == datapoint_id).values(**values))


def delete_datapoints(connection: Connection, project_id: str, ids: Iterable[str]) -> None:
    """Delete datapoints; ``db.dataset_members.delete_memberships`` takes them out of datasets."""
    for chunk in chunked(ids):
        connection.execute(delete(datapoints).where(c.project_id == project_id, c.id.in_(chunk)))
