"""What the server keeps of the memory that it has used."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

HOLD = """
import ctypes, sys
from server.memory import return_memory

if sys.argv[1] == "returned":
    return_memory()
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]


def kept(size):
    # Freed, with something small after it, as the next bodies are.
    for _ in range(3):
        block = malloc(size)
        ctypes.memset(block, 1, size)
        beside = malloc(64)
        free(block)
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


before = kept(1)
print(kept(20 << 20) - before)
"""


def kept(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", HOLD, how], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="malloc of glibc")
def test_what_large_requests_used_is_given_back() -> None:
    assert kept("returned") < 1 << 20
