"""Writes of the REST API, by the application that ``client`` has."""

from typing import Any

import httpx

PROJECT = "team/app"
TIME = "2026-01-01T00:00:00Z"


async def post(client: httpx.AsyncClient, path: str, body: Any) -> Any:
    response = await client.post(path, json=body)
    assert response.status_code == 200, (path, response.text)
    return response.json()


def start(call_id: str, **more: Any) -> dict[str, Any]:
    call = {"project_id": PROJECT, "id": call_id, "trace_id": "t", "op_name": "op", "started_at": TIME}
    return {"mode": "start", "req": {"start": {**call, "attributes": {}, "inputs": {}, **more}}}


def end(call_id: str, **more: Any) -> dict[str, Any]:
    call = {"project_id": PROJECT, "id": call_id, "ended_at": "2026-01-01T00:00:01Z", "output": 1, "summary": {}}
    return {"mode": "end", "req": {"end": {**call, **more}}}


async def upsert(client: httpx.AsyncClient, *events: dict[str, Any]) -> None:
    await post(client, "/call/upsert_batch", {"batch": events})


async def rename(client: httpx.AsyncClient, call_id: str, name: str) -> None:
    await post(client, "/call/update", {"project_id": PROJECT, "call_id": call_id, "display_name": name})


async def delete(client: httpx.AsyncClient, *call_ids: str) -> None:
    await post(client, "/calls/delete", {"project_id": PROJECT, "call_ids": call_ids})


async def give(client: httpx.AsyncClient, feedback_id: str, **more: Any) -> None:
    body = {"project_id": PROJECT, "id": feedback_id, "weave_ref": f"weave:///{PROJECT}/call/a"}
    await post(client, "/feedback/create", {**body, "feedback_type": "custom", "payload": {"n": 1}, **more})


async def purge(client: httpx.AsyncClient, *feedback_ids: str) -> None:
    query = {"$expr": {"$in": [{"$getField": "id"}, [{"$literal": each} for each in feedback_ids]]}}
    await post(client, "/feedback/purge", {"project_id": PROJECT, "query": query})


async def change_cursor(client: httpx.AsyncClient) -> str:
    """The position of the project now."""
    query = f"""{{ project(slug: "{PROJECT}", unwritten: true) {{ changeCursor }} }}"""
    answer = await post(client, "/graphql", {"query": query})
    found: str = answer["data"]["project"]["changeCursor"]
    return found
