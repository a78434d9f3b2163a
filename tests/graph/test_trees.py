"""What is below and above a call: order, depth, pages, cycles, what is missing, and trees of ten thousand calls."""

from typing import Any

import httpx
import pytest

from tests.graph.recording import PROJECT, ask, ask_project, call, record, refusal, time_of
from tests.statements import counted


async def below(client: httpx.AsyncClient, call_id: str, arguments: str = "") -> list[tuple[str, int]]:
    field = f"descendants({arguments})" if arguments else "descendants"
    project = await ask_project(
        client, f'call(callId: "{call_id}") {{ {field} {{ edges {{ depth node {{ callId }} }} }} }}'
    )
    return [(edge["node"]["callId"], edge["depth"]) for edge in project["call"]["descendants"]["edges"]]


async def above(client: httpx.AsyncClient, call_id: str) -> list[tuple[str, int]]:
    fields = "ancestors { edges { depth node { callId } } }"
    project = await ask_project(client, f'call(callId: "{call_id}") {{ {fields} }}')
    return [(edge["node"]["callId"], edge["depth"]) for edge in project["call"]["ancestors"]["edges"]]


async def test_descendants_come_in_the_order_of_the_tree(client: httpx.AsyncClient) -> None:
    await record(
        client,
        [
            call("root"),
            call("b", "root", second=2),
            call("a", "root", second=3),
            call("c", "root", second=2),
            call("b1", "b", second=9),
            call("a1", "a", second=1),
            call("a2", "a1", second=1),
        ],
    )
    order = [("b", 1), ("b1", 2), ("c", 1), ("a", 1), ("a1", 2), ("a2", 3)]
    assert await below(client, "root") == order
    assert await below(client, "root", "maxDepth: 1") == [("b", 1), ("c", 1), ("a", 1)]
    assert await below(client, "root", "maxDepth: 2") == [item for item in order if item[1] < 3]
    assert await below(client, "a") == [("a1", 1), ("a2", 2)]
    assert await below(client, "a2") == []
    assert await above(client, "a2") == [("a1", 1), ("a", 2), ("root", 3)]
    project = await ask_project(
        client,
        """root: call(callId: "root") { depth root { callId } descendants(first: 1) { totalCount isCut } }
           leaf: call(callId: "a2") { depth root { callId } ancestors(last: 1) { totalCount nodes { callId } } }""",
    )
    assert project["root"] == {
        "depth": 0,
        "root": {"callId": "root"},
        "descendants": {"totalCount": 6, "isCut": False},
    }
    assert project["leaf"] == {
        "depth": 3,
        "root": {"callId": "root"},
        "ancestors": {"totalCount": 3, "nodes": [{"callId": "root"}]},
    }


async def test_a_filter_chooses_what_is_listed_and_not_what_is_walked(client: httpx.AsyncClient) -> None:
    await record(
        client,
        [
            call("root", op_name="agent"),
            call("chain", "root", op_name="chain"),
            call("llm", "chain", op_name="llm", inputs={"n": 1}),
            call("other", "root", op_name="llm", inputs={"n": 2}, second=1),
        ],
    )
    assert await below(client, "root", 'filter: { opNames: ["llm"] }') == [("llm", 2), ("other", 1)]
    query = '{ gt: [{ getField: "inputs.n" }, { literal: { value: 1 } }] }'
    assert await below(client, "root", f"query: {query}") == [("other", 1)]
    data = await ask(
        client,
        """query($q: JSON!) { project(slug: "team/app") { call(callId: "root") {
             descendants(queryJson: $q) { totalCount nodes { callId } } } } }""",
        q={"$expr": {"$eq": [{"$getField": "op_name"}, {"$literal": "chain"}]}},
    )
    assert data["project"]["call"]["descendants"] == {"totalCount": 1, "nodes": [{"callId": "chain"}]}


async def pages(client: httpx.AsyncClient, size: int, *, backwards: bool = False) -> list[list[str]]:
    """The descendants of ``root``, page by page."""
    found: list[list[str]] = []
    cursor = None
    while True:
        arguments = "last: $size, before: $cursor" if backwards else "first: $size, after: $cursor"
        data = await ask(
            client,
            f"""query($size: Int, $cursor: String) {{ project(slug: "{PROJECT}") {{ call(callId: "root") {{
                 descendants({arguments}) {{ nodes {{ callId }}
                   pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }} }}""",
            size=size,
            cursor=cursor,
        )
        page = data["project"]["call"]["descendants"]
        info = page["pageInfo"]
        found.append([node["callId"] for node in page["nodes"]])
        cursor = info["startCursor" if backwards else "endCursor"]
        if not info["hasPreviousPage" if backwards else "hasNextPage"]:
            return found


async def test_pages_forwards_and_backwards(client: httpx.AsyncClient) -> None:
    await record(client, [call("root"), *(call(f"c{n}", "root" if n < 3 else f"c{n % 3}", second=n) for n in range(8))])
    order = ["c0", "c3", "c6", "c1", "c4", "c7", "c2", "c5"]
    assert await pages(client, 3) == [order[:3], order[3:6], order[6:]]
    assert await pages(client, 3, backwards=True) == [order[5:], order[2:5], order[:2]]
    assert await pages(client, 8) == [order]


async def page(client: httpx.AsyncClient, arguments: str) -> tuple[list[str], dict[str, Any]]:
    fields = "nodes { callId } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    project = await ask_project(client, f'call(callId: "root") {{ descendants({arguments}) {{ {fields} }} }}')
    found = project["call"]["descendants"]
    return [node["callId"] for node in found["nodes"]], found["pageInfo"]


async def test_calls_that_come_or_go_between_pages_neither_repeat_nor_vanish(client: httpx.AsyncClient) -> None:
    await record(client, [call("root"), *(call(f"c{n}", "root", second=2 * n) for n in range(6))])
    first, info = await page(client, "first: 3")
    assert first == ["c0", "c1", "c2"]
    end = info["endCursor"]
    # One before the cursor, one behind it, one below the call of the cursor, and the call of the cursor goes.
    await record(client, [call("early", "root", second=1), call("late", "root", second=7), call("deep", "c2")])
    assert (await page(client, f'first: 2, after: "{end}"'))[0] == ["deep", "c3"]
    await client.post("/calls/delete", json={"project_id": PROJECT, "call_ids": ["c2"]})
    following, info = await page(client, f'first: 10, after: "{end}"')
    assert following == ["c3", "late", "c4", "c5"]
    assert (info["hasPreviousPage"], info["hasNextPage"]) == (True, False)
    previous, info = await page(client, f'last: 10, before: "{end}"')
    assert previous == ["c0", "early", "c1"]
    assert (info["hasPreviousPage"], info["hasNextPage"]) == (False, True)


async def test_a_deleted_call_is_gone_with_what_is_below_it(client: httpx.AsyncClient) -> None:
    await record(client, [call("root"), call("a", "root"), call("a1", "a"), call("b", "root", second=1)])
    await client.post("/calls/delete", json={"project_id": PROJECT, "call_ids": ["a"]})
    # What comes later below a deleted call is shown by itself, and in no tree above the deleted one.
    await record(client, [call("a2", "a", second=2), call("a3", "a2", second=3)])
    assert await below(client, "root") == [("b", 1)]
    assert await below(client, "a2") == [("a3", 1)]
    assert await above(client, "a3") == [("a2", 1)]
    project = await ask_project(client, 'call(callId: "a3") { depth root { callId } }')
    assert project["call"] == {"depth": 1, "root": {"callId": "a2"}}


async def test_cycles_and_missing_parents(client: httpx.AsyncClient) -> None:
    await record(
        client,
        [
            call("a", "c"),
            call("b", "a", second=1),
            call("c", "b", second=2),
            call("self", "self", second=3),
            call("orphan", "never-came", second=4),
            call("child", "orphan", second=5),
        ],
    )
    assert await below(client, "a") == [("b", 1), ("c", 2)]
    assert await below(client, "c") == [("a", 1), ("b", 2)]
    assert await above(client, "a") == [("c", 1), ("b", 2)]
    assert await below(client, "self") == await above(client, "self") == []
    assert await below(client, "orphan") == [("child", 1)]
    assert await above(client, "child") == [("orphan", 1)]
    project = await ask_project(client, 'call(callId: "orphan") { depth parentId parent { callId } root { callId } }')
    assert project["call"] == {"depth": 0, "parentId": "never-came", "parent": None, "root": {"callId": "orphan"}}


async def test_a_call_without_a_start_joins_the_tree_when_its_start_comes(client: httpx.AsyncClient) -> None:
    await record(client, [call("root"), call("below", "late", second=2)])
    end: dict[str, Any] = {"project_id": PROJECT, "id": "late", "ended_at": time_of(3), "output": None, "summary": {}}
    assert (await client.post("/call/end", json={"end": end})).status_code == 200
    assert await below(client, "root") == []
    assert await above(client, "below") == []
    await record(client, [call("late", "root", second=1)])
    assert await below(client, "root") == [("late", 1), ("below", 2)]
    assert await above(client, "below") == [("late", 1), ("root", 2)]


async def test_children_in_other_traces_are_found(client: httpx.AsyncClient) -> None:
    calls = [call("root")]
    # Each ten levels deeper the trace is another one, so that some are read level by level and some whole.
    for number in range(40):
        parent = f"c{number - 1}" if number else "root"
        calls.append(call(f"c{number}", parent, second=number, trace_id=f"t{number // 10}"))
    await record(client, calls)
    assert await below(client, "root") == [(f"c{number}", number + 1) for number in range(40)]
    assert [call_id for call_id, _ in await above(client, "c39")] == [*(f"c{n}" for n in range(38, -1, -1)), "root"]


async def test_a_tree_in_a_trace_too_large_to_read_whole(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.calls.trees.LARGEST_TRACE", 20)
    await record(
        client, [call(f"c{number}", f"c{number - 1}" if number else None, second=number) for number in range(30)]
    )
    assert await below(client, "c0") == [(f"c{number}", number) for number in range(1, 30)]
    assert await above(client, "c29") == [(f"c{number}", 29 - number) for number in range(28, -1, -1)]


async def test_a_walk_that_is_cut_says_so(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    await record(client, [call("root"), *(call(f"c{number}", "root", second=number) for number in range(8))])
    fields = 'call(callId: "root") { descendants(first: 2) { totalCount isCut nodes { callId } } }'
    monkeypatch.setattr("resolvers.calls.trees.MOST_DESCENDANTS", 5)
    found = (await ask_project(client, fields))["call"]["descendants"]
    assert found == {"totalCount": 5, "isCut": True, "nodes": [{"callId": "c0"}, {"callId": "c1"}]}
    monkeypatch.setattr("resolvers.calls.trees.MOST_DESCENDANTS", 100)
    monkeypatch.setattr("resolvers.calls.trees.MOST_WALKED", 3)
    assert (await ask_project(client, fields))["call"]["descendants"]["isCut"]
    monkeypatch.setattr("resolvers.calls.totals.MOST_WALKED", 3)
    message = await refusal(client, 'call(callId: "root") { subtreeUsage { totalTokens } }')
    assert message == "usage is added up over 3 calls below others at most, there are more"
    monkeypatch.setattr("resolvers.calls.totals.MOST_MEMBERS", 8)
    message = await refusal(client, 'trace(traceId: "t") { usage { totalTokens } }')
    assert message == "usage is added up over 8 calls at most, 't' has 9"
    message = await refusal(client, 'trace(traceId: "t") { cost { total } }')
    assert message == "usage is added up over 8 calls at most, 't' has 9"


async def test_payloads_of_a_page_are_bounded(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolvers.calls.trees.MAX_PAGE_BYTES", 2500)
    calls = [call(f"c{number}", "root", second=number, inputs={"text": "x" * 1000}) for number in range(5)]
    await record(client, [call("root"), *calls])
    fields = "nodes { callId inputs } pageInfo { hasPreviousPage hasNextPage }"
    project = await ask_project(
        client,
        f"""call(callId: "root") {{
             front: descendants(first: 5) {{ {fields} }} back: descendants(last: 5) {{ {fields} }}
             ids: descendants(first: 5) {{ nodes {{ callId }} }} }}""",
    )
    found = project["call"]
    assert [node["callId"] for node in found["front"]["nodes"]] == ["c0", "c1"]
    assert found["front"]["pageInfo"] == {"hasPreviousPage": False, "hasNextPage": True}
    assert [node["callId"] for node in found["back"]["nodes"]] == ["c3", "c4"]
    assert found["back"]["pageInfo"] == {"hasPreviousPage": True, "hasNextPage": False}
    assert len(found["ids"]["nodes"]) == 5


async def test_several_roots_each_have_their_own_tree(client: httpx.AsyncClient) -> None:
    await record(client, [call("r1"), call("r2", second=1), call("x1", "r1"), call("x2", "r2")])
    assert await below(client, "r2") == [("x2", 1)]
    project = await ask_project(
        client, 'call(callId: "x2") { root { callId } trace { root { callId } roots { callId } } }'
    )
    assert project["call"] == {
        "root": {"callId": "r2"},
        "trace": {"root": {"callId": "r1"}, "roots": [{"callId": "r1"}, {"callId": "r2"}]},
    }


async def test_what_cannot_be_asked(client: httpx.AsyncClient) -> None:
    await record(client, [call("root"), call("a", "root"), call("b", "a")])

    async def refused(arguments: str) -> str:
        return await refusal(client, f'call(callId: "root") {{ descendants({arguments}) {{ nodes {{ callId }} }} }}')

    assert await refused("maxDepth: 0") == "maxDepth must be 1 or more, not 0"
    assert await refused("first: 1, last: 1") == "first (1) and last (1) exclude each other"
    assert await refused("first: 0") == "first must be from 1 to 1000, not 0"
    assert await refused('after: "nonsense"') == "not a cursor of a call tree: 'nonsense'"
    _, info = await page(client, "last: 1")
    cursor = info["endCursor"]
    assert await refused(f'maxDepth: 1, after: "{cursor}"') == f"the cursor '{cursor}' is of no call in this tree"


async def test_a_chain_of_three_thousand(client: httpx.AsyncClient) -> None:
    depth = 3000
    await record(client, [call(f"c{n}", f"c{n - 1}" if n else None, second=n) for n in range(depth)])
    with counted() as statements:
        project = await ask_project(
            client,
            f"""top: call(callId: "c0") {{ descendants(last: 1) {{ totalCount edges {{ depth node {{ callId }} }} }} }}
                low: call(callId: "c{depth - 1}") {{ depth root {{ callId }} ancestors(first: 1) {{ totalCount }} }}""",
        )
    assert project["top"]["descendants"] == {
        "totalCount": depth - 1,
        "edges": [{"depth": depth - 1, "node": {"callId": f"c{depth - 1}"}}],
    }
    assert project["low"] == {"depth": depth - 1, "root": {"callId": "c0"}, "ancestors": {"totalCount": depth - 1}}
    assert len(statements) < 60


@pytest.mark.parametrize("width", [10, 10_000])
@pytest.mark.parametrize("size", [2000, pytest.param(10_000, marks=pytest.mark.big)])
async def test_a_tree_of_thousands(client: httpx.AsyncClient, width: int, size: int) -> None:
    calls = [call("c0"), *(call(f"c{n}", f"c{(n - 1) // width}", second=n / 1000) for n in range(1, size + 1))]
    await record(client, calls)
    with counted() as statements:
        project = await ask_project(
            client,
            'call(callId: "c0") { descendants(first: 50) { totalCount isCut nodes { callId inputs } } }',
        )
    found = project["call"]["descendants"]
    assert found["totalCount"] == size
    assert not found["isCut"]
    assert len(found["nodes"]) == 50
    assert len(statements) < 40
