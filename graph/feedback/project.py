"""What a project says of one piece of its feedback."""

from typing import Annotated

import strawberry

from graph.context import Info
from graph.feedback.types import Feedback
from graph.fields import link
from graph.nodes import ProjectPart
from graph.rows import load_row
from resolvers.feedback.read import feedback_by_id

__all__ = ["ProjectFeedbackItem"]

FeedbackId = Annotated[str, strawberry.argument(description="`Feedback.feedbackId`.")]


@strawberry.type
class ProjectFeedbackItem(ProjectPart):
    """The part of Project about one piece of feedback; ``feedback`` lists them."""

    @link("One piece of feedback by its id; null where there is none.", needs=("slug",))
    async def feedback_item(self, info: Info, feedback_id: FeedbackId) -> Feedback | None:
        """By the loader of feedback."""
        return await load_row(info, feedback_by_id, (self.slug, feedback_id), Feedback)
