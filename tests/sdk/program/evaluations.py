# mypy: disable-error-code="import-not-found, misc, untyped-decorator, no-any-return"
"""Evaluations with function and class scorers, and feedback."""

import asyncio
from typing import Any

import weave
from calls import add
from facts import plain
from objects import Doubler


@weave.op
def exact(expected: int, output: dict[str, int]) -> dict[str, bool]:
    return {"correct": output["doubled"] == expected}


class Distance(weave.Scorer):
    limit: int = 1

    @weave.op
    def score(self, *, output: dict[str, int], expected: int) -> dict[str, Any]:
        distance = abs(output["doubled"] - expected)
        return {"distance": distance, "near": distance <= self.limit}


def evaluations(client: Any) -> dict[str, Any]:
    dataset = weave.ref("numbers").get()
    evaluation = weave.Evaluation(name="doubling", dataset=dataset, scorers=[exact, Distance()])
    summary = asyncio.run(evaluation.evaluate(Doubler(name="doubler", factor=2)))
    client.flush()
    roots = [
        call for call in client.get_calls(filter={"trace_roots_only": True}) if call.func_name == "Evaluation.evaluate"
    ]
    inside = list(client.get_calls(filter={"trace_ids": [roots[0].trace_id]}))
    scores = [call for call in inside if call.func_name == "Distance.score"]

    logger = weave.EvaluationLogger(name="by-hand", model="hand_model", dataset=[{"q": 1}, {"q": 2}])
    for question in (1, 2):
        prediction = logger.log_prediction(inputs={"q": question}, output=question * 10)
        prediction.log_score(scorer="tens", score=question > 1)
        prediction.finish()
    logger.log_summary({"overall": 0.5})
    client.flush()
    by_hand = [call for call in client.get_calls(filter={"trace_roots_only": True}) if call.display_name == "by-hand"]
    return {
        "summary": plain({key: value for key, value in summary.items() if key != "model_latency"}),
        "evaluations": len(roots),
        "output": plain(roots[0].output["exact"]),
        "by_op": {
            name: sum(call.func_name == name for call in inside) for name in sorted({c.func_name for c in inside})
        },
        "distances": sorted(call.output["distance"] for call in scores),
        "by_hand": [plain(call.output["output"]) for call in by_hand],
        "by_hand_calls": len(client.get_calls(filter={"trace_ids": [by_hand[0].trace_id]})),
        "ids": {"evaluate": roots[0].id},
    }


class Above(weave.Scorer):
    limit: int = 0

    @weave.op
    def score(self, *, output: int, margin: int) -> dict[str, Any]:
        return {"above": output > self.limit + margin, "by": output - self.limit - margin}


@weave.op
def is_even(output: int) -> bool:
    return output % 2 == 0


def feedback(client: Any) -> dict[str, Any]:
    spec = weave.publish(weave.AnnotationSpec(name="quality", field_schema={"type": "integer"}), name="quality")
    _, call = add.call(10, 20)
    client.flush()
    reaction = call.feedback.add_reaction("👍")
    note = call.feedback.add_note("looks right: “30”")
    grade = call.feedback.add("grade", {"value": 4, "by": {"name": "reviewer"}}, creator="Ada")
    call.feedback.add("wandb.annotation.quality", {"value": 5}, annotation_ref=plain(spec))
    above = asyncio.run(call.apply_scorer(Above(limit=5), {"margin": 1}))
    even = asyncio.run(call.apply_scorer(is_even))
    client.flush()

    rows = list(call.feedback.refresh())
    payloads = {row.id: plain(row.payload) for row in rows}
    scored = [row for row in rows if row.runnable_ref]
    temporary = call.feedback.add("temporary", {"x": 1})
    client.flush()
    before = len(call.feedback.refresh())
    call.feedback.purge(temporary)
    return {
        "types": sorted(row.feedback_type for row in rows),
        "reaction": payloads[reaction],
        "note": payloads[note],
        "grade": payloads[grade],
        "creator": [row.creator for row in rows if row.id == grade],
        "annotation": [[plain(row.payload), row.annotation_ref == plain(spec)] for row in rows if row.annotation_ref],
        "results": [plain(above.result), plain(even.result)],
        "scores": sorted([row.feedback_type, plain(row.payload["output"])] for row in scored),
        "score_calls": {row.call_ref for row in scored} == {plain(above.score_call.ref), plain(even.score_call.ref)},
        "by_reaction": [row.id == reaction for row in client.get_feedback(reaction="👍")],
        "by_id": [row.feedback_type for row in client.get_feedback(grade)],
        "all": len(client.get_feedback()),
        "in_summary": len(client.get_call(call.id, include_feedback=True).summary["weave"].get("feedback", [])),
        "purge": [before, len(call.feedback.refresh())],
        "ids": {"call": call.id, "reaction": reaction, "grade": grade},
    }
