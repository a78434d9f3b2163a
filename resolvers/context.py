"""What a request carries with it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection

from db.engines import Database
from resolvers.callers import Caller
from resolvers.jobs import Jobs
from resolvers.loaders import Loaded, Loaders
from resolvers.slow import refusing_what_is_slow

if TYPE_CHECKING:
    from resolvers.completions.provider import Provider
    from resolvers.live.hub import Hub
    from resolvers.metrics.engines.sandbox import Sandbox

__all__ = ["Context", "now", "recorded_at"]

T = TypeVar("T")

MOST_AT_ONCE = 4
"""Reads of a request for which the event loop waits."""

_recorded_at: ContextVar[int | None] = ContextVar("recorded_at", default=None)


def now() -> int:
    """The time in microseconds since the epoch, UTC."""
    at = _recorded_at.get()
    return time.time_ns() // 1000 if at is None else at


@contextmanager
def recorded_at(at: int) -> Iterator[None]:
    """Inside, what is written is written as if it were ``at``, in microseconds since the epoch."""
    token = _recorded_at.set(at)
    try:
        yield
    finally:
        _recorded_at.reset(token)


@dataclass(slots=True, eq=False)
class Context:
    """One request: where the data is, who asks, and what has been loaded for it."""

    database: Database
    caller: Caller
    in_process: bool = False
    """Whether an operation of our own asks, which may be given handles in place of bytes."""

    provider: "Provider | None" = None
    """Where language models run; None where the settings name no provider."""

    jobs: Jobs = field(default_factory=Jobs)
    """What goes on after the request was answered."""

    live: "Hub | None" = None
    """What those who follow changes share; None where nobody can."""

    sandbox: "Sandbox | None" = None
    """Where the code of metrics runs; None where none is run."""

    search: bool = False
    """Whether what calls say is written down, to be searched."""

    memory: dict[Any, Any] | None = None
    """What is worked out of the operation that runs, where it will run again; None where that is not known."""

    _loaded: Loaded = field(init=False, repr=False)
    _reading: asyncio.Semaphore = field(init=False, repr=False)
    _reads_at_once: int = field(default=MOST_AT_ONCE, init=False, repr=False)

    def __post_init__(self) -> None:
        self._loaded = Loaded()
        self._reading = asyncio.Semaphore(self.database.fair_share)

    @property
    def loaders(self) -> Loaders:
        """What loads for this request."""
        return Loaders(self, self._loaded)

    async def read(self, work: Callable[[Connection], T], *, at_once: bool = False) -> T:
        """Run ``work`` on a reader's connection, ``at_once`` where it is small (``Database.read``). A request has no
        more than its share of the readers at a time, so that one that asks for much leaves some to others. Raises
        TooSlowError."""
        # With more than a few, or any other, it is no small request: its reads wait, so that more keys come together.
        at_once = at_once and self._reads_at_once > 0
        self._reads_at_once = self._reads_at_once - 1 if at_once else 0
        async with self._reading:
            with refusing_what_is_slow():
                return await self.database.read(work, at_once=at_once)

    def detached(self) -> "Context":
        """The context of work that outlives this request: the same caller, nothing loaded yet."""
        return Context(
            self.database,
            self.caller,
            provider=self.provider,
            jobs=self.jobs,
            sandbox=self.sandbox,
            search=self.search,
        )

    def fresh(self) -> "Context":
        """The same request with nothing loaded: pages of a long answer must not pile up what each has loaded."""
        return Context(self.database, self.caller, self.in_process, live=self.live, search=self.search)
