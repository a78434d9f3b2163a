"""Load from several client processes, each with connections of its own, in a closed loop.

Requests are made before the clock starts. Each process reports what it computed itself, so that a result shows whether
the client was the bottleneck: with the processor time of the client near the time that passed, it was.
"""

import multiprocessing
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Barrier

from bench.http import Connection

__all__ = ["CLIENTS", "Driven", "Share", "drive", "percentile", "quartiles"]

PROCESSES = 2
CONNECTIONS = 8  # of all processes together
PATIENCE = 120  # seconds until all processes have begun

CLIENTS = multiprocessing.get_context("forkserver")
"""Makes processes out of one that has loaded the modules of clients: each costs milliseconds."""

CLIENTS.set_forkserver_preload(["bench.background", "bench.load", "bench.subscribers"])


@dataclass(slots=True)
class Share:
    """What one process did: begin and end on the machine's clock, its processor seconds, milliseconds an answer."""

    begin: float
    end: float
    cpu: float
    milliseconds: list[float]
    failures: list[str]


@dataclass(slots=True)
class Driven:
    """What all did together."""

    seconds: float
    client_cpu: float
    milliseconds: list[float]

    def per_second(self, units: int) -> float:
        return units / self.seconds


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not pass; nan for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """Between these lies the middle half of the values."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def drive(
    port: int, requests: Sequence[bytes], *, processes: int = PROCESSES, connections: int = CONNECTIONS
) -> Driven:
    """Send every request once; raises RuntimeError where one was not answered with success."""
    barrier = CLIENTS.Barrier(processes, timeout=PATIENCE)
    pipes, workers = [], []
    each = max(1, connections // processes)
    for number in range(processes):
        ours, theirs = CLIENTS.Pipe()
        dealt = [requests[number * each + place :: processes * each] for place in range(each)]
        worker = CLIENTS.Process(target=_work, args=(port, dealt, barrier, theirs), daemon=True)
        worker.start()
        theirs.close()  # so that a process that dies ends the wait for it
        pipes.append(ours)
        workers.append(worker)
    try:
        shares: list[Share] = [pipe.recv() for pipe in pipes]
    except EOFError:
        raise RuntimeError("a process of the clients ended early") from None
    finally:
        for worker in workers:
            worker.join(1)
            worker.kill()
    failures = [failure for share in shares for failure in share.failures]
    if failures:
        raise RuntimeError(f"{len(failures)} connections failed: {failures[0]}")
    return Driven(
        max(share.end for share in shares) - min(share.begin for share in shares),
        sum(share.cpu for share in shares),
        [value for share in shares for value in share.milliseconds],
    )


def _work(port: int, dealt: Sequence[Sequence[bytes]], barrier: Barrier, pipe: Pipe) -> None:
    """One process: a thread a connection, which waits for the server without holding the others up."""
    milliseconds: list[float] = []
    failures: list[str] = []

    def send(requests: Sequence[bytes], connection: Connection) -> None:
        try:
            with connection:
                for request in requests:
                    milliseconds.append(connection.expect(request).seconds * 1000)  # noqa: PERF401 - kept on failure
        except (OSError, RuntimeError) as error:
            failures.append(str(error))

    threads = [threading.Thread(target=send, args=(requests, Connection(port))) for requests in dealt]
    barrier.wait()
    begin, cpu = time.monotonic(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(Share(begin, time.monotonic(), time.process_time() - cpu, milliseconds, failures))
