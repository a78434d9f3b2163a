"""The results of all rows, and what they come to."""

from collections.abc import Sequence
from urllib.parse import quote

from db.json_text import JSONText, JSONValue, dump_json
from resolvers.calls.record import record_calls
from resolvers.evaluations.rows import Rows
from resolvers.evaluations.summary import columns_of, summarize
from resolvers.objects.create import object_create
from resolvers.refs import ObjectRef, TableRef
from resolvers.tables.create import table_create

__all__ = ["summarize_results"]


async def summarize_results(rows: Rows, results: Sequence[dict[str, JSONValue]]) -> JSONValue:
    """The evaluation's output: a summary of the model's answers, of each scorer, of the time. The results are kept as
    a table, as an object of the SDK's class."""
    evaluation, root, context = rows.evaluation, rows.root, rows.context
    table = await table_create(context, root.project, [JSONText(dump_json(result)) for result in results])
    results_ref = await _publish(rows, table.digest)
    op = await rows.ops.ref("Evaluation.summarize", evaluation.ops.get("summarize"))
    span = root.child(op, {"self": evaluation.ref, "eval_table": results_ref}, collect=True)
    summary: dict[str, JSONValue] = {}
    for name, values in columns_of(results).items():
        if name != "scores":
            if (found := summarize(values)) is not None and found != {}:
                summary[name] = found
            continue
        scores = columns_of(values)
        for scorer in evaluation.scorers:
            place = f"key/scores/key/{quote(scorer.name, safe='')}"
            refs = [f"{results_ref}/attr/rows/id/{digest}/{place}" for digest in table.row_digests]
            op = await rows.ops.ref("Scorer.summarize", scorer.summarize_op)
            below = span.child(op, {"self": scorer.ref, "score_rows": refs})
            summary[scorer.name] = summarize(scores[scorer.name])
            below.end(summary[scorer.name])
    span.end(summary)
    await record_calls(context, span.events)
    return summary


async def _publish(rows: Rows, digest: str) -> str:
    project = rows.root.project
    value = {
        "_type": "EvaluationResults",
        "name": None,
        "description": None,
        "rows": str(TableRef(project, digest)),
        "_class_name": "EvaluationResults",
        "_bases": ["Object", "BaseModel"],
    }
    made = await object_create(
        rows.context, project, "EvaluationResults", dump_json(value), wb_user_id=rows.root.wb_user_id
    )
    return str(ObjectRef(project, "object", made.object_id, made.digest))
