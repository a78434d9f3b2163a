"""What a start says of its session and of its kind."""

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
