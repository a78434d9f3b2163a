"""The annotation queues that a call is in."""

import strawberry

from graph.connections import After, Before, First, Last, connect_siblings, page_request, shared_by_siblings
from graph.context import Info
from graph.fields import link
from graph.queues.lists import (
    AnnotationQueueConnection,
    AnnotationQueueItemConnection,
    ItemFilter,
    ItemOrder,
    QueueFilterArgument,
    QueueOrder,
    connect_items,
    queue_list,
)
from graph.selection import NODES, columns_of
from resolvers.queues.read import CallQueues, call_queue_counts, call_queue_pages

__all__ = ["CallAnnotationQueues"]

_KEY = ("project_slug", "call_id")


@strawberry.type
class CallAnnotationQueues:
    """The part of Call about annotation queues."""

    project_slug: strawberry.Private[str]
    call_id: strawberry.Private[str]

    @link("The annotation queues that it is in, by default in the order in which they were made.", needs=_KEY)
    async def annotation_queues(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: QueueFilterArgument = None,
        order_by: QueueOrder = None,
    ) -> AnnotationQueueConnection:
        """A page of them; those of the calls of a list are read together."""

        def lists() -> CallQueues:
            columns = columns_of(info, "AnnotationQueue", NODES)
            return CallQueues(queue_list(filter, order_by), page_request(first, after, last, before), columns)

        return await connect_siblings(
            info,
            AnnotationQueueConnection,
            "AnnotationQueue",
            (self.project_slug, self.call_id),
            lists=shared_by_siblings(info, lists),
            pages=call_queue_pages,
            counts=call_queue_counts,
        )

    @link(
        "How it stands in each annotation queue that it is in, by default in the order in which it came into them.",
        needs=_KEY,
    )
    async def annotation_queue_items(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: ItemFilter = None,
        order_by: ItemOrder = None,
    ) -> AnnotationQueueItemConnection:
        """A page of them."""
        return await connect_items(
            info,
            (self.project_slug, self.call_id),
            "call_id",
            first=first,
            after=after,
            last=last,
            before=before,
            filter=filter,
            order_by=order_by,
        )
