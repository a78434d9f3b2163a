"""Each version of the SDK in an environment of its own, made when a test first asks for it."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Versions of its own dependencies that the SDK broke with later and does not exclude itself.
CONSTRAINTS = {"weave==0.51.59": ["gql<4", "wandb<0.22"]}


def _environment(package: str) -> Path:
    """The folder of the environment: in the checkout, or ready-made in the folder that TRACEGRAPH_SDK_VENVS names."""
    name = package.replace("==", "-")
    if given := os.environ.get("TRACEGRAPH_SDK_VENVS"):
        return Path(given) / name
    folder = ROOT / f".venv-{name}"
    complete = folder / "complete"
    # Several test processes may want it at the same time, and an earlier one may have been interrupted.
    with (ROOT / f".venv-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            packages = [package, *CONSTRAINTS.get(package, [])]
            subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", *packages], check=True)
            complete.touch()
    return folder


@pytest.fixture
def sdk_python() -> Callable[[str], Path]:
    """Gives the Python interpreter that has Weave's SDK of a version."""
    return lambda version: _environment(f"weave=={version}") / "bin" / "python"


@pytest.fixture
def honeyhive_python() -> Path:
    """The Python interpreter that has HoneyHive's SDK."""
    return _environment("honeyhive==1.7.0") / "bin" / "python"
