"""The servers that are held against each other, by name."""

import contextlib
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.processes import ServerProcess, free_port

__all__ = [
    "CONTENDERS",
    "FASTAPI",
    "GENERIC",
    "HANDWRITTEN",
    "OURS",
    "OURS_POSTGRESQL",
    "PEERS",
    "PHOENIX",
    "ROOT",
    "TWO_WORKERS",
    "TWO_WORKERS_POSTGRESQL",
    "WEAVE",
    "WITHOUT_SEARCH",
    "WITH_INDEX",
    "environment",
    "running",
]

ROOT = Path(__file__).parents[1]

OURS, GENERIC, HANDWRITTEN = "tracegraph", "generic executor", "hand-written"
OURS_POSTGRESQL = "tracegraph on PostgreSQL"
TWO_WORKERS, TWO_WORKERS_POSTGRESQL = "tracegraph with 2 workers", "tracegraph on PostgreSQL with 2 workers"
WITHOUT_SEARCH = "tracegraph without search"
WITH_INDEX = "tracegraph with an index"
FASTAPI, WEAVE, PHOENIX = "FastAPI", "Weave reference", "Phoenix"

_ASGI = ("uvicorn==0.54.*", "uvloop", "httptools")


@dataclass(frozen=True, slots=True)
class Contender:
    """How a server is started. In the command ``{port}``, ``{url}``, ``{database}`` and ``{folder}`` are filled in."""

    command: Sequence[str]
    health: str = "/health"
    packages: Sequence[str] = ()
    """What its environment gets from PyPI; none where it runs in ours."""

    environ: Mapping[str, str] = field(default_factory=dict)
    postgresql: bool = False
    """Its database is one of PostgreSQL."""


_SERVE = ("serve", "--port", "{port}", "--database-url", "{url}", "--otlp-grpc-port", "0", "--log-level", "error")
_ROOMY = {"TRACEGRAPH_GRAPHQL_MAX_COST": "5000000"}  # five pages of a thousand calls in one document
_PEERS = str(ROOT / "bench" / "peers")

CONTENDERS = {
    OURS: Contender(("{python}", "-m", "tracegraph", *_SERVE), environ=_ROOMY),
    OURS_POSTGRESQL: Contender(("{python}", "-m", "tracegraph", *_SERVE), environ=_ROOMY, postgresql=True),
    TWO_WORKERS: Contender(("{python}", "-m", "tracegraph", *_SERVE, "--workers", "2")),
    TWO_WORKERS_POSTGRESQL: Contender(("{python}", "-m", "tracegraph", *_SERVE, "--workers", "2"), postgresql=True),
    WITHOUT_SEARCH: Contender(("{python}", "-m", "tracegraph", *_SERVE, "--search", "off")),
    WITH_INDEX: Contender(("{python}", "-m", "tracegraph", *_SERVE, "--indexed-paths", "inputs.model")),
    GENERIC: Contender(("{python}", "-m", "bench.generic", *_SERVE), environ=_ROOMY),
    HANDWRITTEN: Contender(("{python}", "-m", "bench.handwritten", "{url}", "{port}")),
    FASTAPI: Contender(
        ("{python}", f"{_PEERS}/fastapi_server.py", "{database}", "{port}"),
        packages=("fastapi", "orjson", *_ASGI),
    ),
    WEAVE: Contender(
        ("{python}", f"{_PEERS}/weave_server.py", "{database}", "{port}"),
        packages=("weave==0.51.59", "fastapi", "emoji", "opentelemetry-proto", "python-multipart", *_ASGI),
    ),
    PHOENIX: Contender(
        ("{bin}/phoenix", "serve"),
        health="/healthz",
        packages=("arize-phoenix==20.26.*",),
        environ={
            "PHOENIX_HOST": "127.0.0.1",
            "PHOENIX_PORT": "{port}",
            "PHOENIX_GRPC_PORT": "{other_port}",
            "PHOENIX_WORKING_DIR": "{folder}",
            "PHOENIX_TELEMETRY_ENABLED": "false",
        },
    ),
}
PEERS = {name for name, contender in CONTENDERS.items() if contender.packages}


def environment(name: str) -> Path:
    """The folder of the programs of a contender's environment, which is made where it is not there.

    Raises RuntimeError where its packages cannot be installed.
    """
    packages = CONTENDERS[name].packages
    if not packages:
        return Path(sys.executable).parent
    folder = ROOT / f".venv-{name.split(maxsplit=1)[0].lower()}"
    done = folder / ".packages"
    wanted = "\n".join(packages)
    if not done.exists() or done.read_text() != wanted:
        install(folder, *packages)
        done.write_text(wanted)
    return folder / "bin"


def install(folder: Path, *packages: str) -> None:
    """Make an environment of packages; raises RuntimeError where they cannot be installed."""
    try:
        venv.create(folder, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise RuntimeError(f"no environment can be made in {folder}: {error}") from None
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *packages]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(packages)} cannot be installed: {done.stderr[-2000:]}")


@contextlib.contextmanager
def running(
    name: str, *, postgresql: str = "", folder: Path | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[ServerProcess]:
    """The server, ready, on a new database, or on what is in ``folder``, or at the URL of a PostgreSQL database."""
    contender = CONTENDERS[name]
    programs = environment(name)
    own = Path(tempfile.mkdtemp(prefix="tracegraph-bench-")) if folder is None else folder
    database = own / "bench.db"
    port = free_port()
    values = {
        "python": str(programs / "python"),
        "bin": str(programs),
        "port": str(port),
        "other_port": str(free_port()),
        "database": str(database),
        "url": postgresql or f"sqlite:///{database}",
        "folder": str(own),
    }
    command = [part.format(**values) for part in contender.command]
    environ = {key: value.format(**values) for key, value in contender.environ.items()}
    environ |= settings or {}
    environ["PYTHONPATH"] = "" if contender.packages else str(ROOT)
    try:
        with ServerProcess(
            name, command, port, health=contender.health, folder=own, environ=environ, database=values["url"]
        ) as server:
            yield server
    finally:
        if folder is None:
            shutil.rmtree(own, ignore_errors=True)
