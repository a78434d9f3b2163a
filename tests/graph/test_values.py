"""What is inside payloads, values and rows, asked for by paths."""

import json
from typing import Any

import httpx
import pytest

PROJECT = "team/app"
LONG = 123456789012345678901234567890


async def answer(client: httpx.AsyncClient, document: str, **variables: Any) -> dict[str, Any]:
    response = await client.post("/graphql", json={"query": document, "variables": variables})
    found: dict[str, Any] = response.json()
    return found


async def record(client: httpx.AsyncClient, call_id: str, inputs: str, **end: Any) -> None:
    """A call with inputs of exactly this text."""
    start = {"project_id": PROJECT, "id": call_id, "trace_id": "t", "op_name": "op", "attributes": {"who": "me"}}
    start |= {"started_at": "2026-01-01T00:00:00Z", "inputs": "INPUTS"}
    body = json.dumps({"start": start}).replace('"INPUTS"', inputs)
    assert (await client.post("/call/start", content=body)).status_code == 200
    if end:
        ended = {"project_id": PROJECT, "id": call_id, "ended_at": "2026-01-01T00:00:01Z", "summary": {}, **end}
        assert (await client.post("/call/end", json={"end": ended})).status_code == 200


async def test_a_call_gives_values_and_previews(client: httpx.AsyncClient) -> None:
    inputs = (
        r'{"a.b": {"c[0]": [1.0, 1e2, LONG]}, "text": "one\u0000two \ud83d\ude00 \ud800 end", "null": null}'.replace(
            "LONG", str(LONG)
        )
    )
    await record(client, "c", inputs, output={"text": "x" * 300})
    document = r"""{ project(slug: "team/app") { call(callId: "c") {
        one: value(path: "inputs.a\\.b.c[0].0") list: value(path: "inputs.a\\.b.c[0]") text: value(path: "inputs.text")
        null: value(path: "inputs.null") missing: value(path: "inputs.x.0.y") who: value(path: "attributes.who")
        whole: value(path: "summary")
        begins: preview(path: "inputs.text", length: 13) { text length sizeBytes isTruncated }
        all: preview(path: "inputs.text") { text length isTruncated }
        object: preview(path: "inputs.a\\.b", length: 12) { text length sizeBytes isTruncated }
        output: preview(path: "output") { text length sizeBytes isTruncated }
        nothing: preview(path: "inputs.null") { text }
        sizes { inputs output attributes summary }
    } } }"""
    call = (await answer(client, document))["data"]["project"]["call"]
    text = "one\0two 😀 \ud800 end"
    compact = '{"c[0]":[1.0,1e2,LONG]}'.replace("LONG", str(LONG))
    assert call.pop("sizes") == {"inputs": len(inputs), "output": 311, "attributes": 13, "summary": 2}
    assert call == {
        "one": 1.0,
        "list": [1.0, 100.0, LONG],
        "text": text,
        "null": None,
        "missing": None,
        "who": "me",
        "whole": {},
        "begins": {
            "text": text[:13],
            "length": len(text),
            "sizeBytes": len(r'"one\u0000two \ud83d\ude00 \ud800 end"'),
            "isTruncated": True,
        },
        "all": {"text": text, "length": len(text), "isTruncated": False},
        "object": {"text": compact[:12], "length": len(compact), "sizeBytes": len(compact), "isTruncated": True},
        "output": {"text": ('{"text":"' + "x" * 300)[:200], "length": 311, "sizeBytes": 311, "isTruncated": True},
        "nothing": None,
    }


async def test_objects_and_rows_give_them_too(client: httpx.AsyncClient) -> None:
    value = {"prompt": {"messages": [{"content": "Grüße"}]}, "": 0, "n": 1}
    created = await client.post("/obj/create", json={"obj": {"project_id": PROJECT, "object_id": "m", "val": value}})
    assert created.status_code == 200
    rows = [{"q": {"text": "why?"}}, {"q": None}]
    made = await client.post("/table/create", json={"table": {"project_id": PROJECT, "rows": rows}})
    document = """query($table: String!) { project(slug: "team/app") {
        objectVersion(objectId: "m") { valueAt(path: "prompt.messages.0.content") empty: valueAt(path: "")
            preview(length: 10) { text length sizeBytes }
            inside: preview(path: "prompt.messages.0.content") { text length } }
        table(digest: $table) { rows { nodes { valueAt(path: "q.text") preview { text isTruncated } } } } } }"""
    project = (await answer(client, document, table=made.json()["digest"]))["data"]["project"]
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert project["objectVersion"] == {
        "valueAt": "Grüße",
        "empty": 0,
        "preview": {"text": text[:10], "length": len(text), "sizeBytes": len(text.encode())},
        "inside": {"text": "Grüße", "length": 5},
    }
    assert project["table"]["rows"]["nodes"] == [
        {"valueAt": "why?", "preview": {"text": '{"q":{"text":"why?"}}', "isTruncated": False}},
        {"valueAt": None, "preview": {"text": '{"q":null}', "isTruncated": False}},
    ]


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ('value(path: "input.x")', "unknown field 'input.x'; did you mean 'inputs'?"),
        ('value(path: "")', "unknown field ''; known are attributes, inputs, output, summary"),
        (
            'preview(path: "started_at") { text }',
            "unknown field 'started_at'; known are attributes, inputs, output, summary",
        ),
        ('preview(path: "output", length: 0) { text }', "length must be from 1 to 10000, not 0"),
        (
            f'value(path: "inputs{".a" * 100}")',
            f"the path '{('inputs' + '.a' * 100)[:100]}...' has more than 100 parts",
        ),
    ],
)
async def test_a_bad_path_is_named(client: httpx.AsyncClient, field: str, message: str) -> None:
    await record(client, "c", "{}")
    found = await answer(client, f'{{ project(slug: "team/app") {{ call(callId: "c") {{ {field} }} }} }}')
    assert [error["message"] for error in found["errors"]] == [message]
    assert found["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_a_huge_value_is_given_whole_or_in_part(client: httpx.AsyncClient) -> None:
    text = "prompt é " * 2_000_000
    await record(client, "c", json.dumps({"text": text, "n": [1] * 1_000_000}, ensure_ascii=False))
    document = """{ project(slug: "team/app") { calls { nodes {
        preview(path: "inputs.text", length: 6) { text length sizeBytes }
        all: preview(path: "inputs", length: 9) { text }
        value(path: "inputs.n.999999") } } } }"""
    (call,) = (await answer(client, document))["data"]["project"]["calls"]["nodes"]
    assert call == {
        "preview": {"text": "prompt", "length": len(text), "sizeBytes": len(text.encode()) + 2},
        "all": {"text": '{"text":"'},
        "value": 1,
    }
    whole = await answer(client, '{ project(slug: "team/app") { call(callId: "c") { value(path: "inputs.text") } } }')
    assert whole["data"]["project"]["call"]["value"] == text


async def test_what_would_not_fit_into_memory_is_refused_node_by_node(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.picks.MOST_BYTES", 10_000)
    for number in range(3):
        await record(client, f"c{number}", json.dumps({"text": "x" * 4_000}))
    document = '{ project(slug: "team/app") { calls { nodes { value(path: "inputs.text") } } } }'
    found = await answer(client, document)
    nodes = found["data"]["project"]["calls"]["nodes"]
    assert [node["value"] and len(node["value"]) for node in nodes] == [4_000, 4_000, None]
    (error,) = found["errors"]
    assert error["path"] == ["project", "calls", "nodes", 2, "value"]
    assert error["extensions"]["code"] == "TOO_LARGE"
