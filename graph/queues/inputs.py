"""What mutations of annotation queues take."""

import strawberry

from graph.calls.event_filters import EventFilterInput
from graph.fields import column

__all__ = [
    "AnnotationQueueCreateInput",
    "AnnotationQueueDeleteInput",
    "AnnotationQueueItemInput",
    "AnnotationQueueUpdateInput",
]

_PROJECT = "Slug of the project, `entity/name`."


@strawberry.input(description="An annotation queue to make.")
class AnnotationQueueCreateInput:
    """A new one."""

    project: str = column("Slug of the project, `entity/name`; the project is made if it is not there.")
    name: str = column("Its name, at most 200 characters; need not be unique.")
    description: str = column("What it is for, at most 1,000 characters.", default="")
    filters: list[EventFilterInput] = column(
        "While it is enabled, calls that end from now on and fulfil all of these are put into it; empty: none are. "
        "At most 100.",
        default_factory=list,
    )
    enabled: bool = column("Whether it takes calls by its filters.", default=True)
    call_ids: list[str] = column(
        "Calls to put into it at once, in this order, at most 10,000; there need not be such calls yet.",
        default_factory=list,
    )


@strawberry.input(description="What to change of an annotation queue; null, or left out, leaves things as they are.")
class AnnotationQueueUpdateInput:
    """Changes."""

    project: str = column(_PROJECT)
    queue_id: str = column("`AnnotationQueue.queueId`.")
    name: str | None = column("Its name, at most 200 characters.", default=None)
    description: str | None = column("What it is for, at most 1,000 characters.", default=None)
    filters: list[EventFilterInput] | None = column(
        "In place of those that it has; other ones than these count for calls that end from now on. At most 100.",
        default=None,
    )
    enabled: bool | None = column(
        "Whether it takes calls by its filters; from now on, where it was not enabled.", default=None
    )
    add_call_ids: list[str] = column(
        "Calls to put last, in this order, at most 10,000; those that are in it keep their place and state.",
        default_factory=list,
    )
    remove_call_ids: list[str] = column(
        "Calls to take out, at most 10,000; those that are not in it are passed over.", default_factory=list
    )


@strawberry.input(description="An annotation queue to delete.")
class AnnotationQueueDeleteInput:
    """Which one."""

    project: str = column(_PROJECT)
    queue_id: str = column("`AnnotationQueue.queueId`.")


@strawberry.input(description="An item of an annotation queue.")
class AnnotationQueueItemInput:
    """Which one."""

    project: str = column(_PROJECT)
    queue_id: str = column("`AnnotationQueue.queueId`.")
    call_id: str = column("`Call.callId`.")
