"""Threads over Weave's API and in the graph."""

import json
from collections.abc import Sequence
from typing import Any

import httpx

PROJECT = "team/app"


def time(second: float) -> str:
    minutes, seconds = divmod(second, 60)
    return f"2026-01-01T00:{int(minutes):02}:{seconds:09.6f}Z"


async def post(client: httpx.AsyncClient, path: str, content: Any, status: int = 200) -> httpx.Response:
    response = await client.post(path, json=content)
    assert response.status_code == status, response.text
    return response


async def record(
    client: httpx.AsyncClient, thread_id: str | None, turns: Sequence[tuple[str, float, float | None]]
) -> None:
    """Turns with id, start and end in seconds. Inside each is a call from a second before its start to a minute after,
    which no statistics of turns may count."""
    batch: list[dict[str, Any]] = []
    for turn, started, ended in turns:
        for call_id, parent, begin in ((turn, None, started), (f"{turn}-inner", turn, started - 1)):
            start = {"id": call_id, "trace_id": f"t-{turn}", "parent_id": parent, "thread_id": thread_id}
            said = {"op_name": "op", "started_at": time(begin), "turn_id": turn, "attributes": {}, "inputs": {}}
            batch.append({"mode": "start", "req": {"start": {"project_id": PROJECT, **start, **said}}})
        for call_id, finish in ((turn, ended), (f"{turn}-inner", started + 60)):
            if finish is not None:
                end = {"project_id": PROJECT, "id": call_id, "ended_at": time(finish), "summary": {}}
                batch.append({"mode": "end", "req": {"end": end}})
    await post(client, "/call/upsert_batch", {"batch": batch})


async def threads(client: httpx.AsyncClient, **query: Any) -> list[Any]:
    response = await post(client, "/threads/stream_query", {"project_id": PROJECT, **query})
    assert response.headers["content-type"] == "application/jsonl"
    return [json.loads(line) for line in response.text.splitlines()]


async def ids(client: httpx.AsyncClient, **query: Any) -> list[str]:
    return [thread["thread_id"] for thread in await threads(client, **query)]


async def graph(client: httpx.AsyncClient, document: str) -> Any:
    answer = (await post(client, "/graphql", {"query": document})).json()
    assert "errors" not in answer, answer
    return answer["data"]


async def sample(client: httpx.AsyncClient) -> None:
    await record(client, "a", [("a1", 10, 11), ("a2", 20, 23), ("a3", 30, 30.5), ("a4", 40, None)])
    await record(client, "b", [("b1", 5, 50)])
    await record(client, "c", [("c1", 15, None)])
    await record(client, None, [("none", 1, 2)])


async def test_turns_alone_make_the_statistics(client: httpx.AsyncClient) -> None:
    await sample(client)
    assert await threads(client) == [
        {
            "thread_id": "b",
            "turn_count": 1,
            "start_time": "2026-01-01T00:00:05Z",
            "last_updated": "2026-01-01T00:00:50Z",
            "first_turn_id": "b1",
            "last_turn_id": "b1",
            "p50_turn_duration_ms": 45000.0,
            "p99_turn_duration_ms": 45000.0,
        },
        {
            "thread_id": "a",
            "turn_count": 4,
            "start_time": "2026-01-01T00:00:10Z",
            "last_updated": "2026-01-01T00:00:30.500000Z",
            "first_turn_id": "a1",
            "last_turn_id": "a3",
            # Of 0.5, 1 and 3 seconds; the turn that runs has none yet.
            "p50_turn_duration_ms": 1000.0,
            "p99_turn_duration_ms": 2960.0,
        },
    ]


async def test_filters_are_about_the_thread_and_not_its_turns(client: httpx.AsyncClient) -> None:
    await sample(client)
    # Turns of "a" began later than this, the thread did not.
    assert await ids(client, filter={"after_datetime": time(10)}) == []
    assert await ids(client, filter={"after_datetime": time(9.999999)}) == ["a"]
    assert await ids(client, filter={"before_datetime": time(30.5)}) == []
    assert await ids(client, filter={"before_datetime": "2026-01-01T01:00:31+01:00"}) == ["a"]
    assert await ids(client, filter={"thread_ids": ["b", "c", "z"]}) == ["b"]
    assert await ids(client, filter={"thread_ids": []}) == ["b", "a"]
    assert await ids(client, filter={"thread_ids": ["a"], "after_datetime": time(10)}) == []


async def test_every_documented_order(client: httpx.AsyncClient) -> None:
    await record(client, "x", [("x1", 10, 20), ("x2", 30, 31)])
    await record(client, "y", [("y1", 5, 40), ("y2", 6, 7), ("y3", 8, 9)])
    await record(client, "z", [("z1", 20, 28), ("z2", 21, 29)])
    ascending = {
        "thread_id": ["x", "y", "z"],
        "turn_count": ["x", "z", "y"],
        "start_time": ["y", "x", "z"],
        "last_updated": ["z", "x", "y"],
        # 5.5, 1 and 8 seconds.
        "p50_turn_duration_ms": ["y", "x", "z"],
        # 9.91, 34.32 and 8 seconds.
        "p99_turn_duration_ms": ["z", "x", "y"],
    }
    for field, order in ascending.items():
        assert await ids(client, sort_by=[{"field": field, "direction": "asc"}]) == order
        down = await ids(client, sort_by=[{"field": field, "direction": "desc"}])
        # What is equal comes by the id, in the direction of the sort.
        assert down == order[::-1]
    two = [{"field": "turn_count", "direction": "asc"}, {"field": "start_time", "direction": "desc"}]
    assert await ids(client, sort_by=two) == ["z", "x", "y"]


async def test_pages_go_on_where_the_last_one_ended(client: httpx.AsyncClient) -> None:
    for number in range(130):
        name = f"t{number:03}"
        await record(client, name, [(f"{name}-1", 2 + number, 3 + number)])
    found = await ids(client)
    assert found == [f"t{number:03}" for number in reversed(range(130))]
    assert await ids(client, limit=2, offset=3) == found[3:5]
    assert await ids(client, limit=0) == []
    slow = await ids(client, sort_by=[{"field": "p99_turn_duration_ms", "direction": "asc"}])
    assert slow == found[::-1]


async def test_what_cannot_be_is_refused(client: httpx.AsyncClient) -> None:
    path, project = "/threads/stream_query", {"project_id": PROJECT}
    unknown = await post(client, path, {**project, "sort_by": [{"field": "turns", "direction": "asc"}]}, 422)
    (error,) = unknown.json()["detail"]
    assert (error["loc"], error["type"]) == (["body", "sort_by", 0, "field"], "query_invalid")
    assert error["msg"].startswith("unknown field 'turns'; known are started_at, ")
    assert error["msg"].endswith(
        "turn_count, start_time, last_updated, p50_turn_duration_ms, p99_turn_duration_ms, thread_id"
    )
    for wrong, status in (
        ({"filter": {"thread_ids": ["x"] * 1001}}, 400),
        ({"limit": -1}, 400),
        ({"filter": {"after_datetime": "then"}}, 422),
        ({"filter": {"ids": []}}, 422),
    ):
        await post(client, path, {**project, **wrong}, status)


async def test_the_graph_shows_threads_whose_turns_still_run_too(client: httpx.AsyncClient) -> None:
    await sample(client)
    await post(client, "/calls/delete", {"project_id": PROJECT, "call_ids": ["b1"]})
    data = await graph(
        client,
        """{ project(slug: "team/app") { threads(orderBy: [{field: "thread_id"}]) {
          totalCount
          nodes { threadId callCount turnCount startTime lastUpdated firstTurn { callId } lastTurn { callId }
                  p50TurnDurationMs } } } }""",
    )
    assert data["project"]["threads"] == {
        "totalCount": 2,
        "nodes": [
            {
                "threadId": "a",
                "callCount": 8,
                "turnCount": 4,
                "startTime": "2026-01-01T00:00:10Z",
                "lastUpdated": "2026-01-01T00:00:30.500000Z",
                "firstTurn": {"callId": "a1"},
                "lastTurn": {"callId": "a3"},
                "p50TurnDurationMs": 1000.0,
            },
            {
                "threadId": "c",
                "callCount": 2,
                "turnCount": 1,
                "startTime": "2026-01-01T00:00:15Z",
                "lastUpdated": None,
                "firstTurn": {"callId": "c1"},
                "lastTurn": {"callId": "c1"},
                "p50TurnDurationMs": None,
            },
        ],
    }


async def test_a_thread_without_turns_is_one(client: httpx.AsyncClient) -> None:
    start = {"project_id": PROJECT, "op_name": "op", "started_at": time(1), "attributes": {}, "inputs": {}}
    await post(client, "/call/start", {"start": {**start, "id": "c1", "trace_id": "t", "thread_id": "quiet"}})
    assert await ids(client) == []
    data = await graph(
        client,
        """{ project(slug: "team/app") { thread(threadId: "quiet") {
          turnCount startTime lastUpdated firstTurnId lastTurnId p99TurnDurationMs firstTurn { callId } } } }""",
    )
    assert data["project"]["thread"] == {
        "turnCount": 0,
        "startTime": None,
        "lastUpdated": None,
        "firstTurnId": None,
        "lastTurnId": None,
        "p99TurnDurationMs": None,
        "firstTurn": None,
    }
