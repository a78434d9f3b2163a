"""Load that goes on beside what is measured: functions in processes of their own, until they are told to end."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe

from bench.http import Connection
from bench.load import CLIENTS

__all__ = ["Beside", "beside"]


@dataclass(slots=True)
class Beside:
    """What was done, known when the block has ended."""

    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0.0


@contextmanager
def beside(port: int, requests: Sequence[bytes], *, connections: int, pause: float) -> Iterator[Beside]:
    """Each of ``connections`` sends its part of the requests again and again.

    It begins one every ``pause`` seconds, or as soon as the one before was answered where that takes longer. Raises
    RuntimeError where one was refused.
    """
    ours, theirs = CLIENTS.Pipe()
    process = CLIENTS.Process(target=_repeat, args=(port, requests, connections, pause, theirs), daemon=True)
    process.start()
    theirs.close()
    assert ours.recv() == "begun"
    begin = time.monotonic()
    done = Beside()
    try:
        yield done
    finally:
        ours.send("end")
        done.milliseconds, failures = ours.recv()
        done.seconds = time.monotonic() - begin
        process.join()
    if failures:
        raise RuntimeError(f"{len(failures)} connections failed: {failures[0]}")


def _repeat(port: int, requests: Sequence[bytes], connections: int, pause: float, pipe: Pipe) -> None:
    ending = threading.Event()
    milliseconds: list[float] = []
    failures: list[str] = []

    def send(place: int) -> None:
        own = requests[place::connections] or requests
        due = time.monotonic() + pause * place / connections
        number = 0
        try:
            with Connection(port) as connection:
                while not ending.wait(max(0.0, due - time.monotonic())):
                    milliseconds.append(connection.expect(own[number % len(own)]).seconds * 1000)
                    number += 1
                    due = max(due + pause, time.monotonic())
        except (OSError, RuntimeError) as error:
            failures.append(str(error))

    threads = [_started(send, place) for place in range(connections)]
    pipe.send("begun")
    pipe.recv()
    ending.set()
    for thread in threads:
        thread.join()
    pipe.send((milliseconds, failures))


def _started(send: Callable[[int], None], place: int) -> threading.Thread:
    thread = threading.Thread(target=send, args=(place,))
    thread.start()
    return thread
