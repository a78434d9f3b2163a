import shutil
import subprocess
from pathlib import Path

import pytest

NODE = Path(__file__).parent.parent / "node"


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """The folder of the Node.js tests with what package-lock.json names installed."""
    npm = shutil.which("npm")
    assert npm, "npm is needed"
    subprocess.run([npm, "ci", "--loglevel=error"], cwd=NODE, check=True, stdout=subprocess.DEVNULL)
    return NODE
