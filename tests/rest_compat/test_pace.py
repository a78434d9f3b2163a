"""Streams give way to others."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from rest_compat import pace
from rest_compat.pace import SMALLER, Pace
from rest_compat.registry import OTHER_PAGES
from tests.graph.test_call_filters import call, record

pytestmark = pytest.mark.anyio


async def busy(seconds: float) -> None:
    """What somebody else does on the event loop."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


async def test_a_stream_rests_while_others_have_work(monkeypatch: pytest.MonkeyPatch) -> None:
    rested: list[float] = []
    sleep = asyncio.sleep

    async def slept(seconds: float, *_: Any) -> None:
        rested.append(seconds)
        await sleep(0)

    monkeypatch.setattr("asyncio.sleep", slept)
    writes: list[str] = []
    ours = Pace(lambda: bool(writes))
    with ours.page():
        await busy(0.02)
    others = asyncio.create_task(busy(2 * pace.BUSY))
    await ours.rest()
    await others
    assert ours.rows == SMALLER
    assert 0.06 <= rested[1] <= pace.LONGEST
    monkeypatch.setattr(pace, "BUSY", 60)  # nobody has as much to do
    rested.clear()
    await ours.rest()
    assert (ours.rows, rested) == (OTHER_PAGES, [pace.MOMENT])
    writes.append("somebody's")
    await ours.rest()
    assert (ours.rows, len(rested)) == (SMALLER, 3)


@pytest.mark.parametrize("busy_from", [0.0, 60.0])
@pytest.mark.parametrize(("limit", "expected"), [(None, 130), (113, 113), (104, 104)])
async def test_streams_are_whole_whatever_pages_they_have(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, busy_from: float, limit: int | None, expected: int
) -> None:
    monkeypatch.setattr(pace, "BUSY", busy_from)
    monkeypatch.setattr(pace, "SMALLER", 7)
    monkeypatch.setattr(pace, "LONGEST", 0)
    await record(client, [call(f"c{number:03}", second=number % 50) for number in range(130)])
    body = {"project_id": "team/app", "sort_by": [{"field": "id", "direction": "asc"}], "limit": limit}
    answer = await client.post("/calls/stream_query", json=body)
    ids = [line.split('"id":"')[1][:4] for line in answer.text.splitlines()]
    assert ids == [f"c{number:03}" for number in range(expected)]
