"""The compiled executor against graphql-core's, by themselves: in process, SQL and HTTP apart."""

import json
import subprocess
import sys
from collections.abc import Iterable
from statistics import median
from typing import Any

from bench.contenders import GENERIC, OURS, ROOT
from bench.data import PROJECT
from bench.results import Result, Row, Target, row_of
from bench.run import Run
from bench.scenarios.graphql import TWENTY

__all__ = ["run"]

PROGRAMS = {OURS: "compiled", GENERIC: "generic"}


def run(run: Run) -> Iterable[Result]:
    """Both execute one operation over the rows that one database gave; answers are the same, byte for byte."""
    taking = run.among(*PROGRAMS)
    if OURS not in taking:
        return
    amount = run.sizes.calls
    pages = "\n".join(
        f"p{first}: calls(first: {min(1000, amount)}, offset: {first}) {{ nodes {{ {TWENTY} }} }}"
        for first in range(0, amount, 1000)
    )
    query = f"query($slug: String!) {{ project(slug: $slug) {{ {pages} }} }}"
    operation = json.dumps({"query": query, "variables": {"slug": PROJECT}})
    url = run.readable(OURS).database
    found = {server: executed(url, PROGRAMS[server], operation) for server in taking}
    assert len({each["digest"] for each in found.values()}) == 1, "the executors give different answers"
    title = f"{amount:,} calls x 20 fields in process: from the rows to the JSON of the answer"
    writing = ", ".join(f"{server} {median(each['writing']):.3g} ms" for server, each in found.items())
    answer = f"{amount:,} rows x 20 fields, {found[OURS]['bytes'] / 1000:,.0f} KB"
    times = [row_of(server, each["took"], cpu_ms=median(each["took"]), answer=answer) for server, each in found.items()]
    note = f"Processor time; rows are there when it begins. After the operation was executed: {writing}."
    yield Result("executor", title, "ms", times, [Target(1 / 10, GENERIC)], note)
    memory = [Row(server, each["peak"] / 2**20) for server, each in found.items()]
    note = "Most that was allocated at a time (tracemalloc), the rows not, the JSON as it is sent included."
    yield Result("executor_memory", f"{title}, peak memory", "MiB", memory, [Target(1 / 2, GENERIC)], note)


def executed(url: str, executor: str, operation: str) -> dict[str, Any]:
    """What ``bench.in_process`` measured; raises RuntimeError where it failed."""
    command = [sys.executable, "-m", "bench.in_process", url, executor]
    done = subprocess.run(command, cwd=ROOT, input=operation, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the {executor} executor failed: {done.stderr[-2000:]}")
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured
