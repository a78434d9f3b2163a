"""What giving and purging feedback takes."""

import strawberry

from graph.fields import column
from graph.query import QueryExprInput
from graph.scalars import JSON

__all__ = ["FeedbackCreateBatchInput", "FeedbackCreateInput", "FeedbackPurgeInput"]


@strawberry.input(description="Feedback on a call or an object.")
class FeedbackCreateInput:
    """One piece of feedback."""

    project: str = column("Slug of the project, `entity/name`; the project is made if it is not there.")
    target_ref: str = column("Ref of the call, object or op it is on.")
    feedback_type: str = column(
        "What sort of feedback it is: `wandb.reaction.1`, `wandb.note.1`, `wandb.annotation.NAME`, "
        "`wandb.runnable.NAME`, `wandb.agent_monitor`, or any word of your own, up to 256 characters."
    )
    payload: JSON = column(
        "What is said, an object of at most 1 MiB. A reaction has `emoji` (exactly one), a note `note` (1 to 1024 "
        "characters), an annotation `value` (as its spec asks), a runnable `output`."
    )
    feedback_id: str | None = column(
        "Id made by the client, so that it may try again; the server makes one where it is missing.", default=None
    )
    creator: str | None = column("Name to show for whoever gives it.", default=None)
    annotation_ref: str | None = column(
        "Ref of the AnnotationSpec object, whose name ends the type; for annotations only, which need it.", default=None
    )
    runnable_ref: str | None = column(
        "Ref of the scorer or op that gives it, whose name ends the type; for runnables and monitors.", default=None
    )
    call_ref: str | None = column("Ref of the call in which it was given; for runnables and monitors.", default=None)
    trigger_ref: str | None = column("Ref of what made the scorer run; for runnables and monitors.", default=None)
    queue_id: str | None = column("Id of the annotation queue it is given in.", default=None)
    details: JSON | None = column(
        "What else a scorer says: an object of tags, ratings, reasons, the agent's span.", default=None
    )
    wb_user_id: str | None = column("User in whose name it is given; the caller's where missing.", default=None)


@strawberry.input(description="Several pieces of feedback, in the order in which they were given.")
class FeedbackCreateBatchInput:
    """A batch."""

    items: list[FeedbackCreateInput] = column("The pieces.")
    all_or_nothing: bool = column("Write nothing when any item is refused.", default=False)


@strawberry.input(description="Which feedback to delete for good. A field must narrow it: a slip shall not delete all.")
class FeedbackPurgeInput:
    """A query; exactly one of its two forms."""

    project: str = column("Slug of the project, `entity/name`.")
    query: QueryExprInput | None = column("The query, typed.", default=None)
    query_json: JSON | None = column('The query as REST has it: `{"$expr": ...}`.', default=None)
