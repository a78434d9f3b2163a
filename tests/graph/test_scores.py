"""Scores: what feedback and evaluations say of calls, as numbers and labels."""

from typing import Any

import httpx
import pytest

PROJECT = "team/app"
DOCUMENT = """query($limit: Int! = 20, $scorers: [String!]) { project(slug: "team/app") { calls { nodes {
  callId scores(limit: $limit, scorers: $scorers) {
    name scorerName source value label passed reason wbUserId
    feedback { feedbackId } scorer { objectId } call { callId } } } } } }"""


async def posted(client: httpx.AsyncClient, path: str, body: Any) -> Any:
    response = await client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def start(client: httpx.AsyncClient, call_id: str, op_name: str = "op", output: Any = None) -> str:
    call = {"project_id": PROJECT, "id": call_id, "op_name": op_name, "trace_id": call_id, "attributes": {}}
    await posted(client, "/call/start", {"start": {**call, "inputs": {}, "started_at": "2026-01-01T00:00:00Z"}})
    if output is not None:
        end = {"project_id": PROJECT, "id": call_id, "ended_at": "2026-01-01T00:00:01Z", "summary": {}}
        await posted(client, "/call/end", {"end": {**end, "output": output}})
    return f"weave:///{PROJECT}/call/{call_id}"


async def scorer(client: httpx.AsyncClient, name: str, val: Any = 1) -> str:
    made = await posted(client, "/obj/create", {"obj": {"project_id": PROJECT, "object_id": name, "val": val}})
    return f"weave:///{PROJECT}/object/{name}:{made['digest']}"


async def feedback(client: httpx.AsyncClient, ref: str, kind: str, payload: Any, **more: Any) -> None:
    await posted(
        client,
        "/feedback/create",
        {"project_id": PROJECT, "weave_ref": ref, "feedback_type": kind, "payload": payload, **more},
    )


async def scores(client: httpx.AsyncClient, **variables: Any) -> dict[str, list[dict[str, Any]]]:
    response = (await client.post("/graphql", json={"query": DOCUMENT, "variables": variables})).json()
    assert "errors" not in response, response
    return {call["callId"]: call["scores"] for call in response["data"]["project"]["calls"]["nodes"]}


def short(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(s["name"], s["value"], s["label"], s["passed"], s["reason"]) for s in found]


async def test_a_score_says_what_where_and_who(client: httpx.AsyncClient) -> None:
    call, judge = await start(client, "c1"), await start(client, "judge")
    ref = await scorer(client, "accuracy")
    more = {"runnable_ref": ref, "call_ref": judge, "id": "f1", "wb_user_id": "jane"}
    await feedback(client, call, "wandb.runnable.accuracy", {"output": 0.25}, **more)
    found = await scores(client)
    assert found == {
        "c1": [
            {
                "name": "accuracy",
                "scorerName": "accuracy",
                "source": "SCORER",
                "value": 0.25,
                "label": None,
                "passed": None,
                "reason": None,
                "wbUserId": "jane",
                "feedback": {"feedbackId": "f1"},
                "scorer": {"objectId": "accuracy"},
                "call": {"callId": "judge"},
            }
        ],
        "judge": [],
    }


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (True, [("s", 1.0, "true", True, None)]),
        (False, [("s", 0.0, "false", False, None)]),
        ("good", [("s", None, "good", None, None)]),
        ("NaN", [("s", None, "NaN", None, None)]),
        (None, []),
        ({}, []),
        (
            {"correctness": {"score": 1, "reason": "as asked"}, "tone": "kind", "none": None},
            [("s.correctness.score", 1.0, None, None, "as asked"), ("s.tone", None, "kind", None, None)],
        ),
        (
            {"passed": False, "metadata": {"score": 0.5, "flags": ["a", "b\0"]}},
            [
                ("s.passed", 0.0, "false", False, None),
                ("s.metadata.score", 0.5, None, False, None),
                ("s.metadata.flags.0", None, "a", False, None),
                ("s.metadata.flags.1", None, "b\0", False, None),
            ],
        ),
        ({"explanation": "no idea"}, [("s", None, None, None, "no idea")]),
        ({"reason": {"n": 1}}, [("s.reason.n", 1.0, None, None, None)]),
        (10**400, [("s", None, str(10**400), None, None)]),
        ("x" * 2000, [("s", None, "x" * 1000, None, None)]),
        ("x" * 40_000, []),
        (list(range(150)), [(f"s.{n}", float(n), None, None, None) for n in range(100)]),
    ],
)
async def test_outputs_become_scores(client: httpx.AsyncClient, output: Any, expected: list[Any]) -> None:
    call = await start(client, "c1")
    ref = await scorer(client, "s")
    await feedback(client, call, "wandb.runnable.s", {"output": output, "other": 1}, runnable_ref=ref)
    assert short((await scores(client))["c1"]) == expected


async def test_people_and_agents_score_too_newest_first(client: httpx.AsyncClient) -> None:
    call = await start(client, "c1")
    ref = await scorer(client, "monitor")
    spec = await scorer(client, "stars", {"field_schema": {"type": "integer"}})
    await feedback(client, call, "wandb.reaction.1", {"emoji": "👍"})
    await feedback(client, call, "wandb.note.1", {"note": "no score"})
    await feedback(client, call, "custom", {"output": 1})
    await feedback(client, call, "wandb.annotation.stars", {"value": 4}, annotation_ref=spec)
    said = {"scorer_ratings": {"tone": 0.5, "flow": 1}, "scorer_rating_reasons": {"tone": "flat"}}
    tags = {"scorer_tags": ["rude"], "scorer_tag_reasons": {"rude": "!"}}
    await feedback(
        client,
        call,
        "wandb.agent_monitor",
        {"output": {"flow": 2}},
        runnable_ref=ref,
        call_ref=call,
        trigger_ref=ref,
        **said,
        **tags,
    )
    monitored = [
        ("monitor.flow", 2.0, None, None, None),
        ("monitor.tone", 0.5, None, None, "flat"),
        ("monitor.tags.rude", None, "rude", None, "!"),
    ]
    people = [("stars", 4.0, None, None, None), ("reaction", None, "👍", None, None)]
    assert short((await scores(client))["c1"]) == monitored + people
    assert short((await scores(client, limit=1))["c1"]) == monitored
    assert short((await scores(client, scorers=["stars", "reaction"]))["c1"]) == people
    assert [s["source"] for s in (await scores(client, scorers=["stars", "reaction"]))["c1"]] == [
        "ANNOTATION",
        "REACTION",
    ]
    assert short((await scores(client, scorers=["monitor"]))["c1"]) == monitored
    assert (await scores(client, scorers=[]))["c1"] == []


async def test_the_rows_of_an_evaluation_hold_scores(client: httpx.AsyncClient) -> None:
    output = {
        "output": "answer",
        "scores": {"exact": True, "judge": {"score": 0.5, "reason": "half"}},
        "model_latency": 1,
    }
    await start(client, "row", f"weave:///{PROJECT}/op/Evaluation.predict_and_score:abc", output)
    await start(client, "other", f"weave:///{PROJECT}/op/Evaluation.evaluate:abc", output)
    await start(client, "failed", f"weave:///{PROJECT}/op/Evaluation.predict_and_score:abc", {"scores": None})
    found = await scores(client)
    assert {name: short(made) for name, made in found.items()} == {
        "row": [("exact", 1.0, "true", True, None), ("judge.score", 0.5, None, None, "half")],
        "other": [],
        "failed": [],
    }
    assert {s["source"] for s in found["row"]} == {"EVALUATION"}
    assert short((await scores(client, scorers=["judge"]))["row"]) == [("judge.score", 0.5, None, None, "half")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("limit: 0", "limit must be from 1 to 100, not 0"),
        ("limit: 101", "limit must be from 1 to 100, not 101"),
    ],
)
async def test_a_bad_limit_is_named(client: httpx.AsyncClient, arguments: str, message: str) -> None:
    await start(client, "c1")
    document = f'{{ project(slug: "team/app") {{ call(callId: "c1") {{ scores({arguments}) {{ name }} }} }} }}'
    response = (await client.post("/graphql", json={"query": document})).json()
    assert [error["message"] for error in response["errors"]] == [message]
