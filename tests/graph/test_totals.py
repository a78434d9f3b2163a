"""What calls used and cost themselves, and with all that is below them."""

from typing import Any

import httpx
import pytest

from tests.graph.recording import ask, ask_project, call, record, time_of
from tests.statements import counted


async def price(client: httpx.AsyncClient, *prices: dict[str, Any]) -> None:
    document = """mutation($prices: [PriceInput!]!) { pricesCreate(input: { project: "team/app", prices: $prices }) {
        userErrors { message } } }"""
    data = await ask(client, document, prices=list(prices))
    assert data["pricesCreate"]["userErrors"] == []


def used(model: str, incoming: int, outgoing: int, requests: int = 1, **counts: int) -> dict[str, Any]:
    usage = {"prompt_tokens": incoming, "completion_tokens": outgoing, "requests": requests, **counts}
    return {"usage": {model: usage}}


USAGE = "{ inputTokens outputTokens totalTokens requests byModel { model totalTokens } }"
COST = "{ total unit unpricedModels byModel { model total unit } }"
FIELDS = f"callId ownUsage {USAGE} subtreeUsage {USAGE} ownCost {COST} subtreeCost {COST}"


def usage(incoming: int, outgoing: int, requests: int, **models: int) -> dict[str, Any]:
    return {
        "inputTokens": incoming,
        "outputTokens": outgoing,
        "totalTokens": incoming + outgoing,
        "requests": requests,
        "byModel": [{"model": model, "totalTokens": tokens} for model, tokens in models.items()],
    }


def cost(total: float, **models: float) -> dict[str, Any]:
    by_model = [{"model": model, "total": each, "unit": "USD"} for model, each in models.items()]
    return {"total": total, "unit": "USD", "unpricedModels": [], "byModel": by_model}


async def totals(client: httpx.AsyncClient) -> dict[str, Any]:
    project = await ask_project(client, f"calls {{ nodes {{ {FIELDS} }} }}")
    return {node.pop("callId"): node for node in project["calls"]["nodes"]}


async def test_a_tree_whose_sdk_adds_up(client: httpx.AsyncClient) -> None:
    await price(
        client,
        {"model": "m", "inputTokenCost": 1, "outputTokenCost": 2, "effectiveAt": "2025-01-01T00:00:00Z"},
        {"model": "m", "inputTokenCost": 10, "outputTokenCost": 20, "effectiveAt": time_of(5)},
    )
    await record(
        client,
        [
            call("root", ended=9, summary=used("m", 35, 14, 3)),
            call("one", "root", second=1, ended=2, summary=used("m", 10, 4)),
            # It begins when the price has changed.
            call("two", "root", second=6, ended=7, summary=used("m", 20, 8)),
        ],
    )
    assert await totals(client) == {
        "root": {
            "ownUsage": usage(5, 2, 1, m=7),
            "subtreeUsage": usage(35, 14, 3, m=49),
            "ownCost": cost(9, m=9),
            "subtreeCost": cost(387, m=387),
        },
        "one": {
            "ownUsage": usage(10, 4, 1, m=14),
            "subtreeUsage": usage(10, 4, 1, m=14),
            "ownCost": cost(18, m=18),
            "subtreeCost": cost(18, m=18),
        },
        "two": {
            "ownUsage": usage(20, 8, 1, m=28),
            "subtreeUsage": usage(20, 8, 1, m=28),
            "ownCost": cost(360, m=360),
            "subtreeCost": cost(360, m=360),
        },
    }
    # What the call reports is priced as before, at the price of its own start.
    project = await ask_project(client, 'call(callId: "root") { usage { totalTokens } cost { total } }')
    assert project["call"] == {"usage": {"totalTokens": 49}, "cost": {"total": 63.0}}


async def test_a_tree_of_spans_whose_parents_report_nothing(client: httpx.AsyncClient) -> None:
    await price(client, {"model": "m", "inputTokenCost": 1, "outputTokenCost": 1})
    await record(
        client,
        [
            call("root"),  # runs still
            call("chain", "root", second=1, ended=8),
            call("llm", "chain", second=2, ended=3, summary=used("m", 3, 1)),
            call("other", "chain", second=4, ended=5, summary=used("unheard-of", 7, 0)),
        ],
    )
    found = await totals(client)
    both = {
        "inputTokens": 10,
        "outputTokens": 1,
        "totalTokens": 11,
        "requests": 2,
        "byModel": [{"model": "m", "totalTokens": 4}, {"model": "unheard-of", "totalTokens": 7}],
    }
    for call_id in ("root", "chain"):
        found[call_id]["subtreeUsage"]["byModel"].sort(key=lambda each: each["model"])
        found[call_id]["subtreeCost"]["byModel"].sort(key=lambda each: each["model"])
        assert found[call_id] == {
            "ownUsage": None,
            "subtreeUsage": both,
            "ownCost": None,
            "subtreeCost": {
                "total": 4.0,
                "unit": "USD",
                "unpricedModels": ["unheard-of"],
                "byModel": [
                    {"model": "m", "total": 4.0, "unit": "USD"},
                    {"model": "unheard-of", "total": None, "unit": None},
                ],
            },
        }
    assert found["other"]["ownCost"] is None
    assert found["llm"]["ownCost"] == cost(4, m=4)


async def test_prices_of_several_units_have_no_total(client: httpx.AsyncClient) -> None:
    await price(
        client,
        {"model": "m", "inputTokenCost": 1, "outputTokenCost": 1},
        {"model": "n", "inputTokenCost": 1, "outputTokenCost": 1, "inputUnit": "EUR", "outputUnit": "EUR"},
    )
    await record(
        client,
        [
            call("root", ended=9, summary=used("m", 1, 1)),
            call("one", "root", second=1, ended=2, summary=used("n", 2, 2)),
        ],
    )
    root = (await totals(client))["root"]["subtreeCost"]
    root["byModel"].sort(key=lambda each: each["model"])
    assert root == {
        "total": None,
        "unit": None,
        "unpricedModels": [],
        "byModel": [{"model": "m", "total": 2.0, "unit": "USD"}, {"model": "n", "total": 4.0, "unit": "EUR"}],
    }


async def test_strange_summaries_cycles_and_deleted_calls(client: httpx.AsyncClient) -> None:
    strange: dict[str, Any] = {
        "usage": {"m\u0000\ud800": {"prompt_tokens": 5, "completion_tokens": None}, "none": 3, "text": {"x": "y"}},
        "huge": 10**400,
    }
    await record(
        client,
        [
            call("a", "b", ended=1, summary=strange),
            call("b", "a", second=1, ended=2, summary={"usage": [1, 2]}),
            call("root", second=2, ended=9, summary=used("m", 5, 5)),
            call("gone", "root", second=3, ended=4, summary=used("m", 100, 100)),
        ],
    )
    await client.post("/calls/delete", json={"project_id": "team/app", "call_ids": ["gone"]})
    found = await totals(client)
    assert found["a"]["ownUsage"]["byModel"] == [{"model": "m\u0000\ud800", "totalTokens": 5}]
    assert found["a"]["subtreeUsage"]["totalTokens"] == 5
    assert found["b"]["ownUsage"] is None
    assert found["root"]["subtreeUsage"] == usage(5, 5, 1, m=10)


async def test_the_own_shares_of_a_large_tree_add_up(client: httpx.AsyncClient) -> None:
    await price(client, {"model": "m", "inputTokenCost": 0.25, "outputTokenCost": 0.5})
    leaves = [call(f"leaf-{n}", f"mid-{n % 20}", second=n, ended=n + 1, summary=used("m", n, 1)) for n in range(400)]
    await record(client, [call("root"), *(call(f"mid-{n}", "root", second=n) for n in range(20)), *leaves])
    with counted() as statements:
        project = await ask_project(
            client,
            """call(callId: "root") { subtreeUsage { totalTokens requests } subtreeCost { total }
                 descendants(first: 1000) { nodes { ownUsage { totalTokens } ownCost { total } } } }""",
        )
    below = project["call"]["descendants"]["nodes"]
    assert project["call"]["subtreeUsage"] == {"totalTokens": 400 * 399 // 2 + 400, "requests": 400}
    assert sum(node["ownUsage"]["totalTokens"] for node in below if node["ownUsage"]) == 400 * 399 // 2 + 400
    expected = 0.25 * (400 * 399 // 2) + 0.5 * 400
    assert project["call"]["subtreeCost"]["total"] == pytest.approx(expected)
    assert sum(node["ownCost"]["total"] for node in below if node["ownCost"]) == pytest.approx(expected)
    assert len(statements) < 30
