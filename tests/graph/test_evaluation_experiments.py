"""Evaluations of Weave's SDK are experiments from their start on, whatever arrives first."""

from typing import Any

import httpx

from tests.graph.test_experiments import DELETE, PROJECT, TIME, answer, create, ids, members, posted, start, update
from tests.statements import counted


def end(call_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "end": {"project_id": PROJECT, "id": call_id, "ended_at": TIME.format(2), "summary": {}, **fields},
    }


EVALUATE = f"weave:///{PROJECT}/op/Evaluation.evaluate:abc"


async def publish(client: httpx.AsyncClient, name: str, value: Any) -> str:
    digest = (await posted(client, "/obj/create", {"obj": {"project_id": PROJECT, "object_id": name, "val": value}}))[
        "digest"
    ]
    return f"weave:///{PROJECT}/object/{name}:{digest}"


async def evaluation_object(client: httpx.AsyncClient) -> tuple[str, str, str]:
    """Refs of a dataset, a model and an evaluation."""
    dataset = await publish(client, "questions", {"_type": "Dataset", "rows": []})
    model = await publish(client, "asker", {"_type": "Model"})
    value = {"_type": "Evaluation", "dataset": dataset, "scorers": ["weave:///team/app/op/fine:1"], "trials": 2}
    evaluation = await publish(client, "asking", {**value, "name": "asking", "metadata": {"team": "a"}})
    return dataset, model, evaluation


EVALUATION = """query($id: String!) { project(slug: "team/app") { experiment(experimentId: $id) {
  experimentId origin name status metadata configuration evaluators results createdAt endedAt datasetRef modelRef
  evaluationRef datasetVersion { objectId } modelVersion { objectId } evaluationVersion { objectId }
  rootCall { callId } eventIds metricNames createdBy } } }"""


async def test_a_weave_evaluation_is_an_experiment(client: httpx.AsyncClient) -> None:
    dataset, model, evaluation = await evaluation_object(client)
    inputs = {"self": evaluation, "model": model}
    await posted(client, "/call/start", start("ev", op_name=EVALUATE, display_name="try 1", inputs=inputs))
    await posted(client, "/call/start", start("child", parent_id="ev"))
    expected = {
        "experimentId": "ev",
        "origin": "WEAVE",
        "name": "try 1",
        "status": "RUNNING",
        "metadata": {"team": "a"},
        "configuration": {"evaluation": evaluation, "model": model, "trials": 2},
        "evaluators": ["weave:///team/app/op/fine:1"],
        "results": {},
        "createdAt": TIME.format(1),
        "endedAt": None,
        "datasetRef": dataset,
        "modelRef": model,
        "evaluationRef": evaluation,
        "datasetVersion": {"objectId": "questions"},
        "modelVersion": {"objectId": "asker"},
        "evaluationVersion": {"objectId": "asking"},
        "rootCall": {"callId": "ev"},
        "eventIds": ["ev"],
        "metricNames": [],
        "createdBy": "local",
    }
    assert (await answer(client, EVALUATION, id="ev"))["project"]["experiment"] == expected
    summary = {"fine": {"mean": 0.5}, "model_latency": {"mean": 1}}
    await posted(client, "/call/end", end("ev", output=summary))
    names = ["fine", "model_latency"]
    ended = {**expected, "status": "COMPLETED", "results": summary, "endedAt": TIME.format(2), "metricNames": names}
    assert (await answer(client, EVALUATION, id="ev"))["project"]["experiment"] == ended
    renamed = {"project_id": PROJECT, "call_id": "ev", "display_name": "renamed"}
    await posted(client, "/call/update", renamed)
    assert (await answer(client, EVALUATION, id="ev"))["project"]["experiment"] == {**ended, "name": "renamed"}
    assert await members(client, "ev") == ["child", "ev"]

    # Its name is its call's, either way.
    assert (await update(client, "ev", name="both", metadata={"more": 1}))["experiment"]["metadata"] == {
        "team": "a",
        "more": 1,
    }
    call = (await answer(client, '{ project(slug: "team/app") { call(callId: "ev") { displayName } } }'))["project"]
    assert call["call"] == {"displayName": "both"}

    objects = """query($ref: String!) { ref(uri: $ref) { ... on ObjectVersion {
        experiments { totalCount nodes { experimentId } } } } }"""
    for ref in (dataset, model, evaluation):
        found = (await answer(client, objects, ref=ref))["ref"]["experiments"]
        assert found == {"totalCount": 1, "nodes": [{"experimentId": "ev"}]}

    await create(client, experimentId="run", datasetId="d1")
    assert await ids(client) == ["run", "ev"]
    assert await ids(client, filter={"origins": ["WEAVE"]}) == ["ev"]
    assert await ids(client, filter={"datasets": [dataset, "d1"]}) == ["run", "ev"]
    assert await ids(client, filter={"nameContains": "BOT"}) == ["ev"]
    assert await ids(client, filter={"statuses": ["PENDING", "FAILED"]}) == ["run"]
    above = {"gte": [{"getField": "results.fine.mean"}, {"literal": {"value": 0.5}}]}
    assert await ids(client, query=above) == ["ev"]
    assert await ids(client, orderBy=[{"field": "createdAt", "direction": "ASC"}]) == ["ev", "run"]

    await posted(client, "/calls/delete", {"project_id": PROJECT, "call_ids": ["ev"]})
    assert await ids(client) == ["run"]


async def test_an_evaluation_may_arrive_in_any_order(client: httpx.AsyncClient) -> None:
    ended = end("ev", output=[1], exception="ValueError: no", summary={"status_counts": {"error": 1}})
    await posted(client, "/call/end", ended)
    assert await ids(client) == []
    value: dict[str, Any] = {"_type": "Evaluation", "dataset": "weave:///team/app/object/d:1", "name": "asking"}
    evaluation = await publish(client, "asking", value)
    await posted(client, "/call/start", start("ev", op_name=EVALUATE, inputs={"self": evaluation}))
    found = (await answer(client, EVALUATION, id="ev"))["project"]["experiment"]
    assert (found["status"], found["results"], found["name"]) == ("FAILED", {"output": [1]}, "asking")
    assert (found["datasetRef"], found["datasetVersion"]) == ("weave:///team/app/object/d:1", None)

    # An SDK may publish the object of an evaluation after its call began.
    late = "weave:///team/app/object/late:"
    value = {"_type": "Evaluation", "dataset": "weave:///team/app/object/d:2", "scorers": []}
    digest = (await publish(client, "other", value)).rpartition(":")[2]
    inputs = {"self": late + digest, "model": 3}
    await posted(client, "/call/start", start("ev2", op_name=EVALUATE, inputs=inputs, trace_id="t2"))
    found = (await answer(client, EVALUATION, id="ev2"))["project"]["experiment"]
    assert (found["datasetRef"], found["modelRef"]) == (None, None)
    await publish(client, "late", value)
    await posted(client, "/call/end", end("ev2", output=None))
    found = (await answer(client, EVALUATION, id="ev2"))["project"]["experiment"]
    assert (found["datasetRef"], found["status"], found["results"]) == (
        "weave:///team/app/object/d:2",
        "COMPLETED",
        {},
    )
    # What was deleted stays deleted, though its call is heard of again.
    await answer(client, DELETE, input={"project": PROJECT, "experimentId": "ev2"})
    await posted(client, "/call/end", end("ev2", output={"again": 1}))
    assert await ids(client) == ["ev"]


async def test_evaluations_inside_larger_traces_have_what_is_below_them(client: httpx.AsyncClient) -> None:
    tree = {"root": None, "outer": "root", "beside": "root", "a": "outer", "inner": "outer", "b": "inner"}
    for call_id, parent in tree.items():
        op = {"op_name": EVALUATE} if call_id in {"outer", "inner"} else {}
        second = TIME.format(list(tree).index(call_id))
        await posted(client, "/call/start", start(call_id, parent_id=parent, started_at=second, **op))
    # A cycle, which ends nowhere.
    await posted(client, "/call/start", start("loop", op_name=EVALUATE, parent_id="loop", trace_id="t2"))
    assert await members(client, "outer") == ["a", "b", "inner", "outer"]
    assert await members(client, "inner") == ["b", "inner"]
    assert await members(client, "loop") == ["loop"]
    document = """{ project(slug: "team/app") { calls { nodes { callId experiment { experimentId } } } } }"""
    nodes = (await answer(client, document))["project"]["calls"]["nodes"]
    assert {node["callId"]: node["experiment"] and node["experiment"]["experimentId"] for node in nodes} == {
        "root": None,
        "outer": "outer",
        "beside": None,
        "a": "outer",
        "inner": "inner",
        "b": "inner",
        "loop": "loop",
    }


async def test_a_batch_without_an_evaluation_costs_no_statement_more(client: httpx.AsyncClient) -> None:
    async def statements(op_name: str, call_id: str) -> int:
        with counted() as made:
            await posted(client, "/call/start", start(call_id, op_name=op_name))
        return len([statement for statement in made if "experiment" in statement and "FROM experiments" in statement])

    assert await statements("op", "one") == 0
    assert await statements(EVALUATE, "two") == 1
