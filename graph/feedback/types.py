"""Feedback and its links."""

from typing import Annotated, cast

import strawberry

from graph.calls.types import Call
from graph.context import Info
from graph.feedback.said import FeedbackSaid
from graph.fields import column, link
from graph.nodes import TracegraphNode, is_row_of
from graph.objects.types import ObjectVersion
from graph.project_link import ProjectLink
from graph.queues.types import AnnotationQueue
from graph.rows import load_row
from graph.scalars import JSON, DateTime
from graph.users import UserLink
from resolvers.calls.read import calls_by_id
from resolvers.objects.read import objects_by_ref
from resolvers.queues.read import queues_by_id
from resolvers.refs import CallRef, ObjectRef, parse_ref

__all__ = ["Feedback", "FeedbackTarget"]

FeedbackTarget = Annotated[
    Call | ObjectVersion, strawberry.union("FeedbackTarget", description="What feedback can be on.")
]

_QUEUE = ("project_slug", "queue_id")


@strawberry.federation.type(
    keys=["id", "projectSlug feedbackId"],
    description="What a person or a scorer says about a call or an object: a reaction, a note, an annotation, a score.",
)
class Feedback(FeedbackSaid, UserLink, ProjectLink, TracegraphNode):
    """Rows of ``db.feedback``."""

    is_type_of = is_row_of("Feedback")

    feedback_id: str = column("Id within the project.")
    target_ref: str = column("Ref of what it is on: a call, a version of an object or op, or a place inside one.")
    feedback_type: str = column(
        "What sort of feedback it is: `wandb.reaction.1`, `wandb.note.1`, `wandb.annotation.NAME`, "
        "`wandb.runnable.NAME`, or any word of the sender."
    )
    payload: JSON = column(
        "What is said, an object: `emoji` with its names for a reaction, `note`, the `value` of an annotation, the "
        "`output` of a scorer."
    )
    creator: str | None = column("Name to show for whoever gave it.")
    annotation_ref: str | None = column("Ref of the annotation's spec.")
    runnable_ref: str | None = column("Ref of the scorer or op that gave it.")
    call_ref: str | None = column("Ref of the call in which the scorer gave it.")
    trigger_ref: str | None = column("Ref of what made the scorer run.")
    queue_id: str | None = column("Id of the annotation queue it was given in.")
    details: JSON | None = column("What else a scorer said: an object of tags, ratings, reasons, the agent's span.")
    wb_user_id: str | None = column("User who gave it.")
    created_at: DateTime = column("When it was given.")

    @link(
        "What it is on, or the version that this is a place in; null where that is deleted, not there or may not be "
        "seen.",
        needs=("target_ref",),
    )
    async def target(self, info: Info) -> FeedbackTarget | None:
        """By the loader of calls or of objects."""
        return await _named(info, self.target_ref)

    @link("The annotation's spec.", needs=("annotation_ref",))
    async def annotation(self, info: Info) -> ObjectVersion | None:
        """By the loader of objects."""
        return cast("ObjectVersion | None", await _named(info, self.annotation_ref))

    @link("The scorer or op that gave it.", needs=("runnable_ref",))
    async def runnable(self, info: Info) -> ObjectVersion | None:
        """By the loader of objects."""
        return cast("ObjectVersion | None", await _named(info, self.runnable_ref))

    @link("The call in which the scorer gave it.", needs=("call_ref",))
    async def call(self, info: Info) -> Call | None:
        """By the loader of calls."""
        return cast("Call | None", await _named(info, self.call_ref))

    @link("The annotation queue it was given in; null where it names none that is there.", needs=_QUEUE)
    async def annotation_queue(self, info: Info) -> AnnotationQueue | None:
        """By the loader of queues."""
        if self.queue_id is None:
            return None
        return await load_row(info, queues_by_id, (self.project_slug, self.queue_id), AnnotationQueue)

    @link("What made the scorer run.", needs=("trigger_ref",))
    async def trigger(self, info: Info) -> ObjectVersion | None:
        """By the loader of objects."""
        return cast("ObjectVersion | None", await _named(info, self.trigger_ref))


async def _named(info: Info, ref: str | None) -> Call | ObjectVersion | None:
    """The call, or the version of an object or op, that a stored ref names; None where there is none to be seen."""
    if ref is None:
        return None
    match parse_ref(ref):
        case CallRef(project, call_id):
            return await load_row(info, calls_by_id, (project, call_id), Call)
        case ObjectRef(project, kind, object_id, digest):
            key = (project, kind, object_id, digest)
            version: ObjectVersion | None = await load_row(info, objects_by_ref, key, ObjectVersion)
            return None if version is None or version.deleted_at is not None else version
        case _:
            return None
