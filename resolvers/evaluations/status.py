"""How an evaluation stands, whoever runs it: the server, or a program with an SDK."""

from dataclasses import dataclass

from db.evaluations import EvaluationRun, count_ended_children, select_run
from db.json_text import JSONText, parse_json
from resolvers.calls.read import calls_by_id
from resolvers.context import Context
from resolvers.errors import InvalidInputError, Refusal
from resolvers.evaluations.leases import INTERRUPTED, is_gone
from resolvers.evaluations.load import count_rows
from resolvers.refs.parse import SCHEME

__all__ = [
    "EvaluationComplete",
    "EvaluationFailed",
    "EvaluationNotFound",
    "EvaluationRunning",
    "EvaluationStatus",
    "evaluation_status",
]


@dataclass(frozen=True, slots=True)
class EvaluationNotFound:
    """There is no such call."""


@dataclass(frozen=True, slots=True)
class EvaluationRunning:
    """It runs; rows are predictions."""

    completed_rows: int
    total_rows: int


@dataclass(frozen=True, slots=True)
class EvaluationFailed:
    """It ended with an exception, or nobody runs it any more."""

    error: str


@dataclass(frozen=True, slots=True)
class EvaluationComplete:
    """It ended; ``output`` is its summary."""

    output: JSONText


EvaluationStatus = EvaluationNotFound | EvaluationRunning | EvaluationFailed | EvaluationComplete

_COLUMNS = frozenset({"op_name", "ended_at", "exception", "output", "inputs"})


async def evaluation_status(context: Context, project: str, call_id: str) -> EvaluationStatus:
    """How an evaluation stands. Raises InvalidInputError for a call that is none."""
    context.caller.require_read(project)
    (call,) = await calls_by_id(context, [(project, call_id)], columns=_COLUMNS)
    if call is None:
        return EvaluationNotFound()
    if "Evaluation.evaluate" not in call.op_name:
        raise InvalidInputError(f"Call {call_id!r} is of {call.op_name!r}, which is no evaluation", ["callId"])
    if call.exception is not None:
        return EvaluationFailed(_message(call.exception))
    if call.ended_at is not None:
        return EvaluationComplete(call.output or JSONText("null"))
    prefix = f"{SCHEME}{project}/op/Evaluation.predict_and_score:"
    run, completed = await context.read(
        lambda connection: (
            select_run(connection, project, call_id),
            count_ended_children(connection, project, call_id, prefix),
        )
    )
    if run is not None and is_gone(run):
        return EvaluationFailed(INTERRUPTED)
    return EvaluationRunning(completed, max(completed, await _total(context, run, call.inputs)))


def _message(exception: str) -> str:
    """The message of an exception that an SDK recorded as JSON; any other as it is."""
    try:
        value = parse_json(exception)
    except ValueError:
        return exception
    message = value.get("message") if isinstance(value, dict) else None
    return message if isinstance(message, str) else exception


async def _total(context: Context, run: EvaluationRun | None, inputs: JSONText) -> int:
    """The rows that there will be; 0 where nobody can say."""
    if run is not None:
        return run.total_rows
    try:
        return await count_rows(context, parse_json(inputs).get("self"))
    except Refusal:
        return 0
