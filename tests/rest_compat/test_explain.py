"""What a REST request runs: told by the header X-Explain and by POST /rest/explain, and not run."""

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio

PROJECT = "team/app"
START = {
    "project_id": PROJECT,
    "id": "call-1",
    "trace_id": "trace-1",
    "op_name": "predict",
    "started_at": "2026-01-01T01:00:00.5+01:00",
    "attributes": {"z": 1.0, "a": [None]},
    "inputs": {"prompt": "\u0000"},
}


async def explained(client: httpx.AsyncClient, path: str, body: Any, **more: Any) -> dict[str, Any]:
    """The explanation of a request; both ways must agree."""
    answer = await client.post("/rest/explain", json={"path": path, "body": body, **more})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    direct = await client.post(path, json=body, headers={"X-Explain": "graphql"})
    assert (direct.status_code, direct.json()) == (200, told)
    return told


async def test_it_tells_the_document_and_the_variables(client: httpx.AsyncClient) -> None:
    told = await explained(client, "/call/start", {"start": START})
    assert told["operationName"] == "CallStart"
    assert told["query"].startswith("mutation CallStart(")
    assert told["variables"] == {
        "input": {
            "project": PROJECT,
            "callId": "call-1",
            "opName": "predict",
            "displayName": None,
            "traceId": "trace-1",
            "parentId": None,
            "threadId": None,
            "turnId": None,
            "startedAt": "2026-01-01T00:00:00.500000Z",
            "attributes": {"z": 1.0, "a": [None]},
            "inputs": {"prompt": "\u0000"},
            "wbUserId": None,
            "wbRunId": None,
            "wbRunStep": None,
        }
    }


async def test_nothing_is_run(client: httpx.AsyncClient) -> None:
    await explained(client, "/call/start", {"start": START})
    assert (await client.post("/call/read", json={"project_id": PROJECT, "id": "call-1"})).json() == {"call": None}


async def test_graphql_takes_what_it_tells_and_answers_alike(client: httpx.AsyncClient) -> None:
    answers = []
    for path, body in (
        ("/call/start", {"start": START}),
        ("/table/create", {"table": {"project_id": PROJECT, "rows": [{"a": 1.0}]}}),
        (
            "/calls/stream_query",
            {"project_id": PROJECT, "query": {"$expr": {"$eq": [{"$getField": "id"}, {"$literal": "call-1"}]}}},
        ),
    ):
        answers.append((await client.post("/graphql", json=await explained(client, path, body))).json())
    assert ["errors" in answer for answer in answers] == [False, False, False]
    node = answers[-1]["data"]["project"]["calls"]["nodes"][0]
    assert (node["callId"], node["inputs"]) == ("call-1", {"prompt": "\u0000"})
    line = (await client.post("/calls/stream_query", json={"project_id": PROJECT})).json()
    assert (line["id"], line["inputs"]) == ("call-1", {"prompt": "\u0000"})


async def test_a_file_is_told_as_base64(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/rest/explain", json={"path": "/file/create", "body": {"project_id": PROJECT, "file": "hello"}}
    )
    assert answer.json()["variables"]["input"] == {
        "project": PROJECT,
        "name": "file",
        "content": "aGVsbG8=",
        "expectedDigest": None,
    }
    direct = await client.post(
        "/file/create",
        data={"project_id": PROJECT},
        files={"file": ("file", b"hello")},
        headers={"X-Explain": "GraphQL"},
    )
    assert direct.json() == answer.json()
    made = (await client.post("/graphql", json=answer.json())).json()["data"]["fileCreate"]
    assert made["digest"] == "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ".replace("-", "X")


async def test_a_get_and_a_path_with_parameters(client: httpx.AsyncClient) -> None:
    answer = await client.post("/rest/explain", json={"method": "get", "path": "/health"})
    assert (answer.json()["operationName"], answer.json()["variables"]) == ("ServerInfo", {})
    told = await explained(client, "/v2/team/app/call/start", {"start": START})
    assert told["variables"]["input"]["project"] == PROJECT


@pytest.mark.parametrize(
    ("request_", "status", "answer"),
    [
        (
            {"path": "/calls/nothing"},
            404,
            {"reason": "There is no REST endpoint '/calls/nothing'; /docs/rest lists them"},
        ),
        ({"method": "GET", "path": "/call/start"}, 405, {"reason": "/call/start takes POST, not GET"}),
        (
            {"path": "/call/read"},
            422,
            {"detail": [{"type": "missing", "loc": ["body"], "msg": "Field required"}]},
        ),
        (
            {"path": "/call/read", "body": {"project_id": PROJECT}},
            422,
            {"detail": [{"type": "missing", "loc": ["body", "id"], "msg": "Field required"}]},
        ),
        (
            {"path": "/calls/stream_query", "body": {"project_id": PROJECT, "limit": -1}},
            400,
            {"reason": "limit must be 0 or more, not -1"},
        ),
        ({"body": {}}, 422, {"detail": [{"type": "missing", "loc": ["body", "path"], "msg": "Field required"}]}),
    ],
)
async def test_what_cannot_be_explained(
    client: httpx.AsyncClient, request_: dict[str, Any], status: int, answer: dict[str, Any]
) -> None:
    response = await client.post("/rest/explain", json=request_)
    assert (response.status_code, response.json()) == (status, answer)


async def test_another_word_in_the_header_runs_nothing(client: httpx.AsyncClient) -> None:
    response = await client.post("/call/start", json={"start": START}, headers={"X-Explain": "graphgl"})
    assert (response.status_code, response.json()) == (
        400,
        {"reason": "X-Explain can only be 'graphql', not 'graphgl'"},
    )
    assert (await client.post("/call/read", json={"project_id": PROJECT, "id": "call-1"})).json() == {"call": None}


async def test_the_pages_list_every_endpoint(client: httpx.AsyncClient) -> None:
    document = (await client.get("/docs/rest/openapi.json")).json()
    assert document["paths"]["/call/start"]["post"]["x-graphql-operation"] == "weave/call_start"
    page = (await client.get("/docs/rest")).text
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in page


async def test_the_document_has_the_models(client: httpx.AsyncClient) -> None:
    schemas = (await client.get("/docs/rest/openapi.json")).json()["components"]["schemas"]
    assert schemas["CallReadReq"]["required"] == ["project_id", "id"]
    assert schemas["CallReadReq"]["additionalProperties"] is False
    assert schemas["StartedCall"]["properties"]["inputs"]["type"] == "object"
