"""Tables over REST: content addresses, pages, orders, updates."""

import hashlib
import json
from typing import Any

import httpx
import pytest

PROJECT = "team/app"
ROWS = [{"a": 3, "b": "x"}, {"b": "y", "a": 1}, {"a": 2, "b": "z"}]


async def post(client: httpx.AsyncClient, path: str, body: Any, status: int = 200) -> Any:
    response = await client.post(path, json=body)
    assert response.status_code == status, response.text
    return response.json()


async def create(client: httpx.AsyncClient, rows: list[Any]) -> tuple[str, list[str]]:
    made = await post(client, "/table/create", {"table": {"project_id": PROJECT, "rows": rows}})
    return made["digest"], made["row_digests"]


async def places(client: httpx.AsyncClient, digest: str, **options: Any) -> list[int]:
    """The places in the table of the rows that are listed."""
    found = await post(client, "/table/query", {"project_id": PROJECT, "digest": digest, **options})
    return [row["original_index"] for row in found["rows"]]


async def test_digests_are_those_of_the_sdk(client: httpx.AsyncClient) -> None:
    digest, row_digests = await create(client, ROWS)
    again, _ = await create(client, ROWS)
    assert again == digest == hashlib.sha256("".join(row_digests).encode()).hexdigest()
    swapped, swapped_rows = await create(client, [ROWS[1], ROWS[0]])
    assert swapped != digest
    assert swapped_rows == [row_digests[1], row_digests[0]]


async def test_rows_come_back_in_order_paged_and_by_digest(client: httpx.AsyncClient) -> None:
    digest, row_digests = await create(client, ROWS)
    found = await post(client, "/table/query", {"project_id": PROJECT, "digest": digest})
    assert found == {
        "rows": [
            {"digest": row_digest, "val": row, "original_index": index}
            for index, (row_digest, row) in enumerate(zip(row_digests, ROWS, strict=True))
        ]
    }
    assert await places(client, digest, limit=1) == [0]
    assert await places(client, digest, limit=1, offset=1) == [1]
    assert await places(client, digest, offset=2) == [2]
    assert await places(client, digest, limit=0) == []
    assert await places(client, digest, filter={"row_digests": [row_digests[2], row_digests[0]]}) == [0, 2]
    assert await places(client, digest, filter={"row_digests": []}) == [0, 1, 2]
    assert await places(client, digest, filter={"row_digests": ["nope"]}) == []
    assert await places(client, "nope") == []


async def test_rows_are_sorted_by_paths_into_them(client: httpx.AsyncClient) -> None:
    digest, _ = await create(client, [*ROWS, {"n": {"x": 5}}, {"a": "text"}])
    assert await places(client, digest, sort_by=[{"field": "a", "direction": "asc"}]) == [1, 2, 0, 4, 3]
    assert await places(client, digest, sort_by=[{"field": "a", "direction": "desc"}], limit=2) == [0, 2]
    assert await places(client, digest, sort_by=[{"field": "n.x", "direction": "asc"}], limit=1) == [3]


async def test_a_long_table_is_streamed_whole(client: httpx.AsyncClient) -> None:
    rows = [{"n": number} for number in range(2345)]
    digest, _ = await create(client, rows)
    response = await client.post("/table/query_stream", json={"project_id": PROJECT, "digest": digest})
    assert response.headers["content-type"] == "application/jsonl"
    assert [json.loads(line)["val"] for line in response.text.splitlines()] == rows
    assert await places(client, digest, offset=2340) == [2340, 2341, 2342, 2343, 2344]


async def test_updates_make_a_new_table_and_leave_the_old(client: httpx.AsyncClient) -> None:
    digest, row_digests = await create(client, ROWS)
    updates = [{"append": {"row": {"q": 1}}}, {"pop": {"index": 0}}, {"insert": {"index": 1, "row": {"w": 1}}}]
    body = {"project_id": PROJECT, "base_digest": digest, "updates": updates}
    made = await post(client, "/table/update", body)
    whole, whole_rows = await create(client, [ROWS[1], {"w": 1}, ROWS[2], {"q": 1}])
    assert made == {"digest": whole, "updated_row_digests": [whole_rows[3], row_digests[0], whole_rows[1]]}
    assert await places(client, digest) == [0, 1, 2]


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        ({"pop": {"index": 3}}, "Index out of range: cannot pop row 3 of 3"),
        ({"pop": {"index": -1}}, "Index out of range: cannot pop row -1 of 3"),
        ({"insert": {"index": 4, "row": {}}}, "Index out of range: cannot insert at 4 into 3 rows"),
    ],
)
async def test_places_outside_the_table_are_refused(client: httpx.AsyncClient, update: Any, reason: str) -> None:
    digest, _ = await create(client, ROWS)
    body = {"project_id": PROJECT, "base_digest": digest, "updates": [update]}
    answer = await post(client, "/table/update", body, 400)
    assert answer["reason"] == reason


async def test_tables_are_made_of_stored_rows_and_counted(client: httpx.AsyncClient) -> None:
    digest, row_digests = await create(client, ROWS)
    body = {"project_id": PROJECT, "row_digests": row_digests[:2]}
    made = (await post(client, "/table/create_from_digests", body))["digest"]
    assert made == hashlib.sha256("".join(row_digests[:2]).encode()).hexdigest()
    assert await post(client, "/table/query_stats", {"project_id": PROJECT, "digest": made}) == {"count": 2}
    counted = await post(
        client,
        "/table/query_stats_batch",
        {"project_id": PROJECT, "digests": [digest, "nope", made], "include_storage_size": True},
    )
    assert counted == {
        "tables": [
            {"count": 3, "digest": digest, "storage_size_bytes": 45},
            {"count": 2, "digest": made, "storage_size_bytes": 30},
        ]
    }
    missing = {"project_id": PROJECT, "row_digests": [row_digests[0], "nope"]}
    assert (await post(client, "/table/create_from_digests", missing, 404))["reason"] == (
        "Rows not found in project 'team/app': 'nope'"
    )
    unknown = {"project_id": PROJECT, "digest": "nope"}
    assert (await post(client, "/table/query_stats", unknown, 404))["reason"] == "Table nope not found"
