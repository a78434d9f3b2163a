"""Spans over OTLP until they can be queried, and what is left of acknowledged ones after SIGKILL."""

import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

from bench.contenders import OURS, OURS_POSTGRESQL, PHOENIX
from bench.data import PROJECT, complete_calls
from bench.http import Answer, post
from bench.load import drive
from bench.processes import ServerProcess
from bench.results import Result, Row, Target
from bench.run import Run, await_count, phoenix_count
from bench.spans import export_requests

__all__ = ["run"]

SPANS = 500  # in a request
SHARE_OF_PHOENIX = 0.4  # so that both take about as long
PAUSE = 0.25  # seconds between two looks, which cost the server time that is its own


def run(run: Run) -> Iterable[Result]:
    taking = run.among(OURS, PHOENIX, OURS_POSTGRESQL)
    if OURS not in taking:
        return
    rows, kept = [], []
    for server in taking:
        amount = int(run.sizes.calls * (SHARE_OF_PHOENIX if server == PHOENIX else 1))
        folder = run.folder()
        with run.start(server, folder) as process:
            drive(process.port, export_requests(list(complete_calls(10, seed="warm")), SPANS), connections=2)
            requests = export_requests(list(complete_calls(amount, seed="spans")), SPANS)
            spent, begin = process.cpu(), time.monotonic()
            driven = drive(process.port, requests)
            acknowledged = driven.seconds
            begin = time.monotonic() - acknowledged
            await_count(lambda process=process: counted(process), 10 + amount, PAUSE)  # type: ignore[misc]
            seconds = max(acknowledged, time.monotonic() - begin)
            share = driven.client_cpu / driven.seconds
            cpu = (process.cpu() - spent) * 1000 / amount
            rows.append(Row(server, amount / seconds, cpu_ms=cpu, client_share=share))
            if server == OURS_POSTGRESQL:
                continue
            drive(process.port, export_requests(list(complete_calls(amount, seed="killed")), SPANS))
            process.kill()
        kept.append(Row(server, 100 * (stored(server, folder) - 10 - amount) / amount))
    title = "OTLP: spans of 2 KB, 500 in a request, until they can be queried"
    yield Result("otlp", title, "spans/s", rows, [Target(1 / 100, PHOENIX)])
    yield Result("otlp_kill", "OTLP: acknowledged spans that are there after SIGKILL", "%", kept)


def stored(server: str, folder: Path) -> int:
    """How many spans the database file of a server holds that was killed."""
    path, table = ("phoenix.db", "spans") if server == PHOENIX else ("bench.db", "calls")
    connection = sqlite3.connect(folder / path)
    try:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    finally:
        connection.close()


def counted(server: ServerProcess) -> int:
    """How many spans the server says it has."""
    if server.name == PHOENIX:
        return phoenix_count(server)
    with server.connect() as connection:
        answer: Answer = connection.expect(post("/calls/query_stats", {"project_id": PROJECT}))
        return int(answer.json()["count"])
