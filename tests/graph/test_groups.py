"""Traces, sessions and threads: what their calls add up to, their links, and which of them lists hold."""

from typing import Any

import httpx
import pytest

from tests.graph.recording import ask, ask_project, call, record, record_spans, refusal
from tests.statements import counted


def used(model: str, tokens: int) -> dict[str, Any]:
    return {"usage": {model: {"prompt_tokens": tokens, "completion_tokens": 0, "requests": 1}}}


async def fill(client: httpx.AsyncClient) -> None:
    """Trace t1: a root that adds up, a chain, two steps of a model, one failed. t2 runs. t3 has two roots."""
    chat: dict[str, Any] = {"thread_id": "chat", "turn_id": "r1"}
    await record(
        client,
        [
            call("r1", trace_id="t1", op_name="agent", ended=10, summary=used("m", 35), wb_user_id="ada", **chat),
            call("c1", "r1", trace_id="t1", op_name="chain", second=1, ended=9, **chat),
            call("m1", "c1", trace_id="t1", op_name="llm", second=2, ended=3, summary=used("m", 10), **chat),
            call(
                "m2",
                "c1",
                trace_id="t1",
                op_name="llm",
                second=4,
                ended=5,
                exception="boom",
                summary=used("m", 20),
                **chat,
            ),
            call("r2", trace_id="t2", op_name="agent", second=20, thread_id="chat", turn_id="r2", wb_user_id="bob"),
            call("m3", "r2", trace_id="t2", op_name="llm", second=21, ended=22, summary=used("n", 7)),
            call("r3", trace_id="t3", op_name="job", second=30, ended=31),
            call("r4", trace_id="t3", op_name="job", second=32, ended=34, thread_id="other", turn_id="r4"),
        ],
    )


@pytest.fixture(scope="module")
async def filled(module_client: httpx.AsyncClient) -> httpx.AsyncClient:
    await fill(module_client)
    return module_client


async def ids(client: httpx.AsyncClient, field: str, arguments: str, key: str) -> list[str]:
    project = await ask_project(client, f"{field}({arguments}) {{ totalCount nodes {{ {key} }} }}")
    found = [node[key] for node in project[field]["nodes"]]
    assert project[field]["totalCount"] == len(found)
    return found


async def test_what_a_trace_adds_up_to(client: httpx.AsyncClient) -> None:
    await fill(client)
    prices = [{"model": "m", "inputTokenCost": 2, "outputTokenCost": 0}]
    document = """mutation($p: [PriceInput!]!) { pricesCreate(input: { project: "team/app", prices: $p }) {
        userErrors { message } } }"""
    await ask(client, document, p=prices)
    fields = """status statusCounts { success error running descendantError } callCount errorCount durationMs depth
        models usage { totalTokens requests byModel { model totalTokens } } cost { total unit unpricedModels }
        ops { opName opShortName callCount errorCount totalLatencyMs } roots { callId } session { sessionId }
        thread { threadId }"""
    project = await ask_project(
        client,
        f"""t1: trace(traceId: "t1") {{ {fields} }} t2: trace(traceId: "t2") {{ {fields} }}
            t3: trace(traceId: "t3") {{ {fields} }}""",
    )
    assert project["t1"] == {
        "status": "ERROR",
        "statusCounts": {"success": 3, "error": 1, "running": 0, "descendantError": 0},
        "callCount": 4,
        "errorCount": 1,
        "durationMs": 10_000.0,
        "depth": 3,
        "models": ["m"],
        "usage": {"totalTokens": 35, "requests": 2, "byModel": [{"model": "m", "totalTokens": 35}]} | {"requests": 2},
        "cost": {"total": 70.0, "unit": "USD", "unpricedModels": []},
        "ops": [
            {"opName": "llm", "opShortName": "llm", "callCount": 2, "errorCount": 1, "totalLatencyMs": 2000.0},
            {"opName": "agent", "opShortName": "agent", "callCount": 1, "errorCount": 0, "totalLatencyMs": 10_000.0},
            {"opName": "chain", "opShortName": "chain", "callCount": 1, "errorCount": 0, "totalLatencyMs": 8000.0},
        ],
        "roots": [{"callId": "r1"}],
        "session": None,
        "thread": {"threadId": "chat"},
    }
    assert project["t2"]["status"] == "RUNNING"
    assert project["t2"]["durationMs"] is None
    assert project["t2"]["usage"]["totalTokens"] == 7
    assert project["t2"]["cost"] is None
    assert project["t3"] == {
        "status": "SUCCESS",
        "statusCounts": {"success": 2, "error": 0, "running": 0, "descendantError": 0},
        "callCount": 2,
        "errorCount": 0,
        "durationMs": 4000.0,
        "depth": 1,
        "models": [],
        "usage": None,
        "cost": None,
        "ops": [{"opName": "job", "opShortName": "job", "callCount": 2, "errorCount": 0, "totalLatencyMs": 3000.0}],
        "roots": [{"callId": "r3"}, {"callId": "r4"}],
        "session": None,
        "thread": {"threadId": "other"},
    }


async def test_what_a_thread_adds_up_to(client: httpx.AsyncClient) -> None:
    await fill(client)
    project = await ask_project(
        client,
        """threads(orderBy: [{ field: "threadId" }]) { nodes {
             threadId status callCount traceCount turnCount usage { totalTokens }
             turnDurations { count minMs meanMs p50Ms p90Ms p95Ms p99Ms maxMs } traceDurations { count p50Ms }
             traces { totalCount nodes { traceId callCount } } sessions { totalCount } session { sessionId } } }""",
    )
    one = {"count": 1} | dict.fromkeys(("minMs", "meanMs", "p50Ms", "p90Ms", "p95Ms", "p99Ms", "maxMs"), 10_000.0)
    assert project["threads"]["nodes"] == [
        {
            "threadId": "chat",
            "status": "ERROR",
            "callCount": 5,
            "traceCount": 2,
            "turnCount": 2,
            "usage": {"totalTokens": 35},
            "turnDurations": one,
            "traceDurations": {"count": 1, "p50Ms": 10_000.0},
            # Whole traces: the second has a call outside the thread.
            "traces": {
                "totalCount": 2,
                "nodes": [{"traceId": "t2", "callCount": 2}, {"traceId": "t1", "callCount": 4}],
            },
            "sessions": {"totalCount": 0},
            "session": None,
        },
        {
            "threadId": "other",
            "status": "SUCCESS",
            "callCount": 1,
            "traceCount": 1,
            "turnCount": 1,
            "usage": None,
            "turnDurations": {"count": 1} | dict.fromkeys(one.keys() - {"count"}, 2000.0),
            "traceDurations": {"count": 1, "p50Ms": 4000.0},
            "traces": {"totalCount": 1, "nodes": [{"traceId": "t3", "callCount": 2}]},
            "sessions": {"totalCount": 0},
            "session": None,
        },
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("first: 10", "321"),
        ('filter: { traceIds: ["t1", "t3", "unknown"] }', "31"),
        ("filter: { hasErrors: true }", "1"),
        ("filter: { hasErrors: false }", "32"),
        ("filter: { statuses: [RUNNING, SUCCESS] }", "32"),
        ("filter: { statuses: [ERROR] }", "1"),
        ("filter: { rootStatuses: [ERROR] }", ""),
        ("filter: { rootStatuses: [SUCCESS] }", "31"),
        ("filter: { rootStatuses: [SUCCESS], statuses: [ERROR] }", "1"),
        ("filter: { rootStatuses: [RUNNING, ERROR] }", "2"),
        ("filter: { minDurationMs: 4000, maxDurationMs: 9999.5 }", "3"),
        ('filter: { startedAfter: "2026-01-01T00:00:20Z", startedBefore: "2026-01-01T00:00:30Z" }', "2"),
        ('filter: { endedBefore: "2026-01-01T00:00:10.000001Z" }', "1"),
        ('filter: { endedAfter: "2026-01-01T00:00:34Z" }', "3"),
        ("filter: { minCallCount: 3 }", "1"),
        ("filter: { minCallCount: 9007199254740992 }", ""),
        ('filter: { rootOps: ["agent"] }', "21"),
        ('filter: { rootOps: ["llm"] }', ""),
        ('filter: { ops: ["llm"] }', "21"),
        ('filter: { models: ["n"] }', "2"),
        ('filter: { wbUserIds: ["ada"] }', "1"),
        ('filter: { threadIds: ["chat"] }', "21"),
        ('filter: { withCall: { ops: ["llm"], statuses: [ERROR] } }', "1"),
        ('filter: { ops: ["llm"], wbUserIds: ["bob"] }', "2"),
        ('filter: { withCall: { inputRefs: ["weave:///team/app/object/x:*"] } }', ""),
        ('filter: { withCall: { exceptionContains: "BOOM" }, models: ["m"] }', "1"),
        ('orderBy: [{ field: "durationMs", direction: DESC }]', "132"),
        ('orderBy: [{ field: "callCount" }, { field: "traceId", direction: DESC }]', "321"),
        ('orderBy: [{ field: "error_count", direction: DESC }, { field: "startedAt" }]', "123"),
        ('orderBy: [{ field: "endedAt" }]', "132"),
    ],
)
async def test_lists_of_traces(filled: httpx.AsyncClient, arguments: str, expected: str) -> None:
    assert await ids(filled, "traces", arguments, "traceId") == [f"t{number}" for number in expected]


async def test_lists_of_traces_refuse_what_cannot_be(client: httpx.AsyncClient) -> None:
    await fill(client)
    message = await refusal(client, 'traces(orderBy: [{ field: "calls" }]) { nodes { id } }')
    assert message.startswith("unknown field 'calls'; ")
    message = await refusal(client, 'traces(after: "x") { nodes { id } }')
    assert message == "after: not a cursor: 'x'"
    many = ", ".join(f'"{number}"' for number in range(1001))
    document = f'query {{ project(slug: "team/app") {{ traces(filter: {{ traceIds: [{many}] }}) {{ totalCount }} }} }}'
    (error,) = (await client.post("/graphql", json={"query": document})).json()["errors"]
    assert error["message"] == "traceIds has 1001 values, at most 1000 are taken"


async def test_the_status_of_a_trace_and_that_of_its_earliest_root(client: httpx.AsyncClient) -> None:
    chat: dict[str, Any] = {"thread_id": "chat"}
    await record(
        client,
        [
            # Recorded in another order than they began, and the one that is deleted does not count.
            call("late", trace_id="retried", second=5, ended=6, **chat),
            call("early", trace_id="retried", second=1, ended=2, exception="boom", **chat),
            call("gone", trace_id="retried", second=0, ended=2, **chat),
            call("root", trace_id="mended", second=10, ended=14, summary={"status_counts": {"error": 1}}, **chat),
            call("try", "root", trace_id="mended", second=11, ended=12, exception="boom"),
            call("orphan", "missing", trace_id="headless", second=20, ended=21, exception="boom", **chat),
        ],
    )
    await ask(client, 'mutation { callsDelete(input: { project: "team/app", callIds: ["gone"] }) { deletedCount } }')
    project = await ask_project(
        client,
        """traces { nodes { traceId status rootStatus root { status } } } trace(traceId: "retried") { rootStatus }
           threads { nodes {
             traces(filter: { rootStatuses: [ERROR] }) { totalCount nodes { traceId rootStatus } } } }""",
    )
    assert [(node["traceId"], node["status"], node["rootStatus"]) for node in project["traces"]["nodes"]] == [
        ("headless", "ERROR", None),
        ("mended", "ERROR", "DESCENDANT_ERROR"),
        ("retried", "ERROR", "ERROR"),
    ]
    assert all(node["rootStatus"] == (node["root"] or {}).get("status") for node in project["traces"]["nodes"])
    assert project["trace"] == {"rootStatus": "ERROR"}
    failed = {"totalCount": 1, "nodes": [{"traceId": "retried", "rootStatus": "ERROR"}]}
    assert project["threads"]["nodes"] == [{"traces": failed}]


async def test_pages_of_traces_by_duration(client: httpx.AsyncClient) -> None:
    await record(client, [call(f"c{n}", trace_id=f"t{n}", second=n, ended=n + 1 + n % 3) for n in range(7)])
    found: list[str] = []
    after, more = "", True
    while more:
        fields = f'traces(first: 2{after}, orderBy: [{{ field: "durationMs", direction: DESC }}])'
        project = await ask_project(client, f"{fields} {{ nodes {{ traceId }} pageInfo {{ endCursor hasNextPage }} }}")
        found += [node["traceId"] for node in project["traces"]["nodes"]]
        after = f', after: "{project["traces"]["pageInfo"]["endCursor"]}"'
        more = project["traces"]["pageInfo"]["hasNextPage"]
    assert found == ["t5", "t2", "t4", "t1", "t6", "t3", "t0"]


async def test_what_a_session_adds_up_to(client: httpx.AsyncClient) -> None:
    await record_spans(client, 2, 3)
    project = await ask_project(
        client,
        """sessions(orderBy: [{ field: "sessionId" }]) { totalCount nodes {
             sessionId callCount traceCount threadCount turnCount status
             traceDurations { count minMs p50Ms maxMs meanMs } turnDurations { count }
             traces(last: 2) { totalCount pageInfo { hasPreviousPage hasNextPage }
                               nodes { callCount session { sessionId } } }
             threads { totalCount } turns { totalCount } calls { totalCount } } }""",
    )

    def session(number: int) -> dict[str, Any]:
        trace = {"callCount": 2, "session": {"sessionId": f"s{number}"}}
        first = 2000.0 + 3000 * number
        return {
            "sessionId": f"s{number}",
            "callCount": 6,
            "traceCount": 3,
            "threadCount": 0,
            "turnCount": 0,
            "status": "SUCCESS",
            "traceDurations": {
                "count": 3,
                "minMs": first,
                "p50Ms": first + 1000,
                "maxMs": first + 2000,
                "meanMs": first + 1000,
            },
            "turnDurations": None,
            "traces": {
                "totalCount": 3,
                "pageInfo": {"hasPreviousPage": True, "hasNextPage": False},
                "nodes": [trace, trace],
            },
            "threads": {"totalCount": 0},
            "turns": {"totalCount": 0},
            "calls": {"totalCount": 6},
        }

    assert project["sessions"] == {"totalCount": 2, "nodes": [session(0), session(1)]}
    assert await ids(client, "sessions", "filter: { minDurationMs: 25000 }", "sessionId") == ["s1"]
    assert await ids(client, "sessions", 'orderBy: [{ field: "traceCount" }, { field: "sessionId" }]', "sessionId") == [
        "s0",
        "s1",
    ]


async def test_the_traces_of_many_sessions_are_read_together(client: httpx.AsyncClient) -> None:
    await record_spans(client, 20, 2)
    counts = {}
    for size in (2, 20):
        with counted() as statements:
            project = await ask_project(
                client,
                """sessions(first: $n) { nodes { sessionId traces(first: 1, orderBy: [{ field: "startedAt" }]) {
                     totalCount nodes { traceId usage { totalTokens } cost { total } depth ops { opName } } }
                     traceDurations { p99Ms } usage { totalTokens } threads(first: 1) { totalCount } } }""",
                n=size,
            )
        assert [len(node["traces"]["nodes"]) for node in project["sessions"]["nodes"]] == [1] * size
        counts[size] = len(statements)
    assert counts[2] == counts[20]
