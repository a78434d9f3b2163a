"""What is answered while PostgreSQL is away, and after it has come back."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.conftest import postgres_database, running_app
from tests.proxies import Proxy, proxy

PROJECT = "team/app"
START = {
    "project_id": PROJECT,
    "id": "c1",
    "trace_id": "t1",
    "op_name": "op",
    "started_at": "2026-01-01T00:00:00Z",
    "attributes": {},
    "inputs": {},
}
SAID = "The database cannot be reached."
REQUESTS = {
    "/call/start": ({"start": START}, {"reason": SAID}),
    "/call/read": ({"project_id": PROJECT, "id": "c1"}, {"reason": SAID}),
    "/calls/stream_query": ({"project_id": PROJECT}, {"reason": SAID}),
    "/v1/events/search": ({"filters": [], "limit": 10}, {"message": SAID, "errorCode": "UNAVAILABLE"}),
}


@pytest.fixture
async def way(postgres_server: str, postgres_template: str) -> AsyncIterator[Proxy]:
    """The way to a database with empty tables."""
    with postgres_database(postgres_server, postgres_template) as url:
        async with proxy(url) as way:
            yield way


async def test_a_database_that_is_away_is_said_to_be_so_and_found_again(way: Proxy) -> None:
    async with running_app(way.url, honeyhive_project=PROJECT) as client:
        assert (await client.post("/call/start", json={"start": START})).status_code == 200
        for _ in range(2):
            await way.cut()
            for path, (body, said) in REQUESTS.items():
                answer = await client.post(path, json=body)
                assert (answer.status_code, answer.headers.get("retry-after"), answer.json()) == (503, "1", said)
            await refused_by_the_graph(client)
            way.mend()
            found = await client.post("/call/read", json={"project_id": PROJECT, "id": "c1"})
            assert (found.status_code, found.json()["call"]["id"]) == (200, "c1")
            for path, (body, _) in REQUESTS.items():
                answer = await client.post(path, json=body, headers={"project_id": PROJECT})
                assert answer.status_code == 200, (path, answer.text)


async def refused_by_the_graph(client: httpx.AsyncClient) -> None:
    document = 'query { project(slug: "team/app") { calls(first: 1) { nodes { callId } } } }'
    answer = (await client.post("/graphql", json={"query": document})).json()
    (error,) = answer["errors"]
    assert (error["message"], error["extensions"]["code"]) == (SAID, "UNAVAILABLE")
