"""Configurations over HoneyHive's API."""

import json
from typing import Any

import httpx
import pytest

PARAMETERS = {
    "call_type": "chat",
    "model": "gpt-4o",
    "hyperparameters": {"temperature": 0.70, "stop": ["\x00", "\ud800"]},
    "responseFormat": {"type": "json_object"},
    "selectedFunctions": [{"id": "f", "name": "search", "description": "", "parameters": {}}],
    "functionCallParams": "auto",
    "forceFunction": {"name": "search"},
    "template": [{"role": "system", "content": "You are {{name}}."}],
    "ours": [1, None],
}
PLAIN = {"call_type": "completion", "model": "m"}


async def create(client: httpx.AsyncClient, name: str, **fields: Any) -> str:
    body = {"name": name, "provider": "openai", "parameters": PLAIN, **fields}
    response = await client.post("/v1/configurations", content=json.dumps(body))  # halves of pairs as escapes
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer == {"acknowledged": True, "insertedId": answer["insertedId"]}
    return str(answer["insertedId"])


async def listed(client: httpx.AsyncClient, **query: Any) -> list[Any]:
    response = await client.get("/v1/configurations", params=query)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json"), response.text
    answer = response.json()
    assert answer.keys() == {"configurations"}
    return list(answer["configurations"])


async def names(client: httpx.AsyncClient, **query: Any) -> list[str]:
    return [item["name"] for item in await listed(client, **query)]


async def test_what_is_created_is_listed(client: httpx.AsyncClient) -> None:
    assert await listed(client) == []
    whole = {
        "type": "pipeline",
        "provider": "anthropic",
        "parameters": PARAMETERS,
        "env": ["prod", "dev", "prod"],
        "tags": ["b", "a", "b", "\x00\ud800"],
        "user_properties": {"owner": "Zoë"},
    }
    first, second = await create(client, "v1", **whole), await create(client, "v0")
    items = await listed(client)
    times = [item.pop("created_at") for item in items]
    assert times == sorted(times)
    assert items == [
        {
            "id": first,
            "name": "v1",
            **whole,
            "env": ["prod", "dev"],
            "tags": ["b", "a", "\x00\ud800"],
            "updated_at": None,
        },
        {
            "id": second,
            "name": "v0",
            "type": "LLM",
            "provider": "openai",
            "parameters": PLAIN,
            "env": [],
            "tags": [],
            "user_properties": None,
            "updated_at": None,
        },
    ]


async def test_lists_are_filtered(client: httpx.AsyncClient) -> None:
    await create(client, "a", env=["dev"], tags=["x", 'with "quotes"'])
    await create(client, "b", env=["dev", "prod"], tags=["x", "y"])
    await create(client, "a", env=["prod"])
    assert await names(client, name="a") == ["a", "a"]
    assert await names(client, name="A") == []
    assert await names(client, env="dev") == ["a", "b"]
    assert await names(client, env="prod", name="a") == ["a"]
    assert await names(client, env="staging") == []
    assert await names(client, tags="x") == ["a", "b"]
    assert await names(client, tags="x,y") == await names(client, tags=["x", "y"]) == ["b"]
    assert await names(client, tags='with "quotes"') == ["a"]
    assert await names(client, tags="quotes") == []
    assert await names(client, unknown="x", tags="") == ["a", "b", "a"]


async def test_more_than_a_page_is_listed_whole(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rest_compat.honeyhive.configurations.OTHER_PAGES", 2)
    for number in range(5):
        await create(client, str(number))
    assert await names(client) == ["0", "1", "2", "3", "4"]


async def test_an_update_changes_what_it_names(client: httpx.AsyncClient) -> None:
    made = await create(client, "v0", type="pipeline", tags=["x"], env=["dev"], user_properties={"a": 1})
    (before,) = await listed(client)
    done = {"acknowledged": True, "modifiedCount": 1, "upsertedId": None, "upsertedCount": 0, "matchedCount": 1}

    response = await client.put(f"/v1/configurations/{made}", json={"name": "v1"})
    assert (response.status_code, response.json()) == (200, done)
    (item,) = await listed(client)
    assert item["updated_at"] > item["created_at"]
    assert item == {**before, "name": "v1", "updated_at": item["updated_at"]}

    changes = {
        "name": "v2",
        "type": "LLM",
        "provider": "azure",
        "parameters": PARAMETERS,
        "env": [],
        "tags": ["z"],
        "user_properties": None,
    }
    response = await client.put(f"/v1/configurations/{made}", content=json.dumps(changes))
    assert (response.status_code, response.json()) == (200, done)
    (item,) = await listed(client)
    assert item == {**before, **changes, "updated_at": item["updated_at"]}


async def test_a_deletion_is_for_good(client: httpx.AsyncClient) -> None:
    made, other = await create(client, "a"), await create(client, "b")
    for count in (1, 0):
        response = await client.delete(f"/v1/configurations/{made}")
        assert (response.status_code, response.json()) == (200, {"acknowledged": True, "deletedCount": count})
    assert [item["id"] for item in await listed(client)] == [other]


async def test_what_is_not_there_counts_nothing(client: httpx.AsyncClient) -> None:
    response = await client.put("/v1/configurations/6638187d505c6812e4043f24", json={"name": "v0"})
    assert (response.status_code, response.json()) == (
        200,
        {"acknowledged": True, "modifiedCount": 0, "upsertedId": None, "upsertedCount": 0, "matchedCount": 0},
    )
    response = await client.delete("/v1/configurations/6638187d505c6812e4043f24")
    assert (response.status_code, response.json()) == (200, {"acknowledged": True, "deletedCount": 0})
    projects = (await client.post("/graphql", json={"query": "{ projects { totalCount } }"})).json()
    assert projects["data"] == {"projects": {"totalCount": 0}}


BODY = {"name": "v0", "provider": "openai", "parameters": PLAIN}


def parameters(**changes: Any) -> dict[str, Any]:
    return {"parameters": {**PLAIN, **changes}}


@pytest.fixture(scope="module")
async def kept(module_client: httpx.AsyncClient) -> str:
    """The id of one that bad changes leave as it is."""
    return await create(module_client, "kept")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": None}, "name: Input should be a valid string"),
        ({"name": "n" * 201}, "name: String should have at most 200 characters"),
        ({"provider": ""}, "provider: String should have at least 1 character"),
        ({"type": "llm"}, "type: Input should be 'LLM' or 'pipeline'"),
        ({"env": ["prod", "qa"]}, "env.1: Input should be 'dev', 'staging' or 'prod'"),
        ({"tags": "x"}, "tags: Input should be a valid list"),
        ({"tags": [1]}, "tags.0: Input should be a valid string"),
        ({"user_properties": []}, "user_properties: Input should be a valid dictionary"),
        ({"project": "p"}, "project: Extra inputs are not permitted"),
        ({"parameters": "x"}, "parameters: Input should be a valid dictionary"),
        ({"parameters": {"model": "m"}}, "parameters must have call_type"),
        ({"parameters": {"call_type": "chat"}}, "parameters must have model"),
        (parameters(model=""), 'parameters.model must be text that is not empty, not ""'),
        (parameters(call_type="Chat"), "parameters.call_type must be 'chat' or 'completion', not \"Chat\""),
        (parameters(call_type=[]), "parameters.call_type must be 'chat' or 'completion', not []"),
        (parameters(hyperparameters=None), "parameters.hyperparameters must be an object, not null"),
        (
            parameters(responseFormat={"type": "xml"}),
            "parameters.responseFormat.type must be 'text' or 'json_object', not \"xml\"",
        ),
        (parameters(responseFormat={}), "parameters.responseFormat must have type"),
        (
            parameters(selectedFunctions=[{"id": "f", "name": "f"}, {"id": "g"}]),
            "parameters.selectedFunctions.1 must have name",
        ),
        (
            parameters(functionCallParams=True),
            "parameters.functionCallParams must be 'none' or 'auto' or 'force', not true",
        ),
        (parameters(template=7), "parameters.template must be text or a list of messages, not 7"),
        (
            parameters(template=[{"role": "user", "content": ["x" * 99]}]),
            f'parameters.template.0.content must be text, not ["{"x" * 58}...',
        ),
    ],
)
async def test_bad_bodies_are_refused(module_client: httpx.AsyncClient, kept: str, changes: Any, message: str) -> None:
    client, made = module_client, kept
    before = await listed(client)
    for response in (
        await client.post("/v1/configurations", json={**BODY, **changes}),
        await client.put(f"/v1/configurations/{made}", json={**BODY, **changes}),
    ):
        assert (response.status_code, response.json()["message"]) == (400, message)
    assert await listed(client) == before


@pytest.mark.parametrize("missing", ["name", "provider", "parameters"])
async def test_a_new_one_needs_its_required_fields(client: httpx.AsyncClient, missing: str) -> None:
    body = {name: value for name, value in BODY.items() if name != missing}
    response = await client.post("/v1/configurations", json=body)
    expected = {"message": f"{missing}: Field required", "errorCode": "VALIDATION_ERROR"}
    assert (response.status_code, response.json()) == (400, expected)


async def test_an_environment_that_is_none_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/configurations", params={"env": "qa"})
    assert (response.status_code, response.json()) == (
        400,
        {"message": "query.env: Input should be 'dev', 'staging' or 'prod'", "errorCode": "VALIDATION_ERROR"},
    )
