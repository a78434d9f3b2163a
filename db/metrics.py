"""Metrics and their versions: the tables, their writes, and what reads can take from them.

A metric's name and whether it runs on new calls stand in its own row, since lists select by them; all else of its
definition is in its versions, one of which is deployed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Double,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    cast,
    delete,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from db.chunks import chunked
from db.metadata import JSONColumn, Name, Time, metadata
from db.pages import Page, PageRequest
from db.partitions import partition_counts, partition_pages
from db.query.fields import Field, Fields, FieldType
from db.query.order import Order
from db.readers import Reader
from db.rows import Row, fetch, fetch_by
from db.rows import labelled as labelled_of

__all__ = [
    "CONTENT",
    "METRIC_FIELDS",
    "VERSION_FIELDS",
    "count_versions",
    "delete_metric",
    "deployed",
    "has_enabled_metrics",
    "insert_metric",
    "insert_version",
    "metric_versions",
    "metrics",
    "select_composites",
    "select_enabled_metrics",
    "select_metrics_by_id",
    "select_metrics_by_name",
    "select_metrics_page",
    "select_version_pages",
    "select_versions",
    "update_metric",
]

metrics = Table(
    "metrics",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("id", Name, nullable=False),
    # Of the version that is deployed.
    Column("name", Name, nullable=False),
    Column("enabled_in_prod", Boolean, nullable=False),
    Column("deployed", BigInteger, nullable=False),
    Column("version_count", BigInteger, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("created_by", Name, nullable=False),
    Column("updated_at", Time, nullable=True),
    PrimaryKeyConstraint("project_id", "id"),
    Index(None, "project_id", "name", unique=True),
    Index(None, "project_id", "created_at", "id"),
    info={"distribute_by": "project_id"},
)

metric_versions = Table(
    "metric_versions",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("metric_id", Name, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("digest", Name, nullable=False),
    Column("message", Name, nullable=False),
    Column("changed", JSONColumn, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("created_by", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("type", Name, nullable=False),
    Column("criteria", Name, nullable=False),
    Column("description", Name, nullable=True),
    Column("return_type", Name, nullable=False),
    Column("enabled_in_prod", Boolean, nullable=False),
    Column("needs_ground_truth", Boolean, nullable=False),
    Column("sampling_percentage", Double, nullable=False),
    Column("model_provider", Name, nullable=True),
    Column("model_name", Name, nullable=True),
    Column("scale", BigInteger, nullable=True),
    Column("threshold", JSONColumn, nullable=True),
    Column("categories", JSONColumn, nullable=True),
    Column("child_metrics", JSONColumn, nullable=True),
    Column("filters", JSONColumn, nullable=False),
    PrimaryKeyConstraint("project_id", "metric_id", "number"),
    Index(None, "project_id", "digest", unique=True),
    info={"distribute_by": "project_id"},
)

m, v = metrics.c, metric_versions.c

CONTENT = (
    "name",
    "type",
    "criteria",
    "description",
    "return_type",
    "enabled_in_prod",
    "needs_ground_truth",
    "sampling_percentage",
    "model_provider",
    "model_name",
    "scale",
    "threshold",
    "categories",
    "child_metrics",
    "filters",
)
"""The columns of a definition, by the names of ``resolvers.metrics.definition.MetricDefinition``."""

_VERSION = literal("v", Text()).concat(cast(v.number, Text()))
"""What a version is called."""

METRICS: dict[str, ColumnElement[Any]] = {
    "project_slug": m.project_id,
    "metric_id": m.id,
    **{name: v[name] for name in CONTENT},
    "version": _VERSION,
    "version_count": m.version_count,
    "created_at": m.created_at,
    "created_by": m.created_by,
    "updated_at": m.updated_at,
}
"""What a metric can be asked for, by the names that rows carry. Its keys are always selected."""

VERSIONS: dict[str, ColumnElement[Any]] = {
    "project_slug": v.project_id,
    "metric_id": v.metric_id,
    "version": _VERSION,
    "number": v.number,
    "digest": v.digest,
    "message": v.message,
    "changed": v.changed,
    "is_deployed": m.deployed == v.number,
    "created_at": v.created_at,
    "created_by": v.created_by,
    **{name: v[name] for name in CONTENT},
}
"""The same of a version."""

reader = Reader("Metric", METRICS, "metric_id")
select_metrics_page = reader.page
VERSION_KEYS = ("project_slug", "metric_id", "version")

METRIC_FIELDS = Fields(
    [
        Field("id", FieldType.TEXT, m.id, nullable=False),
        Field("name", FieldType.TEXT, m.name, nullable=False),
        Field("type", FieldType.TEXT, v.type, nullable=False),
        Field("return_type", FieldType.TEXT, v.return_type, nullable=False),
        Field("created_at", FieldType.TIME, m.created_at, nullable=False),
        Field("created_by", FieldType.TEXT, m.created_by, nullable=False),
        Field("updated_at", FieldType.TIME, m.updated_at),
    ],
    aliases={"metric_id": "id"},
    unlisted=("id",),
)
"""What metrics are ordered by."""

VERSION_FIELDS = Fields([Field("number", FieldType.INTEGER, v.number, nullable=False)])
"""What versions of a metric are ordered by."""


def _joined(project_id: str) -> list[ColumnElement[bool]]:
    """Versions with their metrics, of one project."""
    return [m.project_id == project_id, v.project_id == project_id, m.id == v.metric_id]


def deployed(project_id: str) -> list[ColumnElement[bool]]:
    """The conditions of metrics with their deployed versions."""
    return [*_joined(project_id), m.deployed == v.number]


def select_metrics_by_id(
    connection: Connection, project_id: str, ids: Iterable[str], columns: Collection[str]
) -> dict[str, Row]:
    """Metrics by id; ids that are not there are missing."""
    selected = reader.labelled(columns)
    return {row.metric_id: row for row in fetch_by(connection, "Metric", selected, m.id, ids, *deployed(project_id))}


def select_metrics_by_name(
    connection: Connection, project_id: str, names: Iterable[str], columns: Collection[str]
) -> dict[str, Row]:
    """Metrics by name; names that none has are missing."""
    selected = reader.labelled({*columns, "name"})
    return {row.name: row for row in fetch_by(connection, "Metric", selected, m.name, names, *deployed(project_id))}


def select_enabled_metrics(connection: Connection, project_id: str) -> list[Row]:
    """The metrics that run on new calls, with what ``CONTENT`` names, the first created first."""
    statement = select(*reader.labelled(CONTENT)).where(*deployed(project_id), m.enabled_in_prod.is_(True))
    return list(fetch(connection, "Metric", statement.order_by(m.created_at, m.id)))


def has_enabled_metrics(connection: Connection, project_id: str) -> bool:
    """Whether any metric of the project runs on new calls."""
    enabled = select(m.id).where(m.project_id == project_id, m.enabled_in_prod.is_(True)).limit(1)
    return connection.execute(enabled).first() is not None


def select_composites(connection: Connection, project_id: str) -> Sequence[tuple[str, str, str]]:
    """The id, the name and the children (JSON text) of each metric that has any."""
    statement = select(m.id, m.name, v.child_metrics).where(*deployed(project_id), v.child_metrics.is_not(None))
    return [(row[0], row[1], row[2]) for row in connection.execute(statement)]


def select_versions(
    connection: Connection, project_id: str, keys: Iterable[tuple[str, int]], columns: Collection[str]
) -> dict[tuple[str, int], Row]:
    """Versions by metric and number; those that are not there are missing. One statement a chunk."""
    selected = labelled_of(VERSIONS, VERSION_KEYS, {*columns, "number"})
    found: dict[tuple[str, int], Row] = {}
    for chunk in chunked(keys):
        statement = select(*selected).where(*_joined(project_id), tuple_(v.metric_id, v.number).in_(chunk))
        found |= {(row.metric_id, row.number): row for row in fetch(connection, "MetricVersion", statement)}
    return found


def select_version_pages(
    connection: Connection,
    project_id: str,
    metric_ids: Iterable[str],
    columns: Collection[str],
    order: Order,
    request: PageRequest,
) -> dict[str, Page]:
    """The page of each metric's versions; a metric that is not there is missing."""
    joined = _joined(project_id)
    selected = labelled_of(VERSIONS, VERSION_KEYS, {*columns, "digest"})

    def read(digests: Sequence[str]) -> Mapping[str, Row]:
        return {row.digest: row for row in fetch_by(connection, "MetricVersion", selected, v.digest, digests, *joined)}

    return partition_pages(
        connection,
        metric_ids,
        noun="MetricVersion",
        key=v.metric_id,
        row_id=v.digest,
        read=read,
        conditions=joined,
        order=order,
        request=request,
    )


def count_versions(connection: Connection, project_id: str, metric_ids: Iterable[str]) -> dict[str, int]:
    """How many versions each metric has; a metric that is not there is missing."""
    return partition_counts(connection, metric_ids, key=v.metric_id, conditions=[v.project_id == project_id])


def insert_metric(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a metric; ``values`` names all columns."""
    connection.execute(insert(metrics).values(**values))


def insert_version(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a version; ``values`` names all columns."""
    connection.execute(insert(metric_versions).values(**values))


def update_metric(connection: Connection, project_id: str, metric_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a metric's own row."""
    connection.execute(update(metrics).where(m.project_id == project_id, m.id == metric_id).values(**values))


def delete_metric(connection: Connection, project_id: str, metric_id: str) -> bool:
    """Delete a metric with its versions; whether it was there."""
    connection.execute(delete(metric_versions).where(v.project_id == project_id, v.metric_id == metric_id))
    gone = connection.execute(delete(metrics).where(m.project_id == project_id, m.id == metric_id))
    return bool(gone.rowcount)
