"""Annotation queues over HoneyHive's API."""

from typing import Any

import httpx
import pytest

from tests.graph.test_nodes import answer

PROJECT = "default/default"

FILTERS: list[dict[str, Any]] = [
    {"field": "event_type", "operator": "is", "value": "model", "type": "string"},
    {"field": "metadata.cost", "operator": "greater than", "value": 0.01, "type": "number"},
    {"field": "error", "operator": "not exists", "value": None, "type": "string"},
    {"field": "start_time", "operator": "after", "value": "2026-01-01T00:00:00Z", "type": "datetime"},
    {"field": "metadata.ok", "operator": "is not", "value": True, "type": "boolean"},
]
ITEMS = """query($id: String!) { project(slug: "default/default") { annotationQueue(queueId: $id) {
  items { nodes { callId state automatic } } } } }"""


async def create(client: httpx.AsyncClient, name: str, **fields: Any) -> Any:
    response = await client.post("/v1/queues", json={"name": name, **fields})
    assert response.status_code == 201, response.text
    assert response.json().keys() == {"queue", "message"}
    return response.json()["queue"]


async def update(client: httpx.AsyncClient, queue_id: str, **fields: Any) -> Any:
    response = await client.put(f"/v1/queues/{queue_id}", json={"id": queue_id, **fields})
    assert response.status_code == 200, response.text
    assert response.json()["message"] == "Queue updated successfully"
    return response.json()["queue"]


async def names(client: httpx.AsyncClient, query: str = "") -> list[str]:
    response = await client.get(f"/v1/queues{query}")
    assert response.status_code == 200, response.text
    assert response.json().keys() == {"queues"}
    return [queue["name"] for queue in response.json()["queues"]]


async def waiting(client: httpx.AsyncClient, queue_id: str) -> list[str]:
    nodes = (await answer(client, ITEMS, id=queue_id))["project"]["annotationQueue"]["items"]["nodes"]
    assert all((node["state"], node["automatic"]) == ("PENDING", False) for node in nodes)
    return [node["callId"] for node in nodes]


async def test_what_is_created_is_read(client: httpx.AsyncClient) -> None:
    made = await create(
        client, "Zoë", description="\x00", filters={"filterArray": FILTERS}, enabled=False, event_ids=["b", "a", "b"]
    )
    assert made == {
        "id": made["id"],
        "name": "Zoë",
        "description": "\x00",
        "filters": {"filterArray": FILTERS},
        "enabled": False,
        "scope_id": PROJECT,
        "scope_type": "project",
        "is_active": True,
        "created_at": made["created_at"],
        "updated_at": None,
    }
    response = await client.get(f"/v1/queues/{made['id']}")
    assert (response.status_code, response.json()) == (200, made)
    assert (await client.get("/v1/queues")).json() == {"queues": [made]}
    assert await waiting(client, made["id"]) == ["b", "a"]

    plain = await create(client, "")
    assert (plain["description"], plain["filters"], plain["enabled"]) == ("", {"filterArray": []}, True)
    assert await waiting(client, plain["id"]) == []


async def test_lists_are_filtered(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await names(client) == []
    for name, enabled in (("a", True), ("b", False), ("c", True)):
        await create(client, name, enabled=enabled)
    monkeypatch.setattr("rest_compat.honeyhive.queues.OTHER_PAGES", 1)
    assert await names(client) == await names(client, "?enabled=null") == ["a", "b", "c"]
    assert await names(client, "?enabled=true") == await names(client, "?enabled=True") == ["a", "c"]
    assert await names(client, "?enabled=false") == ["b"]
    response = await client.get("/v1/queues?enabled=maybe")
    assert response.status_code == 400
    assert response.json()["message"].startswith("query.enabled: Input should be a valid boolean")


async def test_an_update_changes_what_it_names(client: httpx.AsyncClient) -> None:
    made = await create(client, "a", description="d", filters={"filterArray": FILTERS}, event_ids=["1", "2", "3"])
    changed = await update(client, made["id"], add_event_ids=["4", "2", "4"], remove_event_ids=["1", "none"])
    assert changed["updated_at"] > made["created_at"]
    assert changed == {**made, "updated_at": changed["updated_at"]}
    assert await waiting(client, made["id"]) == ["2", "3", "4"]
    for _ in range(2):  # again changes nothing
        await update(client, made["id"], add_event_ids=["1"])
        assert await waiting(client, made["id"]) == ["2", "3", "4", "1"]

    changed = await update(client, made["id"], name="b", description="", filters={"filterArray": []}, enabled=False)
    assert changed == {
        **made,
        "name": "b",
        "description": "",
        "filters": {"filterArray": []},
        "enabled": False,
        "updated_at": changed["updated_at"],
    }
    assert (await client.get(f"/v1/queues/{made['id']}")).json() == changed


async def test_a_deleted_queue_is_nowhere(client: httpx.AsyncClient) -> None:
    made, other = await create(client, "a", event_ids=["1"]), await create(client, "b")
    response = await client.delete(f"/v1/queues/{made['id']}")
    assert (response.status_code, response.json()) == (200, {"message": "Queue deleted successfully"})
    assert await names(client) == ["b"]
    for queue_id in (made["id"], "none", "%00"):
        path = f"/v1/queues/{queue_id}"
        shown = "\x00" if queue_id == "%00" else queue_id
        for response in (
            await client.get(path),
            await client.put(path, json={"id": shown, "name": "c"}),
            await client.delete(path),
        ):
            expected = {"message": f"Queue not found: {shown!r}", "errorCode": "NOT_FOUND"}
            assert (response.status_code, response.json()) == (404, expected)
    assert (await client.get(f"/v1/queues/{other['id']}")).json() == other


def one_filter(**changes: Any) -> dict[str, Any]:
    return {"filters": {"filterArray": [FILTERS[0], {**FILTERS[0], **changes}]}}


@pytest.fixture(scope="module")
async def kept(module_client: httpx.AsyncClient) -> Any:
    """A queue that bad changes leave as it is."""
    return await create(module_client, "kept")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": 7}, "name: Input should be a valid string"),
        ({"name": None}, "name: Input should be a valid string"),
        ({"name": "n" * 201}, "name: String should have at most 200 characters"),
        ({"description": "d" * 1001}, "description: String should have at most 1000 characters"),
        ({"enabled": "perhaps"}, "enabled: Input should be a valid boolean, unable to interpret input"),
        ({"filters": []}, "filters: Input should be a valid dictionary or object to extract fields from"),
        ({"filters": {}}, "filters.filterArray: Field required"),
        ({"filters": {"filterArray": [], "all": 1}}, "filters.all: Extra inputs are not permitted"),
        (
            one_filter(operator="equals"),
            (
                "filters.filterArray.1.operator: Input should be 'exists', 'not exists', 'is', 'is not', 'contains', "
                "'not contains', 'greater than', 'less than', 'after' or 'before'"
            ),
        ),
        (
            one_filter(type="text"),
            "filters.filterArray.1.type: Input should be 'string', 'number', 'boolean' or 'datetime'",
        ),
        (one_filter(field=None), "filters.filterArray.1.field: Input should be a valid string"),
        (
            one_filter(operator="greater than", type="number", value="much"),
            "'event_type' greater than 'much' as number: it is no number",
        ),
        (
            one_filter(operator="after", type="datetime", value="soon"),
            "'event_type' after 'soon' as datetime: a time is ISO 8601 text or a number of Unix milliseconds",
        ),
        (one_filter(value=["model"]), "The value of a filter is text, a number, true, false or null, not ['model']"),
    ],
)
async def test_bad_bodies_are_refused(module_client: httpx.AsyncClient, kept: Any, changes: Any, message: str) -> None:
    client, made = module_client, kept
    response = await client.post("/v1/queues", json={"name": "a", **changes})
    assert (response.status_code, response.json()["message"]) == (400, f"Bad request: {message}")
    response = await client.put(f"/v1/queues/{made['id']}", json={"id": made["id"], **changes})
    assert (response.status_code, response.json()["message"]) == (400, message)
    assert (await client.get("/v1/queues")).json() == {"queues": [made]}


async def test_events_are_named_by_ids_that_can_be(client: httpx.AsyncClient) -> None:
    for bad, why in (
        ([7], "event_ids.0: Input should be a valid string"),
        ([""], "The id of a call has 1 to 512 characters, none of them NUL, unlike ''"),
        (["a", "\x00"], "The id of a call has 1 to 512 characters, none of them NUL, unlike '\\x00'"),
        (["x" * 513], f"The id of a call has 1 to 512 characters, none of them NUL, unlike {'x' * 60!r}..."),
        (["x"] * 10_001, "callIds has 10001 ids, at most 10000 are taken"),
    ):
        response = await client.post("/v1/queues", json={"name": "a", "event_ids": bad})
        assert (response.status_code, response.json()["message"]) == (400, f"Bad request: {why}")
    assert await names(client) == []
    many = [str(number) for number in range(5000)]
    made = await create(client, "a", event_ids=many)
    response = await client.put(
        f"/v1/queues/{made['id']}", json={"id": made["id"], "add_event_ids": ["n"], "remove_event_ids": ["m", "n"]}
    )
    assert (response.status_code, response.json()["message"]) == (400, "'n' is both to be added and to be removed")
    await update(client, made["id"], remove_event_ids=many[1:])
    assert await waiting(client, made["id"]) == ["0"]


async def test_the_body_must_name_the_queue_of_the_path(client: httpx.AsyncClient) -> None:
    made, other = await create(client, "a"), await create(client, "b")
    response = await client.put(f"/v1/queues/{made['id']}", json={"id": other["id"], "name": "c"})
    message = f"id must be that of the path, {made['id']!r}, not {other['id']!r}"
    assert (response.status_code, response.json()) == (400, {"message": message, "errorCode": "INVALID_INPUT"})
    response = await client.put(f"/v1/queues/{made['id']}", json={"name": "c"})
    expected = {"message": "id: Field required", "errorCode": "VALIDATION_ERROR"}
    assert (response.status_code, response.json()) == (400, expected)
    assert await names(client) == ["a", "b"]


async def test_a_name_is_required(client: httpx.AsyncClient) -> None:
    for response in (
        await client.post("/v1/queues", json={}),
        await client.post("/v1/queues", json={"description": "d"}),
    ):
        expected = {"message": "Bad request: name: Field required", "errorCode": "VALIDATION_ERROR"}
        assert (response.status_code, response.json()) == (400, expected)
