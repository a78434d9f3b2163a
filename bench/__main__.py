"""The benchmarks: ``python -m bench``; README.md in this folder says what they measure."""

import argparse
import json
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bench.contenders import CONTENDERS, PEERS, environment
from bench.machine import load, machine
from bench.progress import Progress, say
from bench.report import write_page
from bench.results import Result, json_of
from bench.run import FULL, QUICK, TINY, Run
from bench.scenarios.all import SCENARIOS
from bench.tables import terminal

__all__ = ["main"]

FORMAT = 2
RESULTS = Path(__file__).parent / "results"
STOPPED = 130  # the exit code of programs that were stopped by Ctrl-C


def main(arguments: Sequence[str]) -> int:
    options = parser().parse_args(arguments)
    if options.page:
        write_page(json.loads(options.page.read_text()))
        return 0
    sizes = TINY if options.tiny else QUICK if options.quick else FULL
    if options.growth:
        sizes = replace(sizes, growth=tuple(sorted(options.growth)))
    if options.bloat:
        sizes = replace(sizes, bloat=options.bloat)
    chosen = options.only or [name for name in SCENARIOS if name not in options.skip]
    for each in (signal.SIGTERM, signal.SIGINT):  # what was started in the background of a shell ignores the second
        signal.signal(each, end)
    report = Report(sizes, arguments, options.output)
    run = Run(sizes, frozenset(options.servers), options.postgresql, left_out=report.left_out)
    try:
        prepare(run)
        measure(run, chosen, report, full=sizes is FULL)
    except KeyboardInterrupt:
        report.ended = "stopped"
        say("stopped: what was measured so far is kept")
    finally:
        run.close()
        report.save()
    say(f"written to {report.path}")
    if report.ended == "stopped":
        return STOPPED
    return 1 if report.failures else 0


class Report:
    """What is written as JSON, after each scenario, so that a run that is ended has not been for nothing."""

    def __init__(self, sizes: Any, arguments: Sequence[str], path: Path | None) -> None:
        self._clock, self._load = time.time(), load()
        begun = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock))
        self.path = path or RESULTS / f"{begun.replace(':', '')}.json"
        self.ended = "running"
        self.left_out: dict[str, str] = {}
        self.failures: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        self.results: list[Result] = []
        self._begin = {
            "format": FORMAT,
            "command": shlex.join(["make", "bench", *([f"ARGS={shlex.join(arguments)}"] if arguments else [])]),
            "begun": begun,
            "machine": machine(),
            "sizes": asdict(sizes),
        }

    def save(self) -> None:
        report = {
            **self._begin,
            "ended": self.ended,
            "seconds": round(time.time() - self._clock),
            "load": {"before": self._load, "after": load()},
            "left_out": self.left_out,
            "failures": self.failures,
            "scenarios": self.seconds,
            "results": [json_of(result) for result in self.results],
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(report, indent=2) + "\n")


def prepare(run: Run) -> None:
    """Make the environments of the peers; one that cannot be installed takes no part."""
    for name in sorted(PEERS & run.servers):
        say(f"environment of {name}")
        try:
            environment(name)
        except RuntimeError as error:
            run.leave_out(name, error)


def measure(run: Run, chosen: Sequence[str], report: Report, *, full: bool) -> None:
    progress = Progress(chosen, {name: each.full if full else each.quick for name, each in SCENARIOS.items()})
    for place, name in enumerate(chosen):
        progress.begin(place)
        begin = time.monotonic()
        try:
            for result in SCENARIOS[name].run(run):
                report.results.append(result)
                sys.stdout.write(f"{terminal(result)}\n")
                sys.stdout.flush()
        except Exception as error:  # noqa: BLE001 - whatever it was, the other scenarios are worth having
            report.failures[name] = f"{type(error).__name__}: {error}"
            say(f"  {name} failed: {report.failures[name]}")
        report.seconds[name] = round(time.monotonic() - begin, 1)
        report.save()
    report.ended = "finished"


def end(_signal: int, _frame: object) -> None:
    """Leave through what closes the servers and keeps what was measured."""
    raise KeyboardInterrupt


def names(known: Sequence[str]) -> Any:
    """A list with commas, each of the known names."""

    def read(text: str) -> list[str]:
        given = [name.strip() for name in text.split(",") if name.strip()]
        if unknown := [name for name in given if name not in known]:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(known)}")
        return given

    return read


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench ARGS=", description="Measure this server beside others.")
    parser.add_argument("--only", type=names(list(SCENARIOS)), help=f"scenarios: {', '.join(SCENARIOS)}")
    parser.add_argument("--skip", type=names(list(SCENARIOS)), default=[], help="scenarios to leave out")
    parser.add_argument(
        "--servers", type=names(list(CONTENDERS)), default=list(CONTENDERS), help=f"servers: {', '.join(CONTENDERS)}"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, all in less than five minutes")
    parser.add_argument("--tiny", action="store_true", help="the smallest sizes, to see that everything runs")
    parser.add_argument("--growth", type=lambda text: list(map(int, text.split(","))), help="sizes of the databases")
    parser.add_argument("--bloat", type=int, help="calls that are started and ended on PostgreSQL")
    parser.add_argument("--postgresql", default="", help="URL of a PostgreSQL server; one of our own without it")
    parser.add_argument("--output", type=Path, help="where the JSON goes; bench/results without it")
    parser.add_argument(
        "--page", type=Path, metavar="JSON", help="write docs/performance.md from this run, and no more"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
