"""Lists of datapoints."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

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
from graph.datapoints.filters import DatapointFilterInput, filter_of
from graph.fields import NEEDS
from graph.queries import Query, QueryJson, query_argument, sorts_argument
from graph.query import SortByInput
from graph.selection import NODES, columns_of
from resolvers.datapoints.pages import (
    DatapointList,
    DatapointLists,
    datapoints_count,
    datapoints_page,
    sibling_counts,
    sibling_pages,
)

if TYPE_CHECKING:
    from graph.datapoints.types import Datapoint

__all__ = ["DatapointConnection", "DatapointPlace", "datapoints_field"]

Filter = Annotated[DatapointFilterInput | None, strawberry.argument(description="Which datapoints.")]
Order = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, at most 8 keys; without one that of the dataset whose "
        "datapoints are listed, and elsewhere the oldest first (`createdAt` ascending). Keys are `createdAt`, "
        "`updatedAt`, `datapointId`, `linkedCallId`, `createdBy`, `storageSizeBytes`, and paths below `inputs`, "
        "`history`, `groundTruth` and `metadata`: `inputs.question`, `history.0.content`. `position` is the place in "
        "the dataset; in lists that are of no dataset it is the first place in the datasets that `filter` names, where "
        "it names some. Null comes last."
    ),
]


@strawberry.type(description="A page of datapoints.")
class DatapointConnection(Connection[Annotated["Datapoint", strawberry.lazy("graph.datapoints.types")]]):
    """Nothing beside the page."""


@dataclass(frozen=True, slots=True)
class DatapointPlace:
    """Where in the graph a list of datapoints stands: in a project, and there (``kind``) in a dataset, below the call
    that they were made from or an experiment that runs on them, whose id is ``key``. Lists that stand below the nodes
    of one list are read together."""

    project: str
    kind: Literal["dataset", "call", "experiment"] | None = None
    key: str = ""


def datapoints_field(description: str, needs: Iterable[str], place: Callable[[Any], DatapointPlace]) -> Any:
    """A field that lists datapoints, with the arguments that all of them have; ``place`` takes the row it is below."""

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
    ) -> DatapointConnection:
        where = place(row)
        context = context_of(info)

        def chosen() -> DatapointList:
            return DatapointList(query_argument(query, query_json), sorts_argument(order_by), filter_of(filter))

        kind = where.kind
        if kind is None:
            listed = chosen()
            return await connect(
                info,
                DatapointConnection,
                "Datapoint",
                page_request(first, after, last, before, offset),
                read=lambda request, columns: datapoints_page(context, where.project, listed, request, columns),
                count=lambda limit: datapoints_count(context, where.project, listed, limit),
            )

        def make() -> DatapointLists:
            request = page_request(first, after, last, before, offset)
            columns = columns_of(info, "Datapoint", NODES)
            return DatapointLists(chosen(), request, columns, kind)

        return await connect_siblings(
            info,
            DatapointConnection,
            "Datapoint",
            (where.project, where.key),
            lists=shared_by_siblings(info, make),
            pages=sibling_pages,
            counts=sibling_counts,
        )

    return strawberry.field(resolver=resolve, description=description, metadata={NEEDS: tuple(needs)})
