"""Clients that stop reading in the middle of a stream, on a real server."""

import json
import re
import socket
import sqlite3
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from tests.live.writing import PROJECT, TIME
from tests.processes import SECONDS, ServerProcess, started

CLIENTS = 20
CALLS, BYTES = 1000, 32_768  # of the project, and of each call
MIB = 1 << 20


def record(server: ServerProcess, first: int, count: int) -> None:
    calls: list[dict[str, Any]] = [
        {
            "project_id": PROJECT,
            "id": f"{number:06}",
            "trace_id": "t",
            "op_name": "op",
            "started_at": TIME,
            "ended_at": TIME,
            "attributes": {},
            "inputs": {"text": "x" * BYTES},
            "output": None,
            "summary": {},
        }
        for number in range(first, first + count)
    ]
    server.post(f"/v2/{PROJECT}/calls/complete", {"batch": calls})


def streaming(server: ServerProcess) -> socket.socket:
    """A client that has asked for all calls and got the first bytes of the answer."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = socket.socket()
    connection.settimeout(SECONDS)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    connection.connect((host, int(port)))
    body = json.dumps({"project_id": PROJECT}).encode()
    head = f"POST /calls/stream_query HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
    connection.sendall(f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body)
    assert connection.recv(12) == b"HTTP/1.1 200"
    return connection


def ids(connection: socket.socket) -> list[str]:
    """The ids of the calls in the rest of the answer."""
    parts = []
    while part := connection.recv(MIB):
        parts.append(part)
    content = b"".join(parts)
    assert content.endswith(b"\r\n0\r\n\r\n")  # the last chunk: the answer is whole
    return [each.decode() for each in re.findall(rb'"id": ?"(\d{6})"', content)]


def emptied(path: Path) -> None:
    """Move the whole log into the database, which is not done as long as anyone reads what was there before.

    Beside another checkpoint, such as the server's own, it gives up at once, however long it may wait for readers.
    """
    given_up = time.monotonic() + SECONDS / 4
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection:
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            assert time.monotonic() < given_up


def test_streams_that_nobody_reads_hold_no_transaction_and_few_pages(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with started(sqlite_url, flags=["--search", "off"]) as server, ExitStack() as stack:
        for first in range(0, CALLS, 100):
            record(server, first, 100)
        before = server.resident_bytes()
        stalled = [stack.enter_context(closing(streaming(server))) for _ in range(CLIENTS)]
        record(server, CALLS, 100)
        emptied(path)
        # A page has 8 MiB at most, once as rows and once as lines; all that a client asked for would be 32 MiB.
        assert server.resident_bytes() - before < CLIENTS * 20 * MIB
        assert ids(stalled[0])[:CALLS] == [f"{number:06}" for number in range(CALLS)]
