"""What a server takes by itself: seconds to its first answer, memory, and space on the disk."""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from bench.contenders import FASTAPI, HANDWRITTEN, OURS, PHOENIX, ROOT, WEAVE, environment, install
from bench.results import Result, Row, Target, row_of
from bench.run import Run

__all__ = ["run", "size"]

MIB = 1 << 20
SOURCES = (
    "db", "graph", "resolvers", "rest_compat", "server", "web", "tracegraph.py", "pyproject.toml", "setup.py",
    "MANIFEST.in", "README.md", "LICENSE",
)  # fmt: skip
SETTLED = 2  # seconds after which memory is looked at


def run(run: Run) -> Iterable[Result]:
    starts, memory = [], []
    for name in run.among(OURS, HANDWRITTEN, FASTAPI, WEAVE, PHOENIX):
        folder = run.folder()
        seconds = []
        try:
            for turn in range(run.sizes.rounds + (name == OURS)):  # our first makes the database and the bytecode
                with run.start(name, folder) as server:
                    seconds.append(server.seconds_to_ready)
                    if turn == run.sizes.rounds - 1:
                        server.settle()
                        time.sleep(SETTLED)
                        memory.append(Row(name, server.resident_bytes() / MIB))
        except (OSError, RuntimeError) as error:
            if name == OURS:
                raise
            run.leave_out(name, error)
            continue
        starts.append(row_of(name, seconds[-run.sizes.rounds :]))
    yield Result("start", "Cold start to the first answer, on a database that is there", "s", starts, [Target(2)])
    yield Result("memory", "Idle memory", "MiB", memory, [Target(120)])


def size(run: Run) -> Iterable[Result]:
    """Ours is built as a wheel and installed into a new environment, without extras."""
    space = []
    if OURS in run.servers:
        installed = run.folder()
        install(installed, str(checkout(run.folder() / "tracegraph")), compiled=False)
        space.append(Row(OURS, size_of(installed) / MIB))
    space += [Row(name, size_of(environment(name).parent) / MIB) for name in run.among(FASTAPI, WEAVE, PHOENIX)]
    note = "Environments made for it by pip, which is in none of the figures. Bytecode is not counted."
    yield Result("size", "Installed size, without extras", "MiB", space, [Target(150)], note)


def checkout(folder: Path) -> Path:
    """A copy of what the wheel is built from: a build leaves files beside the sources, and takes up old ones."""
    ignored = shutil.ignore_patterns("__pycache__", "node_modules")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder)
    return folder


def size_of(environment: Path) -> int:
    """Bytes of the packages of an environment, pip and what came with it left out."""
    (packages,) = environment.glob("lib/python*/site-packages")
    files = [path for path in packages.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    ours = [
        path for path in files if not path.relative_to(packages).parts[0].startswith(("pip", "setuptools", "_dist"))
    ]
    return sum(path.stat().st_size for path in ours)
