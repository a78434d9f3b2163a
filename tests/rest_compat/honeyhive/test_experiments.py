"""Experiment runs over HoneyHive's API."""

import json
from typing import Any
from uuid import UUID

import httpx

RUN = "6f9619ff-8b86-4d01-b42d-00cf4fc964f{}"
PROJECT = "default/default"


async def post(client: httpx.AsyncClient, expected: int = 200, /, **body: Any) -> Any:
    response = await client.post("/v1/runs", content=json.dumps(body))
    assert response.status_code == expected, response.text
    return response.json()


async def put(client: httpx.AsyncClient, run_id: str, expected: int = 200, /, **body: Any) -> Any:
    response = await client.put(f"/v1/runs/{run_id}", content=json.dumps(body))
    assert response.status_code == expected, response.text
    return response.json()


async def get(client: httpx.AsyncClient, run_id: str, expected: int = 200) -> Any:
    response = await client.get(f"/v1/runs/{run_id}")
    assert response.status_code == expected, response.text
    return response.json()


async def listed(client: httpx.AsyncClient, **query: Any) -> Any:
    response = await client.get("/v1/runs", params=query)
    assert response.status_code == 200, response.text
    return response.json()


async def names(client: httpx.AsyncClient, **query: Any) -> list[str]:
    return [run["name"] for run in (await listed(client, **query))["evaluations"]]


async def test_a_run_is_what_was_created(client: httpx.AsyncClient) -> None:
    made = await post(
        client,
        run_id=RUN.format(1).upper(),
        name="first ☃",
        description="why",
        metadata={"git": {"sha": "a"}, "n": 1.0},
        dataset_id="EXT-1",
        configuration={"max_workers": 2},
        evaluators=["exact", {"b": 1.0}, None],
        datapoint_ids=["EXT-d2", "EXT-d1"],
        passing_ranges={"accuracy": {"min": 0.5}},
        unknown=1,
    )
    run = made["evaluation"]
    assert run.pop("created_at") == run.pop("updated_at")
    assert made == {"evaluation": run, "run_id": RUN.format(1)}
    assert run == {
        "id": RUN.format(1),
        "run_id": RUN.format(1),
        "name": "first ☃",
        "description": "why",
        "status": "pending",
        "metadata": {"git": {"sha": "a"}, "n": 1.0},
        "results": {},
        "event_ids": [],
        "session_ids": [],
        "datapoint_ids": ["EXT-d2", "EXT-d1"],
        "configuration": {"max_workers": 2},
        "evaluators": ["exact", {"b": 1.0}, None],
        "passing_ranges": {"accuracy": {"min": 0.5}},
        "is_active": True,
        "scope_type": "project",
        "scope_id": PROJECT,
        "dataset_id": "EXT-1",
        "dataset_name": None,
    }
    found = (await get(client, RUN.format(1).upper()))["evaluation"]
    assert {name: found[name] for name in run} == run
    assert found["created_at"] == found["updated_at"]


async def test_an_empty_body_makes_a_run(client: httpx.AsyncClient) -> None:
    made = await post(client)
    assert str(UUID(made["run_id"])) == made["run_id"]
    run = (await get(client, made["run_id"]))["evaluation"]
    assert (run["name"], run["status"], run["metadata"], run["results"], run["configuration"]) == (
        None,
        "pending",
        {},
        {},
        {},
    )
    assert (run["dataset_id"], run["event_ids"]) == (None, [])


async def test_a_run_is_changed_as_the_sdk_does_it(client: httpx.AsyncClient) -> None:
    run_id = (await post(client, name="run", metadata={"git": 1, "offline_dataset_id": "EXT-1"}))["run_id"]
    sessions = [RUN.format(7), RUN.format(8)]
    start = {
        "project_id": PROJECT,
        "id": sessions[0],
        "trace_id": "t",
        "op_name": "op",
        "started_at": "2026-01-01T00:00:00Z",
        "attributes": {},
        "inputs": {},
    }
    assert (await client.post("/call/start", json={"start": start})).status_code == 200
    changed = await put(
        client,
        run_id,
        status="completed",
        name="done",
        event_ids=sessions,
        metadata={"offline_dataset_id": "EXT-2"},
        results={"accuracy": 0.70},
    )
    assert changed["warning"] == f"1 of the linked events are not recorded (yet): {sessions[1]}"
    run = changed["evaluation"]
    assert (run["status"], run["name"], run["event_ids"]) == ("completed", "done", sessions)
    assert (run["metadata"], run["results"]) == ({"git": 1, "offline_dataset_id": "EXT-2"}, {"accuracy": 0.7})
    assert run["updated_at"] > run["created_at"]
    again = await put(client, run_id, event_ids=sessions[:1])
    assert "warning" not in again
    assert again["evaluation"]["event_ids"] == sessions[:1]
    assert (await get(client, run_id))["evaluation"] == again["evaluation"]
    assert await names(client, dataset_id="EXT-1") == []
    assert await names(client, dataset_id="EXT-2") == ["done"]

    # Created again: as an update.
    again = await post(client, run_id=run_id, status="running")
    assert (again["evaluation"]["status"], again["evaluation"]["name"]) == ("running", "done")
    assert (await listed(client))["pagination"]["total"] == 1


async def test_a_deleted_run_is_gone_and_its_events_stay(client: httpx.AsyncClient) -> None:
    run_id = (await post(client, event_ids=["e"]))["run_id"]
    response = await client.delete(f"/v1/runs/{run_id}")
    assert (response.status_code, response.json()) == (200, {"id": run_id, "deleted": True})
    gone = {"message": f"Error fetching evaluation: There is no experiment '{run_id}'", "errorCode": "NOT_FOUND"}
    assert await get(client, run_id, 400) == gone
    response = await client.delete(f"/v1/runs/{run_id}")
    assert (response.status_code, response.json()) == (
        400,
        {"message": f"Error deleting evaluation: There is no experiment '{run_id}'", "errorCode": "NOT_FOUND"},
    )
    refused = await put(client, run_id, 400, name="x")
    assert refused["message"] == f"Invalid input: There is no experiment '{run_id}'"
    assert (await listed(client))["evaluations"] == []


BAD_BODIES: list[tuple[dict[str, Any], str]] = [
    ({"status": "done"}, "status: Input should be 'pending', 'completed', 'failed', 'cancelled' or 'running'"),
    ({"name": 1}, "name: Input should be a valid string"),
    ({"metadata": []}, "metadata: Input should be a valid dictionary"),
    ({"datapoint_ids": [""]}, "datapoint_ids.0: String should have at least 1 character"),
    ({"run_id": ""}, "run_id: String should have at least 1 character"),
    ({"event_ids": "e"}, "event_ids: Input should be a valid list"),
    (
        {"passing_ranges": {"m": {"min": "low"}}},
        "passing_ranges.m.min: Input should be a valid number, unable to parse string as a number",
    ),
    (
        {"passing_ranges": {"m": {"min": 2, "max": 1}}},
        "The passing range of 'm' is empty: min 2.0 is above max 1.0",
    ),
    ({"event_ids": ["a" * 513]}, f"event_ids is too long: 513 characters, at most 512: {'a' * 60!r}..."),
]


async def test_bad_bodies_are_refused(client: httpx.AsyncClient) -> None:
    made = (await post(client, name="kept"))["run_id"]
    for body, message in BAD_BODIES:
        assert (await post(client, 400, **body))["message"] == f"Invalid input: {message}"
        if "run_id" not in body:
            assert (await put(client, made, 400, **body))["message"] == f"Invalid input: {message}"
    assert await names(client) == ["kept"]


async def test_runs_are_listed_filtered_sorted_and_paged(client: httpx.AsyncClient) -> None:
    ids = []
    for index, (name, status) in enumerate((("Beta", "failed"), ("alpha", "completed"), ("gamma 100%", "pending"))):
        made = await post(client, run_id=RUN.format(index), name=name, status=status, dataset_id=f"d{index % 2}")
        ids.append(made["run_id"])
    everything = await listed(client)
    assert [run["run_id"] for run in everything["evaluations"]] == ids[::-1]
    assert everything["metrics"] == []
    assert everything["pagination"] == {
        "page": 1,
        "limit": 20,
        "total": 3,
        "total_unfiltered": 3,
        "total_pages": 1,
        "has_next": False,
        "has_prev": False,
    }
    page = await listed(client, page=2, limit=2, sort_order="asc")
    assert [run["run_id"] for run in page["evaluations"]] == ids[2:]
    assert page["pagination"] == {
        "page": 2,
        "limit": 2,
        "total": 3,
        "total_unfiltered": 3,
        "total_pages": 2,
        "has_next": False,
        "has_prev": True,
    }
    assert await names(client, page=10**12) == []
    assert await names(client, name="BETA") == ["Beta"]
    assert await names(client, name="0%") == ["gamma 100%"]
    assert await names(client, status="completed") == ["alpha"]
    assert await names(client, dataset_id="d0") == ["gamma 100%", "Beta"]
    assert await names(client, sort_by="name", sort_order="asc") == ["Beta", "alpha", "gamma 100%"]
    assert await names(client, sort_by="status") == ["gamma 100%", "Beta", "alpha"]
    await put(client, ids[0], description="now")
    assert await names(client, sort_by="updated_at") == ["Beta", "gamma 100%", "alpha"]
    chosen = await listed(client, **{"run_ids[]": [ids[0], ids[2].upper(), RUN.format(9)]})
    assert [run["run_id"] for run in chosen["evaluations"]] == [ids[2], ids[0]]
    assert (chosen["pagination"]["total"], chosen["pagination"]["total_unfiltered"]) == (2, 3)
    assert await names(client, run_ids=ids[1]) == ["alpha"]

    middle = everything["evaluations"][1]["created_at"]
    upward = ["gamma 100%", "alpha"]
    assert await names(client, dateRange=json.dumps({"$gte": middle})) == upward
    assert await names(client, **{"dateRange[$gte]": middle}) == upward
    assert await names(client, **{"dateRange[$gte]": middle, "dateRange[$lte]": middle}) == ["alpha"]
    assert await names(client, dateRange='{"$gte": 0, "$lte": "1000"}') == []
    assert len(await names(client, dateRange='{"$lte": 4102444800000}')) == 3
    # As the SDK sends a dict.
    assert await names(client, dateRange=str({"$gte": middle, "$lte": middle})) == ["alpha"]


async def test_a_run_says_the_name_of_its_dataset(client: httpx.AsyncClient) -> None:
    dataset = (await client.post("/v1/datasets", json={"name": "questions"})).json()["result"]["insertedId"]
    made = await post(client, dataset_id=dataset)
    assert made["evaluation"]["dataset_name"] == "questions"
    assert (await listed(client, dataset_id=dataset))["evaluations"] == [made["evaluation"]]


async def test_all_runs_that_are_asked_for_by_id_are_one_page(client: httpx.AsyncClient) -> None:
    ids = [(await post(client))["run_id"] for _ in range(23)]
    chosen = await listed(client, **{"run_ids[]": [*ids, *[RUN.format(1)] * 77]})
    assert len(chosen["evaluations"]) == 23
    assert chosen["pagination"]["limit"] == 100
    assert len((await listed(client))["evaluations"]) == 20


BAD_QUERIES = [
    ({"limit": "101"}, "query.limit: Input should be less than or equal to 100"),
    ({"page": "0"}, "query.page: Input should be greater than or equal to 1"),
    ({"sort_by": "id"}, "query.sort_by: Input should be 'created_at', 'updated_at', 'name' or 'status'"),
    *(
        (
            {"dateRange": "{'$gte': " + value},
            "query.dateRange: Invalid JSON: JSON is malformed: object keys must be strings (byte 1)",
        )
        for value in ("soon}", "1", "[" * 500, "__import__('os')}")
    ),
    (
        {"dateRange": "{'$gte': " + "[" * 10_000},
        "query.dateRange: Invalid JSON: nested 10001 levels deep, at most 512 are taken",
    ),
    (
        {"dateRange": '{"$gte": "soon"}'},
        "query.dateRange.$gte: Input should be an ISO 8601 time or Unix milliseconds, not 'soon'",
    ),
    (
        {"dateRange": f'{{"$gte": {"9" * 400}}}'},
        f"query.dateRange.$gte: Input should be an ISO 8601 time or Unix milliseconds, not {'9' * 400}",
    ),
]


async def test_bad_queries_are_refused(client: httpx.AsyncClient) -> None:
    for query, message in BAD_QUERIES:
        response = await client.get("/v1/runs", params=query)
        refused = {"message": f"Error fetching evaluations: {message}", "errorCode": "VALIDATION_ERROR"}
        assert (response.status_code, response.json()) == (400, refused)


async def test_the_graph_has_runs_and_evaluations_in_one_list(client: httpx.AsyncClient) -> None:
    await post(client, run_id=RUN.format(1), name="run")
    evaluation = RUN.format(2)
    start = {
        "project_id": PROJECT,
        "id": evaluation,
        "trace_id": "t",
        "op_name": f"weave:///{PROJECT}/op/Evaluation.evaluate:abc",
        "display_name": "evaluation",
        "started_at": "2026-01-01T00:00:00Z",
        "attributes": {},
        "inputs": {},
    }
    assert (await client.post("/call/start", json={"start": start})).status_code == 200
    end = {"project_id": PROJECT, "id": evaluation, "ended_at": "2026-01-01T00:00:01Z", "output": {"a": {"mean": 1}}}
    assert (await client.post("/call/end", json={"end": {**end, "summary": {}}})).status_code == 200
    document = '{ project(slug: "default/default") { experiments { nodes { experimentId origin status } } } }'
    data = (await client.post("/graphql", json={"query": document})).json()["data"]
    assert data["project"]["experiments"]["nodes"] == [
        {"experimentId": RUN.format(1), "origin": "HONEYHIVE", "status": "PENDING"},
        {"experimentId": evaluation, "origin": "WEAVE", "status": "COMPLETED"},
    ]
    runs = await listed(client)
    assert [run["name"] for run in runs["evaluations"]] == ["run", "evaluation"]
    assert runs["metrics"] == ["a"]
    run = (await get(client, evaluation))["evaluation"]
    assert (run["status"], run["results"], run["event_ids"]) == ("completed", {"a": {"mean": 1}}, [evaluation])


async def sent(client: httpx.AsyncClient, method: str, path: str, body: Any) -> None:
    response = await client.request(method, path, json=body)
    assert response.status_code == 200, response.text


def session(session_id: str) -> dict[str, Any]:
    """The event of a session."""
    names = {"event_type": "session", "event_name": "s", "source": "evaluation"}
    return {"event_id": session_id, "session_id": session_id, **names, "config": {}, "inputs": {}, "duration": 1}


async def test_events_of_sessions_that_name_a_run_belong_to_it(client: httpx.AsyncClient) -> None:
    run_id = (await post(client, name="run", datapoint_ids=["d1", "d2"]))["run_id"]
    sessions = [RUN.format(index) for index in (5, 6, 7)]
    for index, session_id in enumerate(sessions[:2]):
        links = {"run_id": run_id, "datapoint_id": f"d{index + 1}"}
        await sent(client, "POST", "/events", {"event": {**session(session_id), "metadata": links}})
        event = {
            "event_id": RUN.format(index),
            "session_id": session_id,
            "event_type": "tool",
            "event_name": "search",
            "source": "evaluation",
            "config": {},
            "inputs": {},
            "duration": 1,
            "metrics": {"b": 1, "a": {"nested": 2}},
        }
        await sent(client, "POST", "/events", {"event": event})
    # A session that learns its run later.
    await sent(client, "POST", "/events", {"event": session(sessions[2])})
    await sent(client, "PUT", "/events", {"event_id": sessions[2], "metadata": {"run_id": run_id}})

    assert (await get(client, run_id))["evaluation"]["event_ids"] == sessions
    assert (await listed(client))["metrics"] == ["a", "b"]
    document = """query($id: String!) { project(slug: "default/default") { experiment(experimentId: $id) {
        metricNames eventIds calls { totalCount nodes { callId experiment { name } session { experiment { name } } } }
        sessions { totalCount } } } }"""
    body = {"query": document, "variables": {"id": run_id}}
    found = (await client.post("/graphql", json=body)).json()["data"]["project"]["experiment"]
    assert (found["metricNames"], found["eventIds"]) == (["a", "b"], sessions)
    assert found["sessions"] == {"totalCount": 3}
    members = {node.pop("callId"): node for node in found["calls"]["nodes"]}
    run = {"experiment": {"name": "run"}, "session": {"experiment": {"name": "run"}}}
    assert members == dict.fromkeys([*sessions, RUN.format(0), RUN.format(1)], run)
    assert found["calls"]["totalCount"] == 5

    # The events stay when the run is gone, and belong to none.
    assert (await client.delete(f"/v1/runs/{run_id}")).status_code == 200
    document = '{ project(slug: "default/default") { calls { nodes { experiment { name } } } } }'
    calls = (await client.post("/graphql", json={"query": document})).json()["data"]["project"]["calls"]["nodes"]
    assert calls == [{"experiment": None}] * 5
