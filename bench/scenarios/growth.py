"""How answers change as a project grows: one hot project among a thousand small ones.

The databases of all sizes are made (``bench.million``) and then asked in turns. Rows are named by server and size;
targets compare the largest size with the smallest. PostgreSQL is searched only where there are not too many calls: to
make its index of a million texts takes hours.
"""

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bench.contenders import OURS, OURS_POSTGRESQL, ROOT
from bench.data import complete_calls, split
from bench.http import Answer, post
from bench.load import drive
from bench.million import COMMON, HOT, LARGE, rare
from bench.processes import ServerProcess
from bench.progress import say
from bench.results import Result, Row, Target, row_of
from bench.run import TREE_PROJECT, Run
from bench.scenarios.graphql import SCALARS, document
from bench.scenarios.traces import FIRST_SCREEN, SCREEN
from bench.turns import Turns

__all__ = ["run"]

TREE = 1000
PART = 10_000  # calls whose bodies are held at a time, and that a rate is measured over
SAMPLE = 50
MOST = 300  # times that a read is repeated
EMPTY = "empty"

LIMITS = {"trace tree": 50.0, "single read": 10.0, "filter by op": 20.0, "rare word": 200.0, "common word": 200.0}
"""Most milliseconds at the largest size."""

STEADY = ("newest page", "single read", "tree of 1,000")
"""What takes at most twice as long at the largest size as at the smallest."""


MOST_SEARCHED = 100_000
"""Calls on PostgreSQL whose texts are indexed."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What is asked about: calls from all over the hot project, and their traces."""

    calls: list[str]
    traces: list[str]
    said: dict[str, list[str]]
    """Words that are searched, by what they are."""


Request = bytes | Callable[[int], bytes]


def run(run: Run) -> Iterable[Result]:
    for name in run.among(OURS, OURS_POSTGRESQL):
        yield from grown(run, name)


def label_of(name: str, size: int) -> str:
    return f"{name}, {size:,} calls"


def grown(run: Run, name: str) -> Iterable[Result]:
    sizes = run.sizes.growth
    searched = name == OURS or sizes[-1] <= MOST_SEARCHED
    settings = {} if searched else {"TRACEGRAPH_SEARCH": "off"}
    with ExitStack() as stack:
        servers = {}
        for size in sizes:
            place = database(run, name, size, searched=searched)
            servers[label_of(name, size)] = stack.enter_context(run.start(name, **place, settings=settings))
        for server in servers.values():
            write(server, complete_calls(TREE, trace=TREE, project=TREE_PROJECT, seed="tree"))
        for server in servers.values():
            server.settle()
        requests = {
            label: reads(sample_of(servers[label], size, searched=searched))
            for label, size in zip(servers, sizes, strict=True)
        }
        for what in next(iter(requests.values())):
            rows = measured(run, what, servers, {label: each[what] for label, each in requests.items()})
            yield result(name, sizes, what, rows)
        servers[f"{name}, {EMPTY}"] = stack.enter_context(run.start(name, settings=settings))
        yield result(name, sizes, "ingest", ingested(run, servers))


def database(run: Run, name: str, size: int, *, searched: bool) -> dict[str, Any]:
    """A database of this size, what calls say included where they are ``searched``: where it is."""
    folder = run.folder()
    place = run.new_database() if name == OURS_POSTGRESQL else str(folder)
    say(f"  {name}: making {size:,} calls")
    command = [sys.executable, "-m", "bench.million", place, "--calls", str(size)]
    done = subprocess.run(
        [*command, "--search"] if searched else command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        say(done.stderr)
        raise RuntimeError(f"no database of {size:,} calls: {_error_in(done.stderr)}")
    if name == OURS_POSTGRESQL:
        return {"postgresql": place}
    for path in folder.glob("tracegraph.db*"):
        path.rename(path.with_name(path.name.replace("tracegraph", "bench")))
    return {"folder": folder}


def sample_of(server: ServerProcess, size: int, *, searched: bool) -> Sample:
    """Of what ``bench.million`` makes."""
    plain = size * 7 // 10 - sum(size // part for part in LARGE.values())
    numbers, calls, traces = [], [], []
    with server.connect() as connection:
        for number in range(0, plain, max(1, plain // SAMPLE)):
            asked = {"filter": {"thread_ids": [f"thread-{number // 100}"]}, "limit": 1, "columns": ["id", "trace_id"]}
            for line in connection.expect(post("/calls/stream_query", {"project_id": HOT, **asked})).body.splitlines():
                call = json.loads(line)
                numbers.append(number)
                calls.append(call["id"])
                traces.append(call["trace_id"])
    assert len(calls) >= SAMPLE / 2, f"{len(calls)} of {SAMPLE} sampled calls are there"
    said = {"rare word": [rare(number) for number in numbers], "common word": [COMMON]}
    return Sample(calls, traces, said if searched else {})


def result(name: str, sizes: tuple[int, ...], what: str, rows: list[Row]) -> Result:
    smallest, largest = label_of(name, sizes[0]), label_of(name, sizes[-1])
    suffix = "" if name == OURS else " on PostgreSQL"
    targets = [Target(LIMITS[what], of=largest)] if what in LIMITS else []
    if what in STEADY:
        targets.append(Target(2.0, smallest, of=largest))
    if what == "ingest":
        targets.append(Target(1 / 0.7, f"{name}, {EMPTY}", of=largest))
    key = f"growth_{what}{suffix}".replace(" ", "_").replace(",", "")
    return Result(key, f"Growth{suffix}: {what}", "calls/s" if what == "ingest" else "ms", rows, targets)


def reads(sample: Sample) -> dict[str, Request]:
    """What is measured at a size; each is asked about another call or trace each time."""

    def one_of(requests: list[bytes]) -> Request:
        return lambda number: requests[number % len(requests)]

    def query(**more: Any) -> bytes:
        return post("/calls/stream_query", {"project_id": HOT, **more})

    newest = {"sort_by": [{"field": "started_at", "direction": "desc"}], "limit": 100}
    found: dict[str, Request] = {
        "newest page": query(**newest),
        "single read": one_of([post("/call/read", {"project_id": HOT, "id": id_}) for id_ in sample.calls]),
        "trace tree": one_of([query(filter={"trace_ids": [trace]}) for trace in sample.traces]),
        "tree of 1,000": tree_request(),
        "filter by op": query(filter={"op_names": [f"weave:///{HOT}/op/step-7:{1:043}"]}, **newest),
    }
    for what, words in sample.said.items():
        asked = (
            "query($slug: String!, $text: String!) { project(slug: $slug) { "
            f"calls(search: $text, first: {SCREEN}) {{ nodes {{ {SCALARS} }} }} }} }}"
        )
        found[what] = one_of([document(asked, slug=HOT, text=word) for word in words])
    found["first screen of a trace of a hundredth"] = document(FIRST_SCREEN, slug=HOT, id=next(iter(LARGE)))
    return found


def tree_request() -> bytes:
    (root,) = complete_calls(1, trace=TREE, project=TREE_PROJECT, seed="tree")
    return document(
        "query($slug: String!, $id: String!) { project(slug: $slug) { call(callId: $id) { "
        f"descendants(first: 1000) {{ edges {{ depth node {{ {SCALARS} }} }} }} }} }} }}",
        slug=TREE_PROJECT,
        id=root["id"],
    )


def measured(run: Run, what: str, servers: Mapping[str, ServerProcess], requests: Mapping[str, Request]) -> list[Row]:
    with ExitStack() as stack:
        turns = Turns(what, servers, requests, found, None, stack)
        turns.warm_up()
        turns.take(MOST, run.sizes.seconds)
        return turns.rows()


def found(_server: str, answer: Answer) -> bool:
    """Whether there are calls in it."""
    return b'"errors"' not in answer.body[:200] and (b'"id":' in answer.body or b'"callId":' in answer.body)


def ingested(run: Run, servers: Mapping[str, ServerProcess]) -> list[Row]:
    """Rounds of calls into the hot project of each, in turns."""
    amount = min(PART, run.sizes.ingest)
    rates: dict[str, list[float]] = {label: [] for label in servers}
    for number in range(run.sizes.rounds):
        for label, server in servers.items():
            with run.alone(server):
                calls = complete_calls(amount, project=HOT, seed=f"{uuid.uuid4()} {number}")
                rates[label] += write(server, calls)
    return [row_of(label, each) for label, each in rates.items()]


def write(server: ServerProcess, calls: Iterator[dict[str, Any]]) -> list[float]:
    """Write the calls in requests of 100; returns how many a second, of each part of them."""
    rates = []
    while some := list(islice(calls, PART)):
        path = f"/v2/{some[0]['project_id']}/calls/complete"
        requests = [post(path, {"batch": list(each)}) for each in split(some, 100)]
        rates.append(drive(server.port, requests).per_second(len(some)))
    return rates


def _error_in(traceback: str) -> str:
    """The line of a traceback that says what was wrong."""
    lines = traceback.strip().splitlines()
    return next((line for line in reversed(lines) if re.match(r"[\w.]+Error: ", line)), lines[-1] if lines else "")
