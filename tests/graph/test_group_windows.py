"""Pages of traces and threads by when they start are found among few calls, and are those of the whole list."""

import random
from typing import Any

import httpx
import pytest

from tests.graph.recording import ask_project, call, record

Keys = list[str]


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.group_windows.FEWEST_CALLS", 2)
    monkeypatch.setattr("db.group_windows.CALLS_OF_A_GROUP", 2)
    monkeypatch.setattr("db.group_windows.FACTOR", 3)


async def make_calls(client: httpx.AsyncClient) -> None:
    """Two hundred calls in 25 traces that lie among each other, some begun at one time; one trace is as long as all."""
    source = random.Random(1)
    calls = []
    for number in range(200):
        near = source.randrange(max(0, number - 40), number + 1) // 8
        group = 99 if number % 9 == 0 else near
        more = {
            "op_name": "rare" if number % 30 == 0 else "step",
            "session_id": f"s{group // 2}",
            "thread_id": f"th{group // 3}",
        }
        ended: dict[str, Any] = {"ended": 200, "exception": "ValueError: no"} if group % 5 == 0 else {}
        calls.append(call(f"c{number}", trace_id=f"t{group:02}", second=number // 2, **more, **ended))
    await record(client, calls)


@pytest.fixture(scope="module")
async def filled(module_client: httpx.AsyncClient) -> httpx.AsyncClient:
    await make_calls(module_client)
    return module_client


async def listed(client: httpx.AsyncClient, kind: str, more: str, **page: int | str) -> tuple[Keys, dict[str, str]]:
    key = f"{kind.removesuffix('s')}Id"
    fields = f"nodes {{ {key} callCount startedAt }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}"
    arguments = " ".join(f"{name}: ${name}" for name in page)
    found = (await ask_project(client, f"{kind}({arguments} {more}) {{ {fields} }}", **page))[kind]
    return [str(node) for node in found["nodes"]], found["pageInfo"]


@pytest.mark.parametrize("kind", ["traces", "threads"])
@pytest.mark.parametrize(
    "more",
    [
        "",
        'orderBy: [{ field: "startedAt", direction: ASC }]',
        'orderBy: [{ field: "startedAt", direction: DESC }, { field: "callCount", direction: ASC }]',
        "filter: { statuses: [ERROR] }",
        'filter: { startedBefore: "2026-01-01T00:01:00Z" }',
        'filter: { startedAfter: "2026-01-01T00:00:20Z" } orderBy: [{ field: "startedAt", direction: ASC }]',
        'filter: { ops: ["rare"] }',
    ],
)
async def test_pages_are_those_of_the_whole_list(filled: httpx.AsyncClient, kind: str, more: str) -> None:
    # As many are not there: what all calls add up to is read.
    whole, _ = await listed(filled, kind, more, first=500)
    assert whole
    for size in (1, 4):
        forwards, info = await listed(filled, kind, more, first=size)
        while info["hasNextPage"]:
            page, info = await listed(filled, kind, more, first=size, after=info["endCursor"])
            forwards += page
        assert forwards == whole
    backwards, info = await listed(filled, kind, more, last=3)
    while info["hasPreviousPage"]:
        page, info = await listed(filled, kind, more, last=3, before=info["startCursor"])
        backwards = [*page, *backwards]
    assert backwards == whole
    assert (await listed(filled, kind, more, first=2, offset=3))[0] == whole[3:5]
