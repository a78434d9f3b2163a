"""What a run ran on, and what else did."""

import os
import platform
import sqlite3
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["load", "machine"]

ROOT = Path(__file__).parents[1]
PACKAGES = ("strawberry-graphql", "graphql-core", "starlette", "uvicorn", "uvloop", "sqlalchemy", "psycopg", "orjson")


def machine() -> dict[str, Any]:
    return {
        "processor": _first("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(_first("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "commit": _commit(),
    }


def load() -> list[float]:
    """Processes that run or wait for a processor, on average over 1, 5 and 15 minutes, those of the run included."""
    return [round(value, 2) for value in os.getloadavg()]


def _first(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "0"


def _commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"
