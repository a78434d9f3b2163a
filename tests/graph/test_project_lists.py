"""Lists of projects, tables and files, and how much a project has."""

from typing import Any

import httpx
import pytest

from resolvers.callers import Caller
from tests.graph.test_call_filters import call, record, run
from tests.statements import counted

SLUGS = ["a/one", "a/two", "a-b/one", "b/One-More", "Ü/straße"]


async def fill(client: httpx.AsyncClient) -> None:
    for slug in SLUGS:
        await record(client, [{mode: {**event, "project_id": slug} for mode, event in call("c").items()}])


LIST = """query List($first: Int, $after: String, $last: Int, $before: String, $filter: ProjectFilterInput,
                     $orderBy: [SortByInput!]) {
  projects(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    totalCount nodes { slug name calls(first: 3) { totalCount nodes { callId } } stats { callCount } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


async def listed(client: httpx.AsyncClient, **variables: Any) -> tuple[list[str], Any]:
    data = await run(client, LIST, **variables)
    found = data["projects"]
    assert all(node["stats"]["callCount"] == node["calls"]["totalCount"] == 1 for node in found["nodes"])
    return [node["slug"] for node in found["nodes"]], found


async def test_projects_are_listed_forwards_and_backwards(client: httpx.AsyncClient) -> None:
    assert await listed(client) == (
        [],
        {
            "totalCount": 0,
            "nodes": [],
            "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        },
    )
    await fill(client)
    order = sorted(SLUGS)
    assert (await listed(client))[0] == order
    slugs, found = await listed(client, first=2)
    page = found["pageInfo"]
    assert (slugs, found["totalCount"], page["hasNextPage"], page["hasPreviousPage"]) == (order[:2], 5, True, False)
    slugs, found = await listed(client, first=3, after=page["endCursor"])
    assert (slugs, found["pageInfo"]["hasNextPage"], found["pageInfo"]["hasPreviousPage"]) == (order[2:], False, True)
    slugs, found = await listed(client, last=2, before=found["pageInfo"]["endCursor"])
    assert (slugs, found["pageInfo"]["hasNextPage"], found["pageInfo"]["hasPreviousPage"]) == (order[2:4], True, True)
    by_age = [{"field": "createdAt", "direction": "DESC"}]
    assert (await listed(client, orderBy=by_age))[0] == SLUGS[::-1]
    [error] = await run(client, LIST, orderBy=[{"field": "name"}])
    assert error["message"] == "unknown field 'name'; known are slug, createdAt"
    [error] = await run(client, LIST, after=page["endCursor"], orderBy=by_age)
    assert "belongs to another order" in error["message"]


async def test_projects_are_filtered(client: httpx.AsyncClient) -> None:
    await fill(client)
    for chosen, slugs in [
        ({"entity": "a"}, ["a/one", "a/two"]),
        ({"entity": "a%"}, []),
        ({"slugPrefix": "a"}, ["a-b/one", "a/one", "a/two"]),
        ({"slugPrefix": "a/t", "entity": "a"}, ["a/two"]),
        ({"nameContains": "ONE"}, ["a-b/one", "a/one", "b/One-More"]),
        ({"nameContains": "STRASSE"}, ["Ü/straße"]),
        ({"entity": None, "slugPrefix": None, "nameContains": ""}, sorted(SLUGS)),
    ]:
        found = await listed(client, filter=chosen)
        assert (chosen, found[0], found[1]["totalCount"]) == (chosen, slugs, len(slugs))


async def test_projects_that_may_not_be_read_are_passed_over(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(client)
    monkeypatch.setattr(Caller, "may_read", lambda _self, slug: slug.endswith("one"))
    slugs, found = await listed(client, first=1)
    assert (slugs, found["totalCount"], found["pageInfo"]["hasNextPage"]) == (["a-b/one"], 2, True)
    slugs, found = await listed(client, first=1, after=found["pageInfo"]["endCursor"])
    assert (slugs, found["pageInfo"]["hasNextPage"]) == (["a/one"], False)
    slugs, found = await listed(client, last=1)
    assert (slugs, found["pageInfo"]["hasPreviousPage"]) == (["a/one"], True)


async def test_statements_are_as_many_for_each_project(client: httpx.AsyncClient) -> None:
    await fill(client)
    counts = []
    for size in (1, 2, 4):
        with counted() as statements:
            await listed(client, first=size)
        counts.append(len(statements))
    assert counts[2] - counts[1] == 2 * (counts[1] - counts[0])
    assert counts[1] - counts[0] <= 3


STORED = """query Stored($first: Int, $last: Int, $after: String, $orderBy: [SortByInput!]) {
  project(slug: "team/app", unwritten: true) {
    tables(first: $first, last: $last, after: $after, orderBy: $orderBy) {
      totalCount nodes { ref rowCount } pageInfo { endCursor } }
    files(first: $first, last: $last, after: $after, orderBy: $orderBy) { totalCount nodes { name sizeBytes } }
    stats { callCount traceCount sessionCount threadCount objectVersionCount opVersionCount tableCount fileCount
            feedbackCount filesStorageSizeBytes }
  } }"""


async def test_tables_files_and_numbers(client: httpx.AsyncClient) -> None:
    nothing = (await run(client, STORED))["project"]
    assert nothing["tables"] == {"totalCount": 0, "nodes": [], "pageInfo": {"endCursor": None}}
    assert set(nothing["stats"].values()) == {0}
    for size in (2, 1, 3):
        rows = [{"n": number} for number in range(size)]
        body: dict[str, Any] = {"table": {"project_id": "team/app", "rows": rows}}
        assert (await client.post("/table/create", json=body)).status_code == 200
        file, data = (f"f{size}", b"x" * size), {"project_id": "team/app"}
        assert (await client.post("/file/create", files={"file": file}, data=data)).status_code == 200
    body = {"obj": {"project_id": "team/app", "object_id": "model", "val": {"n": 1}}}
    assert (await client.post("/obj/create", json=body)).status_code == 200
    calls = [call("a"), call("b", parent_id="a"), call("c", trace_id="other", thread_id="t", turn_id="c")]
    await record(client, [*calls, {"end": call("pending")["end"]}])
    found = (await run(client, STORED))["project"]
    assert [table["rowCount"] for table in found["tables"]["nodes"]] == [2, 1, 3]
    assert [(file["name"], file["sizeBytes"]) for file in found["files"]["nodes"]] == [("f2", 2), ("f1", 1), ("f3", 3)]
    assert found["stats"] == {
        "callCount": 3,
        "traceCount": 2,
        "sessionCount": 0,
        "threadCount": 1,
        "objectVersionCount": 1,
        "opVersionCount": 0,
        "tableCount": 3,
        "fileCount": 3,
        "feedbackCount": 0,
        "filesStorageSizeBytes": 6,
    }
    found = (await run(client, STORED, last=2, orderBy=[{"field": "sizeBytes", "direction": "DESC"}]))["project"]
    assert [table["rowCount"] for table in found["tables"]["nodes"]] == [2, 1]
    assert [file["sizeBytes"] for file in found["files"]["nodes"]] == [2, 1]
    assert (found["tables"]["totalCount"], found["files"]["totalCount"]) == (3, 3)
    document = '{ project(slug: "team/app") { tables(orderBy: {field: "rowcount"}) { nodes { id } } } }'
    [error] = await run(client, document)
    assert error["message"] == "unknown field 'rowcount'; did you mean 'rowCount'?"
    document = '{ project(slug: "team/app") { files(first: 1, last: 1) { totalCount } } }'
    [error] = await run(client, document)
    assert error["message"] == "first (1) and last (1) exclude each other"
