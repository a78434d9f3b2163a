"""Pages of trees that are too large to be walked for one show what the whole tree has, from any place in it on."""

import random
from typing import Any

import httpx
import pytest

from tests.graph.recording import PROJECT, ask_project, call, record, refusal, time_of
from tests.statements import counted

Shown = list[tuple[str, int]]


@pytest.fixture(params=[2000, 3])
def read_on(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All trees are large, and those of few children read for many calls at once, or for one after the other."""
    monkeypatch.setattr("resolvers.calls.trees.FEW", 0)
    monkeypatch.setattr("db.calls.large_trees._MOST_AT_ONCE", request.param)


async def descendants(
    client: httpx.AsyncClient, top: str, arguments: str, **given: Any
) -> tuple[Shown, dict[str, Any]]:
    fields = "edges { depth node { callId } } pageInfo { hasNextPage hasPreviousPage endCursor }"
    project = await ask_project(client, f'call(callId: "{top}") {{ descendants({arguments}) {{ {fields} }} }}', **given)
    found = project["call"]["descendants"]
    return [(edge["node"]["callId"], edge["depth"]) for edge in found["edges"]], found["pageInfo"]


async def by_pages(client: httpx.AsyncClient, top: str, size: int, more: str = "") -> Shown:
    found: Shown = []
    arguments = f"first: {size} {more}"
    given: dict[str, str] = {}
    while True:
        shown, info = await descendants(client, top, arguments, **given)
        assert info["hasPreviousPage"] == bool(found)
        assert len(shown) == size or not info["hasNextPage"]
        found += shown
        if not info["hasNextPage"]:
            return found
        arguments, given = f"first: {size} after: $after {more}", {"after": info["endCursor"]}


async def whole(client: httpx.AsyncClient, top: str, more: str = "") -> Shown:
    """As the tree that is walked from its end has it."""
    return (await descendants(client, top, f"last: 1000 {more}"))[0]


async def make_tree(client: httpx.AsyncClient, source: random.Random) -> None:
    """Sixty calls below others, some in another trace, some begun at one time, in a cycle, without a start, deleted."""
    names = ["root", *(f"c{number:02}" for number in range(60))]
    calls = [call("root", "c10" if source.random() < 0.5 else None)]
    late = set(source.sample(names[2:40], 6))
    for place, name in enumerate(names[1:], 1):
        parent = names[max(0, place - source.choice([1, 1, 2, 3, 30]))]
        second = source.randrange(40)
        calls.append(call(name, parent, second=second, trace_id=f"t{source.randrange(8) // 7}"))
    await record(client, [one for one in calls if one["id"] not in late])
    for name in late:
        end: dict[str, Any] = {
            "project_id": PROJECT,
            "id": name,
            "ended_at": time_of(99),
            "output": None,
            "summary": {},
        }
        assert (await client.post("/call/end", json={"end": end})).status_code == 200
    deleted = source.sample(names[40:], 3)
    assert (await client.post("/calls/delete", json={"project_id": PROJECT, "call_ids": deleted})).status_code == 200
    # What comes below a deleted call is in no tree above it.
    await record(client, [call(f"below-{name}", name, second=50) for name in deleted])


@pytest.mark.usefixtures("read_on")
@pytest.mark.parametrize("seed", range(3))
async def test_pages_show_what_the_tree_has(client: httpx.AsyncClient, seed: int) -> None:
    source = random.Random(seed)
    await make_tree(client, source)
    expected = await whole(client, "root")
    assert len(expected) > 10
    for size in (1, 3, 7, 1000):
        assert await by_pages(client, "root", size) == expected
    assert await by_pages(client, "root", 4, "maxDepth: 2") == [one for one in expected if one[1] <= 2]
    for top in source.sample([name for name, _ in expected], 3):
        assert await by_pages(client, top, 2) == await whole(client, top)


@pytest.mark.usefixtures("read_on")
async def test_a_page_goes_on_where_calls_came_and_went(client: httpx.AsyncClient) -> None:
    await record(client, [call("root"), *(call(f"c{n}", "root", second=2 * n) for n in range(6))])
    await record(client, [call("c20", "c2", second=5), call("c21", "c2", second=6)])
    shown, info = await descendants(client, "root", "first: 4")
    assert shown == [("c0", 1), ("c1", 1), ("c2", 1), ("c20", 2)]
    end = info["endCursor"]
    await record(client, [call("early", "root", second=1), call("deep", "c20", second=9)])
    assert (await descendants(client, "root", f'first: 3, after: "{end}"'))[0] == [("deep", 3), ("c21", 2), ("c3", 1)]
    await client.post("/calls/delete", json={"project_id": PROJECT, "call_ids": ["c2"]})
    shown, info = await descendants(client, "root", f'first: 9, after: "{end}"')
    assert shown == [("c3", 1), ("c4", 1), ("c5", 1)]
    assert (info["hasPreviousPage"], info["hasNextPage"]) == (True, False)
    await record(client, [call("apart"), call("c9", "apart")])
    document = f'call(callId: "apart") {{ descendants(first: 1, after: "{end}") {{ nodes {{ callId }} }} }}'
    assert await refusal(client, document) == f"the cursor '{end}' is of no call in this tree"
    assert await refusal(client, document.replace(end, "?")) == "not a cursor of a call tree: '?'"
    document = f'call(callId: "root") {{ descendants(first: 1, maxDepth: 1, after: "{end}") {{ nodes {{ callId }} }} }}'
    assert await refusal(client, document) == f"the cursor '{end}' is of no call in this tree"


async def test_pages_go_on_as_deep_as_a_tree_goes(client: httpx.AsyncClient) -> None:
    """Each call in a trace of its own, so that no trace that is read whole spares a level."""
    names = [f"x{number:04}" for number in range(1500)]
    parents = [None, *names]
    await record(client, [call(name, parent, trace_id=name) for name, parent in zip(names, parents, strict=False)])
    shown = await by_pages(client, "x0000", 400)
    assert shown == [(name, depth) for depth, name in enumerate(names) if depth]


async def test_the_trees_of_a_list_are_read_together(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.calls.trees.FEW", 0)

    async def statements_for(roots: int) -> int:
        with counted() as statements:
            project = await ask_project(
                client,
                f"calls(first: {roots}, filter: {{ isRoot: true }})"
                " { nodes { callId descendants(first: 3) { nodes { callId inputs } } } }",
            )
        for node in project["calls"]["nodes"]:
            name = node["callId"]
            shown = [below["callId"] for below in node["descendants"]["nodes"]]
            assert shown == [f"{name}-0", f"{name}-0-0", f"{name}-1"]
        return len(statements)

    for number in range(8):
        name = f"r{number}"
        below = [call(f"{name}-{n}", name, second=n) for n in range(5)]
        await record(client, [call(name, trace_id=name), *below, call(f"{name}-0-0", f"{name}-0", second=9)])
    assert await statements_for(8) == await statements_for(2)


@pytest.mark.parametrize("width", [3, 2500])
async def test_the_first_screens_of_a_large_trace_read_little(client: httpx.AsyncClient, width: int) -> None:
    size = 5000
    parents = {f"c{n}": f"c{(n - 1) // width}" for n in range(1, size + 1)}
    await record(client, [call("c0"), *(call(name, parent, second=int(name[1:])) for name, parent in parents.items())])
    with counted() as statements:
        first, info = await descendants(client, "c0", "first: 50")
        second, _ = await descendants(client, "c0", f'first: 50, after: "{info["endCursor"]}"')
    assert len(statements) < 60
    children: dict[str, list[str]] = {}
    for name, parent in parents.items():
        children.setdefault(parent, []).append(name)
    expected: Shown = []
    waiting = [("c0", 0)]
    while len(expected) < 101:
        name, depth = waiting.pop()
        expected.append((name, depth))
        waiting += [(child, depth + 1) for child in reversed(children.get(name, []))]
    assert [*first, *second] == expected[1:]
