"""With how many examples a property is tried."""

import os

__all__ = ["examples"]

ALL = os.environ.get("TRACEGRAPH_TEST_EXAMPLES") == "all"


def examples(count: int) -> int:
    """``count`` where ``TRACEGRAPH_TEST_EXAMPLES`` is ``all``, as ``.ci/run`` sets it; else a quarter."""
    return count if ALL else count // 4
