"""The real server in processes of its own, for tests that kill it, start several, or watch its memory."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

__all__ = ["SECONDS", "ServerProcess", "started", "together"]

ROOT = Path(__file__).parents[1]
SECONDS = 120  # until a process or a request that hangs is given up
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")  # of a second


class ServerProcess:
    """``tracegraph serve`` on a database and a free port; the process is the leader of its own process group.

    `ready` waits for the greeting, so that several can be started before the first is waited for.
    """

    def __init__(self, database_url: str, *, workers: int = 1, flags: Sequence[str] = ()) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACEGRAPH_")}
        command = [sys.executable, "-m", "tracegraph", "serve", "--port", "0", "--workers", str(workers)]
        self._process = subprocess.Popen(
            [*command, "--database-url", database_url, "--otlp-grpc-port", "0", *flags],
            cwd=ROOT,
            env=kept,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.url = ""

    def ready(self) -> Self:
        """Wait for the greeting; everything printed before it is in the error if there is none."""
        assert self._process.stdout is not None
        printed = []
        for line in self._process.stdout:
            printed.append(line)
            if found := re.search(r"ready at (http://127\.0\.0\.1:\d+)", line):
                self.url = found[1]
                return self
        raise AssertionError(f"the server ended before it was ready: {''.join(printed)}")

    def collect(self) -> list[str]:
        """What is printed from now on, line by line, read so that the server never waits for a reader."""
        printed: list[str] = []
        assert self._process.stdout is not None
        threading.Thread(target=printed.extend, args=(self._process.stdout,), daemon=True).start()
        return printed

    @property
    def pid(self) -> int:
        return self._process.pid

    def resident_bytes(self) -> int:
        """The memory that the process holds now (with one worker, the whole server)."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE

    def processor_seconds(self) -> float:
        """The processor time that the process has taken (with one worker, the whole server)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=SECONDS)

    def post(self, path: str, body: Any) -> Any:
        """The JSON of an answer that must be 200."""
        answer = httpx.post(f"{self.url}{path}", json=body, timeout=SECONDS)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
        return answer.json()

    def signal_kill(self) -> None:
        """SIGKILL to the server and all its workers, without waiting."""
        os.killpg(self.pid, signal.SIGKILL)

    def kill(self) -> None:
        """SIGKILL to the server and all its workers; returns when they are gone."""
        if self._process.poll() is None:
            self.signal_kill()
        self._process.communicate(timeout=SECONDS)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self._process.terminate()
        self._process.communicate(timeout=SECONDS)
        return self._process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()


@contextmanager
def started(database_url: str, *, workers: int = 1, flags: Sequence[str] = ()) -> Iterator[ServerProcess]:
    """One server, ready; killed at the end unless it has stopped by then."""
    with ServerProcess(database_url, workers=workers, flags=flags) as server:
        yield server.ready()


@contextmanager
def together(database_url: str, count: int) -> Iterator[list[ServerProcess]]:
    """Several servers on one database, all started before any is ready."""
    servers: list[ServerProcess] = []
    try:
        servers.extend(ServerProcess(database_url) for _ in range(count))
        yield [server.ready() for server in servers]
    finally:
        for server in servers:
            server.kill()
