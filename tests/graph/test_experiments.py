"""Experiments in the graph: made, changed, listed, with the calls that belong to them, of either origin."""

import asyncio
import json
import re
from typing import Any

import httpx
import pytest

from db.experiments.reads import ORIGINS, STATUSES
from graph.schema import schema
from resolvers.callers import Caller
from resolvers.context import Context
from resolvers.errors import ForbiddenError
from resolvers.experiments.membership import experiments_of_calls
from resolvers.experiments.pages import ExperimentList, experiments_count
from resolvers.experiments.read import ExperimentOrigin, ExperimentStatus, experiments_by_id
from resolvers.experiments.record import (
    ExperimentChange,
    experiment_create,
    experiment_delete,
    experiment_update,
)

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


async def test_changes_at_the_same_time_lose_nothing(client: httpx.AsyncClient) -> None:
    await create(client, experimentId="x")
    changes = [update(client, "x", metadata={f"k{number}": number}) for number in range(10)]
    again = [create(client, experimentId="x", results={f"r{number}": number}) for number in range(10)]
    await asyncio.gather(*changes, *again)
    found = (await update(client, "x"))["experiment"]
    assert found["metadata"] == {f"k{number}": number for number in range(10)}
    assert found["results"] == {f"r{number}": number for number in range(10)}


async def test_experiments_are_ordered_and_queried_by_what_the_schema_names(client: httpx.AsyncClient) -> None:
    await create(client, experimentId="x", name="b", results={"accuracy": {"mean": 2}})
    await create(client, experimentId="y", name="a", results={"accuracy": {"mean": 1}})
    types: Any = schema._schema.type_map
    keys = re.findall(r"`([a-zA-Z.]+)`", types["Project"].fields["experiments"].args["orderBy"].description)
    assert {"createdAt", "endedAt", "metadata", "results.accuracy.mean"} <= set(keys)
    for key in keys:
        assert len(await ids(client, orderBy=[{"field": key}])) == 2
        null = {"eq": [{"getField": key}, {"literal": {"value": None}}]}
        assert len(await ids(client, query=null)) in {0, 2}
    assert await ids(client, orderBy=[{"field": "name"}]) == ["y", "x"]
    assert await ids(client, orderBy=[{"field": "results.accuracy.mean", "direction": "DESC"}]) == ["x", "y"]
    assert tuple(status.name for status in ExperimentStatus) == STATUSES
    assert tuple(origin.name for origin in ExperimentOrigin) == ORIGINS


class Stranger(Caller):
    """May do nothing."""

    def may_read(self, slug: str) -> bool:
        return False

    def may_write(self, slug: str) -> bool:
        return False


async def test_what_may_not_be_read_is_not_there(context: Context) -> None:
    await experiment_create(context, PROJECT, ExperimentChange(event_ids=["c"]), "x")
    stranger = Context(context.database, Stranger("stranger"))
    assert await experiments_by_id(stranger, [(PROJECT, "x")], columns=frozenset()) == [None]
    assert await experiments_of_calls(stranger, [(PROJECT, "c")]) == [None]
    for refused in (
        experiments_count(stranger, PROJECT, ExperimentList()),
        experiment_create(stranger, PROJECT, ExperimentChange()),
        experiment_update(stranger, PROJECT, "x", ExperimentChange(name="n")),
        experiment_delete(stranger, PROJECT, "x"),
    ):
        with pytest.raises(ForbiddenError):
            await refused
    assert await experiments_count(context, PROJECT, ExperimentList()) == 1
