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
from bench.report import write_page
from bench.results import Result, json_of
from bench.run import FULL, QUICK, TINY, Run
from bench.scenarios.all import SCENARIOS
from bench.tables import terminal

__all__ = ["main"]

FORMAT = 1
RESULTS = Path(__file__).parent / "results"


def main(arguments: Sequence[str]) -> int:
    options = parser().parse_args(arguments)
    if options.page:
        write_page(json.loads(options.page.read_text()))
        return 0
    sizes = TINY if options.tiny else QUICK if options.quick else FULL
    if options.growth:
        sizes = replace(sizes, growth=tuple(sorted(options.growth)))
    chosen = options.only or [name for name in SCENARIOS if name not in options.skip]
    signal.signal(signal.SIGTERM, end)
    run = Run(sizes, frozenset(options.servers), options.postgresql)
    failures = prepare(run)
    clock, before = time.time(), load()
    begun = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock))
    path = options.output or RESULTS / f"{begun.replace(':', '')}.json"
    results: list[Result] = []
    report: dict[str, Any] = {
        "format": FORMAT,
        "command": shlex.join(["make", "bench", *([f"ARGS={shlex.join(arguments)}"] if arguments else [])]),
        "begun": begun,
        "machine": machine(),
        "sizes": asdict(sizes),
        "failures": failures,
    }
    try:
        for place, name in enumerate(chosen, 1):
            run.say(f"{place} of {len(chosen)}: {name}")
            try:
                for result in SCENARIOS[name](run):
                    results.append(result)
                    sys.stdout.write(f"{terminal(result)}\n")
                    sys.stdout.flush()
            except (AssertionError, OSError, RuntimeError) as error:  # the others are worth having all the same
                failures[name] = f"{type(error).__name__}: {error}"
                run.say(f"  {name} failed: {failures[name]}")
            # After each, so that a run that is ended has not been for nothing.
            report["seconds"] = round(time.time() - clock)
            report["load"] = {"before": before, "after": load()}
            report["results"] = [json_of(result) for result in results]
            save(path, report)
    finally:
        run.close()
    run.say(f"written to {path}")
    return 1 if failures else 0


def end(_signal: int, _frame: object) -> None:
    """Leave through what closes the servers."""
    sys.exit(1)


def prepare(run: Run) -> dict[str, str]:
    """Make the environments of the peers; one that cannot be installed takes no part, and the reason is returned."""
    failures = {}
    for name in sorted(PEERS & run.servers):
        run.say(f"environment of {name}")
        try:
            environment(name)
        except RuntimeError as error:
            run.say(f"  {error}")
            failures[name] = str(error)
    run.servers -= failures.keys()
    return failures


def save(path: Path, report: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n")


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
    parser.add_argument("--growth", type=lambda text: list(map(int, text.split(","))), help="sizes of the hot project")
    parser.add_argument("--postgresql", default="", help="URL of a PostgreSQL server; one of our own without it")
    parser.add_argument("--output", type=Path, help="where the JSON goes; bench/results without it")
    parser.add_argument(
        "--page", type=Path, metavar="JSON", help="write docs/performance.md from this run, and no more"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
