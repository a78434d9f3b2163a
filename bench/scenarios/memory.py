"""What a server holds while it works: memory while it takes calls and gives them, the write-ahead log beside clients
that stop reading, and memory of subscribers."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

from bench.contenders import OURS
from bench.data import PROJECT, complete_calls, split
from bench.http import post
from bench.load import drive
from bench.processes import ServerProcess, most_files
from bench.results import Result, Row, Target
from bench.run import Run
from bench.scenarios.live import FOLLOW
from bench.scenarios.rest import query
from bench.subscribers import following

__all__ = ["run"]

MIB = 1 << 20
STALLED = 20
SPARE = 200  # files that a process has open beside its connections
RECEIVES = 4096  # bytes that the system holds for a client that does not read
LOOKS = 0.02  # seconds between two looks at a file


def run(run: Run) -> Iterable[Result]:
    if OURS not in run.servers:
        return
    amount = run.sizes.ingest
    with run.start(OURS) as server:
        drive(server.port, requests(8, "first"), connections=2)
        idle = server.resident_bytes()
        rows = []

        def peak(what: str) -> None:
            rows.append(Row(f"{OURS}, {what}", (server.peak_bytes() - idle) / MIB))
            server.forget_peak()

        server.forget_peak()
        drive(server.port, requests(amount, "some"))
        peak(f"{amount:,} calls written")
        with server.connect() as connection:
            connection.expect(query())
        peak(f"{amount:,} calls streamed")
        with stalled(server, STALLED), growing(server.folder / "bench.db-wal") as sizes:
            drive(server.port, requests(amount, "beside"))
        peak(f"{amount:,} calls written beside {STALLED} streams that nobody reads")
        log = Row(OURS, max(sizes) / MIB)
    yield Result("memory_use", "Memory above that of the idle server", "MiB", rows)
    title = f"Write-ahead log of SQLite, {amount:,} calls written beside {STALLED} streams that nobody reads"
    yield Result("wal", title, "MiB", [log], [Target(64)])
    count = min(run.sizes.subscribers, most_files() - SPARE)
    with run.start(OURS) as server:
        drive(server.port, requests(8, "first"), connections=2)
        yield from of_subscribers(server, count)


def of_subscribers(server: ServerProcess, count: int) -> Iterable[Result]:
    idle, spent = server.resident_bytes(), server.cpu()
    with following(server.port, count, FOLLOW, {"project": PROJECT, "op": "none"}):
        each = (server.resident_bytes() - idle) / count / 1024
        cpu = (server.cpu() - spent) * 1000 / count
    title = f"Memory of a subscriber, of {count:,}"
    yield Result("memory_of_subscribers", title, "KiB", [Row(OURS, each, cpu_ms=cpu)])


def requests(count: int, seed: str) -> list[bytes]:
    calls = list(complete_calls(count, seed=seed))
    return [post(f"/v2/{PROJECT}/calls/complete", {"batch": list(some)}) for some in split(calls, 100)]


@contextmanager
def stalled(server: ServerProcess, count: int) -> Iterator[None]:
    """Clients that ask for all calls, read the beginning of the answer, and no more."""
    with ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVES)
            client.connect(("127.0.0.1", server.port))
            client.sendall(query())
            assert client.recv(16).startswith(b"HTTP/1.1 200"), "a stream was refused"
        yield


@contextmanager
def growing(path: Path) -> Iterator[list[int]]:
    """The sizes that a file has while the block runs."""
    sizes = [0]
    ended = Event()

    def look() -> None:
        while not ended.wait(LOOKS):
            sizes.append(path.stat().st_size if path.exists() else 0)

    thread = Thread(target=look)
    thread.start()
    try:
        yield sizes
    finally:
        ended.set()
        thread.join()
