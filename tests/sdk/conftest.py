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
CONSTRAINTS = {"0.51.59": ["gql<4", "wandb<0.22"]}


def _environment(version: str) -> Path:
    """The folder of the environment: in the checkout, or ready-made in the folder that TRACEGRAPH_SDK_VENVS names."""
    if given := os.environ.get("TRACEGRAPH_SDK_VENVS"):
        return Path(given) / f"weave-{version}"
    folder = ROOT / f".venv-weave-{version}"
    complete = folder / "complete"
    # Several test processes may want it at the same time, and an earlier one may have been interrupted.
    with (ROOT / f".venv-weave-{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            packages = [f"weave=={version}", *CONSTRAINTS.get(version, [])]
            subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", *packages], check=True)
            complete.touch()
    return folder


@pytest.fixture
def sdk_python() -> Callable[[str], Path]:
    """Gives the Python interpreter that has the SDK of a version."""
    return lambda version: _environment(version) / "bin" / "python"
