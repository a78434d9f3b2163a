"""Lists of experiments."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from db.pages import PageRequest
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
from graph.experiments.enums import ExperimentOrigin, ExperimentStatus
from graph.fields import NEEDS, column
from graph.queries import Query, QueryJson, query_argument, sorts_argument
from graph.query import SortByInput
from graph.scalars import DateTime
from graph.selection import NODES, columns_of
from resolvers.experiments.pages import (
    EVERY_EXPERIMENT,
    NEWEST_FIRST,
    ExperimentFilter,
    ExperimentList,
    PlacedLists,
    experiments_count,
    experiments_page,
    placed_counts,
    placed_pages,
)

if TYPE_CHECKING:
    from graph.experiments.types import Experiment

__all__ = ["ExperimentConnection", "ExperimentPlace", "experiments_field"]


@strawberry.type(description="A page of experiments.")
class ExperimentConnection(Connection[Annotated["Experiment", strawberry.lazy("graph.experiments.types")]]):
    """Nothing beside the page."""


@strawberry.input(
    description="Which experiments. All fields that are set must hold; of a list one value must. A field that is null, "
    "left out or an empty list restricts nothing. Lists hold at most 1,000 values. What is not here, such as a value "
    "in the metadata, is asked for by `query`."
)
class ExperimentFilterInput:
    """``resolvers.experiments.pages.ExperimentFilter``."""

    experiment_ids: list[str] | None = column("Ids of experiments, `Experiment.experimentId` exactly.", default=None)
    names: list[str] | None = column("`Experiment.name`, exactly; several may have one name.", default=None)
    name_contains: str | None = column("What the name has in it, whatever the case of letters.", default=None)
    name_prefix: str | None = column("How the name begins.", default=None)
    statuses: list[ExperimentStatus] | None = column("How they stand.", default=None)
    origins: list[ExperimentOrigin] | None = column("How they came to be recorded.", default=None)
    datasets: list[str] | None = column(
        "What they ran over: ids of datasets, `EXT-...` ids that clients make up (also where they stand in the "
        "metadata as `offline_dataset_id`), or refs of versions of Weave datasets.",
        default=None,
    )
    model_refs: list[str] | None = column("Refs of the models that Weave evaluations are of, exactly.", default=None)
    evaluation_refs: list[str] | None = column(
        "Refs of the `Evaluation` objects that Weave evaluations are runs of, exactly.", default=None
    )
    created_after: DateTime | None = column("Created at this time or later (inclusive).", default=None)
    created_before: DateTime | None = column("Created before this time (exclusive).", default=None)
    created_until: DateTime | None = column("Created at this time or before (inclusive).", default=None)

    def to_filter(self) -> ExperimentFilter:
        """The domain's filter."""
        return ExperimentFilter(
            experiment_ids=self.experiment_ids,
            names=self.names,
            name_contains=self.name_contains,
            name_prefix=self.name_prefix,
            statuses=[status.value for status in self.statuses or ()],
            origins=[origin.value for origin in self.origins or ()],
            datasets=self.datasets,
            model_refs=self.model_refs,
            evaluation_refs=self.evaluation_refs,
            created_after=self.created_after,
            created_before=self.created_before,
            created_until=self.created_until,
        )


Filter = Annotated[ExperimentFilterInput | None, strawberry.argument(description="Which experiments.")]
ExperimentOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, at most 8 keys; without one the newest first (`createdAt` "
        "descending). Keys are `createdAt`, `updatedAt`, `endedAt`, `name`, `status`, `origin`, `experimentId`, "
        "`description`, `datasetId`, `datasetRef`, `modelRef`, `evaluationRef`, `createdBy`, and paths below "
        "`metadata`, `configuration` and `results`, such as `results.accuracy.mean`. Null comes last."
    ),
]


@dataclass(frozen=True, slots=True)
class ExperimentPlace:
    """Where in the graph a list of experiments stands: in a project, and there below a ``dataset`` or an ``object``
    (``db.experiments.lists.PLACES``).

    Lists that stand below the nodes of one list are read together.
    """

    project: str
    kind: str | None = None
    value: str = ""


def experiments_field(description: str, needs: Iterable[str], place: Callable[[Any], ExperimentPlace]) -> Any:
    """A field that lists experiments, with the arguments that all of them have; ``place`` takes the row it is
    below."""

    async def resolve(
        parent: strawberry.Parent[Any],
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Filter = None,
        query: Query = None,
        query_json: QueryJson = None,
        order_by: ExperimentOrder = None,
        offset: Offset = None,
    ) -> ExperimentConnection:
        def make() -> tuple[ExperimentList, PageRequest]:
            chosen = EVERY_EXPERIMENT if filter is None else filter.to_filter()
            sorts = sorts_argument(order_by) or NEWEST_FIRST
            return (
                ExperimentList(chosen, query_argument(query, query_json), sorts),
                page_request(first, after, last, before, offset),
            )

        return await _connect(info, place(parent), make)

    return strawberry.field(resolver=resolve, description=description, metadata={NEEDS: tuple(needs)})


async def _connect(
    info: Info, place: ExperimentPlace, make: Callable[[], tuple[ExperimentList, PageRequest]]
) -> ExperimentConnection:
    context, kind = context_of(info), place.kind
    if kind is None:
        chosen, request = make()
        return await connect(
            info,
            ExperimentConnection,
            "Experiment",
            request,
            read=lambda request, columns: experiments_page(context, place.project, chosen, request, columns),
            count=lambda limit: experiments_count(context, place.project, chosen, limit),
        )

    def lists() -> PlacedLists:
        chosen, request = make()
        return PlacedLists(chosen, kind, request, columns_of(info, "Experiment", NODES))

    return await connect_siblings(
        info,
        ExperimentConnection,
        "Experiment",
        (place.project, place.value),
        lists=shared_by_siblings(info, lists),
        pages=placed_pages,
        counts=placed_counts,
    )
