"""Work that goes on after the request that began it was answered."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

__all__ = ["Jobs"]

log = logging.getLogger("tracegraph.jobs")


class Jobs:
    """The background tasks of a process. What a task raises is logged, since nobody waits for it."""

    def __init__(self) -> None:
        # The event loop itself keeps only weak references to tasks.
        self._tasks: set[asyncio.Task[None]] = set()
        self._cancelled_on_close: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], name: str, *, cancel_on_close: bool = False) -> asyncio.Task[None]:
        """Run ``work`` on the event loop; ``name`` says in the log which it was.

        What takes long is to be cancelled when the server stops; for anything else it waits.
        """
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        if cancel_on_close:
            self._cancelled_on_close.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._cancelled_on_close.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", task.get_name(), exc_info=error)

    async def close(self) -> None:
        """Cancel what takes long and wait until all has ended; a second call does nothing."""
        for task in list(self._cancelled_on_close):
            task.cancel()
        while self._tasks:
            await asyncio.wait(list(self._tasks))
