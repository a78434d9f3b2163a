"""Lists of annotation queues and of their items."""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Literal

import strawberry

from graph.connections import Connection, connect_siblings, page_request, shared_by_siblings
from graph.context import Info
from graph.fields import column
from graph.queries import sorts_argument
from graph.query import SortByInput
from graph.queues.enums import ItemState
from graph.scalars import DateTime
from graph.selection import NODES, columns_of
from resolvers.queues.items import ItemList, ItemLists, item_counts, item_pages
from resolvers.queues.read import QueueFilter, QueueList

if TYPE_CHECKING:
    from graph.queues.items import AnnotationQueueItem
    from graph.queues.types import AnnotationQueue

__all__ = [
    "AnnotationQueueConnection",
    "AnnotationQueueItemConnection",
    "ItemFilter",
    "ItemOrder",
    "QueueFilterArgument",
    "QueueOrder",
    "connect_items",
    "queue_list",
]


@strawberry.type(description="A page of annotation queues.")
class AnnotationQueueConnection(Connection[Annotated["AnnotationQueue", strawberry.lazy("graph.queues.types")]]):
    """Nothing beside the page."""


@strawberry.type(description="A page of items of annotation queues.")
class AnnotationQueueItemConnection(
    Connection[Annotated["AnnotationQueueItem", strawberry.lazy("graph.queues.items")]]
):
    """Nothing beside the page."""


@strawberry.input(
    description="Which annotation queues. All fields that are set must hold; of a list one value must. A field that is "
    "null, left out or an empty list restricts nothing. Lists hold at most 1,000 values, which are compared exactly."
)
class AnnotationQueueFilterInput:
    """``resolvers.queues.read.QueueFilter``, field for field."""

    queue_ids: list[str] | None = column("`AnnotationQueue.queueId`.", default=None)
    names: list[str] | None = column("`AnnotationQueue.name`, exactly; several may have one name.", default=None)
    name_contains: str | None = column("What the name has in it, whatever the case of letters.", default=None)
    name_prefix: str | None = column("How the name begins.", default=None)
    enabled: bool | None = column("Whether it is enabled.", default=None)
    created_after: DateTime | None = column("Made at this time or later (inclusive).", default=None)
    created_before: DateTime | None = column("Made before this time (exclusive).", default=None)


QueueFilterArgument = Annotated[
    AnnotationQueueFilterInput | None, strawberry.argument(description="Which queues; all without one.")
]
QueueOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, at most 8 keys; without one the oldest first (`createdAt` "
        "ascending). Keys are `createdAt`, `updatedAt`, `name`, `enabled`, `createdBy`, `queueId`. Null comes last."
    ),
]


def queue_list(filter: AnnotationQueueFilterInput | None, order_by: list[SortByInput] | None) -> QueueList:
    """The queues that arguments ask for."""
    if filter is None:
        return QueueList(sorts=sorts_argument(order_by))
    chosen = QueueFilter(**{field.name: getattr(filter, field.name) for field in fields(QueueFilter)})
    return QueueList(chosen, sorts_argument(order_by))


@strawberry.input(
    description="Which items. All fields that are set must hold; a field that is null, left out or an empty list "
    "restricts nothing."
)
class AnnotationQueueItemFilterInput:
    """Parts of ``ItemList``."""

    states: list[ItemState] | None = column("One of these states.", default=None)
    automatic: bool | None = column(
        "True: only what the queue's filters took. False: only what somebody put in.", default=None
    )


ItemFilter = Annotated[
    AnnotationQueueItemFilterInput | None, strawberry.argument(description="Which items; all without one.")
]
ItemOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first; without one the order in which they came into the queue "
        "(`position` ascending). Keys are `position`, `addedAt`, `completedAt`, `completedBy`, `state`, `callId`, "
        "`queueId`."
    ),
]


async def connect_items(
    info: Info,
    key: tuple[str, str],
    by: Literal["queue_id", "call_id"],
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    filter: AnnotationQueueItemFilterInput | None,
    order_by: list[SortByInput] | None,
) -> AnnotationQueueItemConnection:
    """The items of a queue, or those that are of a call; siblings' are read together."""
    given = filter or AnnotationQueueItemFilterInput()

    def lists() -> ItemLists:
        chosen = ItemList(tuple(given.states or ()), given.automatic, sorts_argument(order_by))
        columns = columns_of(info, "AnnotationQueueItem", NODES)
        return ItemLists(chosen, by, page_request(first, after, last, before), columns)

    return await connect_siblings(
        info,
        AnnotationQueueItemConnection,
        "AnnotationQueueItem",
        key,
        lists=shared_by_siblings(info, lists),
        pages=item_pages,
        counts=item_counts,
    )
