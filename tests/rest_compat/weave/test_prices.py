"""Costs over Weave's API: setting, reading and purging prices, and what calls cost by them."""

import json
from typing import Any

import httpx
import pytest

PROJECT = "team/app"
MODEL = "our-model"


async def post(client: httpx.AsyncClient, path: str, content: Any, status: int = 200) -> Any:
    response = await client.post(path, json=content)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json"), response.text
    return response.json()


async def add(client: httpx.AsyncClient, llm_id: str, prompt: float, completion: float, **fields: Any) -> str:
    """As the SDKs' ``add_cost``; the price's id."""
    cost = {"prompt_token_cost": prompt, "completion_token_cost": completion, **fields}
    created = await post(client, "/cost/create", {"project_id": PROJECT, "costs": {llm_id: cost}})
    ((cost_id, name),) = created["ids"]
    assert name == llm_id
    return str(cost_id)


async def rows(client: httpx.AsyncClient, **query: Any) -> Any:
    return (await post(client, "/cost/query", {"project_id": PROJECT, **query}))["results"]


def expr(operation: Any) -> dict[str, Any]:
    return {"$expr": operation}


EVERYTHING = {"$eq": [{"$literal": "1"}, {"$literal": "1"}]}


def ids_in(*ids: str) -> dict[str, Any]:
    """As the SDKs' ``purge_costs``."""
    return expr({"$in": [{"$getField": "id"}, [{"$literal": each} for each in ids]]})


async def call(
    client: httpx.AsyncClient, call_id: str, usage: Any, started: str = "2026-03-01T12:00:00Z", **summary: Any
) -> None:
    start = {"project_id": PROJECT, "id": call_id, "trace_id": call_id, "op_name": "ask", "started_at": started}
    end = {"project_id": PROJECT, "id": call_id, "ended_at": "2026-12-01T00:00:00Z"}
    await post(client, "/call/start", {"start": {**start, "attributes": {}, "inputs": {}}})
    await post(client, "/call/end", {"end": {**end, "output": None, "summary": {"usage": usage, **summary}}})


async def costs(client: httpx.AsyncClient, call_id: str) -> Any:
    answer = await post(client, "/call/read", {"project_id": PROJECT, "id": call_id, "include_costs": True})
    return answer["call"]["summary"]["weave"].get("costs")


async def test_prices_are_read_as_they_were_set(client: httpx.AsyncClient) -> None:
    cost = {"prompt_token_cost": 0.001, "completion_token_cost": 2.5e-06}
    dated = {
        **cost,
        "prompt_token_cost_unit": "EUR",
        "completion_token_cost_unit": "EUR",
        "effective_date": "2026-01-02T03:04:05.000006+01:00",
        "provider_id": "us",
    }
    body = {"project_id": PROJECT, "costs": {MODEL: dated, "other": cost}, "wb_user_id": "jane"}
    created = await post(client, "/cost/create", body)
    assert [name for _, name in created["ids"]] == [MODEL, "other"]
    first, second = await rows(client)
    assert first == {
        "id": created["ids"][0][0],
        "llm_id": MODEL,
        "prompt_token_cost": 0.001,
        "completion_token_cost": 2.5e-06,
        "prompt_token_cost_unit": "EUR",
        "completion_token_cost_unit": "EUR",
        "effective_date": "2026-01-02T02:04:05.000006Z",
        "provider_id": "us",
    }
    assert second == {
        "id": created["ids"][1][0],
        "llm_id": "other",
        "prompt_token_cost": 0.001,
        "completion_token_cost": 2.5e-06,
        "prompt_token_cost_unit": "USD",
        "completion_token_cost_unit": "USD",
        "effective_date": second["effective_date"],
        "provider_id": "default",
    }


async def test_queries_orders_pages_and_fields(client: httpx.AsyncClient) -> None:
    made = [await add(client, f"m{number % 3}", number, 0) for number in range(7)]
    by_model = {"$and": [EVERYTHING, {"$in": [{"$getField": "llm_id"}, [{"$literal": "m1"}, {"$literal": "m2"}]]}]}
    assert [row["prompt_token_cost"] for row in await rows(client, query=expr(by_model))] == [1, 2, 4, 5]
    assert [row["id"] for row in await rows(client, query=expr(EVERYTHING), limit=100, offset=0)] == made
    one = expr({"$eq": [{"$getField": "id"}, {"$literal": made[3]}]})
    assert [row["id"] for row in await rows(client, query=one)] == [made[3]]
    dear = expr({"$gt": [{"$getField": "prompt_token_cost"}, {"$literal": 4.5}]})
    assert [row["id"] for row in await rows(client, query=dear)] == made[5:]
    dearest_first = [{"field": "prompt_token_cost", "direction": "desc"}]
    page = await rows(client, sort_by=dearest_first, limit=2, offset=1, fields=["llm_id", "prompt_token_cost"])
    nothing = dict.fromkeys(
        ["id", "completion_token_cost", "prompt_token_cost_unit", "completion_token_cost_unit", "effective_date"]
    )
    assert page == [
        {**nothing, "llm_id": "m2", "prompt_token_cost": 5, "provider_id": None},
        {**nothing, "llm_id": "m1", "prompt_token_cost": 4, "provider_id": None},
    ]
    assert await post(client, "/cost/query", {"project_id": "team/none"}) == {"results": []}


async def test_a_purge_needs_a_field_to_narrow_it(client: httpx.AsyncClient) -> None:
    made = [await add(client, "m", number, 0) for number in range(4)]
    assert await post(client, "/cost/purge", {"project_id": "team/other", "query": ids_in(*made)}) == {}
    assert await post(client, "/cost/purge", {"project_id": PROJECT, "query": ids_in(made[0], "none")}) == {}
    one = expr({"$eq": [{"$getField": "id"}, {"$literal": made[1]}]})
    assert await post(client, "/cost/purge", {"project_id": PROJECT, "query": one}) == {}
    assert [row["id"] for row in await rows(client)] == made[2:]
    refused = await post(client, "/cost/purge", {"project_id": PROJECT, "query": expr(EVERYTHING)}, 400)
    assert refused["reason"].startswith("Refusing to purge: the query would select everything.")
    assert "such as id or llm_id with a value" in refused["reason"]
    assert [row["id"] for row in await rows(client)] == made[2:]


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/cost/create", {"costs": {}}, 422, "Field required"),
        ("/cost/create", {"project_id": PROJECT, "costs": {"m": {"prompt_token_cost": 1}}}, 422, "Field required"),
        (
            "/cost/create",
            {"project_id": PROJECT, "costs": {"m": {"prompt_token_cost": "NaN", "completion_token_cost": 1}}},
            422,
            "Input should be a finite number",
        ),
        (
            "/cost/create",
            {"project_id": PROJECT, "costs": {"": {"prompt_token_cost": 1, "completion_token_cost": 1}}},
            400,
            "A price needs the name of a model, not an empty one",
        ),
        (
            "/cost/create",
            {"project_id": PROJECT, "costs": {"m" * 513: {"prompt_token_cost": 1, "completion_token_cost": 1}}},
            400,
            "model is too long, at most 512 bytes of UTF-8: 'mmmm",
        ),
        ("/cost/query", {"project_id": PROJECT, "fields": ["llm"]}, 400, "unknown field 'llm'; known are id, llm_id, "),
        ("/cost/query", {"project_id": PROJECT, "limit": -1}, 400, "limit must be 0 or more, not -1"),
        ("/cost/purge", {"project_id": PROJECT}, 422, "Field required"),
        (
            "/cost/purge",
            {"project_id": PROJECT, "query": expr({"$eq": [{"$getField": "llm"}, {"$literal": 1}]})},
            400,
            "unknown field 'llm'; did you mean 'llm_id'?",
        ),
    ],
)
async def test_what_is_refused(client: httpx.AsyncClient, path: str, body: Any, status: int, said: str) -> None:
    answer = await post(client, path, body, status)
    assert (answer["reason"] if status == 400 else answer["detail"][0]["msg"]).startswith(said)
    assert await rows(client) == []


async def test_a_call_costs_what_the_newest_price_in_effect_says(client: httpx.AsyncClient) -> None:
    await add(client, MODEL, 9, 9, effective_date="2026-04-01T00:00:00Z")
    await add(client, MODEL, 0.5, 2, effective_date="2026-02-01T00:00:00Z", provider_id="us")
    await add(client, MODEL, 7, 7, effective_date="2026-01-01T00:00:00Z")
    await call(client, "c1", {MODEL: {"prompt_tokens": 10, "completion_tokens": 4, "requests": 2, "total_tokens": 14}})
    found = await costs(client, "c1")
    assert list(found) == [MODEL]
    assert found[MODEL] == {
        "prompt_tokens": 10,
        "completion_tokens": 4,
        "requests": 2,
        "total_tokens": 14,
        "prompt_tokens_total_cost": 5.0,
        "completion_tokens_total_cost": 8.0,
        "prompt_token_cost": 0.5,
        "completion_token_cost": 2.0,
        "prompt_token_cost_unit": "USD",
        "completion_token_cost_unit": "USD",
        "effective_date": "2026-02-01T00:00:00Z",
        "provider_id": "us",
        "pricing_level": "project",
        "pricing_level_id": PROJECT,
        "created_at": found[MODEL]["created_at"],
        "created_by": "local",
    }


async def test_before_any_price_is_in_effect_the_earliest_counts(client: httpx.AsyncClient) -> None:
    for cost, day in ((3, "05"), (2, "04"), (4, "06")):
        await add(client, MODEL, cost, 0, effective_date=f"2026-04-{day}T00:00:00Z")
    await call(client, "c1", {MODEL: {"prompt_tokens": 10}})
    assert (await costs(client, "c1"))[MODEL]["prompt_tokens_total_cost"] == 20
    await add(client, MODEL, 5, 0, effective_date="2026-04-04T00:00:00Z")
    assert (await costs(client, "c1"))[MODEL]["prompt_tokens_total_cost"] == 50


async def test_built_in_prices_stand_behind_the_projects_own(client: httpx.AsyncClient) -> None:
    usage = {"gpt-4o": {"prompt_tokens": 1000, "completion_tokens": 100, "requests": 1, "total_tokens": 1100}}
    await call(client, "c1", usage)
    found = (await costs(client, "c1"))["gpt-4o"]
    assert found == {
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "requests": 1,
        "total_tokens": 1100,
        "prompt_tokens_total_cost": 0.0025,
        "completion_tokens_total_cost": 0.001,
        "prompt_token_cost": 2.5e-06,
        "completion_token_cost": 1e-05,
        "prompt_token_cost_unit": "USD",
        "completion_token_cost_unit": "USD",
        "effective_date": None,
        "provider_id": "openai",
        "pricing_level": "default",
        "pricing_level_id": "default",
        "created_at": None,
        "created_by": found["created_by"],
    }
    assert found["created_by"].startswith("genai-prices ")
    # A price that is to come is none yet.
    await add(client, "gpt-4o", 1, 1, effective_date="2026-03-01T12:00:00.000001Z")
    assert (await costs(client, "c1"))["gpt-4o"] == found
    own = await add(client, "gpt-4o", 1, 1, effective_date="2026-03-01T12:00:00Z")
    assert (await costs(client, "c1"))["gpt-4o"]["pricing_level"] == "project"
    await post(client, "/cost/purge", {"project_id": PROJECT, "query": ids_in(own)})
    assert (await costs(client, "c1"))["gpt-4o"] == found


async def test_usage_in_any_of_its_forms(client: httpx.AsyncClient) -> None:
    await add(client, MODEL, 1, 10, effective_date="2026-01-01T00:00:00Z")
    await add(
        client,
        "cached",
        10,
        10,
        cache_read_input_token_cost=1,
        cache_creation_input_token_cost=12,
        effective_date="2026-01-01T00:00:00Z",
    )
    usage = {
        MODEL: {"input_tokens": 3, "prompt_tokens": 4, "output_tokens": 5, "cache_read_input_tokens": 2},
        "cached": {"prompt_tokens": 10, "completion_tokens": 1, "cache_read_input_tokens": 6},
        "nobody-knows-it": {"prompt_tokens": 1},
        "no counts": None,
    }
    await call(client, "c1", usage)
    await call(
        client,
        "c2",
        {"cached": {"input_tokens": 2, "cache_read_input_tokens": 6, "cache_creation_input_tokens": 1}},
    )
    found = await costs(client, "c1")
    assert list(found) == [MODEL, "cached"]
    names = ["prompt_tokens", "completion_tokens", "total_tokens", "requests"]
    totals = ["prompt_tokens_total_cost", "completion_tokens_total_cost"]
    cached = ["cache_read_input_tokens_total_cost", "cache_creation_input_tokens_total_cost"]
    assert [found[MODEL][name] for name in (*names, *totals, *cached)] == [7, 5, 12, 0, 7, 50, 0, 0]
    # Tokens from the cache are among the prompt's, and stand beside them in Anthropic's form.
    assert [found["cached"][name] for name in (*names, *totals, *cached)] == [10, 1, 11, 0, 40, 10, 6, 0]
    found = await costs(client, "c2")
    assert [found["cached"][name] for name in (*names, *totals, *cached)] == [2, 0, 2, 0, 20, 0, 6, 12]


async def test_lists_of_calls_have_costs_on_request(client: httpx.AsyncClient) -> None:
    await add(client, MODEL, 1, 1, effective_date="2026-01-01T00:00:00Z")
    for number in range(3):
        await call(client, f"c{number}", {MODEL: {"prompt_tokens": number}}, f"2026-03-01T00:00:0{number}Z", own=number)
    await call(client, "c3", {}, "2026-03-01T00:00:03Z")
    body = {"project_id": PROJECT, "include_costs": True}

    async def lines(**more: Any) -> list[Any]:
        response = await client.post("/calls/stream_query", json={**body, **more})
        assert response.status_code == 200, response.text
        return [json.loads(line)["summary"] for line in response.text.splitlines()]

    summaries = await lines()
    totals = [each["weave"].get("costs", {}).get(MODEL, {}).get("prompt_tokens_total_cost") for each in summaries]
    assert totals == [0, 1, 2, None]
    assert [each.get("own") for each in summaries] == [0, 1, 2, None]
    # They come whatever columns are asked for.
    assert [
        each["weave"].get("costs", {}).get(MODEL, {}).get("prompt_tokens") for each in await lines(columns=["id"])
    ] == [
        0,
        1,
        2,
        None,
    ]
    assert not any("costs" in each["weave"] for each in await lines(include_costs=False))
