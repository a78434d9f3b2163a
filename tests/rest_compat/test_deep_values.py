"""Values nested as deep as is taken, with what the databases cannot read inside: kept as sent, others beside them."""

import json

import httpx
import pytest

from db.json_text import MAX_DEPTH

PROJECT = "team/app"
LEVELS = (254, 255, 498, MAX_DEPTH)
UNREADABLE = (r'"\u0000"', r'"\ud83d"', "1e400")
REF = r'"weave:\/\/\/team\/app\/object\/other:digest"'
"""With escaped slashes, for which the whole value is looked through."""

every_depth = pytest.mark.parametrize("levels", LEVELS)
every_leaf = pytest.mark.parametrize("leaf", [*UNREADABLE, REF])


def nested(leaf: str, levels: int) -> str:
    """Objects and lists in turn inside each other, as many levels as are asked for."""
    opened = "".join('{"a":' if level % 2 == 0 else "[" for level in range(levels))
    closed = "".join("}" if level % 2 == 0 else "]" for level in reversed(range(levels)))
    return opened + leaf + closed


async def said(client: httpx.AsyncClient, path: str, body: str) -> str:
    answer = await client.post(path, content=body.encode())
    assert answer.status_code == 200, answer.text
    return answer.text


async def lines(client: httpx.AsyncClient, **query: object) -> list[str]:
    return (await said(client, "/calls/stream_query", json.dumps({"project_id": PROJECT, **query}))).splitlines()


def start(call_id: str, inputs: str) -> str:
    return (
        f'{{"mode":"start","req":{{"start":{{"project_id":"{PROJECT}","id":"{call_id}","trace_id":"t","op_name":"op",'
        f'"started_at":"2026-01-01T00:00:00Z","attributes":{{}},"inputs":{inputs}}}}}}}'
    )


@every_leaf
@every_depth
async def test_a_call_beside_others(client: httpx.AsyncClient, levels: int, leaf: str) -> None:
    deep = nested(leaf, min(levels, MAX_DEPTH - 5))  # the batch, its list, an item, the request, the call
    starts = [start("c1", '{"n":1}'), start("c2", deep), start("c3", '{"n":1}')]
    await said(client, "/call/upsert_batch", f'{{"batch":[{",".join(starts)}]}}')
    ended = f'"project_id":"{PROJECT}","id":"c2","ended_at":"2026-01-01T00:00:01Z","output":{deep},"summary":{{}}'
    await said(client, "/call/end", f'{{"end":{{{ended}}}}}')

    found = await lines(client)
    assert [json.loads(line)["id"] for line in found] == ["c1", "c2", "c3"]
    assert f'"inputs":{deep}' in found[1]
    assert f'"output":{deep}' in found[1]
    number = {"$eq": [{"$getField": "inputs.n"}, {"$literal": 1}]}
    assert [json.loads(line)["id"] for line in await lines(client, query={"$expr": number})] == ["c1", "c3"]
    written = {"$eq": [{"$getField": "inputs.a.0.a.0.missing"}, {"$literal": None}]}
    assert len(await lines(client, query={"$expr": written})) == 3


@every_leaf
@every_depth
async def test_an_object_and_a_row(client: httpx.AsyncClient, levels: int, leaf: str) -> None:
    deep = nested(leaf, min(levels, MAX_DEPTH - 3))  # the body, the table, its rows
    made = await said(client, "/obj/create", f'{{"obj":{{"project_id":"{PROJECT}","object_id":"deep","val":{deep}}}}}')
    digest = json.loads(made)["digest"]
    read = {"project_id": PROJECT, "object_id": "deep", "digest": digest}
    assert f'"val":{deep}' in await said(client, "/obj/read", json.dumps(read))

    rows = f'{{"table":{{"project_id":"{PROJECT}","rows":[{{"n":1}},{deep}]}}}}'
    table = json.loads(await said(client, "/table/create", rows))["digest"]
    answer = await said(client, "/table/query", json.dumps({"project_id": PROJECT, "digest": table}))
    assert f'"val":{deep}' in answer
    assert '"val":{"n":1}' in answer


@pytest.mark.parametrize("leaf", UNREADABLE)
@pytest.mark.parametrize("levels", [252, 253, 300])
async def test_a_span_beside_others(client: httpx.AsyncClient, levels: int, leaf: str) -> None:
    value = f'{{"doubleValue":{leaf}}}' if leaf == "1e400" else f'{{"stringValue":{leaf}}}'
    for _ in range(levels):
        value = f'{{"arrayValue":{{"values":[{value}]}}}}'
    spans = [
        f'{{"traceId":"{"1" * 32}","spanId":"{number:016x}","name":"s","startTimeUnixNano":"1770000000000000000",'
        f'"endTimeUnixNano":"1770000001000000000","attributes":[{attributes}]}}'
        for number, attributes in ((1, ""), (2, f'{{"key":"deep","value":{value}}}'))
    ]
    answer = await client.post(
        "/v1/traces",
        content=f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{",".join(spans)}]}}]}}]}}'.encode(),
        headers={"content-type": "application/json", "project_id": PROJECT},
    )
    assert answer.json() == {"partial_success": None}
    plain, deep = await lines(client)
    assert json.loads(plain)["id"] == f"{1:016x}"
    kept = '"Infinity"' if leaf == "1e400" else leaf
    assert f'"deep":{"[" * levels}{kept}{"]" * levels}' in deep


@every_leaf
async def test_what_is_too_deep_is_refused_before_anything_is_written(client: httpx.AsyncClient, leaf: str) -> None:
    starts = [start("c1", "{}"), start("c2", nested(leaf, MAX_DEPTH - 4))]
    answer = await client.post("/call/upsert_batch", content=f'{{"batch":[{",".join(starts)}]}}'.encode())
    assert answer.status_code == 422
    assert "nested 513 levels deep, at most 512 are taken" in answer.text
    assert await lines(client) == []
