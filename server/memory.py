"""What the process keeps of the memory that requests have used: little, so that idle is idle again."""

import ctypes
import sys

__all__ = ["return_memory"]

# Of glibc's malloc.h. Setting one also ends its habit of raising the limits whenever something large is freed.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8

_LARGE = 1 << 20
_ARENAS = 2


def return_memory() -> None:
    """Have malloc give large blocks back as soon as they are free, and keep two heaps for all threads.

    By itself it keeps a heap for each thread that allocates, and after the first body of 20 MB it keeps what the next
    ones leave free. Elsewhere than on glibc this does nothing.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in ((_ARENA_MAX, _ARENAS), (_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, 4 * _LARGE)):
            mallopt(parameter, value)
