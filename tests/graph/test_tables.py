"""Tables: their rows by filter and order, single rows, and what holds them."""

from typing import Any

import httpx
import pytest

PROJECT = "team/app"
ROWS = [{"n": n, "kind": "odd" if n % 2 else "even", "inner": {"x.y": n * 10}} for n in range(7)]


async def answer(client: httpx.AsyncClient, document: str, **variables: Any) -> dict[str, Any]:
    response = await client.post("/graphql", json={"query": document, "variables": variables})
    found: dict[str, Any] = response.json()
    return found


async def create(client: httpx.AsyncClient, rows: list[Any]) -> str:
    response = await client.post("/table/create", json={"table": {"project_id": PROJECT, "rows": rows}})
    assert response.status_code == 200, response.text
    digest: str = response.json()["digest"]
    return digest


async def table(client: httpx.AsyncClient, digest: str, selection: str, **variables: Any) -> Any:
    declared = "".join(f", ${name}: String" for name in variables)
    document = (
        f'query($t: String!{declared}) {{ project(slug: "{PROJECT}") {{ table(digest: $t) {{ {selection} }} }} }}'
    )
    found = await answer(client, document, t=digest, **variables)
    assert "errors" not in found, found
    return found["data"]["project"]["table"]


ODD = '{eq: [{getField: "kind"}, {literal: {value: "odd"}}]}'


async def test_rows_are_filtered_and_ordered_by_paths(client: httpx.AsyncClient) -> None:
    digest = await create(client, ROWS)
    found = await table(
        client,
        digest,
        rf"""odd: rows(query: {ODD}) {{ totalCount nodes {{ originalIndex value }} }}
        down: rows(first: 2, query: {ODD}, orderBy: [{{field: "inner.x\\.y", direction: DESC}}]) {{
            totalCount nodes {{ originalIndex }} pageInfo {{ hasNextPage hasPreviousPage }} }}
        last: rows(last: 2, query: {ODD}) {{ nodes {{ originalIndex }} pageInfo {{ hasNextPage hasPreviousPage }} }}
        none: rows(query: {{gt: [{{getField: "n"}}, {{literal: {{value: 99}}}}]}}) {{ totalCount nodes {{ digest }} }}
        all: rows {{ totalCount }}
        tail: rows(last: 3) {{
            totalCount nodes {{ valueAt(path: "n") }} pageInfo {{ hasNextPage hasPreviousPage }} }}""",
    )
    assert found == {
        "odd": {"totalCount": 3, "nodes": [{"originalIndex": n, "value": ROWS[n]} for n in (1, 3, 5)]},
        "down": {
            "totalCount": 3,
            "nodes": [{"originalIndex": 5}, {"originalIndex": 3}],
            "pageInfo": {"hasNextPage": True, "hasPreviousPage": False},
        },
        "last": {
            "nodes": [{"originalIndex": 3}, {"originalIndex": 5}],
            "pageInfo": {"hasNextPage": False, "hasPreviousPage": True},
        },
        "none": {"totalCount": 0, "nodes": []},
        "all": {"totalCount": 7},
        "tail": {
            "totalCount": 7,
            "nodes": [{"valueAt": 4}, {"valueAt": 5}, {"valueAt": 6}],
            "pageInfo": {"hasNextPage": False, "hasPreviousPage": True},
        },
    }


@pytest.mark.parametrize("arguments", ["", f"query: {ODD}", 'orderBy: [{field: "n", direction: DESC}]'])
async def test_pages_go_forwards_and_backwards(client: httpx.AsyncClient, arguments: str) -> None:
    digest = await create(client, ROWS)
    every = [
        node["originalIndex"]
        for node in (await table(client, digest, f"rows({arguments or 'first: 100'}) {{ nodes {{ originalIndex }} }}"))[
            "rows"
        ]["nodes"]
    ]
    selection = "{ nodes { originalIndex } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } }"
    for size, cursor, ahead, behind in (
        ("first", "after", "endCursor", "hasNextPage"),
        ("last", "before", "startCursor", "hasPreviousPage"),
    ):
        seen: list[int] = []
        at = None
        while True:
            page = (await table(client, digest, f"rows({size}: 2, {cursor}: $c, {arguments}) {selection}", c=at))[
                "rows"
            ]
            numbers = [node["originalIndex"] for node in page["nodes"]]
            seen = [*seen, *numbers] if size == "first" else [*numbers, *seen]
            at = page["pageInfo"][ahead]
            if not page["pageInfo"][behind]:
                break
        assert seen == every


async def test_a_row_is_found_by_index_and_by_digest(client: httpx.AsyncClient) -> None:
    digest = await create(client, [*ROWS, ROWS[2]])
    other = await create(client, [{"other": 1}])
    by_index = (await table(client, digest, "row(index: 7) { digest originalIndex value table { digest } }"))["row"]
    assert (by_index["originalIndex"], by_index["value"], by_index["table"]) == (7, ROWS[2], {"digest": digest})
    found = await table(
        client, digest, "row(digest: $d) { originalIndex value } past: row(index: 8) { digest }", d=by_index["digest"]
    )
    assert found == {"row": {"originalIndex": 2, "value": ROWS[2]}, "past": None}
    assert (await table(client, other, "row(digest: $d) { digest }", d=by_index["digest"])) == {"row": None}
    for arguments, message in (
        ("index: -1", "index must be 0 or more, not -1"),
        ('index: 0, digest: "x"', "row takes either index or digest"),
        ("index: null", "row takes either index or digest"),
    ):
        document = f'{{ project(slug: "{PROJECT}") {{ table(digest: "{digest}") {{ row({arguments}) {{ id }} }} }} }}'
        refused = await answer(client, document)
        assert [error["message"] for error in refused["errors"]] == [message]


async def test_what_holds_a_table_is_found(client: httpx.AsyncClient) -> None:
    digest = await create(client, ROWS)
    ref = f"weave:///{PROJECT}/table/{digest}"
    for name in ("data", "more"):
        body = {"obj": {"project_id": PROJECT, "object_id": name, "val": {"rows": ref}}}
        assert (await client.post("/obj/create", json=body)).status_code == 200
    call = {"project_id": PROJECT, "id": "c", "op_name": "x", "started_at": "2026-01-01T00:00:00Z", "attributes": {}}
    assert (await client.post("/call/start", json={"start": {**call, "inputs": {"t": ref}}})).status_code == 200
    selection = 'objects(orderBy: [{field: "objectId"}]) { totalCount nodes { objectId } } usedBy { nodes { callId } }'
    assert await table(client, digest, selection) == {
        "objects": {"totalCount": 2, "nodes": [{"objectId": "data"}, {"objectId": "more"}]},
        "usedBy": {"nodes": [{"callId": "c"}]},
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('orderBy: [{field: "a", direction: ASC}], after: "x"', "after: not a cursor: 'x'"),
        ("first: 0", "first must be from 1 to 1000, not 0"),
        ("query: {and: []}", "$and takes at least one operand, not an empty list"),
    ],
)
async def test_bad_arguments_are_named(client: httpx.AsyncClient, arguments: str, message: str) -> None:
    digest = await create(client, ROWS)
    document = (
        f'{{ project(slug: "{PROJECT}") {{ table(digest: "{digest}") {{ rows({arguments}) {{ nodes {{ id }} }} }} }} }}'
    )
    refused = await answer(client, document)
    assert [error["message"] for error in refused["errors"]] == [message]


async def test_large_tables_answer(client: httpx.AsyncClient) -> None:
    digest = await create(client, [{"n": n, "text": "x" * 20} for n in range(100_000)])
    found = await table(
        client,
        digest,
        """rows(first: 1, query: {gte: [{getField: "n"}, {literal: {value: 99999}}]}) {
            totalCount nodes { originalIndex } }
        last: rows(last: 1) { nodes { originalIndex } }""",
    )
    assert found == {
        "rows": {"totalCount": 1, "nodes": [{"originalIndex": 99_999}]},
        "last": {"nodes": [{"originalIndex": 99_999}]},
    }
