"""Annotation queues and their links."""

from typing import Annotated, Any

import strawberry

from graph.calls.connection import Place, calls_field
from graph.calls.stored_filters import EventFilter, event_filters_in
from graph.connections import After, Before, First, Last
from graph.context import Info, context_of
from graph.creator_link import CreatorLink
from graph.feedback.connection import FeedbackPlace, feedback_field
from graph.fields import column, link
from graph.nodes import TracegraphNode, is_row_of
from graph.project_link import ProjectLink
from graph.queues.items import AnnotationQueueItem
from graph.queues.lists import AnnotationQueueItemConnection, ItemFilter, ItemOrder, connect_items
from graph.rows import load_row
from graph.scalars import BigInt, DateTime
from resolvers.queues.items import items_by_key
from resolvers.queues.read import queue_progress

__all__ = ["AnnotationQueue"]

CallId = Annotated[str, strawberry.argument(description="`Call.callId`.")]


@strawberry.type(description="How far the items of an annotation queue are.")
class AnnotationQueueProgress:
    """``resolvers.queues.read.Progress``."""

    total: BigInt = column("All items.")
    done: BigInt = column("Items in the state DONE.")
    skipped: BigInt = column("Items in the state SKIPPED.")
    remaining: BigInt = column("Items in the state PENDING.")


@strawberry.federation.type(
    keys=["id", "projectSlug queueId"],
    description="A list of calls that people are to judge. Calls come into it by hand, and by its filters.",
)
class AnnotationQueue(CreatorLink, ProjectLink, TracegraphNode):
    """Rows of ``db.queues.reads``."""

    is_type_of = is_row_of("AnnotationQueue")

    queue_id: str = column("Id within the project; what `Feedback.queueId` names.")
    name: str = column("Its name; several may have the same.")
    description: str = column("What it is for; empty where nobody said.")
    enabled: bool = column("Whether it takes new calls by its filters.")
    created_at: DateTime = column("When it was made.")
    created_by: str = column("User who made it.")
    updated_at: DateTime | None = column("When it was last changed, its items too by `annotationQueueUpdate`; or null.")

    @link(
        "While it is `enabled`, each call that ends and fulfils all of these is put last, once; calls that ended "
        "before it was enabled, or got these filters, are not. Empty: it takes none by itself. At most 100.",
        needs=("filters",),
    )
    def filters(self) -> list[EventFilter]:
        """The row's own column."""
        row: Any = self
        return event_filters_in(row.filters)

    @link("How far it is.", needs=("project_slug", "queue_id"))
    async def progress(self, info: Info) -> AnnotationQueueProgress:
        """By a loader: one statement for the queues of a list."""
        key = (self.project_slug, self.queue_id)
        found: AnnotationQueueProgress = await context_of(info).loaders.load(queue_progress, key)
        return found

    @link(
        "Its items, by default in the order in which they came; the next to judge is "
        "`items(first: 1, filter: {states: [PENDING]})`.",
        needs=("project_slug", "queue_id"),
    )
    async def items(
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
            (self.project_slug, self.queue_id),
            "queue_id",
            first=first,
            after=after,
            last=last,
            before=before,
            filter=filter,
            order_by=order_by,
        )

    @link("Its item of a call; null where the call is not in it.", needs=("project_slug", "queue_id"))
    async def item(self, info: Info, call_id: CallId) -> AnnotationQueueItem | None:
        """By the loader of items."""
        key = (self.project_slug, (self.queue_id, call_id))
        return await load_row(info, items_by_key, key, AnnotationQueueItem)

    calls = calls_field(
        "The calls that are in it, whatever their state there; `items` has them in their order and with their state, "
        "and those too that have not come yet.",
        needs=("project_slug", "queue_id"),
        place=lambda queue: Place(queue.project_slug, "annotation_queue_id", queue.queue_id),
    )

    feedback = feedback_field(
        "All feedback that was given through it.",
        needs=("project_slug", "queue_id"),
        place=lambda queue: FeedbackPlace(queue.project_slug, queue.queue_id, "queue_id"),
    )
