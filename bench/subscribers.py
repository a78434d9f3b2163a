"""Subscribers in a process of their own, which note when an event of a call comes."""

import re
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe

from bench.http import post
from bench.load import CLIENTS

__all__ = ["Following", "following"]

EVENT = re.compile(rb'"callId":"([^"]+)"')
PATIENCE = 60  # seconds
BEGUN = b"\r\n\r\n"


@dataclass(slots=True)
class Following:
    """What came: for each call the times, on the machine's clock, at which each subscriber heard of it."""

    heard: dict[str, list[float]] = field(default_factory=dict)
    expected: int = 0
    """Events of all subscribers together that are waited for when the block ends, a minute at most."""


@contextmanager
def following(port: int, count: int, query: str, variables: dict[str, object]) -> Iterator[Following]:
    """``count`` subscribers by server-sent events, all of them begun; what they heard is there when the block ends."""
    ours, theirs = CLIENTS.Pipe()
    request = post("/graphql", {"query": query, "variables": variables}, accept="text/event-stream")
    process = CLIENTS.Process(target=_follow, args=(port, count, request, theirs), daemon=True)
    process.start()
    theirs.close()
    assert ours.recv() == "begun"
    found = Following()
    try:
        yield found
    finally:
        ours.send(found.expected)
        found.heard.update(ours.recv())
        process.join()


def _follow(port: int, subscribers: int, request: bytes, pipe: Pipe) -> None:
    selector = selectors.DefaultSelector()
    for _ in range(subscribers):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(request)
        head = b""
        while BEGUN not in head:  # the server has answered, and follows from here on
            head += connection.recv(4096)
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ, bytearray())
    pipe.send("begun")
    ending = threading.Event()
    expected: list[int] = []

    def listen() -> None:
        expected.append(pipe.recv())
        ending.set()

    threading.Thread(target=listen, daemon=True).start()
    heard: dict[str, list[float]] = {}
    count, latest = 0, float("inf")
    while time.monotonic() < latest:
        if ending.is_set():
            latest = min(latest, time.monotonic() + PATIENCE)
            if count >= expected[0]:
                break
        for key, _events in selector.select(0.1):
            assert isinstance(key.fileobj, socket.socket)
            data: bytearray = key.data
            came = key.fileobj.recv(1 << 16)
            if not came:
                selector.unregister(key.fileobj)
            data += came
            at = time.monotonic()
            *whole, rest = bytes(data).split(b"\n\n")
            data[:] = rest
            for event in whole:
                if found := EVENT.search(event):
                    heard.setdefault(found[1].decode(), []).append(at)
                    count += 1
    pipe.send(heard)
