"""Servers in processes of their own, and what they use."""

import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from bench.http import Connection, get

__all__ = ["ServerProcess", "free_port", "most_files"]

TICKS = os.sysconf("SC_CLK_TCK")
SETTLING = 0.4  # seconds in which a server that does nothing takes next to no processor time
PATIENCE = 180  # seconds until a server that does not become ready is given up


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def most_files() -> int:
    """How many files and connections a process may have open: from here on what the system allows, in children too."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class ServerProcess:
    """A server of a process group of its own, ready when ``health`` answers 200; killed at the end."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        port: int,
        *,
        health: str,
        folder: Path,
        environ: Mapping[str, str],
        database: str = "",
    ) -> None:
        self.name = name
        self.database = database
        self.port = port
        self.folder = folder
        self._log = (folder / f"{name}.log").open("wb")
        begin = time.perf_counter()
        self._process = subprocess.Popen(
            command, env={**os.environ, **environ}, stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            self._await(health)
        except BaseException:  # a run that is ended while a server starts does not leave it behind
            self.stop()
            raise
        self.seconds_to_ready = time.perf_counter() - begin

    def _await(self, health: str) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            try:
                with Connection(self.port) as connection:
                    if connection.send(get(health)).status == 200:
                        return
            except OSError:
                time.sleep(0.01)
        printed = Path(self._log.name).read_text(errors="replace")[-3000:]
        raise RuntimeError(f"{self.name} did not become ready:\n{printed}")

    @property
    def pids(self) -> list[int]:
        """The process and all below it."""
        parents: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                fields = _fields(int(entry.name))
                if fields:
                    parents[int(entry.name)] = int(fields[1])
        found = [self._process.pid]
        for pid in found:
            found.extend(child for child, parent in parents.items() if parent == pid)
        return found

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def cpu(self) -> float:
        """Processor seconds so far."""
        return sum(sum(map(int, fields[11:15])) for pid in self.pids if (fields := _fields(pid))) / TICKS

    def settle(self, patience: float = 20) -> None:
        """Return when what goes on in the background is over, or after so many seconds."""
        end = time.monotonic() + patience
        spent = self.cpu()
        while time.monotonic() < end:
            time.sleep(SETTLING)
            before, spent = spent, self.cpu()
            if spent - before <= SETTLING / 20:
                return

    def pause(self) -> None:
        """Take no processor time until ``resume``."""
        if self.alive:
            os.killpg(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        if self.alive:
            os.killpg(self._process.pid, signal.SIGCONT)

    def resident_bytes(self) -> int:
        return sum(_status(pid, "VmRSS") for pid in self.pids)

    def forget_peak(self) -> None:
        """What ``peak_bytes`` says is from now on."""
        for pid in self.pids:
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak_bytes(self) -> int:
        return sum(_status(pid, "VmHWM") for pid in self.pids)

    def connect(self) -> Connection:
        return Connection(self.port)

    def kill(self) -> None:
        """SIGKILL to the whole group; returns when the server is gone."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        self.kill()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name of the process; none where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _status(pid: int, name: str) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(name)), 0)
