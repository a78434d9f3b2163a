"""Lists of datasets: filtered, ordered, paged, counted; of a project, and those that hold each of many datapoints."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection

from db.calls.filters import starts_with
from db.dataset_members import dataset_members, holding_datasets
from db.datasets import DATASET_FIELDS, datasets, select_datasets_by_id, select_datasets_page
from db.pages import Page, PageRequest, select_count
from db.partitions import partition_counts, partition_pages
from db.query.compile import compile_query
from db.query.expression import Constant, Contains, Expression, GetField
from db.query.order import Direction, Order, compile_order
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.errors import InvalidInputError
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

LONGEST_LIST = 1000

Sorts = Sequence[tuple[str, Direction]]
DEFAULT_SORTS: Sorts = (("created_at", "asc"),)

c = datasets.c


@dataclass(frozen=True, slots=True)
class DatasetFilter:
    """Each field that is set must hold; within a list any value will do. An empty list is as none.

    Times are microseconds, UTC: ``after`` is inclusive, ``before`` exclusive.
    """

    dataset_ids: Sequence[str] | None = None
    names: Sequence[str] | None = None
    name_contains: str | None = None
    name_prefix: str | None = None
    created_after: int | None = None
    created_before: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL. Raises InvalidInputError for a list that is too long."""
        check_lists(self, ("dataset_ids", "names"))
        found: list[ColumnElement[bool]] = []
        if self.dataset_ids:
            found.append(c.id.in_(self.dataset_ids))
        if self.names:
            found.append(c.name.in_(self.names))
        if self.name_contains is not None:
            sought = Contains(GetField("name"), Constant(self.name_contains), case_insensitive=True)
            found.append(compile_query(sought, DATASET_FIELDS))
        if self.name_prefix is not None:
            found.append(starts_with(c.name, self.name_prefix))
        if self.created_after is not None:
            found.append(c.created_at >= self.created_after)
        if self.created_before is not None:
            found.append(c.created_at < self.created_before)
        return found


def check_lists(chosen: object, names: Sequence[str]) -> None:
    """Raise InvalidInputError for a list of a filter that has more than a thousand values."""
    for name in names:
        values: Sequence[str] = getattr(chosen, name) or ()
        if len(values) > LONGEST_LIST:
            raise InvalidInputError(f"{name} takes at most {LONGEST_LIST} values, not {len(values)}", ["filter", name])


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
