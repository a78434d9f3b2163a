"""What a start says of its session and of its kind."""

import json
from typing import Any

import httpx

from tests.graph.recording import ask, ask_project

RECORD = """mutation($start: CallStartInput!, $whole: CallCompleteInput!) {
    callStart(input: $start) { call { sessionId kind session { callCount } } userErrors { message } }
    callsUpsert(input: { items: [{ complete: $whole }] }) {
        results { call { sessionId kind } userErrors { field message } } } }"""


async def test_the_session_and_the_kind_of_a_start(client: httpx.AsyncClient) -> None:
    base = {"project": "team/app", "opName": "step", "startedAt": "2026-01-01T00:00:00Z"}
    attributes = {"weave": {"kind": "tool"}}
    start = {**base, "callId": "a", "sessionId": "s \U0001f600", "kind": "LLM", "attributes": attributes}
    whole = {**base, "callId": "b", "sessionId": "s \U0001f600", "endedAt": "2026-01-01T00:00:01Z"}
    data = await ask(client, RECORD, start=start, whole={**whole, "attributes": attributes})
    assert data["callStart"]["userErrors"] == []
    assert data["callStart"]["call"] == {"sessionId": "s \U0001f600", "kind": "LLM", "session": {"callCount": 1}}
    (result,) = data["callsUpsert"]["results"]
    assert result == {"call": {"sessionId": "s \U0001f600", "kind": "TOOL"}, "userErrors": []}
    project = await ask_project(
        client,
        """sessions { nodes { sessionId callCount calls(filter: { kinds: [LLM] }) { nodes { callId } } } }""",
    )
    assert project["sessions"]["nodes"] == [
        {"sessionId": "s \U0001f600", "callCount": 2, "calls": {"nodes": [{"callId": "a"}]}}
    ]


async def test_a_session_that_is_none_and_one_that_cannot_be(client: httpx.AsyncClient) -> None:
    base = {"project": "team/app", "opName": "step", "startedAt": "2026-01-01T00:00:00Z"}
    whole = {**base, "callId": "b", "endedAt": "2026-01-01T00:00:01Z", "sessionId": "x" * 513}
    data = await ask(client, RECORD, start={**base, "callId": "a", "sessionId": ""}, whole=whole)
    assert data["callStart"]["call"] == {"sessionId": None, "kind": None, "session": None}
    (result,) = data["callsUpsert"]["results"]
    assert result["call"] is None
    (error,) = result["userErrors"]
    assert error["message"].startswith("session_id is too long: 513 characters, at most 512")


async def test_json_is_nested_as_deep_as_rest_takes_it(client: httpx.AsyncClient) -> None:
    document = "mutation ($start: CallStartInput!) { callStart(input: $start) { call { inputs } } }"

    async def start(levels: int, inner: str) -> Any:
        deep = '{"a": [' * (levels // 2) + inner + "]}" * (levels // 2)
        variables = (
            '{"start": {"project": "team/app", "opName": "deep", "startedAt": "2026-01-01T00:00:00Z", "inputs": %s}}'
        )
        content = f'{{"query": "{document}", "variables": {variables % deep}}}'
        answer = await client.post("/graphql", content=content, headers={"content-type": "application/json"})
        return answer.json(), json.loads(deep)

    answer, sent = await start(512, "1")
    assert answer["data"]["callStart"]["call"] == {"inputs": sent}
    answer, _ = await start(512, "{}")
    assert "data" not in answer
    assert "JSON may be nested 512 levels deep, not more." in answer["errors"][0]["message"]
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
