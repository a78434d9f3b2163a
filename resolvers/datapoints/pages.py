"""Lists of datapoints: filtered, ordered, paged, counted; of a project, of each of many datasets, and those made from
each of many calls."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import ColumnElement, Connection, Subquery, func, select

from db.datapoints import datapoint_fields, datapoints, select_datapoints_page
from db.dataset_members import POSITION, dataset_members, held_datapoints
from db.datasets import datasets
from db.experiments.datapoints import tested_datapoints
from db.id_lists import among
from db.pages import Page, PageRequest, select_count
from db.partitions import partition_counts, partition_pages
from db.query.compile import compile_query
from db.query.expression import Expression
from db.query.fields import Fields
from db.query.order import Direction, Order, compile_order
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.datapoints.read import read_datapoints, with_dataset_ids
from resolvers.named_filters import check_list, one_of
from resolvers.queries import refusing_queries

__all__ = [
    "EVERY_DATAPOINT",
    "DatapointFilter",
    "DatapointList",
    "DatapointLists",
    "datapoints_count",
    "datapoints_page",
    "sibling_counts",
    "sibling_pages",
]

Sorts = Sequence[tuple[str, Direction]]

c = datapoints.c
m = dataset_members.c

FIELDS = datapoint_fields()
HELD_FIELDS = datapoint_fields(POSITION)
"""In a dataset, datapoints have a position."""


@dataclass(frozen=True, slots=True)
class DatapointFilter:
    """Each field that is set must hold; within a list any value will do. An empty list is as none.

    Times are microseconds, UTC: ``after`` is inclusive, ``before`` exclusive.
    """

    datapoint_ids: Sequence[str] | None = None
    dataset_ids: Sequence[str] | None = None
    dataset_names: Sequence[str] | None = None
    linked_call_ids: Sequence[str] | None = None
    created_after: int | None = None
    created_before: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL, but for datasets (``held``). Raises InvalidInputError for a list that is too long."""
        for name in ("datapoint_ids", "dataset_ids", "dataset_names"):
            check_list(name, getattr(self, name))
        found = one_of("linked_call_ids", c.linked_call_id, self.linked_call_ids)
        if self.datapoint_ids:
            found.append(among(c.id, self.datapoint_ids))
        if self.created_after is not None:
            found.append(c.created_at >= self.created_after)
        if self.created_before is not None:
            found.append(c.created_at < self.created_before)
        return found

    def held(self, project: str) -> Subquery | None:
        """The ids of the datapoints of datasets that are named, each with its first place in these; None where none
        is named."""
        holders: list[ColumnElement[bool]] = []
        if self.dataset_ids:
            holders.append(m.dataset_id.in_(self.dataset_ids))
        if self.dataset_names:
            same = datasets.c.project_id == project
            named = select(datasets.c.id).where(same, datasets.c.name.in_(self.dataset_names))
            holders.append(m.dataset_id.in_(named))
        if not holders:
            return None
        places = select(m.datapoint_id, func.min(m.position).label("position"))
        return places.where(m.project_id == project, *holders).group_by(m.datapoint_id).subquery()


EVERY_DATAPOINT = DatapointFilter()
"""Leaves nothing out."""


@dataclass(frozen=True, slots=True)
class DatapointList:
    """Which datapoints, in which order; where none is named, the oldest first, or in a dataset that of the dataset."""

    query: Expression | None = None
    sorts: Sorts = ()
    filter: DatapointFilter = EVERY_DATAPOINT

    def chosen(self, project: str, fields: Fields | None = None) -> "Chosen":
        """Within ``project``; ``fields`` are those of the list, where it has some of its own. Raises InvalidInputError
        for a filter or a query that cannot be."""
        found = [c.project_id == project, *self.filter.conditions()]
        held = self.filter.held(project)
        if held is not None:
            found.append(c.id == held.c.datapoint_id)
        known = fields or (FIELDS if held is None else datapoint_fields(replace(POSITION, sql=held.c.position)))
        if self.query is not None:
            with refusing_queries("query"):
                found.append(compile_query(self.query, known))
        return Chosen(found, known, self.sorts)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A list in SQL."""

    conditions: list[ColumnElement[bool]]
    fields: Fields
    sorts: Sorts

    def order(self, default: str = "created_at", tiebreak: str = "id") -> Order:
        """Its order. Raises InvalidQueryError for a field that is not there."""
        with refusing_queries("orderBy"):
            return compile_order(self.sorts or ((default, "asc"),), self.fields, tiebreak=[tiebreak])


async def datapoints_page(
    context: Context, project: str, chosen: DatapointList, request: PageRequest, columns: Collection[str]
) -> Page:
    """A page of the datapoints of a project; cut short where payloads are asked for and would make it large."""
    context.caller.require_read(project)
    listed = chosen.chosen(project)
    where, order = listed.conditions, listed.order()

    def read(connection: Connection) -> Page:
        page = select_datapoints_page(connection, columns, where, order, request)
        return with_dataset_ids(connection, project, page, columns)

    with refusing_queries("after"):
        return await context.read(read)


async def datapoints_count(context: Context, project: str, chosen: DatapointList, limit: int | None = None) -> int:
    """How many there are; counting stops at ``limit``."""
    context.caller.require_read(project)
    where = chosen.chosen(project).conditions
    return await context.read(lambda connection: select_count(connection, where, limit))


@dataclass(frozen=True, slots=True, eq=False)
class DatapointLists:
    """The lists of the datapoints of many datasets, made from many calls, or that many experiments run on (``place``),
    alike but for the dataset, the call or the experiment; told apart by identity."""

    chosen: DatapointList
    request: PageRequest
    columns: frozenset[str]
    place: Literal["dataset", "call", "experiment"]

    def of(self, project: str, values: Sequence[str]) -> tuple[ColumnElement[str], list[ColumnElement[bool]], Order]:
        """What tells the lists of ``values`` apart, the conditions and the order of all of them."""
        if self.place == "dataset":
            listed = self.chosen.chosen(project, HELD_FIELDS)
            return m.dataset_id, [*listed.conditions, held_datapoints(project)], listed.order("position", "position")
        listed = self.chosen.chosen(project)
        if self.place == "call":
            return c.linked_call_id, listed.conditions, listed.order()
        tested = tested_datapoints(project, values).c
        return tested.experiment_id, [*listed.conditions, c.id == tested.datapoint_id], listed.order()


async def sibling_pages(context: Context, keys: Sequence[tuple[str, str]], *, lists: DatapointLists) -> list[Page]:
    """The page of each (project, dataset, call or experiment id): two statements a project and chunk.

    Of one list alone only the page is read, from its cursor on, and it is cut short where payloads would make it large.
    """
    request, columns = lists.request, lists.columns

    def read(connection: Connection, project: str, values: list[str]) -> Mapping[str, Page]:
        key, conditions, order = lists.of(project, values)
        if len(values) == 1:
            conditions.append(key == values[0])
            page = select_datapoints_page(connection, columns, conditions, order, request)
            return {values[0]: with_dataset_ids(connection, project, page, columns)}
        return partition_pages(
            connection,
            values,
            noun="Datapoint",
            key=key,
            row_id=c.id,
            read=lambda ids: read_datapoints(connection, project, ids, columns),
            conditions=conditions,
            order=order,
            request=request,
        )

    with refusing_queries("after"):
        return [page or Page.empty() for page in await read_by_key(context, keys, read)]


async def sibling_counts(context: Context, keys: Sequence[tuple[str, str]], *, lists: DatapointLists) -> list[int]:
    """How many each (project, dataset, call or experiment id) has: one statement a project and chunk."""

    def read(connection: Connection, project: str, values: list[str]) -> Mapping[str, int]:
        key, conditions, _ = lists.of(project, values)
        return partition_counts(connection, values, key=key, conditions=conditions)

    return [count or 0 for count in await read_by_key(context, keys, read)]
