"""Metrics on new events: SIGKILL while they run leaves none out, and runs none that was done again."""

import threading
import time
import uuid
from typing import Any

import pytest
from sqlalchemy import update

from db.engines import engine_for, parse_url
from db.metric_jobs import metric_jobs
from tests.fake_provider import completion, running_provider
from tests.processes import SECONDS, ServerProcess, started

METRIC = {
    "name": "judged",
    "type": "LLM",
    "criteria": "Rate {{event_name}}.",
    "model_name": "m",
    "enabled_in_prod": True,
    "sampling_percentage": 100,
}
SEARCH = {"filters": [], "dateRange": {"start_time": "2000-01-01T00:00:00Z", "end_time": "2100-01-01T00:00:00Z"}}
EVENTS = 12
DONE = 4  # runs that end before the server is killed; as many again are under way then


def let_leases_end(database_url: str) -> None:
    """What the 30 seconds would bring that a process is waited for."""
    engine = engine_for(parse_url(database_url), pool_size=1)
    with engine.connect() as connection:
        connection.execute(update(metric_jobs).values(due_at=0))
        connection.commit()
    engine.dispose()


def values(server: ServerProcess) -> dict[str, Any]:
    events = server.post("/v1/events/search", SEARCH)["events"]
    return {each["event_name"]: each["metrics"].get("judged") for each in events}


@pytest.mark.big
def test_sigkill_while_metrics_run_leaves_none_out(database_url: str) -> None:
    asked: list[str] = []
    hanging = threading.Semaphore(DONE)
    under_way = threading.Event()
    killed = threading.Event()

    def answer(body: dict[str, Any]) -> Any:
        asked.append(body["messages"][0]["content"])
        if not hanging.acquire(blocking=False):
            under_way.set()
            killed.wait(SECONDS)
        return completion(body["model"], "3")

    with running_provider() as provider:
        provider.answer = answer
        flags = ["--provider-base-url", provider.url, "--metric-concurrency", str(DONE)]
        names = [f"event-{number}" for number in range(EVENTS)]
        with started(database_url, workers=2, flags=flags) as server:
            server.post("/v1/metrics", METRIC)
            for name in names:
                event = {"event_type": "tool", "event_name": name, "event_id": str(uuid.uuid4()), "inputs": {}}
                server.post("/v1/events", {**event, "outputs": {"text": "x"}})
            assert under_way.wait(SECONDS)
            until = time.monotonic() + SECONDS
            while sum(value == 3 for value in values(server).values()) < DONE:
                assert time.monotonic() < until
            server.kill()
        killed.set()
        let_leases_end(database_url)
        hanging.release(10 * EVENTS)
        before = len(asked)
        with started(database_url, workers=2, flags=flags) as server:
            until = time.monotonic() + SECONDS
            while (found := values(server)) != dict.fromkeys(names, 3):
                assert time.monotonic() < until, found
            assert server.stop() == 0
        # What was done before is not done again.
        assert len(asked) == before + EVENTS - DONE
