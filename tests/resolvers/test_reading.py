"""A request that reads much leaves readers to others."""

import asyncio
import threading
from contextvars import ContextVar
from typing import Any

import pytest

from db.engines import Database
from tests.conftest import running_app

LISTS = " ".join(f"a{number}: calls(first: {number}) {{ totalCount nodes {{ callId }} }}" for number in range(1, 11))
MANY = f'{{ project(slug: "team/app", unwritten: true) {{ {LISTS} }} }}'
ONE = '{ project(slug: "team/app", unwritten: true) { calls { totalCount } } }'


async def test_one_request_does_not_take_all_readers(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The reads of the request that may pass: the look-up of its project. Those of its lists are held.
    passing: ContextVar[list[str] | None] = ContextVar("passing", default=None)
    gate, begun = threading.Event(), threading.Semaphore(0)
    plain = Database.read

    async def read(self: Database, work: Any, **how: Any) -> Any:
        passed = passing.get()
        if passed is None or passed:
            if passed:
                passed.pop()
            return await plain(self, work, **how)

        def wait(connection: Any) -> Any:
            begun.release()
            assert gate.wait(20)
            return work(connection)

        return await plain(self, wait, **how)

    monkeypatch.setattr(Database, "read", read)
    async with running_app(database_url, read_pool_size=4) as client:

        async def ask_for_much() -> Any:
            passing.set(["project"])
            return (await client.post("/graphql", json={"query": MANY})).json()

        much = asyncio.create_task(ask_for_much())
        try:
            for _ in range(2):
                assert await asyncio.to_thread(begun.acquire, timeout=60)
            little = await asyncio.wait_for(client.post("/graphql", json={"query": ONE}), 60)
            assert little.json()["data"] == {"project": {"calls": {"totalCount": 0}}}
        finally:
            gate.set()
        answer = await much
    assert "errors" not in answer
    assert answer["data"]["project"]["a10"] == {"totalCount": 0, "nodes": []}
