"""Queues that take new events by themselves, in running servers."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from resolvers.queues.take import QueueFollower
from tests.conftest import running_app
from tests.graph.test_nodes import answer
from tests.rest_compat.honeyhive.test_queues import create, update

SECONDS = 60

MODELS = {"field": "event_type", "operator": "is", "value": "model", "type": "string"}
COSTLY = {"field": "metadata.cost", "operator": "greater than", "value": 1, "type": "number"}
ITEMS = """query($id: String!) { project(slug: "default/default") { annotationQueue(queueId: $id) {
  items(first: 1000) { nodes { callId automatic } } } } }"""


def event(number: int, **fields: Any) -> dict[str, Any]:
    said = {"event_type": "model", "event_name": "ask", "inputs": {}, "outputs": {"a": 1}, "duration": 5}
    return {**said, "event_id": f"00000000-0000-4000-8000-{number:012}", "metadata": {"cost": 2}, **fields}


async def post(client: httpx.AsyncClient, *events: dict[str, Any]) -> list[str]:
    response = await client.post("/v1/events/batch", json={"events": list(events)})
    assert response.status_code == 200, response.text
    return [each["event_id"] for each in events]


async def waiting(client: httpx.AsyncClient, queue: str) -> list[str]:
    found = (await answer(client, ITEMS, id=queue))["project"]["annotationQueue"]
    assert all(node["automatic"] for node in found["items"]["nodes"])
    return [node["callId"] for node in found["items"]["nodes"]]


async def until(client: httpx.AsyncClient, queue: str, count: int) -> list[str]:
    """The items of the queue, once they are at least so many."""
    async with asyncio.timeout(SECONDS):
        while len(found := await waiting(client, queue)) < count:  # noqa: ASYNC110 - the server writes them
            await asyncio.sleep(0.02)
    return found


async def test_a_queue_takes_new_events_that_match(client: httpx.AsyncClient) -> None:
    await post(client, event(1))
    queue = (await create(client, "q", filters={"filterArray": [MODELS, COSTLY]}))["id"]
    off = (await create(client, "off", filters={"filterArray": [MODELS]}, enabled=False))["id"]
    await post(client, event(2), event(3, event_type="tool"), event(4, metadata={"cost": 1}), event(5))
    assert await until(client, queue, 2) == [event(2)["event_id"], event(5)["event_id"]]

    # What matches only later is taken then.
    response = await client.put("/events", json={"event_id": event(4)["event_id"], "metadata": {"cost": 3}})
    assert response.status_code == 200, response.text
    assert (await until(client, queue, 3))[2] == event(4)["event_id"]

    await update(client, queue, enabled=False)
    await update(client, off, enabled=True)
    ids = await post(client, event(6))
    assert await until(client, off, 1) == ids
    assert len(await waiting(client, queue)) == 3

    await update(client, off, filters={"filterArray": [{**MODELS, "value": "session"}]})
    response = await client.post("/v1/sessions", json={"session_name": "talk"})
    assert response.status_code == 200, response.text
    assert (await until(client, off, 2))[1] == response.json()["session_id"]


async def test_writing_does_not_wait_for_queues(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    handle, asked, goes_on = QueueFollower.handle, asyncio.Event(), asyncio.Event()

    async def hanging(follower: QueueFollower, *arguments: Any) -> Any:
        asked.set()
        await goes_on.wait()
        return await handle(follower, *arguments)

    monkeypatch.setattr(QueueFollower, "handle", hanging)
    queue = (await create(client, "q", filters={"filterArray": [MODELS]}))["id"]
    ids = await post(client, event(1))
    async with asyncio.timeout(SECONDS):
        await asked.wait()
    ids += await post(client, event(2))
    assert await waiting(client, queue) == []
    goes_on.set()
    assert await until(client, queue, 2) == ids


async def test_several_servers_put_each_event_in_once(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(running_app(database_url)) for _ in range(2)]
        queues = [
            (await create(clients[0], str(number), filters={"filterArray": [MODELS]}))["id"] for number in range(3)
        ]
        batches = [[event(batch * 50 + number) for number in range(50)] for batch in range(8)]
        posted = await asyncio.gather(*(post(clients[index % 2], *batch) for index, batch in enumerate(batches)))
        ids = {event_id for batch in posted for event_id in batch}
        for queue in queues:
            found = await until(clients[1], queue, len(ids))
            assert len(found) == len(ids)
            assert set(found) == ids
