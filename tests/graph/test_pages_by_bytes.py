"""Pages are cut by the bytes of their payloads alike, whether calls are read in the order of an index or sorted."""

from typing import Any

import httpx
import pytest

PAGES = """query($order: [SortByInput!], $filter: CallFilterInput, $bytes: BigInt, $offset: Int,
                 $first: Int, $after: String, $last: Int, $before: String) {
  project(slug: "team/app") {
    calls(orderBy: $order, filter: $filter, maxBytes: $bytes, offset: $offset,
          first: $first, after: $after, last: $last, before: $before) {
      nodes { callId inputs storageSizeBytes }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}"""
SIZES = [10, 700, 20, 3000, 1, 1, 500, 490, 10, 2500, 30, 40]


async def record(client: httpx.AsyncClient) -> None:
    batch: list[dict[str, Any]] = []
    for number, size in enumerate(SIZES):
        start = {
            "project_id": "team/app",
            "id": f"c{number:02}",
            "trace_id": f"t{number % 2}",
            "op_name": "run",
            "started_at": f"2026-01-01T00:00:{number // 2:02}Z",
            "attributes": {},
            "inputs": {"text": "é" * (size // 2)},
        }
        batch.append({"mode": "start", "req": {"start": start}})
    recorded = await client.post("/call/upsert_batch", json={"batch": batch})
    assert recorded.status_code == 200, recorded.text


async def all_pages(client: httpx.AsyncClient, way: str, **variables: Any) -> list[Any]:
    """What the pages hold and say, without their cursors."""
    told = []
    cursor: str | None = None
    size, side, end, more = (
        ("first", "after", "endCursor", "hasNextPage")
        if way == "forwards"
        else ("last", "before", "startCursor", "hasPreviousPage")
    )
    while True:
        asked = {**variables, size: 5, side: cursor}
        if cursor is not None:
            asked.pop("offset", None)
        answer = (await client.post("/graphql", json={"query": PAGES, "variables": asked})).json()
        page = answer["data"]["project"]["calls"]
        info = page["pageInfo"]
        told.append((page["nodes"], info["hasNextPage"], info["hasPreviousPage"]))
        cursor = info[end]
        if not info[more]:
            return told


@pytest.mark.parametrize("way", ["forwards", "backwards"])
@pytest.mark.parametrize("chosen", [None, {"traceIds": ["t1"]}, {"traceIds": ["t0", "t1"]}, {"opNames": ["run"]}])
async def test_pages(client: httpx.AsyncClient, way: str, chosen: dict[str, Any] | None) -> None:
    await record(client)
    for direction in ("ASC", "DESC"):
        walked = [{"field": "startedAt", "direction": direction}]
        sorted_too = [*walked, {"field": "callId", "direction": direction}]
        for limit, offset in ((None, None), (1000, None), (1, None), (600, 3 if way == "forwards" else None)):
            variables = {"filter": chosen, "bytes": limit, "offset": offset}
            pages = await all_pages(client, way, order=walked, **variables)
            assert pages == await all_pages(client, way, order=sorted_too, **variables)
            for nodes, _, _ in pages:
                assert len(nodes) == 1 or sum(node["storageSizeBytes"] for node in nodes) <= (limit or 1 << 23)
            ids = [node["callId"] for nodes, _, _ in (pages if way == "forwards" else pages[::-1]) for node in nodes]
            all_ids = [f"c{number:02}" for number in range(len(SIZES)) if chosen != {"traceIds": ["t1"]} or number % 2]
            expected = all_ids if direction == "ASC" else all_ids[::-1]
            expected = expected[offset or 0 :]
            assert ids == expected


async def test_what_shows_no_payloads_is_not_cut(client: httpx.AsyncClient) -> None:
    await record(client)
    for field in ("latencyMs", "startedAt"):
        asked = f"""{{ project(slug: "team/app") {{ calls(first: 20, maxBytes: 1, orderBy: [{{field: "{field}"}}]) {{
          pageInfo {{ hasNextPage }} nodes {{ callId exception wbRunId }} }} }} }}"""
        page = (await client.post("/graphql", json={"query": asked})).json()["data"]["project"]["calls"]
        nodes = [{"callId": f"c{number:02}", "exception": None, "wbRunId": None} for number in range(len(SIZES))]
        assert page == {"pageInfo": {"hasNextPage": False}, "nodes": nodes}


async def test_between_two_cursors(client: httpx.AsyncClient) -> None:
    await record(client)

    async def page(order: list[dict[str, str]], **variables: Any) -> Any:
        answer = (
            await client.post("/graphql", json={"query": PAGES, "variables": {"order": order, **variables}})
        ).json()
        return answer["data"]["project"]["calls"]

    for direction in ("ASC", "DESC"):
        walked = [{"field": "startedAt", "direction": direction}]
        sorted_too = [*walked, {"field": "callId", "direction": direction}]
        ids = [f"c{number:02}" for number in range(len(SIZES))][:: 1 if direction == "ASC" else -1]
        for order in (walked, sorted_too):
            after = (await page(order, first=3))["pageInfo"]["endCursor"]
            before = (await page(order, last=2))["pageInfo"]["startCursor"]
            for way in ("first", "last"):
                found = await page(order, after=after, before=before, **{way: 20})
                assert [node["callId"] for node in found["nodes"]] == ids[3:-2]
    after = (await page([{"field": "callId", "direction": "ASC"}], first=3))["pageInfo"]["endCursor"]
    newest = [{"field": "startedAt", "direction": "DESC"}]
    wrong = {"query": PAGES, "variables": {"order": newest, "first": 1, "after": after}}
    (error,) = (await client.post("/graphql", json=wrong)).json()["errors"]
    assert "belongs to another order" in error["message"]
