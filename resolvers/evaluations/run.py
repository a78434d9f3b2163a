"""Running an evaluation: the rows of its dataset through a model, and what it answers through the scorers.

The calls are those that ``Evaluation.evaluate`` of Weave's SDK records:

    Evaluation.evaluate
    ├── Evaluation.predict_and_score            one a row and trial
    │   ├── LLMStructuredCompletionModel.predict
    │   └── LLMAsAJudgeScorer.score             one a scorer; with feedback on the prediction
    │       └── LLMStructuredCompletionModel.predict
    └── Evaluation.summarize
        └── Scorer.summarize                    one a scorer
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

from db.evaluations import select_runs
from db.json_text import JSONText, JSONValue, dump_json, parse_json
from resolvers.calls.events import CallEnd
from resolvers.calls.kinds import CallKind
from resolvers.calls.record import record_calls
from resolvers.completions.requests import provider_of
from resolvers.context import Context, now
from resolvers.errors import Refusal
from resolvers.evaluations.leases import INTERRUPTED, begin_run, end_run, is_gone, renewed
from resolvers.evaluations.load import CompletionModel, Evaluation, load_evaluation, load_model
from resolvers.evaluations.ops import Ops
from resolvers.evaluations.results import summarize_results
from resolvers.evaluations.rows import Rows, evaluate_row
from resolvers.evaluations.spans import Span, exception_text
from resolvers.ids import new_id
from resolvers.tables.read import table_rows_page

__all__ = ["end_interrupted", "model_evaluate"]

log = logging.getLogger("tracegraph.evaluations")

ROWS_AT_ONCE = 8
ROWS_READ = 100


async def model_evaluate(
    context: Context, project: str, evaluation_ref: str, model_ref: str, *, wb_user_id: str | None = None
) -> str:
    """Begin to evaluate a model; returns the id of the evaluation's call, which is there when this returns.

    Raises a Refusal for what is not there or not made of data, NotConfiguredError without a provider.
    """
    context.caller.require_write(project)
    provider_of(context)
    evaluation = await load_evaluation(context, evaluation_ref)
    model = await load_model(context, model_ref, ["modelRef"])
    # The request is over long before the evaluation is.
    own = context.detached()
    ops = Ops(own, project)
    root = Span(
        project=project,
        trace_id=new_id(),
        parent=None,
        op_name=await ops.ref("Evaluation.evaluate", evaluation.ops.get("evaluate")),
        inputs={"self": evaluation.ref, "model": model.ref},
        wb_user_id=wb_user_id or context.caller.user_id,
        kind=CallKind.EVALUATION,
        display_name=evaluation.display_name or _memorable_name(),
    )
    await begin_run(own, project, root.id, evaluation.total_rows)
    await record_calls(own, [root.start()])
    context.jobs.start(_run(own, root, evaluation, model, ops), f"evaluation {root.id}", cancel_on_close=True)
    return root.id


_ADJECTIVES = ("amber", "brave", "calm", "eager", "gentle", "keen", "lucid", "merry", "quiet", "swift", "vivid", "wise")
_NOUNS = (
    "brook",
    "cedar",
    "comet",
    "falcon",
    "harbor",
    "lantern",
    "meadow",
    "otter",
    "pebble",
    "river",
    "summit",
    "tide",
)


def _memorable_name() -> str:
    """``eval-DATE-ADJECTIVE-NOUN``, as the SDK names evaluations that have no name."""
    words = f"{random.choice(_ADJECTIVES)}-{random.choice(_NOUNS)}"  # noqa: S311 - a name is no secret
    return f"eval-{datetime.now(UTC):%Y-%m-%d}-{words}"


async def _run(context: Context, root: Span, evaluation: Evaluation, model: CompletionModel, ops: Ops) -> None:
    """Run to the end, whichever it is, and record it."""
    try:
        async with renewed(context, root.project, root.id):
            root.end(await _evaluate(context, root, evaluation, model, ops))
    except asyncio.CancelledError:
        root.end(exception=exception_text("Interrupted", INTERRUPTED))
        raise
    except Refusal as refusal:
        root.end(exception=exception_text(type(refusal).__name__, refusal.message))
    except Exception:
        root.end(exception=exception_text("InternalError", f"Unexpected error; the log has it under {root.id}"))
        log.exception("evaluation %s failed", root.id)
    finally:
        await record_calls(context, root.events)
        await end_run(context, root.project, root.id)


async def _evaluate(
    context: Context, root: Span, evaluation: Evaluation, model: CompletionModel, ops: Ops
) -> JSONValue:
    """All rows, then the summary."""
    rows = Rows(context, root, evaluation, model, ops)
    results: dict[int, dict[str, JSONValue]] = {}
    reading = asyncio.Lock()
    async with aclosing(_examples(context, evaluation)) as examples:

        async def work() -> None:
            while True:
                async with reading:
                    example = await anext(examples, None)
                if example is None:
                    return
                index, digest, value = example
                results[index] = await evaluate_row(rows, digest, value)

        async with asyncio.TaskGroup() as workers:
            for _ in range(min(ROWS_AT_ONCE, evaluation.total_rows)):
                workers.create_task(work())
    return await summarize_results(rows, [results[index] for index in sorted(results)])


async def _examples(
    context: Context, evaluation: Evaluation
) -> AsyncGenerator[tuple[int, str, dict[str, JSONValue]], None]:
    """Number, digest and value of each row, once a trial."""
    number = 0
    table = evaluation.dataset.table
    for _ in range(evaluation.trials):
        after = None
        while True:
            page = await table_rows_page(context, table.project, table.digest, limit=ROWS_READ, after_index=after)
            for row in page:
                yield number, row.digest, parse_json(row.val)
                number += 1
                after = row.original_index
            if len(page) < ROWS_READ:
                break


async def end_interrupted(context: Context) -> int:
    """End the evaluations whose process is gone, with an exception that says so; returns how many there were."""
    gone = [run for run in await context.read(select_runs) if is_gone(run)]
    for run in gone:
        exception = exception_text("Interrupted", INTERRUPTED)
        summary = dump_json({"status_counts": {"success": 0, "error": 1}})
        end = CallEnd(run.project, run.call_id, now(), JSONText("null"), summary, exception)
        await record_calls(context, [end])
        await end_run(context, run.project, run.call_id)
    return len(gone)
