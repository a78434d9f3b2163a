"""Giving, replacing and purging feedback."""

from typing import Annotated, cast

import strawberry

from db.json_text import JSONText
from graph.context import Info, context_of
from graph.feedback.inputs import FeedbackCreateBatchInput, FeedbackCreateInput, FeedbackPurgeInput
from graph.feedback.types import Feedback
from graph.fields import column, link
from graph.queries import query_argument
from graph.rows import load_row
from graph.scalars import JSON, DateTime
from graph.user_errors import UserError, user_errors
from resolvers.errors import InvalidInputError, Refusal
from resolvers.feedback.read import feedback_by_id
from resolvers.feedback.record import (
    FeedbackCreated,
    feedback_create,
    feedback_create_batch,
    feedback_purge,
    feedback_replace,
)
from resolvers.feedback.validate import NewFeedback

__all__ = ["FeedbackMutations"]


@strawberry.type(description="What became of one piece of feedback.")
class FeedbackRecorded:
    """All null where it was refused."""

    project: strawberry.Private[str]
    feedback_id: str | None = column("Its id; null where it was refused.")
    created_at: DateTime | None = column("When it was given: the first time, where it is repeated.")
    wb_user_id: str | None = column("User in whose name it was given.")
    payload: JSON | None = column("Its payload as it is stored, with what the server added.")
    user_errors: list[UserError] = column("Why it was refused; empty where it was taken.")

    @link("The feedback as it is now; null where it was refused.")
    async def feedback(self, info: Info) -> Feedback | None:
        """Read only where it is asked for."""
        if self.feedback_id is None:
            return None
        key = (self.project, self.feedback_id)
        return await load_row(info, feedback_by_id, key, Feedback)


@strawberry.type(description="What became of a batch.")
class FeedbackCreateBatchPayload:
    """A result an item."""

    results: list[FeedbackRecorded] = column("One result for each item, in order.")
    user_errors: list[UserError] = column("The refusals of all items; `field` begins with the item's position.")


@strawberry.type(description="What became of a purge.")
class FeedbackPurgePayload:
    """A count."""

    purged_count: int = column("How many pieces of feedback were deleted.")
    user_errors: list[UserError] = column("Why nothing was deleted.")


def _new(value: FeedbackCreateInput) -> NewFeedback:
    return NewFeedback(
        project=value.project,
        target_ref=value.target_ref,
        feedback_type=value.feedback_type,
        payload=cast("JSONText", value.payload),
        id=value.feedback_id,
        creator=value.creator,
        annotation_ref=value.annotation_ref,
        runnable_ref=value.runnable_ref,
        call_ref=value.call_ref,
        trigger_ref=value.trigger_ref,
        queue_id=value.queue_id,
        details=cast("JSONText | None", value.details),
        wb_user_id=value.wb_user_id,
    )


def _recorded(project: str, result: FeedbackCreated | Refusal | None) -> FeedbackRecorded:
    if isinstance(result, FeedbackCreated):
        return FeedbackRecorded(
            project=project,
            feedback_id=result.id,
            created_at=DateTime(result.created_at),
            wb_user_id=result.wb_user_id,
            payload=JSON(result.payload),
            user_errors=[],
        )
    errors = [] if result is None else user_errors(result)
    return FeedbackRecorded(
        project=project, feedback_id=None, created_at=None, wb_user_id=None, payload=None, user_errors=errors
    )


FeedbackId = Annotated[
    str, strawberry.argument(description="Id of the feedback that goes; one that is not there is no fault.")
]


@strawberry.type
class FeedbackMutations:
    """The part of Mutation about feedback."""

    @strawberry.mutation(
        description="Give feedback on a call or an object. Idempotent by id: repeating it with the same content "
        "changes nothing, another content for a known id is a conflict."
    )
    async def feedback_create(self, info: Info, input: FeedbackCreateInput) -> FeedbackRecorded:
        """One piece."""
        try:
            return _recorded(input.project, await feedback_create(context_of(info), _new(input)))
        except Refusal as refusal:
            return _recorded(input.project, refusal)

    @strawberry.mutation(
        description="Give several pieces of feedback in one transaction, one result an item. "
        "Repeating a batch of items with ids changes nothing."
    )
    async def feedback_create_batch(self, info: Info, input: FeedbackCreateBatchInput) -> FeedbackCreateBatchPayload:
        """A batch."""
        batch = [_new(item) for item in input.items]
        answers = await feedback_create_batch(context_of(info), batch, all_or_nothing=input.all_or_nothing)
        results = [_recorded(item.project, answer) for item, answer in zip(input.items, answers, strict=True)]
        errors = [
            UserError(code=error.code, message=error.message, field=["items", str(index), *error.field])
            for index, result in enumerate(results)
            for error in result.user_errors
        ]
        return FeedbackCreateBatchPayload(results=results, user_errors=errors)

    @strawberry.mutation(description="Put one piece of feedback in the place of another of its project, or do neither.")
    async def feedback_replace(
        self, info: Info, feedback_id: FeedbackId, input: FeedbackCreateInput
    ) -> FeedbackRecorded:
        """A purge and a creation in one transaction."""
        try:
            return _recorded(input.project, await feedback_replace(context_of(info), feedback_id, _new(input)))
        except Refusal as refusal:
            return _recorded(input.project, refusal)

    @strawberry.mutation(description="Delete feedback for good.")
    async def feedback_purge(self, info: Info, input: FeedbackPurgeInput) -> FeedbackPurgePayload:
        """A purge."""
        try:
            expression = query_argument(input.query, input.query_json)
            if expression is None:
                raise InvalidInputError("A purge needs query or queryJson", ["query"])
            count = await feedback_purge(context_of(info), input.project, expression)
        except Refusal as refusal:
            return FeedbackPurgePayload(purged_count=0, user_errors=user_errors(refusal))
        return FeedbackPurgePayload(purged_count=count, user_errors=[])
