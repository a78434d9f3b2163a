"""Lists of feedback."""

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
from graph.feedback.filters import FeedbackFilterInput, filter_of
from graph.fields import NEEDS
from graph.queries import Query, QueryJson, query_argument, sorts_argument
from graph.query import SortByInput
from graph.selection import NODES, columns_of
from resolvers.feedback.pages import (
    DEFAULT_SORTS,
    Below,
    FeedbackList,
    TargetLists,
    feedback_count,
    feedback_page,
    target_feedback_counts,
    target_feedback_pages,
)

if TYPE_CHECKING:
    from graph.feedback.types import Feedback

__all__ = ["FeedbackConnection", "FeedbackOrder", "FeedbackPlace", "Filter", "feedback_field"]


Filter = Annotated[FeedbackFilterInput | None, strawberry.argument(description="Which feedback.")]
FeedbackOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, at most 8 keys; without one the oldest first (`createdAt` "
        "ascending). Keys are `createdAt`, `feedbackType`, `kind`, `targetRef`, `feedbackId`, `creator`, `wbUserId`, "
        "`annotationRef`, `runnableRef`, `callRef`, `triggerRef`, `queueId`, `note`, `emoji`, `value`, `output`, and "
        "paths below `payload`, `value`, `output` and `details`, such as `payload.output.score`."
    ),
]


@strawberry.type(description="A page of feedback.")
class FeedbackConnection(Connection[Annotated["Feedback", strawberry.lazy("graph.feedback.types")]]):
    """Nothing beside the page."""


@dataclass(frozen=True, slots=True)
class FeedbackPlace:
    """Where in the graph a list of feedback stands: in a project, and there below what ``value`` names.

    Lists that stand below the nodes of one list are read together.
    """

    project: str
    value: str | None = None
    below: Below = "target_ref"


def feedback_field(description: str, needs: Iterable[str], place: Callable[[Any], FeedbackPlace]) -> Any:
    """A field that lists feedback, with the arguments that all of them have; ``place`` takes the row it is below."""

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
        order_by: FeedbackOrder = None,
        offset: Offset = None,
    ) -> FeedbackConnection:
        where = place(parent)

        def make() -> tuple[FeedbackList, PageRequest]:
            sorts = sorts_argument(order_by) or DEFAULT_SORTS
            return (
                FeedbackList(query_argument(query, query_json), sorts, filter_of(filter)),
                page_request(first, after, last, before, offset),
            )

        if where.value is None:
            return await _of_project(info, where.project, *make())
        return await _below(info, where.project, where.value, where.below, make)

    return strawberry.field(resolver=resolve, description=description, metadata={NEEDS: tuple(needs)})


async def _of_project(info: Info, project: str, chosen: FeedbackList, request: PageRequest) -> FeedbackConnection:
    context = context_of(info)
    return await connect(
        info,
        FeedbackConnection,
        "Feedback",
        request,
        read=lambda request, columns: feedback_page(context, project, chosen, request, columns),
        count=lambda limit: feedback_count(context, project, chosen, limit),
    )


async def _below(
    info: Info, project: str, value: str, below: Below, make: Callable[[], tuple[FeedbackList, PageRequest]]
) -> FeedbackConnection:
    def lists() -> TargetLists:
        chosen, request = make()
        return TargetLists(chosen, below, request, columns_of(info, "Feedback", NODES))

    return await connect_siblings(
        info,
        FeedbackConnection,
        "Feedback",
        (project, value),
        lists=shared_by_siblings(info, lists),
        pages=target_feedback_pages,
        counts=target_feedback_counts,
    )
