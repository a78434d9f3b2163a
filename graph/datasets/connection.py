"""Lists of datasets."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    Offset,
    connect,
    connect_siblings,
    page_request,
    shared_by_siblings,
)
from graph.context import Info, context_of
from graph.datasets.filters import DatasetFilterInput, filter_of
from graph.fields import NEEDS
from graph.queries import Query, QueryJson, query_argument, sorts_argument
from graph.query import SortByInput
from graph.selection import NODES, columns_of
from resolvers.datasets.pages import (
    DatasetList,
    HoldingLists,
    datasets_count,
    datasets_page,
    holding_counts,
    holding_pages,
)

if TYPE_CHECKING:
    from graph.datasets.types import Dataset

__all__ = ["DatasetConnection", "DatasetPlace", "datasets_field"]

Filter = Annotated[DatasetFilterInput | None, strawberry.argument(description="Which datasets.")]
Order = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, at most 8 keys; without one the oldest first (`createdAt` "
        "ascending). Keys are `createdAt`, `updatedAt`, `name`, `description`, `datapointCount`, `datasetId`, "
        "`publishedRef`, `importedRef`, `createdBy`. Null comes last."
    ),
]


@strawberry.type(description="A page of datasets.")
class DatasetConnection(Connection[Annotated["Dataset", strawberry.lazy("graph.datasets.types")]]):
    """Nothing beside the page."""


@dataclass(frozen=True, slots=True)
class DatasetPlace:
    """Where in the graph a list of datasets stands: in a project, and there below a datapoint that they hold. Lists
    that stand below the nodes of one list are read together."""

    project: str
    datapoint_id: str | None = None


def datasets_field(description: str, needs: Iterable[str], place: Callable[[Any], DatasetPlace]) -> Any:
    """A field that lists datasets, with the arguments that all of them have; ``place`` takes the row it is below."""

    async def resolve(
        row: strawberry.Parent[Any],
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Filter = None,
        query: Query = None,
        query_json: QueryJson = None,
        order_by: Order = None,
        offset: Offset = None,
    ) -> DatasetConnection:
        where = place(row)
        context = context_of(info)

        def chosen() -> DatasetList:
            return DatasetList(query_argument(query, query_json), sorts_argument(order_by), filter_of(filter))

        if where.datapoint_id is None:
            listed = chosen()
            return await connect(
                info,
                DatasetConnection,
                "Dataset",
                page_request(first, after, last, before, offset),
                read=lambda request, columns: datasets_page(context, where.project, listed, request, columns),
                count=lambda limit: datasets_count(context, where.project, listed, limit),
            )

        def make() -> HoldingLists:
            request = page_request(first, after, last, before, offset)
            return HoldingLists(chosen(), request, columns_of(info, "Dataset", NODES))

        return await connect_siblings(
            info,
            DatasetConnection,
            "Dataset",
            (where.project, where.datapoint_id),
            lists=shared_by_siblings(info, make),
            pages=holding_pages,
            counts=holding_counts,
        )

    return strawberry.field(resolver=resolve, description=description, metadata={NEEDS: tuple(needs)})
