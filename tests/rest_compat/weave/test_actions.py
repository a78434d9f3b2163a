"""Actions over Weave's API: judges by a provider on this machine, and words."""

import json
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse

from tests.fake_provider import FakeProvider, completion

PROJECT = "team/app"
TIME = "2026-01-01T00:00:00Z"
WORDS = {"action_type": "contains_words", "target_words": ["sorry", "é"]}
GRADE = {
    "action_type": "llm_judge",
    "model": "gpt-4o-mini",
    "prompt": "Grade it",
    "response_schema": {"type": "integer"},
}
VERDICT = {
    "action_type": "llm_judge",
    "model": "gpt-4o",
    "prompt": "Judge it",
    "response_schema": {"type": "object", "properties": {"good": {"type": "boolean"}}},
}


async def post(client: httpx.AsyncClient, path: str, content: Any, status: int = 200) -> Any:
    response = await client.post(path, json=content)
    assert response.status_code == status, response.text
    return response.json()


async def action(client: httpx.AsyncClient, name: str, config: Any) -> str:
    """Ref of a new action."""
    obj = {
        "project_id": PROJECT,
        "object_id": name,
        "val": {"name": name, "config": config},
        "builtin_object_class": "ActionSpec",
    }
    digest = (await post(client, "/obj/create", {"obj": obj}))["digest"]
    return f"weave:///{PROJECT}/object/{name}:{digest}"


async def call(client: httpx.AsyncClient, call_id: str, output: Any) -> None:
    start = {
        "project_id": PROJECT,
        "id": call_id,
        "trace_id": "t",
        "op_name": "answer",
        "started_at": TIME,
        "attributes": {},
        "inputs": {"q": "why?"},
    }
    end = {"project_id": PROJECT, "id": call_id, "ended_at": TIME, "output": output, "summary": {}}
    batch = [{"mode": "start", "req": {"start": start}}, {"mode": "end", "req": {"end": end}}]
    await post(client, "/call/upsert_batch", {"batch": batch})


def request(ref: str, *call_ids: str) -> dict[str, Any]:
    return {"project_id": PROJECT, "action_ref": ref, "call_ids": list(call_ids)}


async def feedback(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """The feedback by the call that it is on."""
    rows = (await post(client, "/feedback/query", {"project_id": PROJECT}))["result"]
    found = {row["weave_ref"].removeprefix(f"weave:///{PROJECT}/call/"): row for row in rows}
    assert len(found) == len(rows)
    return found


async def completions(client: httpx.AsyncClient) -> list[str]:
    """Refs of the completions that are recorded."""
    content = {"project_id": PROJECT, "filter": {"op_names": ["weave.completions_create"]}}
    response = await client.post("/calls/stream_query", json=content)
    return [f"weave:///{PROJECT}/call/{json.loads(line)['id']}" for line in response.text.splitlines()]


async def test_words_are_looked_for_in_outputs(client: httpx.AsyncClient) -> None:
    ref = await action(client, "polite", WORDS)
    outputs = {"a": "I am sorry", "b": {"text": ["fine"]}, "c": {"deep": [{"text": "café"}]}, "d": None}
    for call_id, output in outputs.items():
        await call(client, call_id, output)
    assert await post(client, "/actions/execute_batch", request(ref, "a", "b", "c", "d", "a")) == {}
    found = await feedback(client)
    assert {call_id: row["payload"] for call_id, row in found.items()} == {
        "a": {"output": True},
        "b": {"output": False},
        "c": {"output": True},
        "d": {"output": False},
    }
    row = found["a"]
    assert (row["feedback_type"], row["runnable_ref"], row["call_ref"], row["wb_user_id"]) == (
        "wandb.runnable.polite",
        ref,
        None,
        "local",
    )


async def test_a_judge_sees_the_call_and_its_verdict_is_feedback(
    provided: httpx.AsyncClient, provider: FakeProvider
) -> None:
    provider.answer = lambda body: completion(body["model"], '{"response": 4}')
    ref = await action(provided, "grade", GRADE)
    await call(provided, "a", {"text": "because"})
    assert await post(provided, "/actions/execute_batch", request(ref, "a")) == {}
    assert provider.requests == [
        {
            "model": "gpt-4o-mini",
            "messages": [
                {"role": "system", "content": "Grade it"},
                {"role": "user", "content": '{"inputs":{"q":"why?"},"output":{"text":"because"}}'},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "response_format",
                    "schema": {
                        "type": "object",
                        "properties": {"response": {"type": "integer"}},
                        "required": ["response"],
                        "additionalProperties": False,
                    },
                },
            },
        }
    ]
    row = (await feedback(provided))["a"]
    assert (row["payload"], row["feedback_type"], row["runnable_ref"]) == (
        {"output": 4},
        "wandb.runnable.grade",
        ref,
    )
    assert [row["call_ref"]] == await completions(provided)


async def test_a_verdict_that_is_an_object_is_kept_whole(provided: httpx.AsyncClient, provider: FakeProvider) -> None:
    provider.answer = lambda body: completion(body["model"], '{"good": true}')
    ref = await action(provided, "verdict", VERDICT)
    await call(provided, "a", 1)
    await post(provided, "/actions/execute_batch", request(ref, "a"))
    assert provider.requests[0]["response_format"]["json_schema"]["schema"] == VERDICT["response_schema"]
    assert (await feedback(provided))["a"]["payload"] == {"output": {"good": True}}


async def test_a_judge_that_says_nothing_gives_null(provided: httpx.AsyncClient, provider: FakeProvider) -> None:
    provider.answer = lambda body: completion(body["model"], None, refusal="no")
    ref = await action(provided, "verdict", VERDICT)
    await call(provided, "a", 1)
    await post(provided, "/actions/execute_batch", request(ref, "a"))
    assert (await feedback(provided))["a"]["payload"] == {"output": None}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (JSONResponse({"error": {"message": "busy"}}, 429), "The provider refused: 429 busy"),
        (completion("m", "four"), "The judge's answer has not the shape that was asked for: 'four'"),
        (
            completion("m", '{"answer": 4}'),
            "The judge's answer has not the shape that was asked for: '{\"answer\": 4}'",
        ),
        ({"choices": []}, 'The provider\'s answer has no choice: {"choices":[]}'),
    ],
)
async def test_a_judge_that_fails_on_one_call_leaves_the_others(
    provided: httpx.AsyncClient, provider: FakeProvider, answer: Any, reason: str
) -> None:
    def answers(body: dict[str, Any]) -> Any:
        return answer if "two" in body["messages"][1]["content"] else completion("m", '{"response": 1}')

    provider.answer = answers
    ref = await action(provided, "grade", GRADE)
    for call_id in ("one", "two", "three"):
        await call(provided, call_id, call_id)
    refused = await post(provided, "/actions/execute_batch", request(ref, "one", "two", "three"), 502)
    assert refused == {"reason": f"Call 'two': {reason}"}
    assert sorted(await feedback(provided)) == ["one", "three"]


async def test_the_graph_answers_call_by_call(provided: httpx.AsyncClient, provider: FakeProvider) -> None:
    provider.answer = lambda body: completion("m", '{"response": 1}' if "one" in body["messages"][1]["content"] else "")
    ref = await action(provided, "grade", GRADE)
    for call_id in ("two", "one"):
        await call(provided, call_id, call_id)
    document = """
      mutation($input: ActionsExecuteInput!) {
        actionsExecute(input: $input) {
          results {
            callId
            output
            feedback { payload feedbackType target { ... on Call { callId } } }
            userErrors { code }
          }
          userErrors { code field }
        }
      }
    """
    variables = {"input": {"project": PROJECT, "actionRef": ref, "callIds": ["two", "one"]}}
    answered = await post(provided, "/graphql", {"query": document, "variables": variables})
    assert answered["data"]["actionsExecute"] == {
        "results": [
            {"callId": "two", "output": None, "feedback": None, "userErrors": [{"code": "PROVIDER_FAILED"}]},
            {
                "callId": "one",
                "output": 1,
                "feedback": {
                    "payload": {"output": 1},
                    "feedbackType": "wandb.runnable.grade",
                    "target": {"callId": "one"},
                },
                "userErrors": [],
            },
        ],
        "userErrors": [{"code": "PROVIDER_FAILED", "field": ["callIds", "0"]}],
    }


async def test_nothing_runs_unless_all_is_there(provided: httpx.AsyncClient, provider: FakeProvider) -> None:
    ref = await action(provided, "grade", GRADE)
    await call(provided, "a", 1)
    other = {"project_id": PROJECT, "object_id": "other", "val": {"x": 1}}
    digest = (await post(provided, "/obj/create", {"obj": other}))["digest"]
    other_ref = f"weave:///{PROJECT}/object/other:{digest}"
    path = "/actions/execute_batch"
    assert await post(provided, path, request(ref, "a", "b", "c"), 404) == {
        "reason": "Calls not found in project 'team/app': 'b', 'c'"
    }
    assert await post(provided, path, request(other_ref, "a"), 400) == {
        "reason": f"{other_ref!r} is no ActionSpec: config: Field required"
    }
    missing = f"weave:///{PROJECT}/object/none:v0"
    assert await post(provided, path, request(missing, "a"), 404) == {
        "reason": "Object none:v0 not found in project 'team/app'"
    }
    foreign = "weave:///team/other/object/grade:v0"
    assert await post(provided, path, request(foreign, "a"), 400) == {
        "reason": f"Action {foreign!r} is not of project 'team/app'"
    }
    a_call = "weave:///team/app/call/a"
    assert await post(provided, path, request(a_call, "a"), 400) == {"reason": f"{a_call!r} is no ref of an object"}
    assert await post(provided, path, request(ref, *["a"] * 1001), 400) == {
        "reason": "Too many calls: 1001, at most 1000"
    }
    assert provider.requests == []
    assert await feedback(provided) == {}


async def test_a_judge_needs_a_provider(client: httpx.AsyncClient) -> None:
    ref = await action(client, "grade", GRADE)
    assert await post(client, "/actions/execute_batch", request(ref), 501) == {
        "reason": "No provider of language models is configured: set --provider-base-url or --provider-api-key"
    }
