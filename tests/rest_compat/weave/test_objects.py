"""Object versions over REST: names, versions, digests, deletion."""

import base64
import hashlib
import json
from typing import Any

import httpx
import pytest

PROJECT = "team/app"
MODEL = {"_type": "M", "_class_name": "M", "_bases": ["Model", "Object", "BaseModel"], "a": 1.0}


async def post(client: httpx.AsyncClient, path: str, body: Any, status: int = 200) -> Any:
    response = await client.post(path, json=body)
    assert response.status_code == status, response.text
    return response.json()


async def publish(client: httpx.AsyncClient, name: str, value: Any, **options: Any) -> str:
    body = {"obj": {"project_id": PROJECT, "object_id": name, "val": value, **options}}
    digest: str = (await post(client, "/obj/create", body))["digest"]
    return digest


async def read(client: httpx.AsyncClient, name: str, version: str, status: int = 200, **options: Any) -> Any:
    return await post(
        client, "/obj/read", {"project_id": PROJECT, "object_id": name, "digest": version, **options}, status
    )


def digest_of(value: Any) -> str:
    """The digest that the SDKs from 0.52 on compute."""
    text = base64.urlsafe_b64encode(hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()).decode()
    return text.replace("-", "X").replace("_", "Y").rstrip("=")


async def query(client: httpx.AsyncClient, **options: Any) -> list[tuple[Any, ...]]:
    """Name, version and whether it is the latest of each version that is listed."""
    found = (await post(client, "/objs/query", {"project_id": PROJECT, **options}))["objs"]
    return [(each["object_id"], each["version_index"], each["is_latest"]) for each in found]


async def test_versions_are_numbered_and_content_is_kept_once(client: httpx.AsyncClient) -> None:
    first = await publish(client, "settings", {"b": 1, "a": 2})
    second = await publish(client, "settings", {"b": 1, "a": 3})
    assert await publish(client, "settings", {"a": 3, "b": 1}) == second  # sorted keys make the digest
    assert [first, second] == [digest_of({"a": 2, "b": 1}), digest_of({"a": 3, "b": 1})]
    obj = (await read(client, "settings", "latest"))["obj"]
    assert (obj["digest"], obj["version_index"], obj["is_latest"], obj["val"]) == (second, 1, 1, {"b": 1, "a": 3})
    assert list(obj["val"]) == ["b", "a"]  # the first text stays
    assert (await read(client, "settings", "v0"))["obj"]["digest"] == first
    assert (await read(client, "settings", first))["obj"]["is_latest"] == 0


async def test_older_content_published_again_is_the_latest(client: httpx.AsyncClient) -> None:
    first = await publish(client, "settings", 1)
    await publish(client, "settings", 2)
    assert await publish(client, "settings", 1) == first
    assert await query(client) == [("settings", 0, 1), ("settings", 1, 0)]
    assert (await read(client, "settings", "latest"))["obj"]["version_index"] == 0


async def test_classes_and_kinds_are_read_from_the_value(client: httpx.AsyncClient) -> None:
    await publish(client, "m", MODEL)
    op = {"_type": "CustomWeaveType", "weave_type": {"type": "Op"}, "files": {}}
    await publish(client, "predict", op)
    await publish(client, "plain", {"a": 1})
    obj = (await read(client, "m", "latest"))["obj"]
    assert (obj["kind"], obj["base_object_class"], obj["leaf_object_class"]) == ("object", "Model", "M")
    assert await query(client, filter={"is_op": True}) == [("predict", 0, 1)]
    assert await query(client, filter={"is_op": False}) == [("m", 0, 1), ("plain", 0, 1)]
    assert await query(client, filter={"base_object_classes": ["Model"]}) == [("m", 0, 1)]
    assert await query(client, filter={"leaf_object_classes": ["M"]}) == [("m", 0, 1)]
    others = await query(client, filter={"exclude_base_object_classes": ["Model"], "is_op": False})
    assert others == [("plain", 0, 1)]


async def test_lists_are_filtered_sorted_and_paged(client: httpx.AsyncClient) -> None:
    for name, value in (("b", 1), ("a", 1), ("b", 2), ("c", 1)):
        await publish(client, name, value)
    assert await query(client) == [("b", 0, 0), ("a", 0, 1), ("b", 1, 1), ("c", 0, 1)]
    assert await query(client, filter={"latest_only": True}) == [("a", 0, 1), ("b", 1, 1), ("c", 0, 1)]
    assert await query(client, filter={"object_ids": ["c", "a"]}) == [("a", 0, 1), ("c", 0, 1)]
    by_name = [{"field": "object_id", "direction": "desc"}, {"field": "created_at", "direction": "asc"}]
    assert await query(client, sort_by=by_name) == [("c", 0, 1), ("b", 0, 0), ("b", 1, 1), ("a", 0, 1)]
    assert await query(client, limit=2, offset=1) == [("a", 0, 1), ("b", 1, 1)]
    bare = (await post(client, "/objs/query", {"project_id": PROJECT, "limit": 1, "metadata_only": True}))["objs"][0]
    assert (bare["val"], bare["size_bytes"]) == ({}, None)
    sized = (await post(client, "/objs/query", {"project_id": PROJECT, "limit": 1, "include_storage_size": True}))[
        "objs"
    ][0]
    assert (sized["val"], sized["size_bytes"]) == (1, 1)


async def test_deletion_leaves_the_newest_that_is_left_as_the_latest(client: httpx.AsyncClient) -> None:
    for value in (1, 2, 3):
        await publish(client, "o", value)
    body = {"project_id": PROJECT, "object_id": "o", "digests": ["v2"]}
    assert await post(client, "/obj/delete", body) == {"num_deleted": 1}
    assert await query(client) == [("o", 0, 0), ("o", 1, 1)]
    gone = await read(client, "o", "v2", 404)
    assert gone["reason"] == f"o:v2 was deleted at {gone['deleted_at']}"
    assert (await post(client, "/obj/delete", body, 404))["reason"] == "Not found when deleting: o:v2"
    assert await post(client, "/obj/delete", {"project_id": PROJECT, "object_id": "o"}) == {"num_deleted": 2}
    assert await query(client) == []
    assert await publish(client, "o", 3) is not None
    assert await query(client) == [("o", 2, 1)]


@pytest.mark.parametrize(
    ("name", "status"),
    [("bad name", 422), ("a/b", 422), ("", 422), ("x" * 129, 400), ("x" * 128, 200), ("é.-_9", 200)],
)
async def test_names_have_rules(client: httpx.AsyncClient, name: str, status: int) -> None:
    body = {"obj": {"project_id": PROJECT, "object_id": name, "val": 1}}
    answer = await post(client, "/obj/create", body, status)
    assert ("reason" in answer) == (status != 200)
    assert len(await query(client)) == (status == 200)


async def test_refusals_name_what_is_wrong_and_write_nothing(client: httpx.AsyncClient) -> None:
    missing = await read(client, "o", "v0", 404)
    assert missing == {"reason": "Obj o:v0 not found"}
    body = {"obj": {"project_id": PROJECT, "object_id": "o", "val": 1, "expected_digest": "nope"}}
    assert "nope" in (await post(client, "/obj/create", body, 409))["reason"]
    body = {"obj": {"project_id": PROJECT, "object_id": "o", "val": {}, "builtin_object_class": "Nope"}}
    assert "'Nope'" in (await post(client, "/obj/create", body, 400))["reason"]
    many = {"project_id": PROJECT, "object_id": "o", "digests": ["x"] * 101}
    assert (await post(client, "/obj/delete", many, 400))["reason"] == "101 versions to delete, at most 100 at a time"
    assert await query(client) == []
