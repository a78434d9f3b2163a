"""Versions of objects and ops: their lists and links, and how they differ."""

import json
from typing import Any

import httpx
import pytest

PROJECT = "team/app"


async def answer(client: httpx.AsyncClient, document: str, **variables: Any) -> dict[str, Any]:
    body = json.dumps({"query": document, "variables": variables})  # a lone surrogate is escaped
    response = await client.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    found: dict[str, Any] = response.json()
    return found


async def project(client: httpx.AsyncClient, selection: str, **variables: Any) -> Any:
    found = await answer(client, f'{{ project(slug: "{PROJECT}") {{ {selection} }} }}', **variables)
    assert "errors" not in found, found
    return found["data"]["project"]


async def publish(client: httpx.AsyncClient, name: str, val: Any, path: str = "/obj/create") -> str:
    """The ref of the version."""
    response = await client.post(path, json={"obj": {"project_id": PROJECT, "object_id": name, "val": val}})
    assert response.status_code == 200, response.text
    return f"weave:///{PROJECT}/object/{name}:{response.json()['digest']}"


async def publish_op(client: httpx.AsyncClient, name: str, code: bytes) -> None:
    made = await client.post("/file/create", data={"project_id": PROJECT}, files={"file": ("obj.py", code)})
    val = {"_type": "CustomWeaveType", "weave_type": {"type": "Op"}, "files": {"obj.py": made.json()["digest"]}}
    await publish(client, name, val)


async def delete(client: httpx.AsyncClient, name: str, *digests: str) -> None:
    body = {"project_id": PROJECT, "object_id": name, "digests": list(digests) or None}
    assert (await client.post("/obj/delete", json=body)).status_code == 200


async def test_versions_are_pages_with_neighbours(client: httpx.AsyncClient) -> None:
    for n in range(5):
        await publish(client, "a", {"n": n})
    await publish(client, "b", {"n": 0})
    await delete(client, "a", "v2")
    found = await project(
        client,
        """objectVersion(objectId: "a", version: "v3") {
            previous { versionIndex } next { versionIndex previous { versionIndex } next { versionIndex } } isDeleted
            latest { versionIndex } object { objectId kind versionCount }
            versions(first: 2) { totalCount nodes { versionIndex } pageInfo { hasNextPage } }
            back: versions(last: 1) { edges { node { value } } }
            down: versions(orderBy: [{field: "versionIndex", direction: DESC}]) { nodes { versionIndex } } }
        first: objectVersion(objectId: "a", version: "v0") { previous { digest } }
        gone: objectVersion(objectId: "a", version: "v2", includeDeleted: true) {
            isDeleted previous { versionIndex } next { versionIndex } }""",
    )
    assert found == {
        "objectVersion": {
            "previous": {"versionIndex": 1},
            "next": {"versionIndex": 4, "previous": {"versionIndex": 3}, "next": None},
            "isDeleted": False,
            "latest": {"versionIndex": 4},
            "object": {"objectId": "a", "kind": "OBJECT", "versionCount": 4},
            "versions": {
                "totalCount": 4,
                "nodes": [{"versionIndex": 0}, {"versionIndex": 1}],
                "pageInfo": {"hasNextPage": True},
            },
            "back": {"edges": [{"node": {"value": {"n": 4}}}]},
            "down": {"nodes": [{"versionIndex": n} for n in (4, 3, 1, 0)]},
        },
        "first": {"previous": None},
        "gone": {"isDeleted": True, "previous": {"versionIndex": 1}, "next": {"versionIndex": 3}},
    }


async def test_pages_of_versions_go_on_by_their_cursors(client: httpx.AsyncClient) -> None:
    for n in range(5):
        for name in ("a", "b"):
            await publish(client, name, {"n": n})
    selection = (
        """object(objectId: "a") { versions(first: 2 AFTER) { nodes { versionIndex } pageInfo { endCursor } } }"""
    )
    seen: list[list[int]] = []
    after = ""
    for _ in range(3):
        page = (await project(client, selection.replace("AFTER", after)))["object"]["versions"]
        seen.append([node["versionIndex"] for node in page["nodes"]])
        after = f', after: "{page["pageInfo"]["endCursor"]}"'
    assert seen == [[0, 1], [2, 3], [4]]


async def test_objects_are_one_node_a_name(client: httpx.AsyncClient) -> None:
    assert (
        await client.post(
            "/call/start",
            json={
                "start": {
                    "project_id": PROJECT,
                    "op_name": "x",
                    "started_at": "2026-01-01T00:00:00Z",
                    "attributes": {},
                    "inputs": {},
                }
            },
        )
    ).status_code == 200
    assert await project(client, 'objects { totalCount nodes { id } } object(objectId: "a") { id }') == {
        "objects": {"totalCount": 0, "nodes": []},
        "object": None,
    }
    model = {"_type": "Mine", "_class_name": "Mine", "_bases": ["Model", "Object", "BaseModel"]}
    for n in range(3):
        await publish(client, "Model_a", {**model, "n": n})
    await publish(client, "b", 1)
    await publish(client, "gone", 1)
    await delete(client, "gone")
    await publish_op(client, "b", b"def b(): ...")
    found = await project(
        client,
        """objects { totalCount nodes { objectId kind versionCount latest { versionIndex } versions { totalCount } } }
        page: objects(first: 1, orderBy: [{field: "versionCount", direction: DESC}]) {
            totalCount(limit: 2) nodes { objectId } pageInfo { hasNextPage } }
        classes: objects(filter: {baseObjectClasses: ["Model"]}) { nodes { objectId } }
        named: objects(filter: {nameContains: "MODEL_"}) { totalCount nodes { objectId } }
        percent: objects(filter: {nameContains: "%"}) { totalCount }
        ops: objects(filter: {kind: OP}) { nodes { objectId } }
        op: object(objectId: "b", kind: OP) { id versionCount }
        none: object(objectId: "Model_a", kind: OP) { id }
        late: objects(filter: {createdAfter: "2999-01-01"}) { totalCount }
        early: objects(filter: {createdBefore: "2999-01-01"}) { totalCount }
        versions: objectVersions(filter: {nameContains: "model", latestOnly: true}) { nodes { versionIndex } }""",
    )
    node_id = found["op"].pop("id")
    assert found == {
        "objects": {
            "totalCount": 3,
            "nodes": [
                {
                    "objectId": name,
                    "kind": kind,
                    "versionCount": count,
                    "latest": {"versionIndex": count - 1},
                    "versions": {"totalCount": count},
                }
                for name, kind, count in (("Model_a", "OBJECT", 3), ("b", "OBJECT", 1), ("b", "OP", 1))
            ],
        },
        "page": {"totalCount": 2, "nodes": [{"objectId": "Model_a"}], "pageInfo": {"hasNextPage": True}},
        "classes": {"nodes": [{"objectId": "Model_a"}]},
        "named": {"totalCount": 1, "nodes": [{"objectId": "Model_a"}]},
        "percent": {"totalCount": 0},
        "ops": {"nodes": [{"objectId": "b"}]},
        "op": {"versionCount": 1},
        "none": None,
        "late": {"totalCount": 0},
        "early": {"totalCount": 3},
        "versions": {"nodes": [{"versionIndex": 2}]},
    }
    key = {"__typename": "VersionedObject", "projectSlug": PROJECT, "kind": "OP", "objectId": "b"}
    document = """query($id: ID!, $key: _Any!) { node(id: $id) { ... on VersionedObject { objectId kind } }
        _entities(representations: [$key]) { ... on VersionedObject { objectId kind } } }"""
    data = (await answer(client, document, id=node_id, key=key))["data"]
    assert data == {"node": {"objectId": "b", "kind": "OP"}, "_entities": [{"objectId": "b", "kind": "OP"}]}
    refused = await answer(client, document, id=node_id, key={**key, "kind": "cat"})
    assert [error["message"] for error in refused["errors"]] == ["'cat' is no kind of object, expected OBJECT or OP"]


async def test_holders_of_a_version_are_found(client: httpx.AsyncClient) -> None:
    target, other = await publish(client, "target", {"x": 1}), await publish(client, "target", {"x": 2})
    await publish(client, "whole", {"ref": target, "again": target})
    await publish(client, "inside", [f"{target}/attr/x"])
    await publish(client, "inside", [f"{target}/attr/x", other])
    await publish(client, "gone", {"ref": target})
    await delete(client, "gone")
    found = await project(
        client,
        """objectVersions(filter: {objectIds: ["target"]}) { nodes { versionIndex referencedBy(
            orderBy: [{field: "objectId"}, {field: "versionIndex"}]) { totalCount nodes { objectId versionIndex } }
            last: referencedBy(filter: {latestOnly: true, nameContains: "in"}) { nodes { versionIndex } } } }""",
    )
    assert found["objectVersions"]["nodes"] == [
        {
            "versionIndex": 0,
            "referencedBy": {
                "totalCount": 3,
                "nodes": [
                    {"objectId": "inside", "versionIndex": 0},
                    {"objectId": "inside", "versionIndex": 1},
                    {"objectId": "whole", "versionIndex": 0},
                ],
            },
            "last": {"nodes": [{"versionIndex": 1}]},
        },
        {
            "versionIndex": 1,
            "referencedBy": {"totalCount": 1, "nodes": [{"objectId": "inside", "versionIndex": 1}]},
            "last": {"nodes": [{"versionIndex": 1}]},
        },
    ]


DIFF = """diff(from: $from, limit: $limit) { from { versionIndex } to { versionIndex } isTruncated codeDiff
    changes { path kind before after } }"""


async def diff(client: httpx.AsyncClient, base: str | None = None, limit: int = 100) -> dict[str, Any]:
    document = f"""query($from: String, $limit: Int!) {{ project(slug: "{PROJECT}") {{
        objectVersion(objectId: "a") {{ {DIFF} }} }} }}"""
    return await answer(client, document, **{"from": base, "limit": limit})


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1, "c": None}, [("c", "ADDED", None, None)]),
        ({"a": 1}, {"a": 1.0}, [("a", "CHANGED", 1, 1.0)]),
        ({"a": 1}, {"a": True}, [("a", "CHANGED", 1, True)]),
        (
            {"a.b": {"c": [1, 2]}},
            {"a.b": {"c": [1, 3, {}]}},
            [("a\\.b.c.1", "CHANGED", 2, 3), ("a\\.b.c.2", "ADDED", None, {})],
        ),
        ({"x": "a\0", "y": [1]}, {"y": []}, [("x", "REMOVED", "a\0", None), ("y.0", "REMOVED", 1, None)]),
        ([1], {"a": 1}, [(None, "CHANGED", [1], {"a": 1})]),
        ({"a": [1]}, {"a": {"0": 1}}, [("a", "CHANGED", [1], {"0": 1})]),
        (None, 1, [(None, "CHANGED", None, 1)]),
        ({"n": 10**30}, {"n": 10**30 + 1}, [("n", "CHANGED", 10**30, 10**30 + 1)]),
    ],
)
async def test_a_diff_lists_changes_by_path(
    client: httpx.AsyncClient, before: Any, after: Any, changes: list[tuple[Any, ...]]
) -> None:
    await publish(client, "a", before)
    await publish(client, "a", after)
    found = (await diff(client))["data"]["project"]["objectVersion"]["diff"]
    assert found == {
        "from": {"versionIndex": 0},
        "to": {"versionIndex": 1},
        "isTruncated": False,
        "codeDiff": None,
        "changes": [dict(zip(("path", "kind", "before", "after"), change, strict=True)) for change in changes],
    }


async def test_a_diff_is_to_any_version_and_bounded(client: httpx.AsyncClient) -> None:
    for n in range(3):
        await publish(client, "a", {"n": [n] * 5, "m": n // 2})
    found = (await diff(client, "v0", 3))["data"]["project"]["objectVersion"]["diff"]
    assert [change["path"] for change in found["changes"]] == ["n.0", "n.1", "n.2"]
    assert (found["from"], found["isTruncated"]) == ({"versionIndex": 0}, True)
    same = (await diff(client, "latest"))["data"]["project"]["objectVersion"]["diff"]
    assert (same["changes"], same["isTruncated"]) == ([], False)
    for base, limit, message in (
        ("v9", 1, "There is no version 'v9' of 'a'"),
        ("", 1, "There is no version '' of 'a'"),
        (None, 0, "limit must be from 1 to 1000, not 0"),
    ):
        refused = await diff(client, base, limit)
        assert [error["message"] for error in refused["errors"]] == [message]
    await publish(client, "a", "x" * 5_000_000)
    refused = await diff(client)
    assert refused["data"]["project"]["objectVersion"]["diff"] is None
    assert refused["errors"][0]["extensions"]["code"] == "TOO_LARGE"


async def test_the_first_version_has_nothing_before_it(client: httpx.AsyncClient) -> None:
    await publish(client, "a", 1)
    assert (await diff(client))["data"]["project"]["objectVersion"]["diff"] is None


async def test_code_is_text_and_differs_line_by_line(client: httpx.AsyncClient) -> None:
    codes = [b"def f():\n    return 1\n", b"def f():\n    return 2\n", b"\xff\xfe", b"#" * 300_000]
    for code in codes:
        await publish_op(client, "f", code)
    await publish(client, "plain", {"files": "none"})
    found = await project(
        client,
        """ops { nodes { code diff { codeDiff changes { path } } } }
        objectVersion(objectId: "plain") { code }""",
    )
    assert found["objectVersion"] == {"code": None}
    nodes = found["ops"]["nodes"]
    assert [node["code"] for node in nodes] == [codes[0].decode(), codes[1].decode(), None, None]
    assert [node["diff"] and node["diff"]["codeDiff"] for node in nodes] == [
        None,
        "--- a/obj.py\n+++ b/obj.py\n@@ -1,2 +1,2 @@\n def f():\n-    return 1\n+    return 2\n",
        None,
        None,
    ]
    assert nodes[1]["diff"]["changes"] == [{"path": "files.obj\\.py"}]


@pytest.mark.parametrize("text", ["\0", "\ud800", "%_'\\", "x" * 5000, ""])
async def test_any_text_may_be_looked_for(client: httpx.AsyncClient, text: str) -> None:
    await publish(client, "a", {"x": 1})
    made = await client.post("/table/create", json={"table": {"project_id": PROJECT, "rows": [{"a": 1}]}})
    document = f"""query($text: String!, $table: String!) {{ project(slug: "{PROJECT}") {{
        names: objects(filter: {{objectIds: [$text]}}) {{ totalCount nodes {{ id }} }}
        object(objectId: $text) {{ id }}
        objectVersion(objectId: "a", version: $text) {{ id }}
        objectVersions {{ nodes {{ valueAt(path: "x") }} }}
        table(digest: $table) {{
            row(digest: $text) {{ id }} rows(rowDigests: [$text]) {{ totalCount nodes {{ id }} }} }} }} }}"""
    found = await answer(client, document, text=text, table=made.json()["digest"])
    assert "errors" not in found
    assert found["data"]["project"] == {
        "names": {"totalCount": 0, "nodes": []},
        "object": None,
        "objectVersion": None,
        "objectVersions": {"nodes": [{"valueAt": 1}]},
        "table": {"row": None, "rows": {"totalCount": 0, "nodes": []}},
    }
    if len(text) < 1000:
        selection = "objects(filter: {nameContains: $text}) { totalCount }"
        document = f'query($text: String!) {{ project(slug: "{PROJECT}") {{ {selection} }} }}'
        expected = 0 if text else 1
        assert (await answer(client, document, text=text))["data"]["project"] == {"objects": {"totalCount": expected}}


async def test_too_long_a_filter_is_refused(client: httpx.AsyncClient) -> None:
    await publish(client, "a", 1)
    document = f"""query($names: [String!]) {{ project(slug: "{PROJECT}") {{
        objects(filter: {{objectIds: $names}}) {{ totalCount }} }} }}"""
    refused = await answer(client, document, names=["x"] * 1001)
    assert "'object_ids' request length is greater than max length (1000)" in refused["errors"][0]["message"]
