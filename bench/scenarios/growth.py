"""How answers change as a project grows: one hot project among a thousand small ones."""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from typing import Any

from bench.contenders import OURS, OURS_POSTGRESQL
from bench.data import PROJECT, complete_calls, split
from bench.http import Answer, Connection, post
from bench.load import drive
from bench.processes import ServerProcess
from bench.progress import say
from bench.results import Result, Row, Target, row_of
from bench.run import TREE_PROJECT, Run
from bench.scenarios.graphql import SCALARS, document
from bench.scenarios.rest import query

__all__ = ["run"]

SMALL_PROJECTS, CALLS_OF_SMALL = 1000, 20
TREE = 1000
PART = 20_000  # calls whose bodies are held at a time
SECONDS = 2  # that a read is repeated for

Read = Callable[[Connection, int], Answer]


def run(run: Run) -> Iterable[Result]:
    """Rows are named by server and size; targets compare the largest size with the smallest."""
    for server in run.among(OURS, OURS_POSTGRESQL):
        with run.start(server) as process:
            yield from grown(run, process, server)


def grown(run: Run, process: ServerProcess, name: str) -> Iterator[Result]:
    rows: dict[str, list[Row]] = {}
    fill_small(run, process)
    write(process, complete_calls(TREE, trace=TREE, project=TREE_PROJECT, seed="tree"), TREE)
    there = 0
    for size in run.sizes.growth:
        seconds = write(process, complete_calls(size - there, first=there), size - there)
        say(f"  {name}: {size:,} calls")
        label = f"{name}, {size:,} calls"
        rows.setdefault("ingest", []).append(Row(label, (size - there) / seconds))
        there = size
        for what, read in reads(size).items():
            rows.setdefault(what, []).append(measured(process, label, read))
    smallest, largest = (f"{name}, {size:,} calls" for size in (run.sizes.growth[0], run.sizes.growth[-1]))
    steady = {"newest page", "single read", "tree of 1,000"}
    limits = {"trace tree": 50, "single read": 10, "filter by op": 20}
    for what, measurements in rows.items():
        targets = [Target(2.0, smallest, of=largest)] if what in steady else []
        if what == "ingest":
            targets = [Target(1 / 0.7, smallest, of=largest)]
        if what in limits:
            targets.append(Target(limits[what], of=largest))
        suffix = "" if name == OURS else " on PostgreSQL"
        unit = "calls/s" if what == "ingest" else "ms"
        yield Result(f"growth_{what.replace(' ', '_')}{suffix.replace(' ', '_')}", f"Growth{suffix}: {what}", unit,
                     measurements, targets)  # fmt: skip


def fill_small(run: Run, process: ServerProcess) -> None:
    amount = SMALL_PROJECTS if run.sizes.growth[-1] >= 10_000 else 10
    requests = []
    for number in range(amount):
        project = f"small/{number:04}"
        calls = list(complete_calls(CALLS_OF_SMALL, project=project, seed=project))
        requests.append(post(f"/v2/{project}/calls/complete", {"batch": calls}))
    drive(process.port, requests)


def write(process: ServerProcess, calls: Iterator[dict[str, Any]], amount: int) -> float:
    """Write the calls in requests of 100; returns the seconds that the server took."""
    seconds = 0.0
    for _ in range(0, amount, PART):
        some = list(islice(calls, PART))
        project = some[0]["project_id"]
        requests = [post(f"/v2/{project}/calls/complete", {"batch": list(each)}) for each in split(some, 100)]
        seconds += drive(process.port, requests).seconds
    return seconds


def reads(size: int) -> dict[str, Read]:
    """What is measured at a size; each is asked about another call or trace each time."""
    newest = query(sort_by=[{"field": "started_at", "direction": "desc"}], limit=100)
    by_op = query(filter={"op_names": ["step-7"]}, sort_by=[{"field": "started_at", "direction": "desc"}], limit=100)
    tree = tree_request()
    sample = [call for first in range(0, size, max(1, size // 50)) for call in complete_calls(1, first=first)]
    singles = [post("/call/read", {"project_id": PROJECT, "id": call["id"]}) for call in sample]
    traces = [query(filter={"trace_ids": [call["trace_id"]]}) for call in sample]
    return {
        "newest page": lambda connection, _number: connection.expect(newest),
        "single read": lambda connection, number: connection.expect(singles[number % len(singles)]),
        "trace tree": lambda connection, number: connection.expect(traces[number % len(traces)]),
        "tree of 1,000": lambda connection, _number: connection.expect(tree),
        "filter by op": lambda connection, _number: connection.expect(by_op),
    }


def tree_request() -> bytes:
    (root,) = complete_calls(1, trace=TREE, project=TREE_PROJECT, seed="tree")
    return document(
        "query($slug: String!, $id: String!) { project(slug: $slug) { call(callId: $id) { "
        f"descendants(first: 1000) {{ edges {{ depth node {{ {SCALARS} }} }} }} }} }} }}",
        slug=TREE_PROJECT,
        id=root["id"],
    )


def measured(process: ServerProcess, label: str, read: Read) -> Row:
    numbers = count()
    with process.connect() as connection:
        read(connection, next(numbers))
        spent, end = process.cpu(), time.monotonic() + SECONDS
        milliseconds: list[float] = []
        while time.monotonic() < end or len(milliseconds) < 5:
            milliseconds.append(read(connection, next(numbers)).seconds * 1000)
    cpu = (process.cpu() - spent) * 1000 / len(milliseconds)
    return row_of(label, milliseconds, cpu_ms=cpu, milliseconds=milliseconds)
