"""Values of the right type that are further out than the server can hold: refused by name, and nothing is stored."""

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio

PROJECT = "team/ranges"


def _started(call_id: str, started_at: str) -> dict[str, Any]:
    start = {"project_id": PROJECT, "id": call_id, "trace_id": "t", "op_name": "op", "started_at": started_at}
    return {"start": {**start, "attributes": {}, "inputs": {}}}


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59.999999-00:01", "0001-01-01T00:00:00+00:01"])
async def test_a_time_that_its_offset_leads_out_of_the_calendar_is_refused(
    client: httpx.AsyncClient, time: str
) -> None:
    refused = await client.post("/call/start", json=_started("far", time))
    assert refused.status_code == 400
    assert "DateTime must be within the years 1 to 9999 in UTC, not " in refused.json()["reason"]
    cost = {"prompt_token_cost": 1, "completion_token_cost": 1, "effective_date": time}
    refused = await client.post("/cost/create", json={"project_id": PROJECT, "costs": {"model": cost}})
    assert refused.status_code == 400
    calls = await client.post("/calls/stream_query", json={"project_id": PROJECT})
    costs = await client.post("/cost/query", json={"project_id": PROJECT})
    assert (calls.status_code, calls.text, costs.status_code, costs.json()) == (200, "", 200, {"results": []})


@pytest.mark.parametrize(
    ("time", "answered"),
    [
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("0001-01-01T00:01:00+00:01", "0001-01-01T00:00:00Z"),
    ],
)
async def test_the_first_and_the_last_time_of_the_calendar_are_kept(
    client: httpx.AsyncClient, time: str, answered: str
) -> None:
    assert (await client.post("/call/start", json=_started("edge", time))).status_code == 200
    read = await client.post("/call/read", json={"project_id": PROJECT, "id": "edge"})
    assert read.json()["call"]["started_at"] == answered


async def test_a_time_given_to_the_graph_as_a_number_has_the_same_range(client: httpx.AsyncClient) -> None:
    document = "mutation($input: CallStartInput!) { callStart(input: $input) { callId } }"
    start = {"project": PROJECT, "callId": "far", "opName": "op", "startedAt": 10**18, "attributes": {}, "inputs": {}}
    answer = await client.post("/graphql", json={"query": document, "variables": {"input": start}})
    [error] = answer.json()["errors"]
    assert "DateTime must be within the years 1 to 9999 in UTC, not 1000000000000000000." in error["message"]


@pytest.mark.parametrize("number", [1 << 31, 1 << 63, 10**30])
async def test_a_number_past_what_the_graph_counts_with_is_refused(client: httpx.AsyncClient, number: int) -> None:
    created = await client.post("/table/create", json={"table": {"project_id": PROJECT, "rows": [{"a": 1}]}})
    body = {"project_id": PROJECT, "digest": created.json()["digest"], "offset": number}
    refused = await client.post("/table/query", json=body)
    assert refused.status_code == 400
    assert str(number) in refused.json()["reason"]


async def test_a_percentile_that_is_no_number_is_refused(client: httpx.AsyncClient) -> None:
    body = (
        '{"project_id": "team/ranges", "start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z",'
        ' "metrics": [{"json_path": "a", "value_type": "numeric", "percentiles": [NaN]}]}'
    )
    refused = await client.post("/feedback/stats", content=body, headers={"content-type": "application/json"})
    assert refused.status_code == 400
    assert "nan" in refused.json()["reason"]


async def test_digests_with_a_lone_surrogate_are_not_found(client: httpx.AsyncClient) -> None:
    body = r'{"project_id": "team/ranges", "row_digests": ["x\ud800"]}'
    refused = await client.post("/table/create_from_digests", content=body)
    assert (refused.status_code, refused.json()) == (
        404,
        {"reason": "Rows not found in project 'team/ranges': 'x\\ud800'"},
    )
