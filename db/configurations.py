"""Configurations, of language models and pipelines: the table, its writes, and what reads can take from it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Index, PrimaryKeyConstraint, Table, delete, insert, update

from db.metadata import JSONColumn, Name, Time, metadata
from db.name_lists import NameList
from db.query.fields import Field, Fields, FieldType
from db.readers import Reader

__all__ = [
    "COLUMNS",
    "CONFIGURATION_FIELDS",
    "configurations",
    "delete_configuration",
    "insert_configuration",
    "select_configurations_by_id",
    "select_configurations_page",
    "update_configuration",
]

configurations = Table(
    "configurations",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("type", Name, nullable=False),
    Column("provider", Name, nullable=False),
    # What ``parameters`` name, kept apart from them so that lists can be ordered by it.
    Column("model", Name, nullable=False),
    Column("parameters", JSONColumn, nullable=False),
    Column("environments", NameList, nullable=False),
    Column("tags", NameList, nullable=False),
    Column("user_properties", JSONColumn),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time),
    PrimaryKeyConstraint("project_id", "id"),
    Index(None, "project_id", "created_at", "id"),
    info={"distribute_by": "project_id"},
)

c = configurations.c

COLUMNS: dict[str, ColumnElement[Any]] = {
    "project_slug": c.project_id,
    "configuration_id": c.id,
    "name": c.name,
    "type": c.type,
    "provider": c.provider,
    "model": c.model,
    "parameters": c.parameters,
    "environments": c.environments,
    "tags": c.tags,
    "user_properties": c.user_properties,
    "created_at": c.created_at,
    "updated_at": c.updated_at,
}
"""What a configuration can be asked for, by the names that rows carry. Its keys are always selected."""

CONFIGURATION_FIELDS = Fields(
    [
        Field("configuration_id", FieldType.TEXT, c.id, nullable=False),
        Field("name", FieldType.TEXT, c.name, nullable=False),
        Field("type", FieldType.TEXT, c.type, nullable=False),
        Field("provider", FieldType.TEXT, c.provider, nullable=False),
        Field("model", FieldType.TEXT, c.model, nullable=False),
        Field("created_at", FieldType.TIME, c.created_at, nullable=False),
        Field("updated_at", FieldType.TIME, c.updated_at),
    ]
)
"""What lists of configurations can be ordered by."""

reader = Reader("Configuration", COLUMNS, "configuration_id")

select_configurations_by_id = reader.by_id
select_configurations_page = reader.page


def insert_configuration(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert one whose id is free; ``row`` names all columns."""
    connection.execute(insert(configurations), row)


def update_configuration(
    connection: Connection, project_id: str, configuration_id: str, values: Mapping[str, Any]
) -> bool:
    """Set ``values`` (by column); False where it is not there."""
    where = (c.project_id == project_id, c.id == configuration_id)
    return connection.execute(update(configurations).where(*where).values(**values)).rowcount > 0


def delete_configuration(connection: Connection, project_id: str, configuration_id: str) -> bool:
    """Delete it for good; False where it is not there."""
    where = (c.project_id == project_id, c.id == configuration_id)
    return connection.execute(delete(configurations).where(*where)).rowcount > 0
