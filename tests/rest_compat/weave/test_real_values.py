"""What tools really put out: it comes back as it was sent, costs no other call, and can be filtered around and for."""

import json
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import running_app

PROJECT = "team/app"

# JSON text of an input, and what a reader gets; the same text where it is left out.
VALUES: dict[str, tuple[str, Any]] = {
    "nul": (r'"a\u0000b"', "a\x00b"),
    "high surrogate": (r'"\ud800"', "\ud800"),
    "low surrogate": (r'"x\udfffy"', "x\udfffy"),
    "escaped pair": (r'"\ud83d\ude00"', "\U0001f600"),
    "backslash before u0000": (r'"\\u0000"', "\\u0000"),
    "nul beside a long integer": (
        r'["\u0000",123456789012345678901234567890]',
        ["\x00", 123456789012345678901234567890],
    ),
    "NaN": ("NaN", "NaN"),
    "infinities": ("[Infinity,-Infinity]", ["Infinity", "-Infinity"]),
    "a text that says NaN": ('"NaN, Infinity"', "NaN, Infinity"),
    "whole float": ("1.0", 1.0),
    "beyond a double": ("[1e999,-1e999]", [float("inf"), float("-inf")]),
    "far beyond a double": ("1e200000", float("inf")),
    "very small": ("1e-20000", 0.0),
    "64 bits": ("[9223372036854775807,18446744073709551616]", [2**63 - 1, 2**64]),
    "keys with dots and none": ('{"a.b":1,"":2," ":3}', {"a.b": 1, "": 2, " ": 3}),
    "nul in a key": (r'{"\u0000":1}', {"\x00": 1}),
    "emoji": ('"👩‍👩‍👧‍👦🏽"', "👩‍👩‍👧‍👦🏽"),
    "right to left": ('"שלום العالم"', "שלום العالم"),
    "a private character": ('"\U0010f000\U0010f800"', "\U0010f000\U0010f800"),
    "nested": ("[" * 100 + "]" * 100, None),
    "line breaks": ('{\n  "a": [1,\r\n 2]\n}', {"a": [1, 2]}),
    "quotes and backslashes": (r'"\"\\\/\b\f\n\r\t"', '"\\/\b\f\n\r\t'),
}


def start(call_id: str, value: str, **fields: str) -> str:
    members = {"exception": None, **fields}
    written = {
        "project_id": json.dumps(PROJECT),
        "id": json.dumps(call_id),
        "trace_id": json.dumps(call_id),
        "op_name": members.get("op_name") or '"op"',
        "started_at": '"2026-01-01T00:00:00Z"',
        "attributes": f'{{"v":{value}}}',
        "inputs": f'{{"v":{value},"n":1}}',
    }
    return "{" + ",".join(f'"{name}":{text}' for name, text in written.items()) + "}"


def batch_of(starts: list[str]) -> bytes:
    items = ",".join(f'{{"mode":"start","req":{{"start":{text}}}}}' for text in starts)
    return f'{{"batch":[{items}]}}'.encode()


async def read_all(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    response = await client.post("/calls/stream_query", json={"project_id": PROJECT, **query})
    assert response.status_code == 200, response.text
    return {call["id"]: call for call in map(json.loads, response.text.splitlines())}


async def test_values_come_back_as_they_were_sent(client: httpx.AsyncClient) -> None:
    starts = [start(name, text) for name, (text, _) in VALUES.items()]
    response = await client.post("/call/upsert_batch", content=batch_of(starts))
    assert response.status_code == 200, response.text
    calls = await read_all(client)
    assert calls.keys() == VALUES.keys()
    for name, (text, expected) in VALUES.items():
        wanted = json.loads(text) if expected is None else expected
        assert calls[name]["inputs"] == {"v": wanted, "n": 1}, name
        assert calls[name]["attributes"] == {"v": wanted}, name


async def test_an_integer_of_5000_digits_comes_back(client: httpx.AsyncClient) -> None:
    response = await client.post("/call/upsert_batch", content=batch_of([start("long", "9" * 5000)]))
    assert response.status_code == 200
    read = await client.post("/call/read", json={"project_id": PROJECT, "id": "long"})
    assert f'"v":{"9" * 5000},' in read.text


async def test_they_can_be_filtered_around_and_for(client: httpx.AsyncClient) -> None:
    starts = [start(name, text) for name, (text, _) in VALUES.items()]
    await client.post("/call/upsert_batch", content=batch_of(starts))
    one = {"$expr": {"$eq": [{"$getField": "inputs.n"}, {"$literal": 1}]}}
    assert (await read_all(client, query=one)).keys() == VALUES.keys()
    assert len(await read_all(client, sort_by=[{"field": "inputs.v", "direction": "desc"}])) == len(VALUES)
    found = {"nul": "a\x00b", "emoji": "👩‍👩‍👧‍👦🏽", "right to left": "שלום العالم"}
    for name, value in found.items():
        equal = {"$expr": {"$eq": [{"$getField": "inputs.v"}, {"$literal": value}]}}
        assert list(await read_all(client, query=equal)) == [name]
    part = {"$contains": {"input": {"$getField": "inputs.v"}, "substr": {"$literal": "a\x00"}}}
    assert list(await read_all(client, query={"$expr": part})) == ["nul"]


@pytest.mark.parametrize("text", ["tool failed: \x00\x01", "bytes \udc80 undecodable", "plain"])
async def test_names_and_exceptions_hold_any_text(client: httpx.AsyncClient, text: str) -> None:
    escaped = json.dumps(text)
    response = await client.post("/call/start", content=f'{{"start":{start("c", "1", op_name=escaped)}}}')
    assert response.status_code == 200, response.text
    end = {"project_id": PROJECT, "id": "c", "ended_at": "2026-01-01T00:00:01Z", "summary": {}, "exception": text}
    assert (await client.post("/call/end", content=json.dumps({"end": end}))).status_code == 200
    call = (await read_all(client))["c"]
    assert (call["op_name"], call["exception"]) == (text, text)
    equal = {"$expr": {"$eq": [{"$getField": "exception"}, {"$literal": text}]}}
    response = await client.post("/calls/stream_query", content=json.dumps({"project_id": PROJECT, "query": equal}))
    assert [json.loads(line)["id"] for line in response.text.splitlines()] == ["c"]


async def test_graphql_takes_and_gives_the_same(client: httpx.AsyncClient) -> None:
    document = """mutation($v: JSON) {
        callStart(input: {project: "team/app", opName: "o", startedAt: "2026-01-01", callId: "g", inputs: $v}) {
            call { inputs }
            userErrors { message }
        }
    }"""
    value = '{"s":"\\u0000\\ud800","f":1.0,"i":123456789012345678901234567890,"n":NaN}'
    body = f'{{"query":{json.dumps(document)},"variables":{{"v":{value}}}}}'
    response = await client.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 200, response.text
    payload = response.json()["data"]["callStart"]
    assert payload["userErrors"] == []
    assert payload["call"]["inputs"] == {"s": "\x00\ud800", "f": 1.0, "i": 123456789012345678901234567890, "n": "NaN"}


INDEXES = [
    # An index on one path, over a bounded prefix, as long texts do not fit into one; and one over whole payloads.
    "CREATE INDEX ON calls (project_id, left(coalesce(inputs_query, inputs)::jsonb #>> '{v}', 200))",
    "CREATE INDEX ON calls USING gin ((coalesce(attributes_query, attributes)::jsonb) jsonb_path_ops)",
]


async def test_no_value_fails_with_json_indexes_present(postgres_url: str) -> None:
    async with running_app(postgres_url) as client:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            for statement in INDEXES:
                connection.execute(statement)
        values = [text for text, _ in VALUES.values()] + ["9" * 5000, f'"{"long " * 100_000}"', f"1.{'1' * 20_000}"]
        starts = [start(f"call-{number:02}", text) for number, text in enumerate(values)]
        assert (await client.post("/call/upsert_batch", content=batch_of(starts))).status_code == 200
        assert len(await read_all(client)) == len(values)
        one = {"$expr": {"$eq": [{"$getField": "inputs.n"}, {"$literal": 1}]}}
        assert len(await read_all(client, query=one)) == len(values)
        found = {"$expr": {"$eq": [{"$getField": "attributes.v"}, {"$literal": "a\x00b"}]}}
        assert list(await read_all(client, query=found)) == ["call-00"]
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("REINDEX TABLE calls")
