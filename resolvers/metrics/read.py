"""Reading metrics and their versions: by id and by name, and lists of them, ordered, paged, counted."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, Connection

from db.metrics import (
    CONTENT,
    METRIC_FIELDS,
    VERSION_FIELDS,
    count_versions,
    deployed,
    metric_versions,
    metrics,
    select_metrics_by_id,
    select_metrics_by_name,
    select_metrics_page,
    select_version_pages,
    select_versions,
)
from db.pages import Page, PageRequest, select_count
from db.query.order import Direction, Order, compile_order
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.metrics.content import definition_of
from resolvers.metrics.definition import ChildMetric, MetricDefinition
from resolvers.metrics.record import version_number
from resolvers.named_filters import NamedFilter, one_of
from resolvers.queries import refusing_queries

__all__ = [
    "EVERY_METRIC",
    "MetricFilter",
    "MetricList",
    "VersionLists",
    "definitions_by_id",
    "definitions_by_name",
    "metrics_by_id",
    "metrics_by_name",
    "metrics_count",
    "metrics_of_children",
    "metrics_page",
    "version_counts",
    "version_pages",
    "versions_by_name",
]

Sorts = Sequence[tuple[str, Direction]]
DEFAULT_SORTS: Sorts = (("created_at", "asc"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFilter(NamedFilter):
    """Which metrics."""

    metric_ids: Sequence[str] | None = None
    types: Sequence[str] | None = None
    return_types: Sequence[str] | None = None
    enabled_in_prod: bool | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL, over metrics and their deployed versions. Raises InvalidInputError for a list that is too long."""
        found = [
            *self.named(metrics, METRIC_FIELDS),
            *one_of("metric_ids", metrics.c.id, self.metric_ids),
            *one_of("types", metric_versions.c.type, self.types),
            *one_of("return_types", metric_versions.c.return_type, self.return_types),
        ]
        if self.enabled_in_prod is not None:
            found.append(metrics.c.enabled_in_prod.is_(self.enabled_in_prod))
        return found


EVERY_METRIC = MetricFilter()
"""Leaves nothing out."""


@dataclass(frozen=True, slots=True)
class MetricList:
    """Which metrics of a project, in which order."""

    project: str
    filter: MetricFilter = EVERY_METRIC
    sorts: Sorts = ()
    """Empty for the order in which they were created."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL. Raises InvalidInputError for a filter that cannot be."""
        return [*deployed(self.project), *self.filter.conditions()]

    def order(self) -> Order:
        """In SQL. Raises InvalidInputError for a field that metrics are not ordered by."""
        with refusing_queries("orderBy", InvalidInputError):
            return compile_order(self.sorts or DEFAULT_SORTS, METRIC_FIELDS)


async def metrics_by_id(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Metrics by (project, metric id), in the order of ``keys``; None for what is not there or may not be seen."""
    return await read_by_key(context, keys, partial(select_metrics_by_id, columns=columns))


async def metrics_by_name(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Metrics by (project, name), as ``metrics_by_id``."""
    return await read_by_key(context, keys, partial(select_metrics_by_name, columns=columns))


async def metrics_of_children(
    context: Context, keys: Sequence[tuple[str, ChildMetric]], *, columns: frozenset[str]
) -> list[Row | None]:
    """The metrics that children of composites, each with its project, are; None for a child that is none. Two
    statements a project and chunk."""
    by_id = [(project, child.id) for project, child in keys if child.id is not None]
    by_name = [(project, child.name) for project, child in keys if child.id is None]
    ids = dict(zip(by_id, await metrics_by_id(context, by_id, columns=columns), strict=True)) if by_id else {}
    names = dict(zip(by_name, await metrics_by_name(context, by_name, columns=columns), strict=True)) if by_name else {}
    return [
        names.get((project, child.name)) if child.id is None else ids.get((project, child.id))
        for project, child in keys
    ]


async def definitions_by_id(context: Context, keys: Sequence[tuple[str, str]]) -> list[MetricDefinition | None]:
    """The deployed definitions of metrics by (project, metric id), as ``metrics_by_id``."""
    return _definitions(await metrics_by_id(context, keys, columns=frozenset(CONTENT)))


async def definitions_by_name(context: Context, keys: Sequence[tuple[str, str]]) -> list[MetricDefinition | None]:
    """The deployed definitions of metrics by (project, name), as ``metrics_by_id``."""
    return _definitions(await metrics_by_name(context, keys, columns=frozenset(CONTENT)))


def _definitions(rows: Sequence[Row | None]) -> list[MetricDefinition | None]:
    return [None if row is None else definition_of(row) for row in rows]


async def metrics_page(context: Context, chosen: MetricList, request: PageRequest, columns: Collection[str]) -> Page:
    """A page of a project's metrics."""
    context.caller.require_read(chosen.project)
    where, order = chosen.conditions(), chosen.order()
    with refusing_queries("after"):
        return await context.read(lambda connection: select_metrics_page(connection, columns, where, order, request))


async def metrics_count(context: Context, chosen: MetricList, limit: int | None = None) -> int:
    """How many metrics there are; counting stops at ``limit``."""
    context.caller.require_read(chosen.project)
    where = chosen.conditions()
    return await context.read(lambda connection: select_count(connection, where, limit))


async def versions_by_name(
    context: Context, keys: Sequence[tuple[str, str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Versions by (project, metric id, version), such as ``v3``; None as above. One statement a project and chunk."""
    wanted: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for project, metric_id, version in keys:
        if context.caller.may_read(project):
            wanted[project].append((metric_id, version_number(version)))

    def read(connection: Connection) -> dict[tuple[str, str, int], Row]:
        return {
            (project, *key): row
            for project, of_project in wanted.items()
            for key, row in select_versions(connection, project, dict.fromkeys(of_project), columns).items()
        }

    found = await context.read(read)
    return [found.get((project, metric_id, version_number(version))) for project, metric_id, version in keys]


@dataclass(frozen=True, slots=True, eq=False)
class VersionLists:
    """The versions of the metrics of one list: their order, the page of each, and what is read of them."""

    descending: bool
    request: PageRequest
    columns: frozenset[str]

    def order(self) -> Order:
        """In SQL."""
        return compile_order([("number", "desc" if self.descending else "asc")], VERSION_FIELDS, ("number",))


async def version_pages(context: Context, keys: Sequence[tuple[str, str]], *, lists: VersionLists) -> list[Page]:
    """The page of the versions of each (project, metric id): two statements a project and chunk."""
    order = lists.order()

    def read(connection: Connection, project: str, ids: list[str]) -> Mapping[str, Page]:
        return select_version_pages(connection, project, ids, lists.columns, order, lists.request)

    with refusing_queries("after"):
        return [page or Page.empty() for page in await read_by_key(context, keys, read)]


async def version_counts(
    context: Context,
    keys: Sequence[tuple[str, str]],
    *,
    lists: VersionLists,  # noqa: ARG001 - loaders give it
) -> list[int]:
    """How many versions each (project, metric id) has: one statement a project and chunk."""
    return [count or 0 for count in await read_by_key(context, keys, count_versions)]
