"""The `tracegraph` command.

The packages of the application have plain names (`db`, `server`, ...). A folder of the same name in the current
directory or on PYTHONPATH would be found first, so this module puts its own folder at the front of the path before
it imports anything of ours. Worker processes inherit the path.
"""

import gc
import sys
from pathlib import Path

__all__ = ["main"]


def main() -> int:
    """Run the command line in `sys.argv`; returns the exit code."""
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [here, *(entry for entry in sys.path if entry != here)]
    # What is imported stays: to look through it for garbage meanwhile, and ever after, would be in vain.
    gc.disable()
    from server.cli import main as run

    gc.freeze()
    gc.enable()
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
