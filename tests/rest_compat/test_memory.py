"""What a request leaves behind in memory."""

import gc

import httpx

from graph.plans import PreparedExecutor

CALL = {
    "project_id": "team/app",
    "id": "1",
    "trace_id": "1",
    "op_name": "answer",
    "started_at": "2026-01-01T00:00:00Z",
    "attributes": {},
    "inputs": {"text": "long"},
}


async def test_what_an_operation_was_given_is_not_kept_until_garbage_is_looked_for(client: httpx.AsyncClient) -> None:
    gc.collect()
    gc.disable()
    try:
        response = await client.post("/call/start", json={"start": CALL})
        assert response.status_code == 200, response.text
        assert [each for each in gc.get_objects() if isinstance(each, PreparedExecutor)] == []
    finally:
        gc.enable()
