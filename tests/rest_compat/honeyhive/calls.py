"""Calls of a test, written by HoneyHive's routes and read by others."""

from typing import Any

import httpx

PROJECT = "default/default"


async def post(client: httpx.AsyncClient, path: str, body: Any, status: int = 200) -> Any:
    response = await client.post(path, json=body)
    assert response.status_code == status, response.text
    return response.json()


async def put(client: httpx.AsyncClient, path: str, body: Any, status: int = 200) -> Any:
    response = await client.put(path, json=body)
    assert response.status_code == status, response.text
    return response.json()


async def weave(client: httpx.AsyncClient, call_id: str) -> Any:
    """The call as Weave reads it."""
    return (await post(client, "/call/read", {"project_id": PROJECT, "id": call_id}))["call"]


async def graph(client: httpx.AsyncClient, call_id: str, fields: str) -> Any:
    document = f'query($id: String!) {{ project(slug: "{PROJECT}") {{ call(callId: $id) {{ {fields} }} }} }}'
    answer = await post(client, "/graphql", {"query": document, "variables": {"id": call_id}})
    assert "errors" not in answer, answer
    return answer["data"]["project"]["call"]


async def ask(client: httpx.AsyncClient, document: str, **variables: Any) -> Any:
    """The data of a document's answer, which has no errors."""
    answer = await post(client, "/graphql", {"query": document, "variables": variables})
    assert "errors" not in answer, answer
    return answer["data"]
