"""The model of a call: that of its usage, else the one that it asked for."""

from typing import Any

import httpx
import pytest

from tests.graph.test_call_filters import PROJECT, call, found, record, run

MODELS = """{ project(slug: "team/app") { calls {
  nodes { callId model usage { model totalTokens } } } } }"""

ASKS = {"inputs": {"model": "gpt-4o", "messages": []}}


def usage(*models: str) -> dict[str, Any]:
    return {"usage": {model: {"prompt_tokens": 1, "total_tokens": 1} for model in models}}


async def models(client: httpx.AsyncClient) -> dict[str, str | None]:
    data = await run(client, MODELS)
    return {node["callId"]: node["model"] for node in data["project"]["calls"]["nodes"]}


async def test_a_call_that_used_none_has_the_one_that_it_asked_for(client: httpx.AsyncClient) -> None:
    def kind(name: str) -> dict[str, Any]:
        return {"attributes": {"weave": {"kind": name}}, **ASKS}

    await record(
        client,
        [
            call("failed", exception="no", **ASKS),
            call("runs", ms=None, **ASKS),
            call("used", summary=usage("gpt-4o-2024-08-06"), **ASKS),
            call("several", summary=usage("a", "b"), **ASKS),
            call("llm", **kind("llm")),
            call("agent", **kind("agent")),
            call("ref", inputs={"model": f"weave:///{PROJECT}/object/m:abc"}),
            call("object", inputs={"model": {"name": "gpt-4o"}}),
            call("blank", inputs={"model": " "}),
            call("long", inputs={"model": "x" * 501}),
            call("odd", inputs={"model": "\x00\ud800é"}),
            call("none", inputs={"models": "gpt-4o"}),
            call("dotted", attributes={"gen_ai.request.model": "m-1"}),
            call("nested", attributes={"gen_ai": {"request": {"model": "m-2"}}}),
            call("openinference", attributes={"llm": {"model_name": "m-3"}}, inputs={"model": 4}),
            call("own", attributes={"model": "my classifier"}),
        ],
    )
    assert await models(client) == {
        "failed": "gpt-4o",
        "runs": "gpt-4o",
        "used": "gpt-4o-2024-08-06",
        "several": None,
        "llm": "gpt-4o",
        "agent": None,
        "ref": None,
        "object": None,
        "blank": None,
        "long": None,
        "odd": "\x00\ud800é",
        "none": None,
        "dotted": "m-1",
        "nested": "m-2",
        "openinference": "m-3",
        "own": None,
    }
    data = await run(client, MODELS)
    used = {node["callId"]: node["usage"] for node in data["project"]["calls"]["nodes"]}
    assert used["failed"] is None
    assert used["used"] == {"model": "gpt-4o-2024-08-06", "totalTokens": 1}
    data = await run(
        client,
        """{ project(slug: "team/app") {
          calls(filter: {models: ["gpt-4o"], statuses: [ERROR]}) { nodes { callId } }
          callStats(groupBy: [MODEL], filter: {models: ["gpt-4o"]}) { groups { model window { calls errorRate } } }
        } }""",
    )
    assert data["project"] == {
        "calls": {"nodes": [{"callId": "failed"}]},
        "callStats": {"groups": [{"model": "gpt-4o", "window": {"calls": 3, "errorRate": 1 / 3}}]},
    }


@pytest.mark.parametrize(
    ("summaries", "expected"),
    [
        ([{}], "gpt-4o"),
        ([usage("m")], "m"),
        ([{}, usage("m")], "m"),
        ([usage("a", "b")], None),
        ([usage("a"), usage("a", "b")], None),
    ],
)
async def test_the_order_of_events_makes_no_difference(
    client: httpx.AsyncClient, summaries: list[dict[str, Any]], expected: str | None
) -> None:
    ends = [{"end": call("x", summary=summary)["end"]} for summary in summaries]
    start = {"start": call("x", **ASKS)["start"]}
    names = {}
    for place in range(len(ends) + 1):
        for together in (True, False):
            name = f"{place}{together}"
            events = [*ends[:place], start, *ends[place:]]
            events = [{mode: {**event, "id": name} for mode, event in one.items()} for one in events]
            for batch in [events] if together else [[event] for event in events]:
                await record(client, batch)
            names[name] = expected
    assert await models(client) == names


async def test_a_running_span_has_the_model_that_it_asks_for(client: httpx.AsyncClient) -> None:
    await record(client, [call("a", ms=None, attributes={"model": "m-4", "otel_span": {}, "kind": "LLM"})])
    assert await models(client) == {"a": "m-4"}
    assert await found(client, filter={"models": ["m-4"]}) == "a"
