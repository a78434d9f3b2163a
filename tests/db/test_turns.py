"""Processes take turns at an SQLite file."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from db.turns import Turns
from tests.processes import SECONDS

HOLD = """
import sys
from pathlib import Path
from db.turns import Turns
with Turns(Path(sys.argv[1])).turn():
    print("in", flush=True)
    sys.stdin.read(1)
"""


@contextmanager
def process(database: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that takes a turn and keeps it until it is written to."""
    command = [sys.executable, "-c", HOLD, str(database)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as started:
        try:
            yield started
        finally:
            started.kill()


def said(started: subprocess.Popen[bytes]) -> bytes:
    assert started.stdout is not None
    return started.stdout.readline()


def let_go(started: subprocess.Popen[bytes]) -> None:
    assert started.stdin is not None
    started.stdin.write(b"\n")
    started.stdin.close()


def test_one_after_another_and_who_was_killed_is_out(tmp_path: Path) -> None:
    database = tmp_path / "some.db"
    with process(database) as first:
        assert said(first) == b"in\n"
        with process(database) as second:
            let_go(first)
            assert said(second) == b"in\n"
            os.kill(second.pid, signal.SIGKILL)
            turns = Turns(database)
            with turns.turn():  # it would wait for ever for one that was held still
                assert second.wait(SECONDS) == -signal.SIGKILL
            turns.close()


def test_a_turn_waits_for_that_of_another_process(tmp_path: Path) -> None:
    database = tmp_path / "some.db"
    turns = Turns(database)
    with process(database) as other, ThreadPoolExecutor(1) as threads:
        assert said(other) == b"in\n"
        order: list[str] = []

        def take() -> None:
            with turns.turn():
                order.append("ours")

        ours = threads.submit(take)
        order.append("theirs")
        let_go(other)
        ours.result(SECONDS)
    assert order == ["theirs", "ours"]
    turns.close()


def test_where_no_file_can_be_made_nothing_waits(tmp_path: Path) -> None:
    turns = Turns(tmp_path / "no such folder" / "some.db")
    with turns.turn(), turns.turn():
        pass
    turns.close()


def test_a_process_that_is_stopped_is_not_waited_for_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("db.turns.PATIENCE", 0.01)
    database = tmp_path / "some.db"
    turns = Turns(database)
    with process(database) as other:
        assert said(other) == b"in\n"
        for _ in range(3):
            with turns.turn():
                pass
        assert [record.getMessage() for record in caplog.records] == [
            f"another process that writes to {database} does not go on; it is not waited for"
        ]
        let_go(other)
        assert other.wait(SECONDS) == 0
        with turns.turn(), process(database) as next_:
            os.set_blocking(next_.stdout.fileno(), False)  # type: ignore[union-attr]
            assert next_.stdout.read() is None  # type: ignore[union-attr]
    turns.close()
