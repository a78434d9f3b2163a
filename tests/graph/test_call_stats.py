"""Statistics of calls over time, against a plain model of them."""

import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.scalars import format_time, parse_time
from tests.graph.test_call_filters import OP, call, record, run
from tests.statements import executed

DAY = "2026-01-01T00:00:00Z"

VALUES = """
  start end calls errors descendantErrors running errorRate
  latency { count avgMs minMs maxMs p50Ms p90Ms p95Ms p99Ms } inputTokens outputTokens totalTokens
  cost { total unit byModel { model total unit } unpricedModels }
"""
STATS = f"""
query Stats($start: DateTime, $end: DateTime, $granularity: Int, $timezone: String! = "UTC", $by: [CallStatsGroupBy!]!,
            $limit: Int! = 10, $filter: CallFilterInput, $query: QueryExprInput) {{
  project(slug: "team/app", unwritten: true) {{
    callStats(start: $start, end: $end, granularity: $granularity, timezone: $timezone, groupBy: $by,
              groupLimit: $limit, filter: $filter, query: $query) {{
      granularity timezone groupCount
      window {{ {VALUES} }} buckets {{ {VALUES} }}
      groups {{ op model status kind wbUserId window {{ {VALUES} }} buckets {{ calls }} }}
      rest {{ op model window {{ {VALUES} }} buckets {{ calls }} }}
    }}
  }}
}}
"""


async def stats(client: httpx.AsyncClient, by: Sequence[str] = (), **variables: Any) -> Any:
    data = await run(client, STATS, by=by, **variables)
    return data["project"]["callStats"] if isinstance(data, dict) else [error["message"] for error in data]


def usage(model: str, given: int, taken: int, requests: int = 1) -> dict[str, Any]:
    return {"usage": {model: {"prompt_tokens": given, "completion_tokens": taken, "requests": requests}}}


async def price(client: httpx.AsyncClient, model: str, unit: str = "USD") -> None:
    costs = {"prompt_token_cost": 0.5, "completion_token_cost": 2.0, "effective_date": "2000-01-01T00:00:00Z"}
    units = {"prompt_token_cost_unit": unit, "completion_token_cost_unit": unit}
    body = {"project_id": "team/app", "wb_user_id": "u", "costs": {model: {**costs, **units}}}
    assert (await client.post("/cost/create", json=body)).status_code == 200


SAMPLE = [
    # A root of a Weave SDK, which reports what the calls below it used as well, and one token of its own.
    call("root", op_name=f"{OP}/agent:v1", second=0, ms=9000, summary=usage("m-a", 31, 6, 3), wb_user_id="ann"),
    call("one", op_name=f"{OP}/ask:v1", second=1, ms=1000, parent_id="root", summary=usage("m-a", 10, 2)),
    call("two", op_name=f"{OP}/ask:v2", second=2, ms=3000, parent_id="root", summary=usage("m-a", 20, 4)),
    call("bad", op_name="tool", second=3, ms=2000, trace_id="other", exception="no"),
    call("run", op_name="tool", second=4, ms=None, trace_id="other", wb_user_id="bob"),
    call("eur", op_name="ask", second=59, ms=500, trace_id="third", summary=usage("m-b", 4, 1), wb_user_id="ann"),
]


async def test_a_window_its_buckets_and_its_groups(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE)
    await price(client, "m-a")
    await price(client, "m-b", "EUR")
    found = await stats(client, ["OP"], start=DAY, end="2026-01-01T00:01:00Z", granularity=30)
    assert {name: found[name] for name in ("granularity", "timezone", "groupCount", "rest")} == {
        "granularity": 30,
        "timezone": "UTC",
        "groupCount": 3,
        "rest": None,
    }
    assert found["window"] == {
        "start": DAY,
        "end": "2026-01-01T00:01:00Z",
        "calls": 6,
        "errors": 1,
        "descendantErrors": 0,
        "running": 1,
        "errorRate": 1 / 6,
        "latency": {
            "count": 5,
            "avgMs": 3100.0,
            "minMs": 500.0,
            "maxMs": 9000.0,
            "p50Ms": 2000.0,
            "p90Ms": 6600.0,
            "p95Ms": 7800.0,
            "p99Ms": 8760.0,
        },
        "inputTokens": 35,
        "outputTokens": 7,
        "totalTokens": 42,
        "cost": {
            "total": None,
            "unit": None,
            "byModel": [
                {"model": "m-a", "total": 27.5, "unit": "USD"},
                {"model": "m-b", "total": 4.0, "unit": "EUR"},
            ],
            "unpricedModels": [],
        },
    }
    assert [
        (one["start"], one["end"], one["calls"], one["totalTokens"], one["cost"]["total"]) for one in found["buckets"]
    ] == [
        (DAY, "2026-01-01T00:00:30Z", 5, 37, 27.5),
        ("2026-01-01T00:00:30Z", "2026-01-01T00:01:00Z", 1, 5, 4.0),
    ]
    assert [
        (group["op"], group["model"], group["window"]["calls"], group["window"]["inputTokens"], group["buckets"])
        for group in found["groups"]
    ] == [
        ("ask", None, 3, 34, [{"calls": 2}, {"calls": 1}]),
        ("tool", None, 2, 0, [{"calls": 2}, {"calls": 0}]),
        ("agent", None, 1, 1, [{"calls": 1}, {"calls": 0}]),
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 6])
async def test_pages_of_calls_add_up_to_all(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    await record(client, SAMPLE)
    whole = await stats(client, ["OP", "STATUS"])
    monkeypatch.setattr("resolvers.calls.statistics.PAGE", size)
    assert await stats(client, ["OP", "STATUS"]) == whole


async def test_a_page_and_its_end_are_of_one_moment(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    # What two statements find may differ: calls are deleted between them, or begin before the end of the page.
    await record(client, SAMPLE)
    monkeypatch.setattr("resolvers.calls.statistics.PAGE", 3)
    with executed() as statements:
        found = await stats(client, start=DAY, end="2026-01-01T00:01:00Z", granularity=60)
    assert found["window"]["calls"] == len(SAMPLE)
    pages = [statement for statement, _ in statements if "ORDER BY calls.started_at, calls.id" in statement]
    assert len(pages) == len(SAMPLE) // 3 + 1


async def test_pages_end_at_any_id_and_time(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = ["a b", " ", "1 2", "\ud800", "\U0001f600 \ud800", "\u00e9"]
    await record(client, [call(call_id, ms=1) for call_id in ids])
    await record(client, [call("old", started_at="1960-01-01T00:00:00Z", ms=None), call("new", second=5, ms=1)])
    monkeypatch.setattr("resolvers.calls.statistics.PAGE", 1)
    window = (await stats(client, start="1960-01-01T00:00:00Z", end="1960-01-02T00:00:00Z"))["window"]
    assert (window["calls"], window["running"]) == (1, 1)
    window = (await stats(client, start=DAY, end="2026-01-02T00:00:00Z"))["window"]
    assert (window["calls"], window["latency"]["count"]) == (len(ids) + 1, len(ids) + 1)


async def test_groups_beyond_the_limit_are_the_rest(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE)
    found = await stats(client, ["OP"], limit=1)
    assert [group["op"] for group in found["groups"]] == ["ask"]
    assert (found["rest"]["op"], found["rest"]["window"]["calls"], found["groupCount"]) == (None, 3, 3)
    assert found["rest"]["window"]["inputTokens"] == 1


async def test_tokens_go_to_the_model_that_they_were_used_of(client: httpx.AsyncClient) -> None:
    both = {"usage": {"m-c": {"prompt_tokens": 5}, "m-d": {"prompt_tokens": 7, "completion_tokens": "none"}}}
    await record(client, [*SAMPLE, call("both", second=5, trace_id="fourth", summary=both)])
    found = await stats(client, ["MODEL"])
    assert [(one["model"], one["window"]["calls"], one["window"]["inputTokens"]) for one in found["groups"]] == [
        (None, 3, 0),
        ("m-a", 3, 31),
        ("m-b", 1, 4),
        ("m-c", 0, 5),
        ("m-d", 0, 7),
    ]
    assert found["groupCount"] == 5
    found = await stats(client, ["MODEL"], limit=3)
    assert [one["model"] for one in found["groups"]] == [None, "m-a", "m-b"]
    assert (found["rest"]["window"]["calls"], found["rest"]["window"]["inputTokens"]) == (0, 12)
    assert found["window"]["inputTokens"] == 47


async def test_several_things_are_grouped_by_at_once(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE)
    found = await stats(client, ["USER", "STATUS", "KIND"])
    assert [
        (one["wbUserId"], one["status"], one["kind"], one["op"], one["window"]["calls"]) for one in found["groups"]
    ] == [
        ("ann", "SUCCESS", None, None, 2),
        ("local", "SUCCESS", None, None, 2),
        ("bob", "RUNNING", None, None, 1),
        ("local", "ERROR", None, None, 1),
    ]


async def test_filters_and_queries_narrow_what_is_counted(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE)
    found = await stats(client, filter={"isRoot": True})
    # Of the root its own share alone: what it reports of calls below it was used by those.
    assert (found["window"]["calls"], found["window"]["totalTokens"]) == (4, 6)
    found = await stats(client, filter={"ops": ["ask"]}, start="2026-01-01T00:00:02Z")
    assert (found["window"]["calls"], found["window"]["totalTokens"], found["groups"]) == (2, 29, [])
    found = await stats(client, query={"eq": [{"getField": "status"}, {"literal": {"value": "ERROR"}}]})
    assert (found["window"]["calls"], found["window"]["latency"]["p99Ms"]) == (1, 2000.0)


async def test_a_window_left_open_is_that_of_the_calls(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE)
    window = (await stats(client))["window"]
    assert (window["start"], window["end"]) == (DAY, "2026-01-01T00:00:59.000001Z")
    window = (await stats(client, filter={"ops": ["tool"]}))["window"]
    assert (window["start"], window["end"], window["calls"]) == (
        "2026-01-01T00:00:03Z",
        "2026-01-01T00:00:04.000001Z",
        2,
    )
    await record(client, [call("old", started_at="0001-01-01T00:00:00Z", ms=None)])
    window = (await stats(client, granularity=86400))["window"]
    assert (window["start"], window["calls"]) == ("2015-12-25T00:00:59.000001Z", 6)


async def test_a_project_without_calls_has_empty_statistics(client: httpx.AsyncClient) -> None:
    found = await stats(client, ["OP"], start=DAY, end="2026-01-01T02:00:00Z", granularity=3600)
    assert [bucket["calls"] for bucket in found["buckets"]] == [0, 0]
    assert (found["groups"], found["rest"], found["groupCount"]) == ([], None, 0)
    window = found["window"]
    assert (window["calls"], window["errorRate"], window["latency"]["count"], window["latency"]["avgMs"]) == (
        0,
        None,
        0,
        None,
    )
    assert (await stats(client))["window"]["calls"] == 0


async def test_buckets_follow_the_clock_of_a_zone(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE)
    found = await stats(
        client, start="2026-01-01T00:00:00Z", end="2026-01-01T00:01:00Z", granularity=86400, timezone="Asia/Tokyo"
    )
    assert [(one["start"], one["end"], one["calls"]) for one in found["buckets"]] == [
        ("2025-12-31T15:00:00Z", "2026-01-01T15:00:00Z", 6)
    ]


async def test_what_cannot_be_is_refused(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE)
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"start": DAY, "end": "2025-12-31T00:00:00Z"}, "The end of the range is 86400 s before its start"),
        ({"start": "1900-01-01T00:00:00Z", "end": DAY}, "The range is 3976214400 s long, at most 316224000 (3,660"),
        ({"granularity": 0}, "granularity must be from 1 to 31622400 seconds, not 0"),
        ({"timezone": "Mars/Crater"}, "Unknown time zone 'Mars/Crater'"),
        ({"limit": 0}, "groupLimit must be from 1 to 100, not 0"),
        ({"limit": 101}, "groupLimit must be from 1 to 100, not 101"),
        ({"by": ["OP", "OP"]}, "groupBy names a value twice"),
        (
            {"by": ["OP"], "limit": 100, "granularity": 2, "start": DAY, "end": "2026-01-01T03:00:00Z"},
            "5400 buckets of 100 groups are 540000 cells, at most 100000",
        ),
    ]
    for variables, said in refusals:
        found = await stats(client, **variables)
        assert [message[: len(said)] for message in found] == [said]


NUMBERS = count()
TIMES = st.integers(0, 7200).map(lambda second: second * 1_000_000)
CALLS = st.lists(
    st.tuples(
        TIMES,
        st.none() | st.integers(0, 10_000_000),
        st.sampled_from(["answer", f"{OP}/answer:v1", f"{OP}/ask:v1", "é"]),
        st.booleans(),
        st.none() | st.integers(0, 1000),
    ),
    max_size=30,
)


@pytest.mark.parametrize("granularity", [300, 3600])
@settings(max_examples=15, deadline=None)
@given(calls=CALLS)
async def test_any_calls_add_up_as_a_plain_model_says(
    module_client: httpx.AsyncClient, granularity: int, calls: list[tuple[int, int | None, str, bool, int | None]]
) -> None:
    base = parse_time(DAY)
    project = f"team/{next(NUMBERS)}"
    events: list[dict[str, Any]] = []
    for index, (offset, took, op, failed, tokens) in enumerate(calls):
        start = {"project_id": project, "id": str(index), "trace_id": str(index % 3), "op_name": op, "attributes": {}}
        begun = base + offset
        events.append({"mode": "start", "req": {"start": {**start, "inputs": {}, "started_at": format_time(begun)}}})
        if took is not None:
            summary = {} if tokens is None else {"usage": {"m": {"prompt_tokens": tokens}}}
            over = {"project_id": project, "id": str(index), "ended_at": format_time(begun + took), "summary": summary}
            events.append({"mode": "end", "req": {"end": {**over, "exception": "x" if failed else None}}})
    if events:
        await module_client.post("/call/upsert_batch", content=json.dumps({"batch": events}))
    document = STATS.replace("team/app", project)
    end = format_time(base + 7201 * 1_000_000)
    variables = {"start": DAY, "end": end, "granularity": granularity, "by": ["OP"], "limit": 2}
    data = await run(module_client, document, **variables)
    found = data["project"]["callStats"]

    def model(chosen: list[tuple[int, int | None, str, bool, int | None]]) -> dict[str, Any]:
        times = sorted(took for _, took, *_ in chosen if took is not None)
        ended = [one for one in chosen if one[1] is not None]

        def percentile(percent: int) -> float | None:
            if not times:
                return None
            place = (len(times) - 1) * percent / 100
            low = times[int(place)]
            return (low + (times[min(int(place) + 1, len(times) - 1)] - low) * (place - int(place))) / 1000

        return {
            "calls": len(chosen),
            "errors": sum(failed for _, _, _, failed, _ in ended),
            "running": len(chosen) - len(ended),
            "inputTokens": sum(tokens or 0 for *_, tokens in ended),
            "count": len(times),
            "avgMs": pytest.approx(sum(times) / len(times) / 1000) if times else None,
            "maxMs": times[-1] / 1000 if times else None,
            "p50Ms": pytest.approx(percentile(50)),
            "p90Ms": pytest.approx(percentile(90)),
            "p99Ms": pytest.approx(percentile(99)),
        }

    def said(bucket: dict[str, Any]) -> dict[str, Any]:
        flat = bucket | bucket["latency"]
        return {name: flat[name] for name in model([])}

    assert said(found["window"]) == model(calls)
    slots: defaultdict[int, list[Any]] = defaultdict(list)
    for one in calls:
        slots[one[0] // (granularity * 1_000_000)].append(one)
    assert [said(bucket) for bucket in found["buckets"]] == [model(slots[i]) for i in range(len(found["buckets"]))]
    ops: defaultdict[str, list[Any]] = defaultdict(list)
    for one in calls:
        ops["answer" if "answer" in one[2] else "ask" if "ask" in one[2] else one[2]].append(one)
    largest = sorted(ops, key=lambda op: (-len(ops[op]), op))
    assert [(group["op"], said(group["window"])) for group in found["groups"]] == [
        (op, model(ops[op])) for op in largest[:2]
    ]
    assert found["groupCount"] == len(ops)
    rest = [one for op in largest[2:] for one in ops[op]]
    assert (found["rest"] and said(found["rest"]["window"])) == (model(rest) if rest else None)
