"""Ops over Weave's API."""

from typing import Any

import httpx

PROJECT = "team/app"


async def post(client: httpx.AsyncClient, path: str, content: Any, status: int = 200) -> Any:
    response = await client.post(path, json=content)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json"), response.text
    return response.json()


async def create(client: httpx.AsyncClient, name: str, val: Any) -> str:
    body = {"op_obj": {"project_id": PROJECT, "object_id": name, "val": val}}
    digest: str = (await post(client, "/op/create", body))["digest"]
    return digest


async def test_an_op_is_read_back_whatever_it_looks_like(client: httpx.AsyncClient) -> None:
    digest = await create(client, "predict", {"code": "return 1"})
    answer = await post(client, "/op/read", {"project_id": PROJECT, "name": "predict", "digest": digest})
    assert answer == {
        "op_obj": {
            "project_id": PROJECT,
            "object_id": "predict",
            "created_at": answer["op_obj"]["created_at"],
            "deleted_at": None,
            "digest": digest,
            "version_index": 0,
            "is_latest": 1,
            "kind": "op",
            "base_object_class": None,
            "leaf_object_class": None,
            "val": {"code": "return 1"},
            "wb_user_id": "local",
            "size_bytes": None,
        }
    }
    refs = {"refs": [f"weave:///{PROJECT}/op/predict:{digest}"]}
    assert await post(client, "/refs/read_batch", refs) == {"vals": [{"code": "return 1"}]}


async def test_ops_are_listed_by_name_and_by_version(client: httpx.AsyncClient) -> None:
    first = await create(client, "a", {"v": 1})
    second = await create(client, "a", {"v": 2})
    other = await create(client, "b", {"v": 1})
    await post(client, "/obj/create", {"obj": {"project_id": PROJECT, "object_id": "a", "val": {"v": 3}}})

    async def listed(chosen: Any = None) -> list[tuple[str, int, Any]]:
        found = await post(client, "/ops/query", {"project_id": PROJECT, "filter": chosen})
        return [(op["digest"], op["version_index"], op["val"]) for op in found["op_objs"]]

    versions = [(first, 0, {"v": 1}), (second, 1, {"v": 2}), (other, 0, {"v": 1})]
    assert await listed() == versions
    assert await listed({"op_names": ["a"]}) == versions[:2]
    assert await listed({"latest_only": True}) == versions[1:]
    assert await listed({"op_names": ["a"], "latest_only": True}) == versions[1:2]
    assert await listed({"op_names": ["none"]}) == []


async def test_many_ops_come_in_one_document(client: httpx.AsyncClient) -> None:
    for number in range(101):
        await create(client, f"op{number:03}", {})
    found = await post(client, "/ops/query", {"project_id": PROJECT})
    assert [op["object_id"] for op in found["op_objs"]] == [f"op{number:03}" for number in range(101)]


async def test_an_object_is_no_op(client: httpx.AsyncClient) -> None:
    body = {"obj": {"project_id": PROJECT, "object_id": "a", "val": {}}}
    digest = (await post(client, "/obj/create", body))["digest"]
    assert await post(client, "/op/read", {"project_id": PROJECT, "name": "a", "digest": digest}, 404) == {
        "reason": f"Op a:{digest} not found"
    }
    assert await post(client, "/ops/query", {"project_id": PROJECT}) == {"op_objs": []}
    assert await post(client, "/ops/query", {"project_id": "never/written"}) == {"op_objs": []}


async def test_a_deleted_op_says_so(client: httpx.AsyncClient) -> None:
    await create(client, "a", {"v": 1})
    digest = await create(client, "a", {"v": 2})
    await post(client, "/obj/delete", {"project_id": PROJECT, "object_id": "a", "digests": [digest]})
    answer = await post(client, "/op/read", {"project_id": PROJECT, "name": "a", "digest": digest}, 404)
    assert answer == {"reason": f"Op a:v1 was deleted at {answer['deleted_at']}", "deleted_at": answer["deleted_at"]}
    latest = await post(client, "/op/read", {"project_id": PROJECT, "name": "a", "digest": "latest"})
    assert latest["op_obj"]["val"] == {"v": 1}


async def test_what_cannot_be_is_refused(client: httpx.AsyncClient) -> None:
    bad_name = {"op_obj": {"project_id": PROJECT, "object_id": "a b", "val": {}}}
    assert await post(client, "/op/create", bad_name, 422) == {"reason": "Invalid object name 'a b': it contains ' '"}
    missing = await post(client, "/op/create", {"op_obj": {"project_id": PROJECT, "object_id": "a"}}, 422)
    assert [error["loc"] for error in missing["detail"]] == [["body", "op_obj", "val"]]
    extra = await post(client, "/ops/query", {"project_id": PROJECT, "limit": 1}, 422)
    assert [error["loc"] for error in extra["detail"]] == [["body", "limit"]]
