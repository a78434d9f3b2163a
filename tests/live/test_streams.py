"""Subscriptions over WebSocket and server-sent events, on real servers."""

import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live.writing import PROJECT, TIME
from tests.processes import SECONDS, ServerProcess, started, together
from tests.server.serving import Session, websocket

DOCUMENT = 'subscription($after: String) { calls(project: "team/app", after: $after) { type callId cursor } }'


def record(server: ServerProcess, *call_ids: str) -> None:
    """One whole call each, in one batch."""
    calls: list[dict[str, Any]] = [
        {
            "project_id": PROJECT,
            "id": call_id,
            "trace_id": "t",
            "op_name": "op",
            "started_at": TIME,
            "ended_at": TIME,
            "attributes": {},
            "inputs": {},
            "output": None,
            "summary": {},
        }
        for call_id in call_ids
    ]
    server.post(f"/v2/{PROJECT}/calls/complete", {"batch": calls})


def cursor(server: ServerProcess) -> str:
    """The position of the project now."""
    query = '{ project(slug: "team/app", unwritten: true) { changeCursor } }'
    found: str = server.post("/graphql", {"query": query})["data"]["project"]["changeCursor"]
    return found


class Events:
    """An event stream as it is read."""

    def __init__(self, response: httpx.Response) -> None:
        self.lines = response.iter_lines()

    def next(self) -> tuple[str, Any]:
        """The kind and the data of the next event."""
        kind = ""
        for line in self.lines:
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: ") or line == "data:":
                data = line.removeprefix("data:").strip()
                return kind, json.loads(data) if data else None
        raise EOFError

    def call(self) -> tuple[str, str]:
        kind, data = self.next()
        assert kind == "next", (kind, data)
        event = data["data"]["calls"]
        return event["type"], event["callId"]


@contextmanager
def events(server: ServerProcess, after: str | None, document: str = DOCUMENT) -> Iterator[Events]:
    with (
        server.client() as client,
        client.stream(
            "POST",
            "/graphql",
            json={"query": document, "variables": {"after": after}},
            headers={"accept": "text/event-stream"},
        ) as response,
    ):
        assert response.status_code == 200, response.read()
        yield Events(response)


@contextmanager
def session(server: ServerProcess) -> Iterator[Session]:
    with websocket(server.url.removeprefix("http://"), "graphql-transport-ws") as opened:
        opened.send({"type": "connection_init"})
        assert opened.receive() == {"type": "connection_ack"}
        yield opened


def subscribe(opened: Session, identifier: str, after: str | None, document: str = DOCUMENT) -> None:
    payload = {"query": document, "variables": {"after": after}}
    opened.send({"type": "subscribe", "id": identifier, "payload": payload})


def call(opened: Session, identifier: str = "1") -> tuple[str, str, str]:
    message = opened.receive()
    assert (message["type"], message["id"]) == ("next", identifier), message
    event = message["payload"]["data"]["calls"]
    return event["type"], event["callId"], event["cursor"]


def test_a_subscriber_of_one_server_is_sent_what_comes_through_another(database_url: str) -> None:
    with together(database_url, 2) as (first, second), session(first) as opened:
        subscribe(opened, "1", cursor(first))
        for number, server in enumerate([second, first] * 5):
            record(server, f"c{number}")
            assert [call(opened)[:2] for _ in range(2)] == [("STARTED", f"c{number}"), ("ENDED", f"c{number}")]


def test_subscribers_of_two_workers_miss_nothing(database_url: str) -> None:
    count = 40
    with started(database_url, workers=2) as server, ExitStack() as stack:
        after = cursor(server)
        # Sixteen connections: both workers have some.
        opened = [stack.enter_context(session(server)) for _ in range(16)]
        for each in opened:
            subscribe(each, "1", after)

        def write(part: int) -> None:
            for number in range(count // 4):
                record(server, f"{part}-{number}")

        writers = [threading.Thread(target=write, args=(part,)) for part in range(4)]
        for writer in writers:
            writer.start()
        told = [[call(each)[:2] for _ in range(2 * count)] for each in opened]
        for writer in writers:
            writer.join()
        assert all(each == told[0] for each in told)
        assert sorted(told[0]) == sorted(
            (kind, f"{part}-{n}") for part in range(4) for n in range(count // 4) for kind in ("STARTED", "ENDED")
        )


@pytest.mark.big
def test_a_server_that_is_killed_and_comes_back_goes_on_from_the_cursor(database_url: str) -> None:
    with started(database_url) as server, session(server) as opened:
        subscribe(opened, "1", cursor(server))
        record(server, "a", "b")
        kind, call_id, seen = call(opened)
        assert (kind, call_id) == ("STARTED", "a")
        server.kill()
    with started(database_url) as server:
        record(server, "c")
        expected = [("ENDED", "a"), ("STARTED", "b"), ("ENDED", "b"), ("STARTED", "c"), ("ENDED", "c")]
        with events(server, seen) as stream:  # the cursor of a WebSocket is one for an event stream
            assert [stream.call() for _ in expected] == expected
        with session(server) as again:
            subscribe(again, "1", seen)
            assert [call(again)[:2] for _ in expected] == expected


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.big)])
def test_a_stop_ends_subscriptions_at_once_and_not_as_complete(sqlite_url: str, workers: int) -> None:
    with started(sqlite_url, workers=workers) as server, session(server) as opened, ExitStack() as stack:
        after = cursor(server)
        subscribe(opened, "1", after)
        streams = [stack.enter_context(events(server, after)) for _ in range(4)]
        record(server, "a")
        assert call(opened)[:2] == ("STARTED", "a")
        assert [stream.call() for stream in streams] == [("STARTED", "a")] * 4
        assert call(opened)[:2] == ("ENDED", "a")
        assert [stream.call() for stream in streams] == [("ENDED", "a")] * 4
        began = time.monotonic()
        ended = threading.Thread(target=server.stop)
        ended.start()
        assert opened.closed()[0] == 1012  # service restart: clients of graphql-ws connect again
        for stream in streams:
            with pytest.raises((EOFError, httpx.RemoteProtocolError)):
                stream.next()
        ended.join(SECONDS)
        assert not ended.is_alive()
        assert time.monotonic() - began < 15  # of the 30 seconds that open requests have


@pytest.mark.big
def test_a_client_that_does_not_read_holds_up_nobody(database_url: str) -> None:
    """It is sent no more than its connection holds, and the rest when it reads: all of it, in order."""
    large = "x" * 20_000
    document = (
        'subscription($after: String) { calls(project: "team/app", after: $after) { callId call { attributes } } }'
    )
    with started(database_url) as server, session(server) as slow, session(server) as quick:
        after = cursor(server)
        subscribe(slow, "1", after, document)
        subscribe(quick, "1", after)
        calls = [f"c{number:04}" for number in range(1000)]
        before = server.resident_bytes()
        for first in range(0, 1000, 50):
            batch = [
                {
                    "mode": "start",
                    "req": {
                        "start": {
                            "project_id": PROJECT,
                            "id": call_id,
                            "trace_id": "t",
                            "op_name": "op",
                            "started_at": TIME,
                            "attributes": {"text": large},
                            "inputs": {},
                        }
                    },
                }
                for call_id in calls[first : first + 50]
            ]
            server.post("/call/upsert_batch", {"batch": batch})
        assert [call(quick)[1] for _ in calls] == calls
        assert server.resident_bytes() - before < 100 << 20
        seen = [slow.receive()["payload"]["data"]["calls"] for _ in calls]
        assert [event["callId"] for event in seen] == calls
        assert all(event["call"]["attributes"] == {"text": large} for event in seen)


def test_curl_reads_the_stream(sqlite_url: str) -> None:
    with started(sqlite_url) as server:
        query = httpx.QueryParams({"query": DOCUMENT, "variables": json.dumps({"after": cursor(server)})})
        command = ["curl", "-sN", "-H", "Accept: text/event-stream", f"{server.url}/graphql?{query}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as curl:
            record(server, "a")
            assert curl.stdout is not None
            lines = [curl.stdout.readline() for _ in range(2)]
            curl.kill()
    assert lines[0] == "event: next\n"
    assert json.loads(lines[1].removeprefix("data: "))["data"]["calls"]["callId"] == "a"


def test_many_subscriptions_on_one_connection(sqlite_url: str) -> None:
    with started(sqlite_url) as server, session(server) as opened:
        after = cursor(server)
        for number in range(1001):
            subscribe(opened, str(number), after)
        refused = opened.receive()
        assert (refused["id"], refused["type"]) == ("1000", "error")
        assert refused["payload"][0]["message"] == "1000 operations are open on this connection."
        record(server, "a")
        told = [opened.receive() for _ in range(2000)]
        assert sorted(int(message["id"]) for message in told) == sorted([*range(1000)] * 2)
        assert {message["payload"]["data"]["calls"]["callId"] for message in told} == {"a"}


def test_sockets_are_allowed_for(sqlite_url: str) -> None:
    """As many as the system lets a process have, up to 65,536, whatever it begins with."""
    with started(sqlite_url) as server:
        limits = Path(f"/proc/{server.pid}/limits").read_text("utf-8")
    soft, hard = re.findall(r"Max open files +(\d+) +(\d+)", limits)[0]
    assert int(soft) == min(int(hard), 65_536)
