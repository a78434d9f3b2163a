"""Following the feedback of a project."""

from collections.abc import AsyncGenerator, Callable
from typing import Annotated, cast

import strawberry

from db.changes import Change
from graph.context import Info
from graph.enums import described_enum
from graph.feedback.types import Feedback
from graph.fields import column, link
from graph.live import After, FollowedProject, deliveries
from graph.rows import load_row
from graph.scalars import DateTime
from resolvers.feedback.read import feedback_by_id
from resolvers.live.cursors import encode_cursor
from resolvers.live.follow import FeedbackChange, FeedbackFollowed

__all__ = ["FeedbackSubscriptions"]

described_enum(
    FeedbackChange,
    name="FeedbackEventType",
    description="What happened to feedback. Values may be added.",
    values={
        "CREATED": "It was given.",
        "DELETED": "It was purged, or replaced by another, which is CREATED.",
    },
)

EventTypes = Annotated[
    list[FeedbackChange] | None, strawberry.argument(description="Which events; all of them where missing or null.")
]
FeedbackTypes = Annotated[
    list[str] | None,
    strawberry.argument(
        description="Only feedback with one of these `feedbackType`s, such as `wandb.reaction.1`; at most 1,000. "
        "Of every type where missing or empty."
    ),
]
TargetRefs = Annotated[
    list[str] | None,
    strawberry.argument(
        description="Only feedback on one of these refs of calls or objects (`Call.ref`, `ObjectVersion.ref`); at most "
        "1,000. On anything where missing or empty."
    ),
]


@strawberry.type(description="Something that happened to feedback.")
class FeedbackEvent:
    """``db.changes.Change`` of feedback."""

    project_slug: strawberry.Private[str]
    type: FeedbackChange = column("What happened.")
    feedback_id: str = column("Id of the feedback within the project.")
    target_ref: str = column("Ref of what it is, or was, on.")
    occurred_at: DateTime = column("When it was given or purged.")
    cursor: str = column("Opaque position of the event: subscribe again with it as `after` to get what came after it.")

    @link("The feedback with all its links; null where it is purged by now.", needs=())
    async def feedback(self, info: Info) -> Feedback | None:
        """By the loader of feedback: one statement for all events of a page."""
        return await load_row(info, feedback_by_id, (self.project_slug, self.feedback_id), Feedback)


@strawberry.type
class FeedbackSubscriptions:
    """The part of Subscription about feedback."""

    @strawberry.subscription(
        description="What happens to the feedback of a project, each event once and in the order in which it was "
        "recorded. docs/subscriptions.md has the rules."
    )
    async def feedback(
        self,
        info: Info,
        project: FollowedProject,
        feedback_types: FeedbackTypes = None,
        target_refs: TargetRefs = None,
        types: EventTypes = None,
        after: After = None,
    ) -> AsyncGenerator[FeedbackEvent, None]:
        """A refusal is an error before the first event."""
        kinds = tuple(FeedbackChange) if types is None else tuple(types)
        followed = FeedbackFollowed(project, feedback_types, target_refs, kinds)
        events = await deliveries(info, followed, after, _event_of(project))
        return cast("AsyncGenerator[FeedbackEvent, None]", events)


def _event_of(project: str) -> Callable[[Change], FeedbackEvent]:
    kinds = list(FeedbackChange)

    def event(change: Change) -> FeedbackEvent:
        return FeedbackEvent(
            project_slug=project,
            type=kinds[change.rank],
            feedback_id=change.id,
            target_ref=change.target or "",
            occurred_at=DateTime(change.at),
            cursor=encode_cursor("feedback", project, change.position),
        )

    return event
