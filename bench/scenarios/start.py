"""What a server takes by itself: seconds to its first answer, memory, and space on the disk."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from bench.contenders import FASTAPI, HANDWRITTEN, OURS, PHOENIX, ROOT, WEAVE, environment
from bench.results import Result, Row, Target, row_of
from bench.run import Run

__all__ = ["run", "size"]

MIB = 1 << 20
SOURCES = (
    "db", "graph", "resolvers", "rest_compat", "server", "web", "tracegraph.py", "pyproject.toml", "setup.py",
    "MANIFEST.in", "README.md", "LICENSE",
)  # fmt: skip
TOOLS = ("pip", "setuptools", "_distutils_hack", "distutils-precedence")
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
    """Ours is built as a wheel and installed with what it requires, without extras."""
    space = []
    if OURS in run.servers:
        installed = run.folder()
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        sources = checkout(run.folder() / "tracegraph")
        command = [*pip, "--no-build-isolation", "--target", str(installed), str(sources)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"the wheel cannot be installed: {done.stderr[-2000:]}")
        space.append(Row(OURS, size_of(installed) / MIB))
    for name in run.among(FASTAPI, WEAVE, PHOENIX):
        (packages,) = environment(name).parent.glob("lib/python*/site-packages")
        space.append(Row(name, size_of(packages) / MIB))
    note = "What pip installs for it into an empty environment; bytecode is not counted."
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


def size_of(packages: Path) -> int:
    """Bytes of installed packages, pip and what came with it left out."""
    files = [path for path in packages.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    own = [path for path in files if not path.relative_to(packages).parts[0].startswith(TOOLS)]
    return sum(path.stat().st_size for path in own)
