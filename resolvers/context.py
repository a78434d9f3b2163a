"""What a request carries with it."""

import time
from dataclasses import dataclass, field

from db.engines import Database
from resolvers.callers import Caller
from resolvers.loaders import Loaders

__all__ = ["Context", "now"]


def now() -> int:
    """The time in microseconds since the epoch, UTC."""
    return time.time_ns() // 1000


@dataclass(slots=True, eq=False)
class Context:
    """One request: where the data is, who asks, and what has been loaded for it."""

    database: Database
    caller: Caller
    in_process: bool = False
    """Whether an operation of our own asks, which may be given handles in place of bytes."""

    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self)
