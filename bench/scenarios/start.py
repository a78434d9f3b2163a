"""What a server takes by itself: seconds to its first answer, memory, and space on the disk."""

import time
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from statistics import median

from bench.contenders import FASTAPI, HANDWRITTEN, OURS, PEERS, PHOENIX, WEAVE, environment
from bench.results import Result, Row, Target
from bench.run import Run

__all__ = ["run"]

MIB = 1 << 20
SETTLED = 2  # seconds after which memory is looked at


def run(run: Run) -> Iterable[Result]:
    starts, memory, space = [], [], []
    for name in run.among(OURS, HANDWRITTEN, FASTAPI, WEAVE, PHOENIX):
        folder = run.folder()
        if name == OURS or run.sizes.rounds > 1:
            with run.start(name, folder):  # makes the database, and has the modules compiled
                pass
        seconds = []
        for _ in range(run.sizes.rounds):
            with run.start(name, folder) as server:
                seconds.append(server.seconds_to_ready)
                if len(seconds) == run.sizes.rounds:
                    time.sleep(SETTLED)
                    memory.append(Row(name, server.resident_bytes() / MIB))
        starts.append(Row(name, median(seconds)))
        if name in PEERS:
            (packages,) = environment(name).parent.glob("lib/python*/site-packages")
            space.append(Row(name, size_of(packages.rglob("*")) / MIB))
        elif name == OURS:
            space.append(Row(name, size_of(installed("tracegraph")) / MIB))
    yield Result("start", "Cold start to the first answer, on a database that is there", "s", starts, [Target(2)])
    yield Result("memory", "Idle memory", "MiB", memory, [Target(120)])
    note = "Ours: the package and all that it requires, without extras. Peers: their environments, with pip."
    yield Result("size", "Installed size", "MiB", space, [Target(150)], note)


def size_of(files: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in files if path.is_file() and path.suffix != ".pyc")


def installed(name: str) -> Iterator[Path]:
    """The files of a distribution and of all it requires, without extras and what other platforms need."""
    from packaging.requirements import Requirement

    waiting, known = [name], set()
    while waiting:
        found = waiting.pop()
        if found in known:
            continue
        known.add(found)
        distribution = metadata.distribution(found)
        if found == name:  # an editable install has no files of its own
            root = Path(__file__).parents[2]
            for layer in ("db", "resolvers", "graph", "rest_compat", "server"):
                yield from (root / layer).rglob("*")
        else:
            yield from (Path(str(distribution.locate_file(file))) for file in distribution.files or ())
        for text in distribution.requires or ():
            requirement = Requirement(text)
            extras = requirement.extras or {""}
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": ""}) for _ in extras):
                waiting.append(requirement.name.lower())
