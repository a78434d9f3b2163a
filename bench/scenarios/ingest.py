"""Writing calls over HTTP, each request answered after its commit."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from typing import Any

from bench.contenders import (
    FASTAPI,
    HANDWRITTEN,
    OURS,
    OURS_POSTGRESQL,
    TWO_WORKERS,
    TWO_WORKERS_POSTGRESQL,
    WEAVE,
    WITHOUT_SEARCH,
)
from bench.data import PROJECT, batches_of_events, complete_calls, end_of, split, start_of
from bench.http import post
from bench.load import drive
from bench.processes import ServerProcess
from bench.results import Result, Target, row_of
from bench.run import Run

__all__ = ["run"]

SHARES = {
    OURS: 1.0,
    OURS_POSTGRESQL: 1.0,
    TWO_WORKERS: 1.0,
    TWO_WORKERS_POSTGRESQL: 1.0,
    WITHOUT_SEARCH: 1.0,
    HANDWRITTEN: 1.0,
    FASTAPI: 0.4,
    WEAVE: 0.1,
}
"""How much of a round each is given, so that all take about as long."""

Calls = Sequence[dict[str, Any]]


def complete(calls: Calls) -> list[bytes]:
    return [post(f"/v2/{PROJECT}/calls/complete", {"batch": list(some)}) for some in split(calls, 100)]


def events(calls: Calls) -> list[bytes]:
    return [post("/call/upsert_batch", body) for body in batches_of_events(calls, 100)]


def single(calls: Calls) -> list[bytes]:
    requests = []
    for some in split(calls, 8):  # as many as there are connections, so that no end overtakes its start
        requests += [post("/call/start", {"start": start_of(call)}) for call in some]
        requests += [post("/call/end", {"end": end_of(call)}) for call in some]
    return requests


def run(run: Run) -> Iterable[Result]:
    if OURS in run.servers:
        with ExitStack() as stack:
            yield from forms(run, run.started(SHARES, stack))


def forms(run: Run, processes: Mapping[str, ServerProcess]) -> Iterable[Result]:
    """The forms in which calls come, each to the same servers."""
    others = [
        Target(2.0, OURS, of=OURS_POSTGRESQL),
        Target(1.0, OURS, of=TWO_WORKERS),
        Target(1.0, OURS_POSTGRESQL, of=TWO_WORKERS_POSTGRESQL),
        Target(1 / 0.7, WITHOUT_SEARCH),
    ]
    yield from measured(
        run,
        processes,
        "ingest_complete",
        "Ingest: complete calls of 2 KB, 100 in a request",
        complete,
        {WEAVE},
        [Target(1.3, HANDWRITTEN), *others],
    )
    yield from measured(
        run,
        processes,
        "ingest_events",
        "Ingest: starts and ends of calls of 2 KB, 100 events in a request",
        events,
        set(),
        [Target(1.3, HANDWRITTEN), Target(1 / 30, WEAVE), *others],
    )
    yield from measured(
        run,
        processes,
        "ingest_single",
        "Ingest: the start and the end of each call in requests of their own",
        single,
        {TWO_WORKERS, TWO_WORKERS_POSTGRESQL, WITHOUT_SEARCH},
        [],
        part=0.1,
    )


def measured(
    run: Run,
    servers: Mapping[str, ServerProcess],
    name: str,
    title: str,
    requests: Callable[[Calls], list[bytes]],
    without: Collection[str],
    targets: list[Target],
    part: float = 1.0,
) -> Iterable[Result]:
    """Rounds in which the servers take turns; the value is the median round of each."""
    taking = {server: process for server, process in servers.items() if server not in without}
    rates: dict[str, list[float]] = {server: [] for server in taking}
    times: dict[str, list[float]] = {server: [] for server in taking}
    client: dict[str, float] = dict.fromkeys(taking, 0.0)
    seconds: dict[str, float] = dict.fromkeys(taking, 0.0)
    spent: dict[str, float] = {}
    written: dict[str, int] = dict.fromkeys(taking, 0)
    numbers = count()
    for server, process in taking.items():
        with run.alone(process):
            drive(process.port, requests(list(complete_calls(8, seed=f"warm {name}"))), connections=2)
            spent[server] = process.cpu()
    for _ in range(run.sizes.rounds):
        for server, process in taking.items():
            amount = max(8, int(run.sizes.ingest * part * SHARES[server]))
            bodies = requests(list(complete_calls(amount, seed=f"{name} {next(numbers)}")))
            with run.alone(process):
                driven = drive(process.port, bodies)
            rates[server].append(driven.per_second(amount))
            times[server] += driven.milliseconds
            client[server] += driven.client_cpu
            seconds[server] += driven.seconds
            written[server] += amount
    rows = [
        row_of(
            server,
            rates[server],
            cpu_ms=(taking[server].cpu() - spent[server]) * 1000 / written[server],
            milliseconds=times[server],
            client_share=client[server] / seconds[server],
        )
        for server in taking
    ]
    yield Result(name, title, "calls/s", rows, targets)
