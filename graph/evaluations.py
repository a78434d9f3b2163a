"""Evaluating models, and how evaluations stand."""

from typing import Annotated, cast

import strawberry

from graph.calls.types import Call
from graph.context import Info, context_of
from graph.fields import column, link
from graph.rows import load_call
from graph.scalars import JSON, BigInt
from graph.user_errors import UserError, user_errors
from resolvers.errors import Refusal
from resolvers.evaluations import status
from resolvers.evaluations.run import model_evaluate

__all__ = ["EvaluationMutations", "EvaluationStatus", "ProjectEvaluations"]


@strawberry.input(description="A model, and the evaluation that it is to go through.")
class ModelEvaluateInput:
    """One evaluation."""

    project: str = column("Slug of the project, `entity/name`, that the calls are recorded in.")
    evaluation_ref: str = column(
        "Ref of an object of class `Evaluation`: a dataset, and scorers of class `LLMAsAJudgeScorer`."
    )
    model_ref: str = column("Ref of an object of class `LLMStructuredCompletionModel`.")
    wb_user_id: str | None = column("User in whose name it is recorded; the caller's where missing.", default=None)


@strawberry.type(description="An evaluation that began.")
class ModelEvaluatePayload:
    """A call."""

    project: strawberry.Private[str]
    call_id: str | None = column("Id of the evaluation's call; null where it was refused.")
    user_errors: list[UserError] = column("Why it did not begin; empty where it did.")

    @link("The evaluation's call, which runs; null where it was refused.")
    async def call(self, info: Info) -> Call | None:
        """Read only where it is asked for."""
        return await load_call(info, self.project, self.call_id)


@strawberry.type(description="There is no such call, or not yet.")
class EvaluationNotFound:
    """``resolvers.evaluations.status``."""

    call_id: str = column("Id that was asked for.")


@strawberry.type(description="The evaluation runs.")
class EvaluationRunning:
    """``resolvers.evaluations.status``."""

    call_id: str = column("Id of the evaluation's call.")
    completed_rows: BigInt = column("Predictions that are made and scored: rows of the dataset, once a trial.")
    total_rows: BigInt = column("Predictions that there will be, as far as can be said.")


@strawberry.type(description="The evaluation ended with an exception, or what ran it is gone.")
class EvaluationFailed:
    """``resolvers.evaluations.status``."""

    call_id: str = column("Id of the evaluation's call.")
    error: str = column("Message of the exception.")


@strawberry.type(description="The evaluation is done.")
class EvaluationComplete:
    """``resolvers.evaluations.status``."""

    call_id: str = column("Id of the evaluation's call.")
    output: JSON = column("Summary of the model's answers, of each scorer, and of the time that the model took.")


EvaluationStatus = Annotated[
    EvaluationNotFound | EvaluationRunning | EvaluationFailed | EvaluationComplete,
    strawberry.union("EvaluationStatus", description="How an evaluation stands."),
]

CallId = Annotated[str, strawberry.argument(description="`callId` of the evaluation: what `modelEvaluate` answered.")]


@strawberry.type
class ProjectEvaluations:
    """The part of Project about evaluations."""

    @link("How an evaluation stands, of the server or of a program with an SDK.", needs=("slug",))
    async def evaluation_status(self, info: Info, call_id: CallId) -> EvaluationStatus:
        """By its call and the calls below it."""
        slug: str = self.slug  # type: ignore[attr-defined]  # a column of the row that stands for the project
        match await status.evaluation_status(context_of(info), slug, call_id):
            case status.EvaluationNotFound():
                return EvaluationNotFound(call_id=call_id)
            case status.EvaluationRunning(completed, total):
                return EvaluationRunning(call_id=call_id, completed_rows=BigInt(completed), total_rows=BigInt(total))
            case status.EvaluationFailed(error):
                return EvaluationFailed(call_id=call_id, error=error)
            case status.EvaluationComplete(output):
                return EvaluationComplete(call_id=call_id, output=cast("JSON", output))


@strawberry.type
class EvaluationMutations:
    """The part of Mutation about evaluations."""

    @strawberry.mutation(
        description="Begin to evaluate a model at the server's provider. The evaluation goes on in the background and "
        "records the calls that Weave's SDK records; `Project.evaluationStatus` tells how it stands."
    )
    async def model_evaluate(self, info: Info, input: ModelEvaluateInput) -> ModelEvaluatePayload:
        """One evaluation."""
        try:
            call_id = await model_evaluate(
                context_of(info), input.project, input.evaluation_ref, input.model_ref, wb_user_id=input.wb_user_id
            )
        except Refusal as refusal:
            return ModelEvaluatePayload(project=input.project, call_id=None, user_errors=user_errors(refusal))
        return ModelEvaluatePayload(project=input.project, call_id=call_id, user_errors=[])
