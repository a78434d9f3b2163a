"""Reads that take longer than the server allows are stopped, and refused with what would help."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.conftest import running_app
from tests.graph.recording import PROJECT, ask_project, call, record

PATHS = ("inputs.text", "inputs.deep.er")
SLOW = {
    "$or": [
        {"$contains": {"input": {"$getField": path}, "substr": {"$literal": f"nowhere {number}"}}}
        for number in range(400)
        for path in PATHS
    ]
}


@pytest.fixture
async def impatient(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server with little patience, and many calls."""
    async with running_app(database_url) as client:
        inputs = {"text": "word " * 2000, "deep": {"er": ["x"] * 100}}
        await record(client, [call(f"c{number}", second=number, inputs=inputs) for number in range(2000)])
    async with running_app(database_url, query_timeout=1, honeyhive_project=PROJECT) as client:
        yield client


SAID = (
    "This took longer than 1 seconds and was stopped. Indexes would help: "
    f"`tracegraph index add {PROJECT} inputs.text`, `tracegraph index add {PROJECT} inputs.deep.er`. "
    "Or ask for less, such as a shorter span of time (`startedAfter`)."
)


async def test_a_slow_query_is_refused_with_the_index_to_add(impatient: httpx.AsyncClient) -> None:
    document = 'query($q: JSON!) { project(slug: "team/app") { calls(queryJson: $q) { totalCount } } }'
    body = {"query": document, "variables": {"q": {"$expr": SLOW}}}
    answer = (await impatient.post("/graphql", json=body)).json()
    (error,) = answer["errors"]
    assert (error["message"], error["extensions"]["code"]) == (SAID, "TOO_SLOW")

    body = {"project_id": PROJECT, "query": {"$expr": SLOW}}
    for path in ("/calls/stream_query", "/calls/query_stats"):
        response = await impatient.post(path, json=body)
        assert (response.status_code, response.json()) == (400, {"reason": SAID})

    filters = [
        {"field": "inputs.text", "operator": "not contains", "value": f"nowhere {number}", "type": "string"}
        for number in range(100)
    ]
    response = await impatient.post("/v1/events/search", json={"filters": filters, "limit": 1000})
    told = response.json()
    assert (response.status_code, told["errorCode"]) == (400, "TOO_SLOW"), told
    assert f"`tracegraph index add {PROJECT} inputs.text`" in told["message"]

    # The readers are as good as before.
    for _ in range(20):
        found = await ask_project(impatient, "calls(first: 1) { nodes { callId } }")
        assert found == {"calls": {"nodes": [{"callId": "c0"}]}}
