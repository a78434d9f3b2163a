"""Making, changing and deleting annotation queues, and working through their items."""

import strawberry

from graph.calls.event_filters import event_filters
from graph.context import Info, context_of
from graph.fields import column, link
from graph.queues.inputs import (
    AnnotationQueueCreateInput,
    AnnotationQueueDeleteInput,
    AnnotationQueueItemInput,
    AnnotationQueueUpdateInput,
)
from graph.queues.items import AnnotationQueueItem
from graph.queues.types import AnnotationQueue
from graph.rows import load_row
from graph.user_errors import UserError, user_errors
from resolvers.errors import Refusal
from resolvers.queues.complete import item_put
from resolvers.queues.items import items_by_key
from resolvers.queues.read import queues_by_id
from resolvers.queues.record import NewQueue, QueueChanges, queue_create, queue_delete, queue_update
from resolvers.queues.states import ItemState

__all__ = ["QueueMutations"]


@strawberry.type(description="What became of an annotation queue.")
class AnnotationQueuePayload:
    """A queue."""

    project: strawberry.Private[str]
    queue_id: str | None = column("Its id; null where it was refused.")
    user_errors: list[UserError] = column("Why nothing was written; `field` is the path below `input`.")

    @link("The queue as it is now; null where it was refused.")
    async def queue(self, info: Info) -> AnnotationQueue | None:
        """Read only where it is asked for."""
        if self.queue_id is None:
            return None
        return await load_row(info, queues_by_id, (self.project, self.queue_id), AnnotationQueue)


@strawberry.type(description="What became of a deletion.")
class AnnotationQueueDeletePayload:
    """Whether it is gone."""

    queue_id: str | None = column("Id of the queue that is gone; null where none is.")
    user_errors: list[UserError] = column("Why nothing was deleted; `NOT_FOUND` where there was nothing.")


@strawberry.type(description="What became of an item of an annotation queue.")
class AnnotationQueueItemPayload:
    """An item."""

    which: strawberry.Private[AnnotationQueueItemInput]
    user_errors: list[UserError] = column("Why nothing was changed; empty where the item is as was asked.")

    @link("The item as it is now; null where it is not there.")
    async def item(self, info: Info) -> AnnotationQueueItem | None:
        """Read only where it is asked for."""
        key = (self.which.project, (self.which.queue_id, self.which.call_id))
        return await load_row(info, items_by_key, key, AnnotationQueueItem)


def _refused(project: str, refusal: Refusal) -> AnnotationQueuePayload:
    return AnnotationQueuePayload(project=project, queue_id=None, user_errors=user_errors(refusal))


async def _put(info: Info, which: AnnotationQueueItemInput, state: ItemState) -> AnnotationQueueItemPayload:
    try:
        await item_put(context_of(info), which.project, which.queue_id, which.call_id, state)
    except Refusal as refusal:
        return AnnotationQueueItemPayload(which=which, user_errors=user_errors(refusal))
    return AnnotationQueueItemPayload(which=which, user_errors=[])


@strawberry.type
class QueueMutations:
    """The part of Mutation about annotation queues."""

    @strawberry.mutation(description="Make an annotation queue. Not idempotent: each is a new one, whatever its name.")
    async def annotation_queue_create(self, info: Info, input: AnnotationQueueCreateInput) -> AnnotationQueuePayload:
        """A new one."""
        try:
            filters = event_filters(input.filters)
            new = NewQueue(input.name, input.description, filters, input.enabled, input.call_ids)
            made = await queue_create(context_of(info), input.project, new)
        except Refusal as refusal:
            return _refused(input.project, refusal)
        return AnnotationQueuePayload(project=input.project, queue_id=made, user_errors=[])

    @strawberry.mutation(
        description="Change an annotation queue, put calls into it and take calls out of it, all or nothing. "
        "Repeating it changes nothing more. `NOT_FOUND` where the queue is not there, or deleted."
    )
    async def annotation_queue_update(self, info: Info, input: AnnotationQueueUpdateInput) -> AnnotationQueuePayload:
        """Changes."""
        try:
            changes = QueueChanges(
                name=input.name,
                description=input.description,
                filters=None if input.filters is None else event_filters(input.filters),
                enabled=input.enabled,
                add=input.add_call_ids,
                remove=input.remove_call_ids,
            )
            await queue_update(context_of(info), input.project, input.queue_id, changes)
        except Refusal as refusal:
            return _refused(input.project, refusal)
        return AnnotationQueuePayload(project=input.project, queue_id=input.queue_id, user_errors=[])

    @strawberry.mutation(
        description="Delete an annotation queue with its items. The calls stay, and so does the feedback that was "
        "given through it. `NOT_FOUND` where it is not there."
    )
    async def annotation_queue_delete(
        self, info: Info, input: AnnotationQueueDeleteInput
    ) -> AnnotationQueueDeletePayload:
        """A deletion."""
        try:
            await queue_delete(context_of(info), input.project, input.queue_id)
        except Refusal as refusal:
            return AnnotationQueueDeletePayload(queue_id=None, user_errors=user_errors(refusal))
        return AnnotationQueueDeletePayload(queue_id=input.queue_id, user_errors=[])

    @strawberry.mutation(
        description="Say that an item is done, in your name. Feedback on its call with its `queueId` does so by "
        "itself. "
        "One that is done already stays as it is."
    )
    async def annotation_queue_item_complete(
        self, info: Info, input: AnnotationQueueItemInput
    ) -> AnnotationQueueItemPayload:
        """To DONE."""
        return await _put(info, input, ItemState.DONE)

    @strawberry.mutation(
        description="Leave an item out, in your name. One that is done must be reopened before (`CONFLICT`)."
    )
    async def annotation_queue_item_skip(
        self, info: Info, input: AnnotationQueueItemInput
    ) -> AnnotationQueueItemPayload:
        """To SKIPPED."""
        return await _put(info, input, ItemState.SKIPPED)

    @strawberry.mutation(
        description="Have an item judged again: it is pending, at its place. Feedback that was given stays."
    )
    async def annotation_queue_item_reopen(
        self, info: Info, input: AnnotationQueueItemInput
    ) -> AnnotationQueueItemPayload:
        """To PENDING."""
        return await _put(info, input, ItemState.PENDING)
