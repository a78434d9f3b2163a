"""The items of annotation queues."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from graph.calls.types import Call
from graph.context import Info
from graph.feedback.connection import FeedbackPlace, feedback_field
from graph.fields import column, link
from graph.nodes import TracegraphNode, is_row_of
from graph.project_link import ProjectLink
from graph.queues.enums import ItemState
from graph.rows import load_call, load_row
from graph.scalars import DateTime
from graph.users import User, user_row
from resolvers.feedback.pages import item_key
from resolvers.queues.read import queues_by_id
from resolvers.refs import CallRef

if TYPE_CHECKING:
    from graph.queues.types import AnnotationQueue

__all__ = ["AnnotationQueueItem"]


def _item_key(item: "AnnotationQueueItem") -> str:
    return item_key(item.queue_id, str(CallRef(item.project_slug, item.call_id)))


@strawberry.federation.type(
    keys=["id", "projectSlug queueId callId"], description="A call in an annotation queue; it is in it once."
)
class AnnotationQueueItem(ProjectLink, TracegraphNode):
    """Rows of ``db.queues.items``."""

    is_type_of = is_row_of("AnnotationQueueItem")

    queue_id: str = column("`AnnotationQueue.queueId`.")
    call_id: str = column("`Call.callId`; there may be no such call, or not yet.")
    state: ItemState = column("How it stands.")
    automatic: bool = column("Whether the queue's filters took it; false where somebody put it in.")
    added_at: DateTime = column("When it came into the queue.")
    completed_at: DateTime | None = column("When it was done or skipped; null while it is pending.")
    completed_by: str | None = column("Id of the user who did or skipped it; null while it is pending.")

    @link("Its queue.", needs=("project_slug", "queue_id"))
    async def queue(self, info: Info) -> Annotated["AnnotationQueue", strawberry.lazy("graph.queues.types")] | None:
        """By the loader of queues."""
        return await load_row(info, queues_by_id, (self.project_slug, self.queue_id), "AnnotationQueue")

    @link("The call; null where it has not come yet, or is deleted.", needs=("project_slug", "call_id"))
    async def call(self, info: Info) -> Call | None:
        """By the loader of calls."""
        return await load_call(info, self.project_slug, self.call_id)

    @link("The user of `completedBy`, within this project.", needs=("project_slug", "completed_by"))
    def completed_by_user(self) -> User | None:
        """The row's own columns."""
        return user_row(self.project_slug, self.completed_by)

    feedback = feedback_field(
        "The feedback on the call that was given through this queue (`Feedback.queueId`).",
        needs=("project_slug", "queue_id", "call_id"),
        place=lambda item: FeedbackPlace(item.project_slug, _item_key(item), "item"),
    )
