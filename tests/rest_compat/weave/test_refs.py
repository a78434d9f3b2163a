"""Refs over REST: values whole and at places, in the order asked."""

from typing import Any

import httpx
import pytest

PROJECT = "team/app"


async def read(client: httpx.AsyncClient, *refs: str, status: int = 200) -> Any:
    response = await client.post("/refs/read_batch", json={"refs": list(refs)})
    assert response.status_code == status, response.text
    return response.json()


async def publish(client: httpx.AsyncClient, name: str, value: Any) -> str:
    body = {"obj": {"project_id": PROJECT, "object_id": name, "val": value}}
    digest = (await client.post("/obj/create", json=body)).json()["digest"]
    return f"weave:///{PROJECT}/object/{name}:{digest}"


async def test_values_come_in_the_order_asked(client: httpx.AsyncClient) -> None:
    one = await publish(client, "one", {"k": {"z": [1, {"y": 2}]}, "a b/c": True})
    two = await publish(client, "two", [10, 20])
    values = await read(
        client, two, f"{one}/key/k/key/z/index/1/attr/y", f"{one}/attr/a%20b%2Fc", two, f"{two}/index/0", one
    )
    assert values == {"vals": [[10, 20], 2, True, [10, 20], 10, {"k": {"z": [1, {"y": 2}]}, "a b/c": True}]}
    assert await read(client) == {"vals": []}


async def test_a_path_leads_through_tables_and_other_objects(client: httpx.AsyncClient) -> None:
    rows = [{"n": number, "deep": {"x": number * 2}} for number in range(5)]
    table = (await client.post("/table/create", json={"table": {"project_id": PROJECT, "rows": rows}})).json()
    inner = await publish(client, "inner", {"v": "found"})
    dataset = await publish(client, "dataset", {"rows": f"weave:///{PROJECT}/table/{table['digest']}", "model": inner})
    row = table["row_digests"][3]
    values = await read(
        client,
        f"{dataset}/attr/rows/id/{row}",
        f"{dataset}/attr/rows/id/{row}/key/deep/key/x",
        f"{dataset}/attr/rows/index/4/key/n",
        f"{dataset}/attr/model/attr/v",
    )
    assert values == {"vals": [rows[3], 6, 4, "found"]}


async def test_a_deleted_object_is_null_and_a_missing_one_fails_the_batch(client: httpx.AsyncClient) -> None:
    kept, gone = await publish(client, "kept", 1), await publish(client, "gone", 2)
    await client.post("/obj/delete", json={"project_id": PROJECT, "object_id": "gone"})
    assert await read(client, gone, kept) == {"vals": [None, 1]}
    missing = f"weave:///{PROJECT}/object/nope:abc"
    assert missing in (await read(client, kept, missing, status=404))["reason"]
    assert f"{kept}/key/x" in (await read(client, f"{kept}/key/x", status=404))["reason"]


@pytest.mark.parametrize(
    "ref",
    [
        "bogus",
        "weave:///team/app",
        "weave:///team/app/object/name",
        "weave:///team/app/object/name:digest/key",
        "weave:///team/app/object/name:digest/bad/k",
        "weave:///team/app/object/name:digest/index/x",
        "weave:///team/app/thing/name:digest",
        "weave-trace-internal:///x/object/a:b",
        "weave:///team/app/call/c1",
        "weave:///team/app/table/d",
    ],
)
async def test_a_ref_that_cannot_be_read_is_named(client: httpx.AsyncClient, ref: str) -> None:
    assert repr(ref) in (await read(client, ref, status=400))["reason"]


async def test_calls_are_found_by_what_they_hold(client: httpx.AsyncClient) -> None:
    model = await publish(client, "model", {"a": 1})
    start = {"project_id": PROJECT, "op_name": "op", "started_at": "2026-01-01T00:00:00Z", "attributes": {}}
    inputs = {"a": {"m": model}, "b": {"list": [f"{model}/attr/a"]}, "c": {"m": "weave:///team/app/object/other:x"}}
    batch = [
        {"mode": "start", "req": {"start": {**start, "id": call_id, "inputs": value}}}
        for call_id, value in inputs.items()
    ]
    end = {"project_id": PROJECT, "id": "c", "ended_at": "2026-01-01T00:00:01Z", "summary": {}, "output": [model]}
    await client.post("/call/upsert_batch", json={"batch": [*batch, {"mode": "end", "req": {"end": end}}]})

    async def count(**chosen: list[str]) -> int:
        answer = await client.post("/calls/query_stats", json={"project_id": PROJECT, "filter": chosen})
        found: int = answer.json()["count"]
        return found

    assert await count(input_refs=[model]) == 2
    assert await count(input_refs=[f"{model}/attr/a"]) == 1
    assert await count(input_refs=["weave:///team/app/object/model:*"]) == 2
    assert await count(input_refs=["weave:///team/app/object/mod:*"]) == 0
    assert await count(output_refs=[model]) == 1
    assert await count(output_refs=[model], input_refs=[model]) == 0
