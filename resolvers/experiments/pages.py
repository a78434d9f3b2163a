"""Lists of experiments: filtered, queried, ordered, paged, counted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, or_

from db.experiments.lists import select_experiments_by_place, select_place_counts
from db.experiments.reads import EXPERIMENT_FIELDS, select_experiments_page
from db.experiments.tables import experiments
from db.pages import Page, PageRequest, select_count
from db.query.compile import compile_query
from db.query.expression import Expression
from db.query.order import Direction, Order, compile_order
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.named_filters import NamedFilter, check_list, one_of
from resolvers.queries import refusing_queries

__all__ = [
    "EVERY_EXPERIMENT",
    "ExperimentFilter",
    "ExperimentList",
    "PlacedLists",
    "experiments_count",
    "experiments_page",
    "placed_counts",
    "placed_pages",
]

Sorts = Sequence[tuple[str, Direction]]
NEWEST_FIRST: Sorts = (("created_at", "desc"),)

e = experiments.c


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentFilter(NamedFilter):
    """Which experiments."""

    experiment_ids: Sequence[str] | None = None
    statuses: Sequence[str] | None = None
    origins: Sequence[str] | None = None
    datasets: Sequence[str] | None = None
    """Ids of datasets, also of those that clients keep to themselves, or refs of versions of Weave datasets."""

    model_refs: Sequence[str] | None = None
    evaluation_refs: Sequence[str] | None = None
    created_until: int | None = None
    """Microseconds, inclusive."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL. Raises InvalidInputError for a list that is too long."""
        check_list("datasets", self.datasets)
        found = [
            *self.named(experiments, EXPERIMENT_FIELDS),
            *one_of("experiment_ids", e.id, self.experiment_ids),
            *one_of("statuses", e.status, self.statuses),
            *one_of("origins", e.origin, self.origins),
            *one_of("model_refs", e.model_ref, self.model_refs),
            *one_of("evaluation_refs", e.evaluation_ref, self.evaluation_refs),
        ]
        if self.datasets:
            columns = (e.dataset_id, e.offline_dataset_id, e.dataset_ref)
            found.append(or_(*(column.in_(self.datasets) for column in columns)))
        if self.created_until is not None:
            found.append(e.created_at <= self.created_until)
        return found


EVERY_EXPERIMENT = ExperimentFilter()
"""Leaves nothing out."""


@dataclass(frozen=True, slots=True)
class ExperimentList:
    """Which experiments, in which order."""

    filter: ExperimentFilter = EVERY_EXPERIMENT
    query: Expression | None = None
    sorts: Sorts = NEWEST_FIRST

    def conditions(self, project: str) -> list[ColumnElement[bool]]:
        """In SQL, within ``project``. Raises InvalidInputError for a filter or a query that cannot be."""
        found = [e.project_id == project, *self.filter.conditions()]
        if self.query is not None:
            with refusing_queries("query", InvalidInputError):
                found.append(compile_query(self.query, EXPERIMENT_FIELDS))
        return found

    def order(self) -> Order:
        """In SQL. Raises InvalidInputError for a field that is not there."""
        with refusing_queries("orderBy", InvalidInputError):
            return compile_order(self.sorts or NEWEST_FIRST, EXPERIMENT_FIELDS, ("experiment_id",))


async def experiments_page(
    context: Context, project: str, chosen: ExperimentList, request: PageRequest, columns: Collection[str]
) -> Page:
    """A page of a project's experiments."""
    context.caller.require_read(project)
    where, order = chosen.conditions(project), chosen.order()
    with refusing_queries("after"):
        return await context.read(
            lambda connection: select_experiments_page(connection, columns, where, order, request)
        )


async def experiments_count(context: Context, project: str, chosen: ExperimentList, limit: int | None = None) -> int:
    """How many there are; counting stops at ``limit``."""
    context.caller.require_read(project)
    where = chosen.conditions(project)
    return await context.read(lambda connection: select_count(connection, where, limit))


@dataclass(frozen=True, slots=True, eq=False)
class PlacedLists:
    """The lists of the experiments of each of many datasets, object versions or sessions (``place``), alike but for
    that.

    Shared by the siblings, and told apart by identity: a loader batches what asks with the same one.
    """

    chosen: ExperimentList
    place: str
    request: PageRequest
    columns: frozenset[str]


async def placed_pages(context: Context, keys: Sequence[tuple[str, str]], *, lists: PlacedLists) -> list[Page]:
    """The page of each (project, value): two statements a project and chunk."""
    order = lists.chosen.order()

    def read(connection: Connection, project: str, values: list[str]) -> Mapping[str, Page]:
        return select_experiments_by_place(
            connection,
            project,
            values,
            place=lists.place,
            columns=lists.columns,
            conditions=lists.chosen.conditions(project),
            order=order,
            request=lists.request,
        )

    with refusing_queries("after"):
        return [page or Page.empty() for page in await read_by_key(context, keys, read)]


async def placed_counts(context: Context, keys: Sequence[tuple[str, str]], *, lists: PlacedLists) -> list[int]:
    """How many experiments each (project, value) has: one statement a project and chunk."""

    def read(connection: Connection, project: str, values: list[str]) -> Mapping[str, int]:
        conditions = lists.chosen.conditions(project)
        return select_place_counts(connection, project, values, place=lists.place, conditions=conditions)

    return [count or 0 for count in await read_by_key(context, keys, read)]
