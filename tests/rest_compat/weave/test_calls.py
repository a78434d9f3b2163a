"""Calls over REST: recorded, read, listed, counted, renamed, deleted."""

import json
from typing import Any

import httpx
import pytest

from tests.statements import counted

PROJECT = "team/app"


async def post(client: httpx.AsyncClient, path: str, body: Any, status: int = 200) -> Any:
    response = await client.post(path, json=body)
    assert response.status_code == status, response.text
    return response.json()


def start(call_id: str, second: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "project_id": PROJECT,
        "id": call_id,
        "trace_id": "trace",
        "op_name": "op",
        "started_at": f"2026-01-01T00:00:{second:02}Z",
        "attributes": {},
        "inputs": {},
        **fields,
    }


def end(call_id: str, second: int = 30, **fields: Any) -> dict[str, Any]:
    ended_at = f"2026-01-01T00:00:{second:02}.000500Z"
    return {"project_id": PROJECT, "id": call_id, "ended_at": ended_at, "output": None, "summary": {}, **fields}


async def record(client: httpx.AsyncClient, *events: dict[str, Any]) -> list[Any]:
    batch = [
        {"mode": "start", "req": {"start": event}} if "op_name" in event else {"mode": "end", "req": {"end": event}}
        for event in events
    ]
    answer: list[Any] = (await post(client, "/call/upsert_batch", {"batch": batch}))["res"]
    return answer


async def listed(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    response = await client.post("/calls/stream_query", json={"project_id": PROJECT, **query})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/jsonl"), response.text
    return [json.loads(line) for line in response.text.splitlines()]


async def ids(client: httpx.AsyncClient, **query: Any) -> list[str]:
    return [call["id"] for call in await listed(client, columns=["id"], **query)]


async def test_a_call_comes_back_whole(client: httpx.AsyncClient) -> None:
    begun = start(
        "a", 1, op_name="weave:///team/app/op/predict:abc", attributes={"b": 1, "a": 1.0}, inputs={"x": [1, None]},
        wb_run_id="run:1", wb_run_step=3, thread_id="t", turn_id="a",
    )  # fmt: skip
    assert await post(client, "/call/start", {"start": begun}) == {"id": "a", "trace_id": "trace"}
    usage = {"usage": {"gpt": {"prompt_tokens": 3}}, "status_counts": {"success": 1, "error": 1}, "mine": 1}
    assert (
        await post(client, "/call/end", {"end": end("a", 5, output={"r": 1}, summary=usage, wb_run_step_end=4)}) == {}
    )
    body = {"project_id": PROJECT, "id": "a", "include_storage_size": True, "include_total_storage_size": True}
    derived = {"status": "descendant_error", "latency_ms": 4000, "trace_name": "predict"}
    payloads = ({"b": 1, "a": 1.0}, {"x": [1, None]}, {"r": 1}, usage)
    size = sum(len(json.dumps(payload, separators=(",", ":"))) for payload in payloads)
    assert await post(client, "/call/read", body) == {
        "call": {
            "id": "a",
            "project_id": PROJECT,
            "op_name": "weave:///team/app/op/predict:abc",
            "display_name": None,
            "trace_id": "trace",
            "parent_id": None,
            "thread_id": "t",
            "turn_id": "a",
            "started_at": "2026-01-01T00:00:01Z",
            "attributes": {"b": 1, "a": 1.0},
            "inputs": {"x": [1, None]},
            "ended_at": "2026-01-01T00:00:05.000500Z",
            "exception": None,
            "output": {"r": 1},
            "summary": {**usage, "weave": derived},
            "wb_user_id": "local",
            "wb_run_id": "run:1",
            "wb_run_step": 3,
            "wb_run_step_end": 4,
            "deleted_at": None,
            "storage_size_bytes": size,
            "total_storage_size_bytes": size,
        }
    }
    assert await post(client, "/call/read", {"project_id": PROJECT, "id": "nope"}) == {"call": None}


async def test_the_server_makes_ids_and_takes_the_trace_of_the_parent(client: httpx.AsyncClient) -> None:
    made = await post(client, "/call/start", {"start": start("", id=None, trace_id=None)})
    child = await post(client, "/call/start", {"start": start("", id=None, trace_id=None, parent_id=made["id"])})
    assert len({made["id"], made["trace_id"], child["id"]}) == 3
    assert child["trace_id"] == made["trace_id"]
    results = await record(client, start("p", trace_id=None), start("q", trace_id=None, parent_id="p"), end("p"))
    assert results[0]["trace_id"] == results[1]["trace_id"]
    assert results[2] == {}


async def test_lists_are_ordered_paged_filtered_and_counted(client: httpx.AsyncClient) -> None:
    await record(
        client,
        start("c", 2, inputs={"n": 2}, trace_id="other"),
        start("a", 1, inputs={"n": "x"}),
        start("b", 1, parent_id="a", op_name="weave:///team/app/op/f:v", inputs={"n": 10}, thread_id="t", turn_id="b"),
        end("b", 5, exception="boom"),
        start("d", 3, wb_user_id="ada", wb_run_id="r"),
    )
    assert await ids(client) == ["a", "b", "c", "d"]
    assert await ids(client, sort_by=[]) == ["a", "b", "c", "d"]
    assert await ids(client, sort_by=[{"field": "started_at", "direction": "desc"}]) == ["d", "c", "b", "a"]
    by_number = [{"field": "inputs.n", "direction": "desc"}]
    assert await ids(client, sort_by=by_number) == ["b", "c", "a", "d"]
    assert await ids(client, sort_by=by_number, limit=2, offset=1) == ["c", "a"]
    assert await ids(client, limit=0) == []
    for chosen, expected in (
        ({"op_names": ["op"]}, "acd"),
        ({"op_names": ["weave:///team/app/op/f:*"]}, "b"),
        ({"parent_ids": ["a"]}, "b"),
        ({"trace_ids": ["other"]}, "c"),
        ({"call_ids": ["d", "a"]}, "ad"),
        ({"call_ids": []}, "abcd"),
        ({"thread_ids": ["t"]}, "b"),
        ({"turn_ids": ["b"]}, "b"),
        ({"trace_roots_only": True}, "acd"),
        ({"wb_user_ids": ["ada"]}, "d"),
        ({"wb_run_ids": ["r"]}, "d"),
    ):
        assert await ids(client, filter=chosen) == list(expected), chosen
        counted_ = await post(client, "/calls/query_stats", {"project_id": PROJECT, "filter": chosen})
        assert counted_ == {"count": len(expected), "total_storage_size_bytes": None}
    failed = {"$expr": {"$eq": [{"$getField": "summary.weave.status"}, {"$literal": "error"}]}}
    assert await ids(client, query=failed) == ["b"]
    assert (await post(client, "/calls/query_stats", {"project_id": PROJECT, "limit": 2}))["count"] == 2
    sizes = {"project_id": PROJECT, "include_total_storage_size": True}
    assert (await post(client, "/calls/query_stats", sizes))["total_storage_size_bytes"] == 40
    assert await ids(client, filter={"trace_ids": ["nope"]}) == []


async def test_columns_leave_out_what_is_not_asked_for(client: httpx.AsyncClient) -> None:
    await record(client, start("a", inputs={"x": {"y": 1}}, attributes={"k": 1}), end("a", output=[1]))
    (call,) = await listed(client, columns=["inputs.x.y"])
    assert (call["inputs"], call["attributes"], call["output"], call["ended_at"]) == ({"x": {"y": 1}}, {}, None, None)
    assert call["summary"]["weave"]["status"] == "success"
    (call,) = await listed(client, columns=["output", "summary"])
    assert (call["inputs"], call["output"], call["ended_at"]) == ({}, [1], "2026-01-01T00:00:30.000500Z")


async def test_a_long_stream_is_whole_and_in_order(client: httpx.AsyncClient) -> None:
    names = [f"{number:04}" for number in range(2500)]
    for first in range(0, 2500, 500):
        await record(client, *(start(name, 1) for name in names[first : first + 500]))
    assert await ids(client) == names
    assert await ids(client, limit=1700, offset=50) == names[50:1750]


async def test_a_rename_stays_and_an_empty_one_takes_the_name_away(client: httpx.AsyncClient) -> None:
    await record(client, start("a", display_name="first"))
    for name, shown in (("second", "second"), ("", None)):
        body = {"project_id": PROJECT, "call_id": "a", "display_name": name}
        assert await post(client, "/call/update", body) == {}
        assert (await listed(client))[0]["display_name"] == shown
    refused = await post(client, "/call/update", {"project_id": PROJECT, "call_id": "a"}, 400)
    assert refused == {"reason": "One of [display_name] is required for call update"}


async def test_a_delete_takes_all_descendants(client: httpx.AsyncClient) -> None:
    await record(
        client, start("a"), start("b", parent_id="a"), start("c", parent_id="b", trace_id="other"), start("d"), end("x")
    )
    assert await post(client, "/calls/delete", {"project_id": PROJECT, "call_ids": ["b", "nope"]}) == {"num_deleted": 2}
    assert await ids(client) == ["a", "d"]
    assert await post(client, "/calls/delete", {"project_id": PROJECT, "call_ids": ["b"]}) == {"num_deleted": 0}
    await record(client, start("c"), end("c"))
    assert await ids(client) == ["a", "d"]


async def test_a_deep_chain_and_cycles_are_deleted_in_few_statements(client: httpx.AsyncClient) -> None:
    chain = [start(f"{n:04}", parent_id=f"{n - 1:04}" if n else None, trace_id=f"t{n // 900}") for n in range(2000)]
    for first in range(0, 2000, 500):
        await record(client, *chain[first : first + 500])
    await record(client, start("self", parent_id="self"), start("x", parent_id="y"), start("y", parent_id="x"))
    with counted() as statements:
        answer = await post(client, "/calls/delete", {"project_id": PROJECT, "call_ids": ["0000"]})
    assert answer == {"num_deleted": 2000}
    assert len(statements) < 60
    assert await post(client, "/calls/delete", {"project_id": PROJECT, "call_ids": ["self"]}) == {"num_deleted": 1}
    assert await post(client, "/calls/delete", {"project_id": PROJECT, "call_ids": ["x"]}) == {"num_deleted": 2}
    assert await ids(client) == []


async def test_todays_sdk_records_whole_calls_under_the_path_of_their_project(client: httpx.AsyncClient) -> None:
    whole = {**start("a", trace_id="t"), **end("a", output=1)}
    assert await post(client, "/v2/team/app/calls/complete", {"batch": [whole]}) == {}
    assert await post(client, "/v2/team/app/call/start", {"start": start("b", 1)}) == {"id": "b", "trace_id": "trace"}
    assert await post(client, "/v2/team/app/call/end", {"end": end("b", output=2)}) == {}
    assert [(call["id"], call["output"]) for call in await listed(client)] == [("a", 1), ("b", 2)]
    refused = await post(client, "/v2/team/other/calls/complete", {"batch": [{**whole, "id": "c"}]}, 400)
    assert refused == {"reason": "project_id 'team/app' is not the project of the path, 'team/other'"}
    assert await ids(client) == ["a", "b"]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"project_id": "nope"}, "Invalid project id 'nope': expected 'entity/project'"),
        ({"project_id": "a/b/c"}, "Invalid project id 'a/b/c': expected 'entity/project'"),
        ({"op_name": "weave:///team/app/op/x"}, "Invalid ref 'weave:///team/app/op/x': expected NAME:DIGEST"),
        ({"parent_id": "a\x00"}, "parent_id cannot hold a NUL character: 'a\\x00'"),
    ],
)
async def test_one_bad_item_refuses_its_batch_whole(client: httpx.AsyncClient, event: Any, reason: str) -> None:
    batch = [
        {"mode": "start", "req": {"start": start("good")}},
        {"mode": "start", "req": {"start": start("bad", **event)}},
    ]
    assert await post(client, "/call/upsert_batch", {"batch": batch}, 400) == {"reason": reason}
    assert await ids(client) == []


async def test_filters_and_limits_past_their_bounds_are_refused(client: httpx.AsyncClient) -> None:
    long = {"project_id": PROJECT, "filter": {"call_ids": ["x"] * 1001}}
    for path in ("/calls/stream_query", "/calls/query_stats"):
        assert (await post(client, path, long, 400))["reason"] == (
            "Parameter: 'call_ids' request length is greater than max length (1000). Actual length: 1001"
        )
    refused = await post(client, "/calls/stream_query", {"project_id": PROJECT, "limit": -1}, 400)
    assert refused == {"reason": "limit must be 0 or more, not -1"}
    refused = await post(client, "/calls/query_stats", {"project_id": PROJECT, "limit": 0}, 400)
    assert refused == {"reason": "limit must be a positive integer, not 0"}
