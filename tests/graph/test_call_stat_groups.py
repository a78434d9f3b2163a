"""Which groups of calls statistics list, and grouping by paths."""

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graph.test_call_filters import OP, call, record, run
from tests.graph.test_call_stats import price, usage

GROUPS = """
query Groups($by: [CallStatsGroupBy!]! = [], $paths: [String!]! = [], $order: CallStatsGroupOrder! = CALLS,
             $limit: Int! = 10, $scan: Int! = 10000, $filter: CallFilterInput) {
  project(slug: "team/app", unwritten: true) {
    callStats(groupBy: $by, groupByPaths: $paths, groupOrderBy: $order, groupLimit: $limit, scan: $scan,
              filter: $filter) {
      groupCount groupsComplete
      window { calls totalTokens }
      groups { op model sessionId threadId traceId paths { path value type } window { calls totalTokens } }
      rest { paths { path } window { calls totalTokens } } } } }
"""


async def stats(client: httpx.AsyncClient, **variables: Any) -> Any:
    data = await run(client, GROUPS, **variables)
    return data["project"]["callStats"] if isinstance(data, dict) else [error["message"] for error in data]


async def ops(client: httpx.AsyncClient, order: str, limit: int = 10) -> tuple[list[str], int]:
    """The groups in their order, and how many calls are the rest."""
    found = await stats(client, by=["OP"], order=order, limit=limit)
    assert found["groupCount"] == 5
    return [group["op"] for group in found["groups"]], (found["rest"] or {"window": {"calls": 0}})["window"]["calls"]


def tokens(given: int, model: str = "m-a") -> dict[str, Any]:
    return {"summary": usage(model, given, 0)}


# Of each op: how long its calls took, which of them failed, and what they used.
SAMPLE = [
    *(
        call(f"a{index}", op_name=f"{OP}/a:v{index % 3}", ms=100 * index, trace_id=f"a{index}")
        for index in range(1, 10)
    ),
    call("b0", op_name="b", ms=5000, trace_id="b0", exception="no", **tokens(5)),
    call("b1", op_name="b", ms=1, trace_id="b1", exception="no"),
    call("b2", op_name="b", ms=1, trace_id="b2"),
    call("c0", op_name="c", ms=2000, trace_id="c0", exception="no", **tokens(7, "m-b")),
    call("c1", op_name="c", ms=None, trace_id="c1"),
    call("d0", op_name="d", ms=None, trace_id="d0"),
    call("é0", op_name="é", ms=1500, trace_id="é0", exception="no"),
]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("CALLS", ["a", "b", "c", "d", "é"]),
        ("ERRORS", ["b", "c", "é", "a", "d"]),
        ("ERROR_RATE", ["é", "b", "c", "a", "d"]),
        ("LATENCY_AVG", ["c", "b", "é", "a", "d"]),
        ("LATENCY_P50", ["c", "é", "a", "b", "d"]),
        ("LATENCY_P95", ["b", "c", "é", "a", "d"]),
        ("LATENCY_MAX", ["b", "c", "é", "a", "d"]),
        ("TOTAL_TOKENS", ["c", "b", "a", "d", "é"]),
        ("COST", ["b", "a", "c", "d", "é"]),
    ],
)
async def test_groups_come_by_what_is_asked_for(client: httpx.AsyncClient, order: str, expected: list[str]) -> None:
    await record(client, SAMPLE)
    await price(client, "m-a")
    sizes = {"a": 9, "b": 3, "c": 2, "d": 1, "é": 1}
    assert await ops(client, order) == (expected, 0)
    for limit in (1, 2, 4):
        rest = sum(sizes[op] for op in expected[limit:])
        assert await ops(client, order, limit) == (expected[:limit], rest)


async def test_the_dearest_model_may_be_one_that_no_call_is_of(client: httpx.AsyncClient) -> None:
    both = {"usage": {"m-c": {"prompt_tokens": 50}, "m-d": {"prompt_tokens": 7}}}
    await record(client, [*SAMPLE, call("both", trace_id="both", summary=both)])
    await price(client, "m-a")
    await price(client, "m-d")
    found = await stats(client, by=["MODEL"], order="TOTAL_TOKENS", limit=2)
    assert [(one["model"], one["window"]) for one in found["groups"]] == [
        ("m-c", {"calls": 0, "totalTokens": 50}),
        ("m-b", {"calls": 1, "totalTokens": 7}),
    ]
    assert (found["rest"]["window"], found["groupCount"]) == ({"calls": 16, "totalTokens": 12}, 5)
    found = await stats(client, by=["MODEL"], order="COST", limit=3)
    assert [one["model"] for one in found["groups"]] == ["m-d", "m-a", None]
    assert found["rest"]["window"] == {"calls": 1, "totalTokens": 57}


LATENCIES = st.lists(st.tuples(st.sampled_from("abcd"), st.none() | st.integers(0, 9000)), min_size=1, max_size=30)


@settings(max_examples=15, deadline=None)
@given(latencies=LATENCIES, limit=st.integers(1, 5))
async def test_percentiles_order_as_they_are_answered(
    module_client: httpx.AsyncClient, latencies: list[tuple[str, int | None]], limit: int
) -> None:
    document = """query Ordered($slug: String!, $limit: Int!) { project(slug: $slug) {
      p95: callStats(groupBy: [OP], groupOrderBy: LATENCY_P95, groupLimit: $limit) { ...slow }
      all: callStats(groupBy: [OP]) { ...slow } } }
      fragment slow on CallStats { groups { op window { latency { p95Ms } } } }"""
    project = f"team/p{hash((tuple(latencies), limit))}"
    calls = [
        call(f"{index}", project_id=project, op_name=op, ms=ms, trace_id="t")
        for index, (op, ms) in enumerate(latencies)
    ]
    for one in calls:
        one.get("end", {})["project_id"] = project
    await record(module_client, calls)
    data = await run(module_client, document, slug=project, limit=limit)
    every = [(group["op"], group["window"]["latency"]["p95Ms"]) for group in data["project"]["all"]["groups"]]
    first = [(group["op"], group["window"]["latency"]["p95Ms"]) for group in data["project"]["p95"]["groups"]]
    assert first == sorted(every, key=lambda one: (one[1] is None, -(one[1] or 0), one[0]))[:limit]


PATHS = [
    call("a", second=1, attributes={"env": "prod", "n": 1}, trace_id="t-a", **tokens(1)),
    call("b", second=2, attributes={"env": "prod", "n": "1"}, trace_id="t-b", **tokens(2)),
    call("c", second=3, attributes={"env": None}, trace_id="t-c", **tokens(4)),
    call("d", second=4, attributes={"env": {"x": ["\x00\ud800"]}}, op_name="other", trace_id="t-d"),
    call("e", second=5, attributes={"env": "é" * 600}, thread_id="h", trace_id="t-d"),
]


async def test_paths_group(client: httpx.AsyncClient) -> None:
    await record(client, PATHS)
    found = await stats(client, paths=["attributes.env"])
    assert [
        (
            [(one["value"], one["type"]) for one in group["paths"]],
            group["window"]["calls"],
            group["window"]["totalTokens"],
        )
        for group in found["groups"]
    ] == [
        ([("prod", "STRING")], 2, 3),
        ([(None, None)], 1, 4),
        ([('{"x":["\x00\ud800"]}', "OBJECT")], 1, 0),
        ([("é" * 500, "STRING")], 1, 0),
    ]
    assert (found["groupCount"], found["groupsComplete"], found["rest"]) == (4, True, None)
    assert found["groups"][0]["paths"] == [{"path": "attributes.env", "value": "prod", "type": "STRING"}]


async def test_paths_group_together_and_beside_others(client: httpx.AsyncClient) -> None:
    await record(client, PATHS)
    found = await stats(client, by=["OP"], paths=["attributes.n", "status"], order="TOTAL_TOKENS", limit=3)
    assert [
        (
            group["op"],
            [one["value"] for one in group["paths"]],
            [one["type"] for one in group["paths"]],
            group["window"],
        )
        for group in found["groups"]
    ] == [
        ("op", [None, "SUCCESS"], [None, "STRING"], {"calls": 2, "totalTokens": 4}),
        ("op", ["1", "SUCCESS"], ["STRING", "STRING"], {"calls": 1, "totalTokens": 2}),
        ("op", ["1", "SUCCESS"], ["NUMBER", "STRING"], {"calls": 1, "totalTokens": 1}),
    ]
    assert found["rest"] == {"paths": [], "window": {"calls": 1, "totalTokens": 0}}
    found = await stats(client, paths=["attributes.env"], order="LATENCY_P95", limit=1)
    assert [group["paths"][0]["value"] for group in found["groups"]] == [None]


async def test_sessions_threads_and_traces_group(client: httpx.AsyncClient) -> None:
    await record(client, PATHS)
    found = await stats(client, by=["SESSION", "THREAD"])
    assert [(one["sessionId"], one["threadId"], one["window"]["calls"]) for one in found["groups"]] == [
        (None, None, 4),
        (None, "h", 1),
    ]
    found = await stats(client, by=["TRACE"], limit=1)
    assert [(one["traceId"], one["window"]["calls"]) for one in found["groups"]] == [("t-d", 2)]


async def test_payloads_are_read_of_the_newest_alone(client: httpx.AsyncClient) -> None:
    await record(client, PATHS)
    for order in ("CALLS", "TOTAL_TOKENS"):
        found = await stats(client, paths=["attributes.n"], scan=4, order=order)
        assert sorted((group["paths"][0]["value"] or "", group["window"]["calls"]) for group in found["groups"]) == [
            ("", 3),
            ("1", 1),
        ]
        assert found["rest"] == {"paths": [], "window": {"calls": 1, "totalTokens": 1}}
        assert (found["groupsComplete"], found["groupCount"]) == (False, 2)
        assert found["window"] == {"calls": 5, "totalTokens": 7}
    found = await stats(client, paths=["op", "threadId"], scan=1)
    assert (found["groupsComplete"], found["groupCount"], found["rest"]) == (True, 3, None)


async def test_feedback_groups(client: httpx.AsyncClient) -> None:
    await record(client, PATHS)
    for name in "ab":
        body = {
            "project_id": "team/app",
            "weave_ref": f"weave:///team/app/call/{name}",
            "feedback_type": "wandb.reaction.1",
            "payload": {"emoji": "👍"},
            "creator": None,
        }
        assert (await client.post("/feedback/create", json=body)).status_code == 200
    found = await stats(client, paths=["feedback.[wandb.reaction.1].payload.emoji"])
    assert [(group["paths"][0]["value"], group["window"]["calls"]) for group in found["groups"]] == [
        (None, 3),
        ("👍", 2),
    ]


async def test_what_cannot_be_is_refused(client: httpx.AsyncClient) -> None:
    await record(client, PATHS)
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"paths": ["attributes.a"] * 2}, "groupByPaths names a value twice"),
        ({"paths": [f"attributes.{index}" for index in range(6)]}, "groupByPaths must name at most 5 paths, not 6"),
        ({"paths": ["attribute.a"]}, "unknown field 'attribute.a'; did you mean 'attributes'?"),
        ({"scan": 0}, "scan must be from 1 to 100000, not 0"),
        ({"scan": 100_001}, "scan must be from 1 to 100000, not 100001"),
    ]
    for variables, said in refusals:
        assert await stats(client, **variables) == [said]


async def test_a_project_without_calls_has_no_groups(client: httpx.AsyncClient) -> None:
    for order in ("CALLS", "COST", "LATENCY_P95"):
        found = await stats(client, paths=["attributes.env"], order=order)
        assert (found["groups"], found["rest"], found["groupCount"], found["groupsComplete"]) == ([], None, 0, True)


async def test_buckets_say_when_they_begin_on_the_clock(client: httpx.AsyncClient) -> None:
    await record(client, PATHS)
    document = """{ project(slug: "team/app") { callStats(
      start: "2025-12-31T23:00:00Z", end: "2026-01-01T12:00:00Z", granularity: 86400, timezone: "Asia/Tokyo"
    ) { window { start localStart } buckets { start localStart calls } } } }"""
    data = await run(client, document)
    assert data["project"]["callStats"] == {
        "window": {"start": "2025-12-31T23:00:00Z", "localStart": "2026-01-01T08:00:00"},
        "buckets": [{"start": "2025-12-31T15:00:00Z", "localStart": "2026-01-01T00:00:00", "calls": 5}],
    }
