import json
from typing import Any

import httpx
import pytest

PROJECT = "team/exceptions"
WEAVE = {"type": "ValueError", "message": "no such city", "traceback": [{"filename": "/app/a.py", "line_number": 7}]}
TRACEBACK = """Traceback (most recent call last):
  File "/app/a.py", line 7, in find
    raise NoSuchCity(name)
app.errors.NoSuchCityError: Ys: nowhere
"""
CASES = {
    "as Weave's SDKs say it": (json.dumps(WEAVE), "ValueError", "no such city"),
    "JSON without a type": ('{"message": "broken"}', None, "broken"),
    "JSON with a type that is none": ('{"type": 7, "message": "broken"}', None, "broken"),
    "JSON without a message": ('{"type": "ValueError"}', None, '{"type": "ValueError"}'),
    "no JSON, although it begins so": ("{broken", None, "{broken"),
    "JSON too deep to read": ("{" + '"a":{' * 20_000, None, "{" + '"a":{' * 20_000),
    "type and message": ("TimeoutError: no answer\nin 5 s", "TimeoutError", "no answer\nin 5 s"),
    "a type alone": ("KeyboardInterrupt", "KeyboardInterrupt", ""),
    "a type with its module": ("httpx.ReadTimeout: https://a.example", "httpx.ReadTimeout", "https://a.example"),
    "a traceback": (TRACEBACK, "app.errors.NoSuchCityError", "Ys: nowhere"),
    "a traceback cut short": (TRACEBACK[:60], None, TRACEBACK[:60]),
    "an address is no type": ("https://a.example: 404", None, "https://a.example: 404"),
    "any text": (
        "außer Betrieb \ud83d\udeab".encode("utf-16", "surrogatepass").decode("utf-16"),
        None,
        "außer Betrieb 🚫",
    ),
}


async def record(client: httpx.AsyncClient, exceptions: list[str | None]) -> None:
    batch: list[Any] = []
    for number, exception in enumerate(exceptions):
        start = {"project_id": PROJECT, "id": f"c{number}", "op_name": "op", "trace_id": "t", "inputs": {}}
        batch.append(
            {"mode": "start", "req": {"start": {**start, "attributes": {}, "started_at": "2026-11-20T12:00Z"}}}
        )
        end: dict[str, Any] = {
            "project_id": PROJECT,
            "id": f"c{number}",
            "ended_at": "2026-11-20T12:01Z",
            "summary": {},
            "output": None,
        }
        batch.append({"mode": "end", "req": {"end": {**end, "exception": exception}}})
    response = await client.post("/call/upsert_batch", json={"batch": batch})
    assert response.status_code == 200, response.text


async def read(client: httpx.AsyncClient, fields: str) -> list[Any]:
    query = f'{{ project(slug: "{PROJECT}") {{ calls(orderBy: {{field: "callId"}}) {{ nodes {{ {fields} }} }} }} }}'
    body = (await client.post("/graphql", json={"query": query})).json()
    assert "errors" not in body, body
    nodes: list[Any] = body["data"]["project"]["calls"]["nodes"]
    return nodes


@pytest.mark.parametrize("case", CASES)
async def test_type_and_message_of_an_exception(client: httpx.AsyncClient, case: str) -> None:
    text, kind, message = CASES[case]
    await record(client, [text])
    assert await read(client, "exception exceptionType exceptionMessage") == [
        {"exception": text, "exceptionType": kind, "exceptionMessage": message}
    ]
    assert await read(client, "exceptionType") == [{"exceptionType": kind}]


async def test_a_call_that_ended_well_has_neither(client: httpx.AsyncClient) -> None:
    await record(client, [None])
    assert await read(client, "exceptionType exceptionMessage") == [{"exceptionType": None, "exceptionMessage": None}]


LIST = """query List($filter: CallFilterInput, $query: QueryExprInput, $orderBy: [SortByInput!]) {
  project(slug: "team/exceptions") {
    calls(filter: $filter, query: $query, orderBy: $orderBy) { nodes { callId } } } }"""


async def found(client: httpx.AsyncClient, **variables: Any) -> str:
    body = (await client.post("/graphql", json={"query": LIST, "variables": variables})).json()
    assert "errors" not in body, body
    return "".join(node["callId"][1:] for node in body["data"]["project"]["calls"]["nodes"])


async def test_calls_are_found_ordered_and_counted_by_it(client: httpx.AsyncClient) -> None:
    await record(client, [json.dumps(WEAVE), None, "TimeoutError: no answer", "no such city", TRACEBACK])
    assert await found(client, filter={"exceptionTypes": ["ValueError", "TimeoutError"]}) == "02"
    assert await found(client, filter={"exceptionTypes": ["Value"]}) == ""
    of_type = {"eq": [{"getField": "exceptionType"}, {"literal": {"value": "TimeoutError"}}]}
    assert await found(client, query=of_type) == "2"
    without = {"eq": [{"getField": "exceptionType"}, {"literal": {"value": None}}]}
    assert await found(client, query=without) == "13"
    message = {"in": {"input": {"getField": "exceptionMessage"}, "values": [{"literal": {"value": "no such city"}}]}}
    assert await found(client, query=message) == "03"
    assert await found(client, orderBy=[{"field": "exceptionType"}, {"field": "callId"}]) == "20413"
    assert (
        await found(client, orderBy=[{"field": "exceptionMessage", "direction": "DESC"}, {"field": "callId"}])
        == "03241"
    )
    facet = (
        f'{{ project(slug: "{PROJECT}") {{ facets(fields: "exceptionType") {{ values {{ value count }} missing }} }} }}'
    )
    body = (await client.post("/graphql", json={"query": facet})).json()
    assert body["data"]["project"]["facets"] == [
        {
            "values": [
                {"value": "TimeoutError", "count": 1},
                {"value": "ValueError", "count": 1},
                {"value": "app.errors.NoSuchCityError", "count": 1},
            ],
            "missing": 2,
        }
    ]


async def test_the_last_end_counts(client: httpx.AsyncClient) -> None:
    await record(client, ["TimeoutError: no answer"])
    await record(client, [None])
    assert await read(client, "exceptionType exceptionMessage") == [{"exceptionType": None, "exceptionMessage": None}]
    await record(client, ["nothing known"])
    assert await read(client, "exceptionType exceptionMessage") == [
        {"exceptionType": None, "exceptionMessage": "nothing known"}
    ]
