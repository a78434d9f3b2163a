"""Subscriptions, by themselves and under mixed load: how long from the acknowledgement of a call to its event."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from bench.background import beside
from bench.contenders import OURS
from bench.data import PROJECT, complete_calls, split
from bench.http import post
from bench.load import drive, percentile, quartiles
from bench.processes import ServerProcess
from bench.results import Result, Row, Target
from bench.run import Run, fill
from bench.scenarios.rest import query
from bench.subscribers import following

__all__ = ["mixed", "subscriptions"]

SUBSCRIBERS, READERS = 100, 20
MARKED = "marked"
"""The op of the calls that subscribers follow; the load beside them has other ones."""

FOLLOW = """subscription($project: String!, $op: String!) {
  calls(project: $project, filter: {opNames: [$op]}, types: [ENDED]) { callId call { status } }
}"""
WAIT = 0.05  # seconds between two marked calls
LEAST = 5  # marked calls


@contextmanager
def marking(server: ServerProcess, seconds: float, waits: list[float]) -> Iterator[None]:
    """While subscribers follow, and whatever the block does first goes on: write marked calls; gives the waits."""
    variables: dict[str, object] = {"project": PROJECT, "op": MARKED}
    acknowledged: dict[str, float] = {}
    with following(server.port, SUBSCRIBERS, FOLLOW, variables) as found:
        yield
        with server.connect() as connection:
            end = time.monotonic() + seconds
            for call in complete_calls(max(LEAST, int(seconds / WAIT)), seed="marked"):
                if time.monotonic() > end and len(acknowledged) >= LEAST:
                    break  # a server that is slow under its load is not asked for longer
                body = {"batch": [{**call, "op_name": MARKED}]}
                connection.expect(post(f"/v2/{PROJECT}/calls/complete", body))
                acknowledged[call["id"]] = time.monotonic()
                time.sleep(WAIT)
        found.expected = len(acknowledged) * SUBSCRIBERS
    for call_id, at in acknowledged.items():
        heard = found.heard.get(call_id, [])
        if len(heard) != SUBSCRIBERS:
            raise RuntimeError(f"{len(heard)} of {SUBSCRIBERS} subscribers heard of a call")
        waits += [max(0.0, moment - at) * 1000 for moment in heard]


def slowest(milliseconds: Sequence[float]) -> Row:
    """The 99th percentile, with the quartiles of the times."""
    low, high = quartiles(milliseconds)
    return Row(OURS, percentile(milliseconds, 0.99), low, high, samples=len(milliseconds))


def subscriptions(run: Run) -> Iterable[Result]:
    if OURS not in run.servers:
        return
    waits: list[float] = []
    with run.start(OURS) as server:
        drive(server.port, [complete(1, "first")], connections=2)
        with marking(server, run.sizes.mixed / 3, waits):
            pass
    title = f"Subscriptions: acknowledgement to event, {SUBSCRIBERS} subscribers, p99"
    yield Result("subscriptions", title, "ms", [slowest(waits)])


def complete(count: int, seed: str) -> bytes:
    return post(f"/v2/{PROJECT}/calls/complete", {"batch": list(complete_calls(count, seed=seed))})


def mixed(run: Run) -> Iterable[Result]:
    """Half of full ingest, readers of the newest page, subscribers and one client that streams everything."""
    if OURS not in run.servers:
        return
    waits: list[float] = []
    with run.start(OURS) as server, ExitStack() as stack:
        fill(server, run.sizes)
        amount = max(100, run.sizes.ingest // 4)
        writes = [
            post(f"/v2/{PROJECT}/calls/complete", {"batch": list(some)})
            for some in split(list(complete_calls(amount, seed="full")), 100)
        ]
        full = drive(server.port, writes, connections=4).per_second(amount)
        later = [complete(100, f"later {number}") for number in range(int(full * run.sizes.mixed / 100) + 4)]
        newest = query(sort_by=[{"field": "started_at", "direction": "desc"}], limit=50)
        with marking(server, run.sizes.mixed, waits):
            writer = stack.enter_context(beside(server.port, later, connections=4, pause=4 * 100 / (full / 2)))
            reader = stack.enter_context(beside(server.port, [newest], connections=READERS, pause=0.5))
            bulk = stack.enter_context(beside(server.port, [query()], connections=1, pause=0))
        stack.close()
    written = len(writer.milliseconds) * 100 / writer.seconds
    note = (
        f"full ingest was {full:,.0f} calls/s, {written:,.0f} of them were written beside; "
        f"{len(reader.milliseconds) / reader.seconds:,.0f} pages/s; {len(bulk.milliseconds)} whole streams"
    )
    rows = {
        "acknowledge": (slowest(writer.milliseconds), 100),
        "page": (slowest(reader.milliseconds), 50),
        "event": (slowest(waits), 250),
    }
    for name, (row, most) in rows.items():
        yield Result(f"mixed_{name}", f"Mixed load: {name}, p99", "ms", [row], [Target(most)], note)
