"""Experiments in the graph: made, changed, listed, with the calls that belong to them, of either origin."""

import json
from typing import Any

import httpx
import pytest

from tests.statements import counted

PROJECT = "team/app"
TIME = "2026-01-01T00:00:0{}Z"


async def answer(client: httpx.AsyncClient, document: str, **variables: Any) -> Any:
    body = json.dumps({"query": document, "variables": variables})  # halves of a surrogate pair as escapes
    response = (await client.post("/graphql", content=body, headers={"content-type": "application/json"})).json()
    assert "errors" not in response, response
    return response["data"]


async def posted(client: httpx.AsyncClient, path: str, body: Any) -> Any:
    response = await client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json()


def start(call_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "start": {
            "project_id": PROJECT,
            "id": call_id,
            "trace_id": "trace",
            "op_name": "op",
            "started_at": TIME.format(1),
            "attributes": {},
            "inputs": {},
            **fields,
        }
    }


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


CREATE = """
mutation($input: ExperimentCreateInput!) { experimentCreate(input: $input) {
  experimentId unrecordedIds userErrors { code message field }
  experiment { experimentId origin name description status datasetId metadata configuration evaluators results
    passingRanges { metric min max } eventIds sessionIds datapointIds createdBy user { callCount } endedAt } } }
"""
UPDATE = """
mutation($input: ExperimentUpdateInput!) { experimentUpdate(input: $input) {
  experimentId unrecordedIds userErrors { code message field }
  experiment { name status metadata results configuration evaluators passingRanges { metric min max }
    eventIds datapointIds endedAt } } }
"""
DELETE = """
mutation($input: ExperimentDeleteInput!) { experimentDelete(input: $input) {
  experimentId userErrors { code message } } }
"""


async def create(client: httpx.AsyncClient, **fields: Any) -> Any:
    return (await answer(client, CREATE, input={"project": PROJECT, **fields}))["experimentCreate"]


async def update(client: httpx.AsyncClient, experiment_id: str, **fields: Any) -> Any:
    given = {"project": PROJECT, "experimentId": experiment_id, **fields}
    return (await answer(client, UPDATE, input=given))["experimentUpdate"]


async def ids(client: httpx.AsyncClient, **arguments: Any) -> list[str]:
    document = """query($filter: ExperimentFilterInput, $query: QueryExprInput, $orderBy: [SortByInput!]) {
        project(slug: "team/app", unwritten: true) {
        experiments(filter: $filter, query: $query, orderBy: $orderBy) { totalCount nodes { experimentId } } } }"""
    found = (await answer(client, document, **arguments))["project"]["experiments"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["experimentId"] for node in found["nodes"]]


async def members(client: httpx.AsyncClient, experiment_id: str) -> list[str]:
    document = """query($id: String!) { project(slug: "team/app") { experiment(experimentId: $id) {
        calls { totalCount nodes { callId experiment { experimentId } } } }
        calls(filter: {experimentIds: [$id]}) { totalCount nodes { callId } } } }"""
    project = (await answer(client, document, id=experiment_id))["project"]
    found = project["experiment"]["calls"]
    named = [node["callId"] for node in found["nodes"]]
    assert found["totalCount"] == len(named) == project["calls"]["totalCount"]
    assert named == [node["callId"] for node in project["calls"]["nodes"]]
    return sorted(named)


async def test_an_experiment_is_made_changed_and_deleted(client: httpx.AsyncClient) -> None:
    made = await create(
        client,
        experimentId="run-1",
        name="first ☃",
        description="why",
        datasetId="EXT-1",
        metadata={"git": {"sha": "a"}, "n": 1.0},
        configuration={"workers": 2},
        evaluators=["exact", {"name": "judge"}],
        passingRanges=[{"metric": "b", "min": 0.5}, {"metric": "a", "min": 1, "max": 2}],
        datapointIds=["d2", "d1", "d2"],
    )
    assert made == {
        "experimentId": "run-1",
        "unrecordedIds": [],
        "userErrors": [],
        "experiment": {
            "experimentId": "run-1",
            "origin": "HONEYHIVE",
            "name": "first ☃",
            "description": "why",
            "status": "PENDING",
            "datasetId": "EXT-1",
            "metadata": {"git": {"sha": "a"}, "n": 1.0},
            "configuration": {"workers": 2},
            "evaluators": ["exact", {"name": "judge"}],
            "results": {},
            "passingRanges": [{"metric": "a", "min": 1.0, "max": 2.0}, {"metric": "b", "min": 0.5, "max": None}],
            "eventIds": [],
            "sessionIds": [],
            "datapointIds": ["d2", "d1"],
            "createdBy": "local",
            "user": {"callCount": 0},
            "endedAt": None,
        },
    }

    changed = await update(
        client,
        "run-1",
        status="COMPLETED",
        metadata={"offline_dataset_id": "EXT-2", "n": 2},
        results={"\x00": "\ud800"},
        eventIds=["e1", "e1"],
        passingRanges=[],
    )
    assert changed["unrecordedIds"] == ["e1"]
    experiment = changed["experiment"]
    assert experiment.pop("endedAt") is not None
    assert experiment == {
        "name": "first ☃",
        "status": "COMPLETED",
        "metadata": {"git": {"sha": "a"}, "n": 2, "offline_dataset_id": "EXT-2"},
        "results": {"\x00": "\ud800"},
        "configuration": {"workers": 2},
        "evaluators": ["exact", {"name": "judge"}],
        "passingRanges": [],
        "eventIds": ["e1"],
        "datapointIds": ["d2", "d1"],
    }
    for dataset in ("EXT-1", "EXT-2"):
        assert await ids(client, filter={"datasets": [dataset]}) == ["run-1"]
    again = await create(client, experimentId="run-1", status="RUNNING")
    assert (again["experiment"]["name"], again["experiment"]["status"]) == ("first ☃", "RUNNING")
    assert again["experiment"]["endedAt"] is None

    gone = {"project": PROJECT, "experimentId": "run-1"}
    assert (await answer(client, DELETE, input=gone))["experimentDelete"] == {
        "experimentId": "run-1",
        "userErrors": [],
    }
    missing = {"code": "NOT_FOUND", "message": "There is no experiment 'run-1'"}
    assert (await answer(client, DELETE, input=gone))["experimentDelete"] == {
        "experimentId": None,
        "userErrors": [missing],
    }
    refused = await update(client, "run-1", name="x")
    assert refused["userErrors"] == [{**missing, "field": ["experimentId"]}]
    fresh = await create(client, experimentId="run-1")
    assert (fresh["experiment"]["name"], fresh["experiment"]["datapointIds"]) == (None, [])


@pytest.mark.parametrize(
    ("fields", "message", "field"),
    [
        ({"metadata": [1]}, "metadata must be a JSON object, not [1]", ["metadata"]),
        ({"evaluators": {}}, "evaluators must be a JSON list, not {}", ["evaluators"]),
        ({"experimentId": ""}, "experimentId cannot hold an empty id", ["experimentId"]),
        ({"experimentId": "a\x00"}, "experimentId cannot hold a NUL character: 'a\\x00'", ["experimentId"]),
        ({"datapointIds": [""]}, "datapoint_ids cannot hold an empty id", ["datapoint_ids"]),
        (
            {"passingRanges": [{"metric": "m", "min": 2, "max": 1}]},
            "The passing range of 'm' is empty: min 2.0 is above max 1.0",
            ["passingRanges"],
        ),
        (
            {"name": "n" * 1025},
            f"name is too long: 1025 characters, at most 1024: {'n' * 60!r}...",
            ["name"],
        ),
    ],
)
async def test_what_an_experiment_cannot_be_is_refused(
    client: httpx.AsyncClient, fields: dict[str, Any], message: str, field: list[str]
) -> None:
    refused = await create(client, **fields)
    assert refused["userErrors"] == [{"code": "INVALID_INPUT", "message": message, "field": field}]
    assert await ids(client) == []


async def test_calls_of_named_events_and_sessions_belong_to_an_experiment(client: httpx.AsyncClient) -> None:
    for call_id, session in (("a", "s1"), ("b", "s1"), ("c", "s2"), ("d", None), ("e", "s3")):
        await posted(client, "/call/start", start(call_id, trace_id=f"t-{call_id}"))
        if session is not None:
            document = """mutation($input: CallStartInput!) { callStart(input: $input) { userErrors { code } } }"""
            given = {"project": PROJECT, "callId": f"{call_id}-in", "opName": "op", "startedAt": TIME.format(3)}
            await answer(client, document, input={**given, "sessionId": session})
    await create(client, experimentId="x", eventIds=["a", "s1"], sessionIds=["s2", "nowhere"])
    assert await members(client, "x") == ["a", "a-in", "b-in", "c-in"]
    document = """{ project(slug: "team/app") { sessions { nodes { sessionId experiment { experimentId } } }
        calls { nodes { callId experiment { experimentId } } }
        experiment(experimentId: "x") { sessions { totalCount nodes { sessionId } } traces { totalCount } } } }"""
    project = (await answer(client, document))["project"]
    belonging = {node["sessionId"]: node["experiment"] for node in project["sessions"]["nodes"]}
    x = {"experimentId": "x"}
    assert belonging == {"s1": x, "s2": x, "s3": None}
    belonging = {node["callId"]: node["experiment"] for node in project["calls"]["nodes"]}
    assert belonging == {
        "a": x,
        "a-in": x,
        "b": None,
        "b-in": x,
        "c": None,
        "c-in": x,
        "d": None,
        "e": None,
        "e-in": None,
    }
    assert project["experiment"]["sessions"]["totalCount"] == 2
    assert {node["sessionId"] for node in project["experiment"]["sessions"]["nodes"]} == {"s1", "s2"}
    assert project["experiment"]["traces"]["totalCount"] == 4


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


async def test_an_experiment_leads_to_its_dataset_and_its_datapoints(client: httpx.AsyncClient) -> None:
    document = """mutation($dataset: DatasetCreateInput! $a: DatapointCreateInput! $b: DatapointCreateInput!) {
        datasetCreate(input: $dataset) { userErrors { message } }
        a: datapointCreate(input: $a) { userErrors { message } }
        b: datapointCreate(input: $b) { userErrors { message } } }"""
    points = {name: {"project": PROJECT, "datapointId": name, "inputs": {"n": 1}} for name in ("a", "b")}
    dataset = {"project": PROJECT, "datasetId": "set", "name": "Set"}
    await answer(client, document, dataset=dataset, **points)
    await create(client, experimentId="x", datasetId="set", datapointIds=["a", "EXT-1"])
    await create(client, experimentId="y", datasetId="set")
    await create(client, experimentId="z", datasetId="gone", metadata={"offline_dataset_id": "set"})
    document = """{ project(slug: "team/app") {
        experiments { nodes { experimentId dataset { name } datapoints { totalCount nodes { datapointId } } } }
        dataset(datasetId: "set") { experiments(filter: {statuses: [PENDING]}) { totalCount nodes { experimentId } }
          first: experiments(first: 1) { nodes { experimentId } pageInfo { hasNextPage } } } } }"""
    project = (await answer(client, document))["project"]
    assert project["experiments"]["nodes"] == [
        {"experimentId": "z", "dataset": None, "datapoints": {"totalCount": 0, "nodes": []}},
        {"experimentId": "y", "dataset": {"name": "Set"}, "datapoints": {"totalCount": 0, "nodes": []}},
        {
            "experimentId": "x",
            "dataset": {"name": "Set"},
            "datapoints": {"totalCount": 1, "nodes": [{"datapointId": "a"}]},
        },
    ]
    assert project["dataset"] == {
        "experiments": {"totalCount": 3, "nodes": [{"experimentId": each} for each in "zyx"]},
        "first": {"nodes": [{"experimentId": "z"}], "pageInfo": {"hasNextPage": True}},
    }
