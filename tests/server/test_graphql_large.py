"""Answers with long lists, which are joined as they are sent."""

import asyncio
import json
from typing import Any

import httpx

PROJECT = "team/large"
CALLS = 60
TEXT = 'é"😀\0' + "x" * 20_000
QUERY = (
    "query($s: String!, $n: Int) { project(slug: $s) { slug calls(first: $n) { nodes { callId inputs } totalCount } } }"
)


def start(number: int) -> dict[str, Any]:
    return {
        "project_id": PROJECT,
        "id": f"call-{number:03}",
        "trace_id": "trace",
        "op_name": "op",
        "started_at": f"2026-01-01T00:00:{number:02}Z",
        "attributes": {},
        "inputs": {"text": TEXT, "n": number},
    }


async def fill(client: httpx.AsyncClient) -> None:
    batch = [{"mode": "start", "req": {"start": start(number)}} for number in range(CALLS)]
    assert (await client.post("/call/upsert_batch", json={"batch": batch})).status_code == 200


def operation(first: int | None = None) -> dict[str, Any]:
    return {"query": QUERY, "variables": {"s": PROJECT, "n": first}}


def expected(count: int) -> dict[str, Any]:
    nodes = [{"callId": f"call-{n:03}", "inputs": {"text": TEXT, "n": n}} for n in range(CALLS)]
    return {"project": {"slug": PROJECT, "calls": {"nodes": nodes[:count], "totalCount": CALLS}}}


async def test_a_large_answer_has_its_length_and_all_of_it(client: httpx.AsyncClient) -> None:
    await fill(client)
    for _ in range(3):
        response = await client.post("/graphql", json=operation())
        assert response.json()["data"] == expected(CALLS)
        assert int(response.headers["content-length"]) == len(response.content)


async def test_it_is_sent_in_parts(client: httpx.AsyncClient) -> None:
    await fill(client)
    requests = [{"type": "http.request", "body": json.dumps(operation()).encode(), "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return requests.pop() if requests else await asyncio.Future()

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    app: Any = client._transport.app  # type: ignore[attr-defined]
    await app({**scope, "raw_path": b"/graphql", "root_path": "", "http_version": "1.1"}, receive, send)
    parts = [message["body"] for message in sent if message["type"] == "http.response.body"]
    assert json.loads(b"".join(parts))["data"] == expected(CALLS)
    assert max(map(len, parts)) < CALLS * len(TEXT) // 2
    assert [message.get("more_body", False) for message in sent[1:]] == [True] * (len(parts) - 1) + [False]


async def test_batches_and_events_have_it_too(client: httpx.AsyncClient) -> None:
    await fill(client)
    response = await client.post("/graphql", json=[operation(), operation(first=2), {"query": "{ __typename }"}])
    first, second, third = (answer["data"] for answer in response.json())
    assert (first, second, third) == (expected(CALLS), expected(2), {"__typename": "Query"})
    events = await client.post("/graphql", json=operation(), headers={"accept": "text/event-stream"})
    (data,) = [line[6:] for line in events.text.splitlines() if line.startswith("data: {")]
    assert json.loads(data)["data"] == expected(CALLS)
