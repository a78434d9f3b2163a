"""One row of a dataset: the model's answer, and what the scorers say of it."""

import asyncio
import time
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from db.json_text import JSONValue, dump_json
from resolvers.calls.kinds import CallKind
from resolvers.calls.record import record_calls
from resolvers.completions.prompts import fill_messages, fill_text
from resolvers.context import Context
from resolvers.errors import Refusal
from resolvers.evaluations.load import CompletionModel, Evaluation, Scorer, user_messages
from resolvers.evaluations.ops import Ops
from resolvers.evaluations.predict import fill_known, predict, variables_in
from resolvers.evaluations.spans import Span, exception_text
from resolvers.feedback.record import feedback_create_batch
from resolvers.feedback.validate import NewFeedback
from resolvers.refs import ObjectRef, parse_ref

__all__ = ["Rows", "evaluate_row"]

USER_INPUT = "user_input"
"""The column that goes to the model as what the user says; the others fill its template."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What all rows of an evaluation have in common."""

    context: Context
    root: Span
    evaluation: Evaluation
    model: CompletionModel
    ops: Ops


class _Score(NamedTuple):
    span: Span
    value: JSONValue


async def evaluate_row(rows: Rows, digest: str, row: dict[str, JSONValue]) -> dict[str, JSONValue]:
    """Predict, score, record; returns the row of the results.

    What fails is recorded with its exception and does not stop the evaluation: the row has no output then.
    """
    evaluation, model = rows.evaluation, rows.model
    example = f"{evaluation.dataset.rows_ref}/id/{digest}"
    op = await rows.ops.ref("Evaluation.predict_and_score", evaluation.ops.get("predict_and_score"))
    span = rows.root.child(op, {"self": evaluation.ref, "model": model.ref, "example": example}, collect=True)
    began = time.perf_counter()
    feedback: list[NewFeedback] = []
    values: dict[str, JSONValue] = {}
    result: dict[str, JSONValue]
    try:
        prediction, output = await _predict(rows, span, example, row)
    except Refusal:
        result = {"output": None, "scores": values, "model_latency": time.perf_counter() - began}
        span.end(result)
    else:
        latency = time.perf_counter() - began
        scores = await asyncio.gather(
            *(_score(rows, span, scorer, example, row, output) for scorer in evaluation.scorers), return_exceptions=True
        )
        failed = next((score for score in scores if isinstance(score, BaseException)), None)
        if failed is not None and not isinstance(failed, Refusal):
            raise failed
        given = [
            (scorer, score)
            for scorer, score in zip(evaluation.scorers, scores, strict=True)
            if not isinstance(score, BaseException)
        ]
        feedback = [new for scorer, score in given if (new := _feedback(prediction, scorer, score)) is not None]
        if failed is not None:
            result = {"output": None, "scores": values}
            span.end(exception=exception_text(type(failed).__name__, failed.message))
        else:
            values = {scorer.name: score.value for scorer, score in given}
            result = {"output": output, "scores": values, "model_latency": latency}
            span.end(result)
    await record_calls(rows.context, span.events)
    await feedback_create_batch(rows.context, feedback)
    # A scorer without a score has an empty one, which the summary counts.
    unscored: dict[str, JSONValue] = {scorer.name: {} for scorer in evaluation.scorers}
    return {**result, "scores": unscored | values}


def _column(example: str, name: str) -> str:
    """The ref of a column's value in a row."""
    return f"{example}/key/{quote(name, safe='')}"


async def _predict(rows: Rows, parent: Span, example: str, row: dict[str, JSONValue]) -> tuple[Span, JSONValue]:
    template = rows.model.template
    used = variables_in(template) & row.keys()
    inputs: dict[str, JSONValue] = {"self": rows.model.ref}
    messages = fill_known(template, row)
    if USER_INPUT in row:
        inputs[USER_INPUT] = _column(example, USER_INPUT)
        messages += user_messages(row[USER_INPUT])
    inputs["template_vars"] = {name: _column(example, name) for name in row if name in used}
    return await predict(rows.context, parent, rows.ops, rows.model, messages, inputs)


async def _score(
    rows: Rows, parent: Span, scorer: Scorer, example: str, row: dict[str, JSONValue], output: JSONValue
) -> _Score:
    """A scorer's judgement. Raises a Refusal; the call ended with it."""
    # A variable of the prompt is a column of its name, unless the scorer says of which column.
    columns = {name: name for name in row} | {
        name: column for name, column in scorer.column_map.items() if column in row
    }
    op = await rows.ops.ref("LLMAsAJudgeScorer.score", scorer.score_op)
    kwargs = {name: _column(example, column) for name, column in columns.items() if name != "output"}
    span = parent.child(op, {"self": scorer.ref, "output": output, "kwargs": kwargs}, CallKind.SCORER)
    variables = {**{name: row[column] for name, column in columns.items()}, "output": output}
    try:
        if isinstance(scorer.prompt, str):
            asked: list[JSONValue] = [{"role": "user", "content": fill_text(scorer.prompt, variables)}]
        else:
            asked = fill_messages(scorer.prompt, variables)
        messages = [*scorer.model.template, *asked]
        inputs = {"self": scorer.model.ref, "user_input": asked, "template_vars": {}}
        _, value = await predict(rows.context, span, rows.ops, scorer.model, messages, inputs)
    except Refusal as refusal:
        span.end(exception=exception_text(type(refusal).__name__, refusal.message))
        raise
    span.end(value)
    return _Score(span, value)


def _feedback(prediction: Span, scorer: Scorer, score: _Score) -> NewFeedback | None:
    """What the scorer says, as feedback on the prediction; None for a scorer that is no object of its own."""
    ref = parse_ref(scorer.ref)
    if not isinstance(ref, ObjectRef) or ref.path:
        return None
    return NewFeedback(
        project=prediction.project,
        target_ref=prediction.ref,
        feedback_type=f"wandb.runnable.{ref.object_id}",
        payload=dump_json({"output": score.value}),
        runnable_ref=scorer.ref,
        call_ref=score.span.ref,
        wb_user_id=prediction.wb_user_id,
    )
