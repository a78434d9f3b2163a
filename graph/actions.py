"""Running actions on calls."""

from typing import cast

import strawberry

from graph.context import Info, context_of
from graph.feedback.types import Feedback
from graph.fields import column, link
from graph.rows import load_row
from graph.scalars import JSON
from graph.user_errors import UserError, user_errors
from resolvers.actions.execute import actions_execute
from resolvers.errors import Refusal
from resolvers.feedback.read import feedback_by_id

__all__ = ["ActionMutations"]


@strawberry.input(description="An action, and the calls to run it on.")
class ActionsExecuteInput:
    """One action."""

    project: str = column("Slug of the project, `entity/name`, of the action and the calls.")
    action_ref: str = column("Ref of an object of class `ActionSpec`.")
    call_ids: list[str] = column("Ids of the calls, at most 1,000.")
    wb_user_id: str | None = column("User in whose name feedback is given; the caller's where missing.", default=None)


@strawberry.type(description="What an action made of one call.")
class ActionResult:
    """``resolvers.actions.execute.ActionResult``."""

    project: strawberry.Private[str]
    call_id: str = column("Id of the call.")
    output: JSON | None = column("What the action says of it.")
    feedback_id: str | None = column("Id of the feedback that says so; null where the action failed.")
    user_errors: list[UserError] = column("Why the action failed on this call.")

    @link("The feedback that says so; null where the action failed.")
    async def feedback(self, info: Info) -> Feedback | None:
        """Read only where it is asked for."""
        if self.feedback_id is None:
            return None
        return await load_row(info, feedback_by_id, (self.project, self.feedback_id), Feedback)


@strawberry.type(description="What became of an action.")
class ActionsExecutePayload:
    """A result a call."""

    results: list[ActionResult] = column("One result for each call, in their order; empty where nothing was run.")
    user_errors: list[UserError] = column(
        "Why nothing was run, or the failures of single calls; `field` of those begins with the call's position."
    )


@strawberry.type
class ActionMutations:
    """The part of Mutation about actions."""

    @strawberry.mutation(
        description="Run an action on calls: ask a judge, or look for words, and give the result as feedback on each."
    )
    async def actions_execute(self, info: Info, input: ActionsExecuteInput) -> ActionsExecutePayload:
        """One action."""
        try:
            executed = await actions_execute(
                context_of(info), input.project, input.action_ref, input.call_ids, wb_user_id=input.wb_user_id
            )
        except Refusal as refusal:
            return ActionsExecutePayload(results=[], user_errors=user_errors(refusal))
        results = [
            ActionResult(
                project=input.project,
                call_id=done.call_id,
                output=cast("JSON | None", done.output),
                feedback_id=done.feedback_id,
                user_errors=user_errors(done.refusal) if done.refusal else [],
            )
            for done in executed
        ]
        errors = [
            UserError(
                code=error.code, message=f"Call {result.call_id!r}: {error.message}", field=["callIds", str(index)]
            )
            for index, result in enumerate(results)
            for error in result.user_errors
        ]
        return ActionsExecutePayload(results=results, user_errors=errors)
