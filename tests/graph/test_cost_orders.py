"""Lists by what their nodes used and cost: both directions, pages, offsets, lists below many nodes."""

from typing import Any

import httpx
import pytest

from tests.graph.recording import ask, ask_project, call, record, refusal

PRICES = """mutation($p: [PriceInput!]!) { pricesCreate(input: { project: "team/app", prices: $p }) {
    userErrors { message } } }"""


def used(**tokens: tuple[int, int]) -> dict[str, Any]:
    """A summary with tokens of prompts and completions by model."""
    return {"usage": {name: {"prompt_tokens": each[0], "completion_tokens": each[1]} for name, each in tokens.items()}}


async def fill(client: httpx.AsyncClient) -> None:
    """Traces a to g of the sessions s1 and s2, and the user ada of most. Costs: a 5, b 70, c 70 (of a root that adds up
    what its child used), d none without a price, e none without usage, f none of two units, g 0.5."""
    await record(
        client,
        [
            call("a", trace_id="a", second=1, ended=2, summary=used(cheap=(5, 1000)), thread_id="t1", turn_id="a"),
            call("b", trace_id="b", second=2, ended=3, summary=used(dear=(7, 2)), thread_id="t1", wb_user_id="ada"),
            call("c", trace_id="c", second=3, ended=9, summary=used(dear=(7, 0)), thread_id="t2"),
            call("c1", "c", trace_id="c", second=4, ended=5, summary=used(dear=(7, 0)), wb_user_id="ada"),
            call("d", trace_id="d", second=5, ended=6, summary=used(unknown=(900, 0)), thread_id="t2"),
            call("e", trace_id="e", second=6, ended=7, thread_id="t2", wb_user_id="ada"),
            call("f", trace_id="f", second=7, ended=8, summary=used(dear=(1, 0), euro=(3, 0)), thread_id="t1"),
            call("g", trace_id="g", second=8, ended=9, summary=used(penny=(1, 0)), thread_id="t1", wb_user_id="ada"),
        ],
    )
    prices = [
        {"model": "cheap", "inputTokenCost": 1, "outputTokenCost": 0},
        {"model": "dear", "inputTokenCost": 10, "outputTokenCost": 0},
        {"model": "penny", "inputTokenCost": 0.5, "outputTokenCost": 0},
        {"model": "euro", "inputTokenCost": 1, "outputTokenCost": 1, "inputUnit": "EUR", "outputUnit": "EUR"},
    ]
    await ask(client, PRICES, p=prices)


async def pages(client: httpx.AsyncClient, field: str, arguments: str, key: str, *, backwards: bool = False) -> str:
    """All nodes of a list, read three at a time, from the end if ``backwards``."""
    found: list[str] = []
    cursor, more = "", True
    size, at, end, ahead = ("last", "before", "startCursor", "hasPreviousPage")
    if not backwards:
        size, at, end, ahead = ("first", "after", "endCursor", "hasNextPage")
    while more:
        place = f'{size}: 3, {at}: "{cursor}"' if cursor else f"{size}: 3"
        selected = f"nodes {{ {key} }} pageInfo {{ {end} {ahead} }}"
        project = await ask_project(client, f"list: {field}({place}, {arguments}) {{ {selected} }}")
        nodes = [node[key] for node in project["list"]["nodes"]]
        found = [*nodes, *found] if backwards else [*found, *nodes]
        cursor, more = project["list"]["pageInfo"][end], project["list"]["pageInfo"][ahead]
    return " ".join(found)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ('{ field: "cost", direction: DESC }', "c b a g f e d"),
        ('{ field: "cost" }', "g a b c d e f"),
        ('{ field: "cost", direction: DESC }, { field: "startedAt" }', "b c a g d e f"),
        ('{ field: "totalTokens", direction: DESC }', "a d b c f g e"),
        ('{ field: "input_tokens", direction: DESC }', "d c b a f g e"),
        ('{ field: "outputTokens" }, { field: "cost" }', "g c d f b a e"),
        ('{ field: "status" }', ""),
    ],
)
async def test_traces_by_what_they_used(client: httpx.AsyncClient, order: str, expected: str) -> None:
    await fill(client)
    if not expected:
        message = await refusal(client, f"traces(orderBy: [{order}]) {{ nodes {{ id }} }}")
        assert message.startswith("unknown field 'status'; ")
        return
    assert await pages(client, "traces", f"orderBy: [{order}]", "traceId") == expected
    assert await pages(client, "traces", f"orderBy: [{order}]", "traceId", backwards=True) == expected
    project = await ask_project(client, f"traces(first: 2, offset: 3, orderBy: [{order}]) {{ nodes {{ traceId }} }}")
    assert [node["traceId"] for node in project["traces"]["nodes"]] == expected.split()[3:5]


async def test_the_order_is_that_of_the_totals(client: httpx.AsyncClient) -> None:
    await fill(client)
    project = await ask_project(
        client,
        """traces(orderBy: [{ field: "cost", direction: DESC }]) { nodes { cost { total } } }
           narrow: traces(filter: { threadIds: ["t1"], minCallCount: 1 }, orderBy: [{ field: "cost" }]) {
             totalCount nodes { traceId } }
           threads(orderBy: [{ field: "cost" }, { field: "threadId" }]) { nodes { threadId cost { total }
             traces(first: 2, orderBy: [{ field: "cost", direction: DESC }]) { nodes { traceId } } } }""",
    )
    totals = [(node["cost"] or {}).get("total") for node in project["traces"]["nodes"]]
    assert totals == [70, 70, 5, 0.5, None, None, None]
    assert [node["traceId"] for node in project["narrow"]["nodes"]] == ["g", "a", "b", "f"]
    assert project["narrow"]["totalCount"] == 4
    assert project["threads"]["nodes"] == [
        # The child of c is in no thread; c itself used nothing that c1 did not.
        {"threadId": "t2", "cost": {"total": 70.0}, "traces": {"nodes": [{"traceId": "c"}, {"traceId": "e"}]}},
        {"threadId": "t1", "cost": {"total": None}, "traces": {"nodes": [{"traceId": "b"}, {"traceId": "a"}]}},
    ]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ('{ field: "cost", direction: DESC }', "c1 c b a g f e d"),
        ('{ field: "cost" }, { field: "startedAt", direction: DESC }', "g a c1 c b f e d"),
    ],
)
async def test_calls_by_what_they_report(client: httpx.AsyncClient, order: str, expected: str) -> None:
    await fill(client)
    assert await pages(client, "calls", f"orderBy: [{order}]", "callId") == expected
    assert await pages(client, "calls", f"orderBy: [{order}]", "callId", backwards=True) == expected


async def test_calls_of_many_threads_traces_and_users_by_cost(client: httpx.AsyncClient) -> None:
    await fill(client)
    by_cost = 'orderBy: [{ field: "cost", direction: DESC }]'
    nodes = "nodes { callId }"
    project = await ask_project(
        client,
        f"""threads(orderBy: [{{ field: "threadId" }}]) {{ nodes {{ calls(first: 3, {by_cost}) {{ {nodes} }} }} }}
            users(filter: {{ ids: ["ada"] }}) {{ nodes {{ calls({by_cost}) {{ {nodes} }} }} }}
            calls(filter: {{ callIds: ["c"] }}) {{ nodes {{ children({by_cost}) {{ {nodes} }} }} }}
            rest: calls(filter: {{ wbUserIds: ["ada"] }}, offset: 1, first: 2, {by_cost}) {{ totalCount {nodes} }}""",
    )

    def shown(connection: Any) -> str:
        return " ".join(node["callId"] for node in connection["nodes"])

    assert [shown(thread["calls"]) for thread in project["threads"]["nodes"]] == ["b a g", "c e d"]
    assert [shown(user["calls"]) for user in project["users"]["nodes"]] == ["c1 b g e"]
    assert [shown(parent["children"]) for parent in project["calls"]["nodes"]] == ["c1"]
    assert (shown(project["rest"]), project["rest"]["totalCount"]) == ("b g", 4)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        # Nothing that eve used has a price, and zoe used nothing; what bob's call used below itself counts once.
        ('{ field: "cost", direction: DESC }', "ada bob zoe eve"),
        ('{ field: "totalTokens" }, { field: "id" }', "bob ada eve zoe"),
        ('{ field: "inputTokens", direction: DESC }', "eve ada bob zoe"),
        ('{ field: "output_tokens", direction: DESC }, { field: "callCount" }', "ada eve bob zoe"),
    ],
)
async def test_users_by_what_they_used(client: httpx.AsyncClient, order: str, expected: str) -> None:
    await fill(client)
    await record(
        client,
        [
            call("h", trace_id="h", second=9, ended=10, summary=used(unknown=(800, 0)), wb_user_id="eve"),
            call("i", trace_id="i", second=9, ended=10, wb_user_id="zoe"),
            call("j", trace_id="j", second=9, ended=12, summary=used(dear=(3, 0)), wb_user_id="bob"),
            call("j1", "j", trace_id="j", second=10, ended=11, summary=used(dear=(1, 0)), wb_user_id="bob"),
        ],
    )
    filter_ = 'filter: { ids: ["ada", "bob", "eve", "zoe"] }'
    assert await pages(client, "users", f"{filter_}, orderBy: [{order}]", "id") == expected
    assert await pages(client, "users", f"{filter_}, orderBy: [{order}]", "id", backwards=True) == expected


async def test_ids_that_json_escapes(client: httpx.AsyncClient) -> None:
    names = ['"', "\\", "\U0001f600", "\ud800", "ä\n"]
    calls = [
        call(f"c{index}", trace_id=name, ended=1, summary=used(m=(10 + index, 0))) for index, name in enumerate(names)
    ]
    await record(client, calls)
    await ask(client, PRICES, p=[{"model": "m", "inputTokenCost": 1e-7, "outputTokenCost": 0}])
    project = await ask_project(
        client,
        'traces(orderBy: [{ field: "cost", direction: DESC }]) { nodes { cost { total } usage { totalTokens } } }',
    )
    assert [node["usage"]["totalTokens"] for node in project["traces"]["nodes"]] == [14, 13, 12, 11, 10]


async def test_an_order_of_too_many_calls_is_refused(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(client)
    monkeypatch.setattr("resolvers.calls.orders.MOST_PRICED", 4)
    monkeypatch.setattr("resolvers.group_orders.MOST_ORDERED", 4)
    message = await refusal(client, 'calls(orderBy: [{ field: "cost" }]) { nodes { id } }')
    assert message.startswith("an order by cost prices 4 calls at most, and more of those that are listed used tokens")
    message = await refusal(client, 'traces(orderBy: [{ field: "inputTokens" }, { field: "cost" }]) { nodes { id } }')
    assert message.startswith("an order by cost and input_tokens adds up 4 calls at most")
    monkeypatch.setattr("resolvers.subjects.usage.MOST_ORDERED", 1)
    message = await refusal(client, 'users(orderBy: [{ field: "totalTokens" }]) { nodes { id } }')
    assert message.startswith("an order by total_tokens is of 1 at most, and there are more: narrow the filter")
    few = await ask_project(
        client,
        """calls(filter: { traceIds: ["a", "b", "c", "e"] }, orderBy: [{ field: "cost" }]) { nodes { callId } }
           traces(filter: { traceIds: ["a", "c", "b", "e"] }, orderBy: [{ field: "cost" }]) { nodes { traceId } }""",
    )
    assert [node["callId"] for node in few["calls"]["nodes"]] == ["a", "b", "c", "c1", "e"]
    assert [node["traceId"] for node in few["traces"]["nodes"]] == ["a", "b", "c", "e"]


async def test_an_empty_project_has_an_order(client: httpx.AsyncClient) -> None:
    await record(client, [call("x")])
    project = await ask_project(
        client,
        """calls(filter: { callIds: ["y"] }, orderBy: [{ field: "cost" }]) { nodes { id } }
           sessions(orderBy: [{ field: "cost" }]) { nodes { id } pageInfo { hasNextPage } }""",
    )
    assert project == {"calls": {"nodes": []}, "sessions": {"nodes": [], "pageInfo": {"hasNextPage": False}}}
