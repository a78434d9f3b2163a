"""Lists of datasets: filtered, ordered, paged, counted; of a project, and those that hold each of many datapoints."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection

from db.dataset_members import dataset_members, holding_datasets
from db.datasets import DATASET_FIELDS, datasets, select_datasets_by_id, select_datasets_page
from db.pages import Page, PageRequest, select_count
from db.partitions import partition_counts, partition_pages
from db.query.compile import compile_query
from db.query.expression import Expression
from db.query.order import Direction, Order, compile_order
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.named_filters import NamedFilter, one_of
from resolvers.queries import refusing_queries

__all__ = [
    "EVERY_DATASET",
    "DatasetFilter",
    "DatasetList",
    "HoldingLists",
    "datasets_count",
    "datasets_page",
    "holding_counts",
    "holding_pages",
]

Sorts = Sequence[tuple[str, Direction]]
DEFAULT_SORTS: Sorts = (("created_at", "asc"),)

c = datasets.c


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFilter(NamedFilter):
    """Which datasets."""

    dataset_ids: Sequence[str] | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL. Raises InvalidInputError for a list that is too long."""
        return [*one_of("dataset_ids", c.id, self.dataset_ids), *self.named(datasets, DATASET_FIELDS)]


EVERY_DATASET = DatasetFilter()
"""Leaves nothing out."""


@dataclass(frozen=True, slots=True)
class DatasetList:
    """Which datasets, in which order; the oldest first where none is named."""

    query: Expression | None = None
    sorts: Sorts = ()
    filter: DatasetFilter = EVERY_DATASET

    def conditions(self, project: str) -> list[ColumnElement[bool]]:
        """In SQL, within ``project``. Raises InvalidInputError for a filter or a query that cannot be."""
        found = [c.project_id == project, *self.filter.conditions()]
        if self.query is not None:
            with refusing_queries("query"):
                found.append(compile_query(self.query, DATASET_FIELDS))
        return found

    def order(self) -> Order:
        """In SQL. Raises InvalidQueryError for a field that is not there."""
        with refusing_queries("orderBy"):
            return compile_order(self.sorts or DEFAULT_SORTS, DATASET_FIELDS)


async def datasets_page(
    context: Context, project: str, chosen: DatasetList, request: PageRequest, columns: Collection[str]
) -> Page:
    """A page of the datasets of a project."""
    context.caller.require_read(project)
    where, order = chosen.conditions(project), chosen.order()
    with refusing_queries("after"):
        return await context.read(lambda connection: select_datasets_page(connection, columns, where, order, request))


async def datasets_count(context: Context, project: str, chosen: DatasetList, limit: int | None = None) -> int:
    """How many there are; counting stops at ``limit``."""
    context.caller.require_read(project)
    where = chosen.conditions(project)
    return await context.read(lambda connection: select_count(connection, where, limit))


@dataclass(frozen=True, slots=True, eq=False)
class HoldingLists:
    """The lists of the datasets that hold each of many datapoints, alike but for the datapoint; told apart by
    identity."""

    chosen: DatasetList
    request: PageRequest
    columns: frozenset[str]


async def holding_pages(context: Context, keys: Sequence[tuple[str, str]], *, lists: HoldingLists) -> list[Page]:
    """The page of each (project, datapoint id): two statements a project and chunk."""
    order = lists.chosen.order()

    def read(connection: Connection, project: str, ids: list[str]) -> Mapping[str, Page]:
        return partition_pages(
            connection,
            ids,
            noun="Dataset",
            key=dataset_members.c.datapoint_id,
            row_id=c.id,
            read=lambda found: select_datasets_by_id(connection, project, found, lists.columns),
            conditions=[*lists.chosen.conditions(project), holding_datasets(project)],
            order=order,
            request=lists.request,
        )

    with refusing_queries("after"):
        return [page or Page.empty() for page in await read_by_key(context, keys, read)]


async def holding_counts(context: Context, keys: Sequence[tuple[str, str]], *, lists: HoldingLists) -> list[int]:
    """How many datasets hold each (project, datapoint id): one statement a project and chunk."""

    def read(connection: Connection, project: str, ids: list[str]) -> Mapping[str, int]:
        conditions = [*lists.chosen.conditions(project), holding_datasets(project)]
        return partition_counts(connection, ids, key=dataset_members.c.datapoint_id, conditions=conditions)

    return [count or 0 for count in await read_by_key(context, keys, read)]
