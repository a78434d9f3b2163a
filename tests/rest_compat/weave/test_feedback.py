"""Feedback over Weave's API."""

from typing import Any

import httpx
import pytest

PROJECT = "team/app"
CALL = f"weave:///{PROJECT}/call/c1"


def body(**fields: Any) -> dict[str, Any]:
    return {"project_id": PROJECT, "weave_ref": CALL, "feedback_type": "custom", "payload": {}, **fields}


def by(field: str, value: Any) -> dict[str, Any]:
    return {"$expr": {"$eq": [{"$getField": field}, {"$literal": value}]}}


async def post(client: httpx.AsyncClient, path: str, content: Any, status: int = 200) -> Any:
    response = await client.post(path, json=content)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json"), response.text
    return response.json()


async def rows(client: httpx.AsyncClient, **query: Any) -> Any:
    return (await post(client, "/feedback/query", {"project_id": PROJECT, **query}))["result"]


async def test_a_reaction_and_its_row(client: httpx.AsyncClient) -> None:
    created = await post(
        client, "/feedback/create", body(feedback_type="wandb.reaction.1", payload={"emoji": "👍🏽"}, creator="Jane")
    )
    payload = {
        "emoji": "👍🏽",
        "alias": ":thumbs_up_medium_skin_tone:",
        "detoned": "👍",
        "detoned_alias": ":thumbs_up:",
    }
    assert created == {
        "id": created["id"],
        "created_at": created["created_at"],
        "wb_user_id": "local",
        "payload": payload,
    }
    assert await rows(client) == [
        {
            "id": created["id"],
            "project_id": PROJECT,
            "weave_ref": CALL,
            "wb_user_id": "local",
            "creator": "Jane",
            "created_at": created["created_at"],
            "feedback_type": "wandb.reaction.1",
            "payload": payload,
            "annotation_ref": None,
            "runnable_ref": None,
            "call_ref": None,
            "trigger_ref": None,
        }
    ]


async def test_a_client_id_is_kept_and_may_be_sent_again(client: httpx.AsyncClient) -> None:
    batch = {"batch": [body(id="f1", payload={"n": 1}), body(id="f2", payload={"n": 2})]}
    first = await post(client, "/feedback/batch/create", batch)
    assert [item["id"] for item in first["res"]] == ["f1", "f2"]
    assert await post(client, "/feedback/batch/create", batch) == first
    assert await post(client, "/feedback/create", body(id="f1", payload={"n": 3}), 409) == {
        "reason": "Feedback 'f1' is there already, with another content"
    }
    assert await rows(client, fields=["id", "payload.n"]) == [
        {"id": "f1", "payload.n": 1},
        {"id": "f2", "payload.n": 2},
    ]


async def test_a_batch_is_taken_whole_or_not_at_all(client: httpx.AsyncClient) -> None:
    batch = {"batch": [body(id="f1"), body(id="f2", feedback_type="wandb.note.1", payload={"note": ""})]}
    assert await post(client, "/feedback/batch/create", batch, 400) == {
        "reason": "A note has 1 to 1024 characters, not 0"
    }
    assert await rows(client) == []
    assert await post(client, "/feedback/batch/create", {"batch": []}) == {"res": []}


async def test_what_newer_sdks_send_is_taken_and_given_back_where_it_says_something(client: httpx.AsyncClient) -> None:
    silent: dict[str, Any] = {
        "queue_id": None,
        "scorer_tags": [],
        "scorer_tag_reasons": {},
        "scorer_tag_confidences": {},
        "scorer_ratings": {},
        "scorer_rating_reasons": {},
        "scorer_rating_confidences": {},
        "span_agent_name": "",
        "span_agent_version": "",
        "span_status_code": "UNSET",
        "span_conversation_id": "",
        "span_trace_id": "",
        "scorer_trace_id": "",
    }
    said = {"queue_id": "q1", "scorer_ratings": {"tone": 0.5}, "span_agent_name": "poet"}
    await post(client, "/feedback/create", body(id="f1", **silent))
    await post(client, "/feedback/create", body(id="f2", **{**silent, **said}))
    first, second = await rows(client)
    assert not silent.keys() & first.keys()
    assert {name: second[name] for name in silent.keys() & second.keys()} == said


async def test_fields_pick_columns_and_paths(client: httpx.AsyncClient) -> None:
    payload = {"note": "x", "list": [1, {"a.b": 1.0}], "big": 12345678901234567890123}
    await post(client, "/feedback/create", body(id="f1", payload=payload))
    fields = ["payload", "payload.note", "payload.list.1.a\\.b", "payload.big", "payload.none.x", "project_id"]
    assert await rows(client, fields=fields) == [
        {
            "payload": payload,
            "payload.note": "x",
            "payload.list.1.a\\.b": 1.0,
            "payload.big": 12345678901234567890123,
            "payload.none.x": None,
            "project_id": PROJECT,
        }
    ]
    refused = await post(client, "/feedback/query", {"project_id": PROJECT, "fields": ["id", "nope"]}, 400)
    assert refused["reason"].startswith("unknown field 'nope'; known are annotation_ref, ")


async def test_a_query_reads_all_pages_in_the_order_asked_for(client: httpx.AsyncClient) -> None:
    batch = {"batch": [body(id=f"f{n:04}", payload={"n": n}) for n in range(1250)]}
    await post(client, "/feedback/batch/create", batch)
    ids = [row["id"] for row in await rows(client, fields=["id"])]
    assert ids == [f"f{n:04}" for n in range(1250)]
    newest_first = [{"field": "payload.n", "direction": "desc"}]
    ids = [row["id"] for row in await rows(client, fields=["id"], sort_by=newest_first, offset=1, limit=1100)]
    assert ids == [f"f{n:04}" for n in range(1248, 148, -1)]
    assert await rows(client, limit=0) == []
    assert await rows(client, query=by("payload.n", 7), fields=["id"]) == [{"id": "f0007"}]
    assert await post(client, "/feedback/query", {"project_id": "team/none"}) == {"result": []}
    assert await post(client, "/feedback/query", {"project_id": PROJECT, "limit": -1}, 400) == {
        "reason": "limit must be 0 or more, not -1"
    }


async def test_replace_and_purge(client: httpx.AsyncClient) -> None:
    await post(client, "/feedback/create", body(id="f1"))
    replaced = await post(client, "/feedback/replace", body(feedback_id="f1", payload={"n": 2}))
    assert replaced["payload"] == {"n": 2}
    unknown = await post(client, "/feedback/replace", body(feedback_id="none", id="f3"))
    assert [row["id"] for row in await rows(client, fields=["id"])] == [replaced["id"], unknown["id"]]

    purge = {"project_id": PROJECT, "query": by("id", replaced["id"])}
    assert await post(client, "/feedback/purge", purge) == {}
    assert [row["id"] for row in await rows(client, fields=["id"])] == ["f3"]
    everything = {"project_id": PROJECT, "query": {"$expr": {"$eq": [{"$literal": 1}, {"$literal": 1}]}}}
    refused = await post(client, "/feedback/purge", everything, 400)
    assert refused["reason"].startswith("Refusing to purge: the query would select everything.")
    assert [row["id"] for row in await rows(client, fields=["id"])] == ["f3"]


@pytest.mark.parametrize(
    ("path", "content", "loc", "kind"),
    [
        ("/feedback/create", {**body(), "nope": 1}, ["body", "nope"], "extra_forbidden"),
        ("/feedback/create", body(payload=[1]), ["body", "payload"], "dict_type"),
        ("/feedback/create", body(scorer_tags=[1]), ["body", "scorer_tags", 0], "string_type"),
        (
            "/feedback/batch/create",
            {"batch": [{**body(), "weave_ref": 1}]},
            ["body", "batch", 0, "weave_ref"],
            "string_type",
        ),
        ("/feedback/replace", body(), ["body", "feedback_id"], "missing"),
        ("/feedback/purge", {"project_id": PROJECT}, ["body", "query"], "missing"),
    ],
)
async def test_a_malformed_body_is_answered_as_documented(
    client: httpx.AsyncClient, path: str, content: Any, loc: list[str | int], kind: str
) -> None:
    (detail,) = (await post(client, path, content, 422))["detail"]
    assert (detail["loc"], detail["type"]) == (loc, kind)
    assert detail["msg"]
