"""Sizes of projects over Weave's API, and lists of calls as one document."""

from typing import Any

import httpx

PROJECT = "team/app"


async def post(client: httpx.AsyncClient, path: str, content: Any, status: int = 200) -> Any:
    response = await client.post(path, json=content)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json"), response.text
    return response.json()


async def start(client: httpx.AsyncClient, call_id: str, second: int, project: str = PROJECT) -> None:
    call = {"id": call_id, "trace_id": "t", "op_name": "op", "started_at": f"2026-01-01T00:00:{second:02}Z"}
    said = {"project_id": project, "attributes": {"a": 1}, "inputs": {"x": "é"}}
    await post(client, "/call/start", {"start": {**call, **said}})


async def fill(client: httpx.AsyncClient, project: str) -> None:
    await start(client, "c1", 1, project)
    await start(client, "gone", 2, project)
    end = {"project_id": project, "id": "c1", "ended_at": "2026-01-01T00:00:03Z", "output": [1], "summary": {}}
    await post(client, "/call/end", {"end": end})
    await post(client, "/calls/delete", {"project_id": project, "call_ids": ["gone"]})
    for val in ({"v": 1}, {"v": 22}):
        await post(client, "/obj/create", {"obj": {"project_id": project, "object_id": "o", "val": val}})
    await post(client, "/obj/delete", {"project_id": project, "object_id": "o", "digests": ["v1"]})
    for rows in ([{"r": 1}, {"r": 2}], [{"r": 1}, {"r": 333}]):
        await post(client, "/table/create", {"table": {"project_id": project, "rows": rows}})
    for content in (b"12345", b"12345", b"678"):
        response = await client.post("/file/create", data={"project_id": project}, files={"file": ("f", content)})
        assert response.status_code == 200


async def test_a_project_says_how_much_it_keeps(client: httpx.AsyncClient) -> None:
    await fill(client, PROJECT)
    await fill(client, "team/other")
    sizes = {
        # {"a":1} {"x":"é"} [1] {}
        "trace_storage_size_bytes": 7 + 10 + 3 + 2,
        "objects_storage_size_bytes": 7,
        # The row that both tables hold counts once.
        "tables_storage_size_bytes": 7 + 7 + 9,
        "files_storage_size_bytes": 5 + 3,
    }
    assert await post(client, "/project/stats", {"project_id": PROJECT}) == sizes
    some = {"include_trace_storage_size": False, "include_table_storage_size": None, "include_file_storage_size": False}
    assert await post(client, "/project/stats", {"project_id": PROJECT, **some}) == {
        **sizes,
        "trace_storage_size_bytes": 0,
        "files_storage_size_bytes": 0,
    }
    for path in ("/files/stats", "/files/query_stats"):
        assert await post(client, path, {"project_id": PROJECT}) == {"total_size_bytes": 8}


async def test_a_project_without_anything_keeps_nothing(client: httpx.AsyncClient) -> None:
    nothing = {f"{name}_storage_size_bytes": 0 for name in ("trace", "objects", "tables", "files")}
    assert await post(client, "/project/stats", {"project_id": "never/written"}) == nothing
    assert await post(client, "/files/stats", {"project_id": "never/written"}) == {"total_size_bytes": 0}


async def test_what_cannot_be_is_refused(client: httpx.AsyncClient) -> None:
    none = {f"include_{name}_storage_size": False for name in ("trace", "object", "table", "file")}
    assert await post(client, "/project/stats", {"project_id": PROJECT, **none}, 400) == {
        "reason": "At least one of the sizes must be included"
    }
    assert await post(client, "/files/stats", {"project_id": "nothing"}, 400) == {
        "reason": "Invalid project id 'nothing': expected 'entity/project'"
    }
    extra = await post(client, "/files/query_stats", {"project_id": PROJECT, "digest": "x"}, 422)
    assert [error["loc"] for error in extra["detail"]] == [["body", "digest"]]


async def test_calls_come_in_one_document(client: httpx.AsyncClient) -> None:
    for number in range(103):
        await start(client, f"c{number:03}", number % 60)
    found = await post(client, "/calls/query", {"project_id": PROJECT, "columns": ["id"]})
    streamed = await client.post("/calls/stream_query", json={"project_id": PROJECT, "columns": ["id"]})
    assert len(found["calls"]) == 103
    assert found["calls"] == [httpx.Response(200, text=line).json() for line in streamed.text.splitlines()]
    some = await post(client, "/calls/query", {"project_id": PROJECT, "limit": 2, "offset": 1, "columns": ["id"]})
    assert some["calls"] == found["calls"][1:3]
    assert await post(client, "/calls/query", {"project_id": "never/written"}) == {"calls": []}
    none = {"project_id": PROJECT, "filter": {"call_ids": ["none"]}}
    assert await post(client, "/calls/query", none) == {"calls": []}
