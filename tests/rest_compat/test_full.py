"""What is answered while too much waits to be written."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import running_app

PROJECT = "team/app"
START = {"project_id": PROJECT, "op_name": "op", "started_at": "2026-01-01T00:00:00Z", "attributes": {}, "inputs": {}}
SPAN = {
    "traceId": "0" * 31 + "1",
    "spanId": "0" * 15 + "1",
    "name": "chat",
    "startTimeUnixNano": "1767225600000000000",
    "endTimeUnixNano": "1767225601000000000",
}
REQUESTS: dict[str, Any] = {
    "/call/start": {"start": START},
    "/call/upsert_batch": {"batch": [{"mode": "start", "req": {"start": START}}]},
    "/obj/create": {"obj": {"project_id": PROJECT, "object_id": "o", "val": {"a": 1}}},
    "/v1/events": {"event_type": "tool", "event_name": "e", "inputs": {}},
    "/otel/v1/traces": {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]},
    "/graphql": {
        "query": 'mutation { callStart(input: {project: "team/app", opName: "op", startedAt: "2026-01-01T00:00:00Z"}) '
        "{ callId userErrors { code } } }"
    },
}


@contextmanager
def nobody_writes(database_url: str) -> Iterator[None]:
    """Whoever wants to write meanwhile waits."""
    if database_url.startswith("sqlite"):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")
    else:
        with psycopg.connect(database_url) as connection:
            connection.execute("LOCK TABLE projects, objects IN EXCLUSIVE MODE")
            yield


def refused(path: str, answer: httpx.Response) -> str:
    """The message, of an answer that is in the shape of its API."""
    body = answer.json()
    if path == "/graphql":
        (error,) = body["errors"]
        assert (answer.status_code, body["data"], error["extensions"]["code"]) == (200, None, "UNAVAILABLE")
        return str(error["message"])
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    if path == "/v1/events":
        assert body["errorCode"] == "UNAVAILABLE"
        return str(body["message"])
    if path == "/otel/v1/traces":
        assert body["code"] == 14
    return str(body["reason"])


@pytest.mark.parametrize("path", REQUESTS)
async def test_what_comes_while_the_queue_is_full_is_refused_whole(database_url: str, path: str) -> None:
    headers = {"project_id": PROJECT}
    async with running_app(database_url, write_queue_requests=1, honeyhive_project=PROJECT) as client:
        with nobody_writes(database_url):
            sent = {asyncio.create_task(client.post(path, json=REQUESTS[path], headers=headers)) for _ in range(3)}
            answered: set[asyncio.Task[httpx.Response]] = set()
            waiting = sent
            while len(answered) < 2:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                answered |= done
        for task in answered:
            assert refused(path, task.result()).startswith("The server is busy: 1 requests of ")
        (taken,) = waiting
        answer = await taken
        assert (answer.status_code, answer.json().get("errors")) == (200, None)
        counted = await client.post("/calls/query_stats", json={"project_id": PROJECT})
        assert counted.json()["count"] == (0 if path == "/obj/create" else 1)
