"""Large traces: what is asked when one is opened."""

from collections.abc import Iterable
from contextlib import ExitStack
from itertools import islice

from bench.contenders import OURS, OURS_POSTGRESQL
from bench.data import complete_calls, split
from bench.http import post
from bench.load import drive
from bench.processes import ServerProcess
from bench.results import Result, Row, Target
from bench.run import Run
from bench.scenarios.graphql import counted, document
from bench.turns import Turns

__all__ = ["FIRST_SCREEN", "SCREEN", "run"]

SCREEN = 50  # rows
PART = 20_000  # calls whose bodies are held at a time

FIRST_SCREEN = f"""query($slug: String!, $id: String!) {{ project(slug: $slug) {{ call(callId: $id) {{
  traceId opName status startedAt latencyMs
  descendants(first: {SCREEN}) {{
    pageInfo {{ hasNextPage endCursor }}
    edges {{ depth node {{
      callId parentId name kind status startedAt latencyMs
      asked: preview(path: "inputs") {{ text length }} answered: preview(path: "output") {{ text length }}
    }} }}
  }}
}} }} }}"""


def run(run: Run) -> Iterable[Result]:
    """The first screen of each large trace: as many rows as a screen has, in order, with how their payloads begin."""
    with ExitStack() as stack:
        servers = run.started((OURS, OURS_POSTGRESQL), stack)
        for server in servers.values():
            for size in run.sizes.large:
                write(server, size)
            server.settle()
        for size in run.sizes.large:
            (root,) = islice(complete_calls(size, trace=size, project=project(size), seed=project(size)), 1)
            request = document(FIRST_SCREEN, slug=root["project_id"], id=root["id"])
            check = counted(min(SCREEN, size - 1), b'"depth"')
            turns = Turns("large", servers, dict.fromkeys(servers, request), check, None, stack)
            turns.warm_up()
            turns.take(run.sizes.repeats, run.sizes.seconds)
            first = size == run.sizes.large[0]
            title = f"First screen of a trace of {size:,} calls, {SCREEN} rows with previews"
            targets = [Target(2.0, OURS, of=OURS_POSTGRESQL)]
            rows = turns.rows()
            yield Result(f"trace_of_{size}", title, "ms", rows, [Target(300), *targets] if first else targets)
            if first:
                sizes = [Row(label, turns.size(label) / 1000) for label in servers]
                yield Result(f"trace_of_{size}_size", f"{title}: size of the answer", "KB", sizes, [Target(100)])


def project(size: int) -> str:
    return f"large/{size}"


def write(server: ServerProcess, size: int) -> None:
    """One trace, in a project of its own."""
    calls = complete_calls(size, trace=size, project=project(size), seed=project(size))
    while some := list(islice(calls, PART)):
        path = f"/v2/{project(size)}/calls/complete"
        drive(server.port, [post(path, {"batch": list(each)}) for each in split(some, 100)])
