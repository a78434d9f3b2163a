"""Prices in the graph, and what calls cost."""

from typing import Any

import pytest

from db.json_text import dump_json
from db.query.expression import parse_query
from graph.schema import schema
from resolvers.callers import Caller
from resolvers.calls.events import CallEnd, CallStart
from resolvers.calls.record import record_calls
from resolvers.context import Context
from resolvers.errors import ForbiddenError
from resolvers.prices.record import NewPrice, prices_create, prices_purge
from tests.statements import counted

PROJECT = "team/app"
EMPTY = dump_json({})


async def run(context: Context, document: str, **variables: Any) -> Any:
    result = await schema.execute(
        document, variable_values=variables, context_value=Context(context.database, context.caller)
    )
    assert result.errors is None
    return result.data


async def record(context: Context, *usages: Any, project: str = PROJECT) -> None:
    """Calls c1, c2... that begin at 1, 2... microseconds."""
    await record_calls(
        context,
        [
            record
            for number, usage in enumerate(usages, start=1)
            for record in (
                CallStart(project, f"c{number}", "t", None, "op", number, EMPTY, EMPTY),
                CallEnd(project, f"c{number}", 9, EMPTY, dump_json({"usage": usage})),
            )
        ],
    )


CREATE = """
mutation Create($prices: [PriceInput!]!) {
  pricesCreate(input: { project: "team/app", prices: $prices }) {
    priceIds
    prices { id priceId model provider inputTokenCost outputTokenCost cacheReadTokenCost cacheWriteTokenCost
      inputUnit outputUnit effectiveAt createdBy projectSlug project { slug } }
    userErrors { code message field }
  }
}
"""


async def test_prices_are_set_listed_and_found_again(context: Context) -> None:
    prices = [
        {"model": "m", "inputTokenCost": 0.5, "outputTokenCost": 1, "effectiveAt": "2026-01-01T00:00:00Z"},
        {"model": "n", "inputTokenCost": 2, "outputTokenCost": 0, "cacheReadTokenCost": 0.1, "provider": "us"},
    ]
    created = (await run(context, CREATE, prices=prices))["pricesCreate"]
    assert created["userErrors"] == []
    assert [price["priceId"] for price in created["prices"]] == created["priceIds"]
    assert created["prices"][0] == {
        "id": created["prices"][0]["id"],
        "priceId": created["priceIds"][0],
        "model": "m",
        "provider": "default",
        "inputTokenCost": 0.5,
        "outputTokenCost": 1.0,
        "cacheReadTokenCost": 0.0,
        "cacheWriteTokenCost": 0.0,
        "inputUnit": "USD",
        "outputUnit": "USD",
        "effectiveAt": "2026-01-01T00:00:00Z",
        "createdBy": "local",
        "projectSlug": PROJECT,
        "project": {"slug": PROJECT},
    }
    listed = await run(
        context,
        """query ($id: ID!, $priceId: String!, $key: _Any!) {
          project(slug: "team/app") {
            prices(first: 1, orderBy: [{ field: "prompt_token_cost", direction: DESC }]) {
              totalCount nodes { model cacheReadTokenCost provider } pageInfo { hasNextPage endCursor }
            }
            dear: prices(query: { gt: [{ getField: "prompt_token_cost" }, { literal: { value: 1 } }] }) {
              nodes { model }
            }
            price(priceId: $priceId) { model }
            none: price(priceId: "none") { model }
          }
          node(id: $id) { ... on Price { model } }
          _entities(representations: [$key]) { ... on Price { model } }
        }""",
        id=created["prices"][0]["id"],
        priceId=created["priceIds"][1],
        key={"__typename": "Price", "projectSlug": PROJECT, "priceId": created["priceIds"][0]},
    )
    assert listed["project"]["prices"] == {
        "totalCount": 2,
        "nodes": [{"model": "n", "cacheReadTokenCost": 0.1, "provider": "us"}],
        "pageInfo": {"hasNextPage": True, "endCursor": listed["project"]["prices"]["pageInfo"]["endCursor"]},
    }
    assert listed["project"]["dear"] == {"nodes": [{"model": "n"}]}
    assert (listed["project"]["price"], listed["project"]["none"]) == ({"model": "n"}, None)
    assert (listed["node"], listed["_entities"]) == ({"model": "m"}, [{"model": "m"}])


async def test_refusals_are_user_errors_and_change_nothing(context: Context) -> None:
    prices = [
        {"model": "m", "inputTokenCost": 1, "outputTokenCost": 1},
        {"model": "", "inputTokenCost": 1, "outputTokenCost": 1},
    ]
    refused = (await run(context, CREATE, prices=prices))["pricesCreate"]
    assert refused == {
        "priceIds": [],
        "prices": [],
        "userErrors": [
            {
                "code": "INVALID_INPUT",
                "message": "A price needs the name of a model, not an empty one",
                "field": ["prices", "1", "model"],
            }
        ],
    }
    assert await run(context, '{ project(slug: "team/app") { slug } }') == {"project": None}
    purged = await run(
        context, 'mutation { pricesPurge(input: { project: "team/app" }) { purgedCount userErrors { message field } } }'
    )
    assert purged["pricesPurge"] == {
        "purgedCount": 0,
        "userErrors": [{"message": "A purge needs query or queryJson", "field": ["query"]}],
    }


async def test_a_purge_answers_how_many_are_gone(context: Context) -> None:
    await prices_create(context, PROJECT, [NewPrice(model, 1, 1) for model in ("m", "n", "m")])
    purged = await run(
        context,
        """mutation { pricesPurge(input: {
          project: "team/app", query: { eq: [{ getField: "llm_id" }, { literal: { value: "m" } }] }
        }) { purgedCount userErrors { message } } }""",
    )
    assert purged["pricesPurge"] == {"purgedCount": 2, "userErrors": []}
    left = await run(context, '{ project(slug: "team/app") { prices { nodes { model } } } }')
    assert left["project"]["prices"]["nodes"] == [{"model": "n"}]


COSTS = """
query Costs($first: Int) {
  project(slug: "team/app") {
    calls(first: $first) {
      nodes {
        usageByModel { model inputTokens outputTokens totalTokens requests cacheReadTokens cacheWriteTokens }
        cost {
          total unit
          byModel {
            model total unit inputCost outputCost cacheReadCost cacheWriteCost
            usage { inputTokens }
            price { level provider inputTokenCost inputUnit outputUnit effectiveAt createdBy price { priceId model } }
          }
        }
      }
    }
  }
}
"""


async def test_a_call_costs_the_sum_over_its_models(context: Context) -> None:
    own, euro = await prices_create(
        context,
        PROJECT,
        [
            NewPrice("m", 0.5, 2, cache_read_token_cost=0.25, effective_at=0, provider="us"),
            NewPrice("euro", 1, 1, input_unit="EUR", output_unit="EUR", effective_at=0),
        ],
    )
    m = {"prompt_tokens": 10, "completion_tokens": 3, "requests": 1, "cache_read_input_tokens": 4}
    await record(
        context,
        {"m": m, "gpt-4o": {"input_tokens": 1000}, "unknown": {"prompt_tokens": 5}},
        {"m": m, "euro": {"prompt_tokens": 2}},
        {"unknown": {"prompt_tokens": 5}},
        None,
    )
    first, second, third, fourth = (await run(context, COSTS))["project"]["calls"]["nodes"]
    assert [usage["model"] for usage in first["usageByModel"]] == ["m", "gpt-4o", "unknown"]
    assert first["usageByModel"][0] == {
        "model": "m",
        "inputTokens": 10,
        "outputTokens": 3,
        "totalTokens": 13,
        "requests": 1,
        "cacheReadTokens": 4,
        "cacheWriteTokens": 0,
    }
    cost = first["cost"]
    assert (cost["total"], cost["unit"]) == (pytest.approx(10.0025, rel=1e-12), "USD")
    assert cost["byModel"][0] == {
        "model": "m",
        "total": 10.0,
        "unit": "USD",
        "inputCost": 3.0,
        "outputCost": 6.0,
        "cacheReadCost": 1.0,
        "cacheWriteCost": 0.0,
        "usage": {"inputTokens": 10},
        "price": {
            "level": "PROJECT",
            "provider": "us",
            "inputTokenCost": 0.5,
            "inputUnit": "USD",
            "outputUnit": "USD",
            "effectiveAt": "1970-01-01T00:00:00Z",
            "createdBy": "local",
            "price": {"priceId": own, "model": "m"},
        },
    }
    built_in = cost["byModel"][1]
    assert (built_in["model"], built_in["total"]) == ("gpt-4o", 0.0025)
    assert (built_in["price"]["level"], built_in["price"]["price"]) == ("DEFAULT", None)
    assert len(cost["byModel"]) == 2
    assert (second["cost"]["total"], second["cost"]["unit"]) == (None, None)
    assert [(each["total"], each["unit"]) for each in second["cost"]["byModel"]] == [(10.0, "USD"), (2.0, "EUR")]
    assert second["cost"]["byModel"][1]["price"]["price"]["priceId"] == euro
    assert (third["cost"], fourth["cost"], fourth["usageByModel"]) == (None, None, [])


async def test_the_costs_of_a_page_are_one_statement(context: Context) -> None:
    await prices_create(
        context, PROJECT, [NewPrice(f"m{number % 7}", number, 1, effective_at=0) for number in range(9)]
    )
    await record(context, *({f"m{number % 7}": {"prompt_tokens": number}} for number in range(60)))
    for first in (2, 60):
        with counted() as statements:
            nodes = (await run(context, COSTS, first=first))["project"]["calls"]["nodes"]
        assert [node["cost"]["total"] for node in nodes] == [
            number * (number % 7 + (7 if number % 7 < 2 else 0)) for number in range(first)
        ]
        # The prices that count, and the nodes of these prices.
        assert sum("FROM prices" in each for each in statements) == 2, statements


async def test_prices_of_another_project_do_not_count(context: Context) -> None:
    await prices_create(context, "team/other", [NewPrice("m", 1, 1, effective_at=0)])
    await record(context, {"m": {"prompt_tokens": 1}})
    assert (await run(context, COSTS))["project"]["calls"]["nodes"][0]["cost"] is None


class Reader(Caller):
    def may_write(self, slug: str) -> bool:
        return False


async def test_setting_and_purging_need_the_right_to_write(context: Context) -> None:
    reader = Context(context.database, Reader("reader"))
    with pytest.raises(ForbiddenError):
        await prices_create(reader, PROJECT, [NewPrice("m", 1, 1)])
    query = parse_query({"$expr": {"$eq": [{"$getField": "id"}, {"$literal": "1"}]}})
    with pytest.raises(ForbiddenError):
        await prices_purge(reader, PROJECT, query)
