"""The annotation queues of a project."""

from typing import Annotated

import strawberry

from graph.connections import After, Before, First, Last, connect, page_request
from graph.context import Info, context_of
from graph.fields import link
from graph.nodes import ProjectPart
from graph.queues.lists import AnnotationQueueConnection, QueueFilterArgument, QueueOrder, queue_list
from graph.queues.types import AnnotationQueue
from graph.rows import load_row
from resolvers.queues.read import queues_by_id, queues_count, queues_page

__all__ = ["ProjectQueues"]


QueueId = Annotated[str, strawberry.argument(description="`AnnotationQueue.queueId`.")]


@strawberry.type
class ProjectQueues(ProjectPart):
    """The part of Project about annotation queues."""

    @link("One annotation queue by its id; null where there is none, or it is deleted.", needs=("slug",))
    async def annotation_queue(self, info: Info, queue_id: QueueId) -> AnnotationQueue | None:
        """By the loader of queues."""
        return await load_row(info, queues_by_id, (self.slug, queue_id), AnnotationQueue)

    @link("Its annotation queues, by default in the order in which they were made.", needs=("slug",))
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
        """A page of them."""
        context = context_of(info)
        chosen = queue_list(filter, order_by)
        return await connect(
            info,
            AnnotationQueueConnection,
            AnnotationQueue,
            page_request(first, after, last, before),
            read=lambda request, columns: queues_page(context, self.slug, chosen, request, columns),
            count=lambda limit: queues_count(context, self.slug, chosen, limit),
        )
