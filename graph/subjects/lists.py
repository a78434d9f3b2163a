"""The subjects of a project: one by its id, and the list of them."""

from typing import Annotated, Any, TypeVar, cast

import strawberry

from db.subjects import LATEST_FIRST, Subject, SubjectFilter
from graph.connections import Connection, connect, page_request
from graph.context import Info, context_of
from graph.fields import column
from graph.queries import sorts_argument
from graph.query import SortByInput
from graph.scalars import BigInt, DateTime
from resolvers.calls.pages import LONGEST_LIST
from resolvers.errors import InvalidInputError
from resolvers.subjects.read import subjects_count, subjects_page
from resolvers.subjects.usage import MOST_ORDERED

__all__ = ["SubjectFilterArgument", "SubjectFilterInput", "SubjectOrder", "connect_subjects"]

S = TypeVar("S")


@strawberry.input(description="Which users, or other entities that calls name: all fields that are set must hold.")
class SubjectFilterInput:
    """The domain's SubjectFilter."""

    ids: list[str] | None = column("Ids, at most 1,000; any of them will do.", default=None)
    seen_after: DateTime | None = column("`lastSeen` is at this time or later.", default=None)
    seen_before: DateTime | None = column("`firstSeen` is earlier than this.", default=None)
    min_call_count: BigInt | None = column("`callCount` is at least this.", default=None)


SubjectFilterArgument = Annotated[
    SubjectFilterInput | None, strawberry.argument(description="Which of them; without it, all.")
]
SubjectOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, by `lastSeen`, `firstSeen`, `callCount`, `errorCount`, `cost` "
        "(of `cost.total`, whatever its unit), `totalTokens`, `inputTokens`, `outputTokens` (of `usage`) or `id`; null "
        "comes last. Without it the one seen last first. By cost or tokens an error (TOO_LARGE) where more than "
        f"{MOST_ORDERED:,} fulfil the filter."
    ),
]


def filter_of(value: SubjectFilterInput | None) -> SubjectFilter:
    """The input as the domain's filter; raises InvalidInputError for a list that is too long."""
    if value is None:
        return SubjectFilter()
    if len(value.ids or ()) > LONGEST_LIST:
        message = f"ids has {len(value.ids or ())} values, at most {LONGEST_LIST} are taken"
        raise InvalidInputError(message, ["filter", "ids"])
    return SubjectFilter(value.ids, value.seen_after, value.seen_before, value.min_call_count)


async def connect_subjects(
    info: Info,
    type_: type[S],
    subject: Subject,
    project: str,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    filter: SubjectFilterInput | None,
    order_by: list[SortByInput] | None,
) -> Connection[S]:
    """The connection of the subjects that the calls of a project name, by default the one seen last first."""
    context, chosen, sorts = context_of(info), filter_of(filter), sorts_argument(order_by) or LATEST_FIRST
    connection: Any = Connection[type_]  # type: ignore[valid-type]  # a class at run time
    found = await connect(
        info,
        connection,
        type_,
        page_request(first, after, last, before),
        read=lambda request, _columns: subjects_page(
            context, project, request, subject=subject, chosen=chosen, sorts=sorts
        ),
        count=lambda limit: subjects_count(context, project, limit, subject=subject, chosen=chosen),
    )
    return cast("Connection[S]", found)
