"""The coroutines of one operation, so that none is left that was never begun.

graphql-core makes a coroutine for each value that is waited for, one inside the other. Where a field fails that cannot
be null, it cancels the tasks of the fields beside it, and those that had not begun drop the coroutines they were made
of: Python warns of each on the standard error stream.
"""

import inspect
from asyncio import Future
from collections.abc import Callable, Collection, Coroutine
from types import CoroutineType
from typing import Any

__all__ = ["Coroutines"]

PRUNED_AT = 1000

_USUAL = frozenset({str, int, float, bool, type(None), dict, list, tuple})
"""Classes of most values, which nobody waits for."""


class Coroutines:
    """Those that ``is_awaitable`` is asked about, which is every one that graphql-core makes or is given."""

    def __init__(self, is_awaitable: Callable[[Any], bool]) -> None:
        self._is_awaitable = is_awaitable
        self._met: list[Coroutine[Any, Any, Any]] = []
        self._prune_at = PRUNED_AT

    def is_awaitable(self, value: Any) -> bool:
        """Whether a value may be awaited."""
        class_ = value.__class__
        if class_ is not CoroutineType:
            return class_ not in _USUAL and self._is_awaitable(value)
        self._met.append(value)
        if len(self._met) >= self._prune_at:
            self._met = [each for each in self._met if inspect.getcoroutinestate(each) != inspect.CORO_CLOSED]
            self._prune_at = max(PRUNED_AT, 2 * len(self._met))
        return True

    def end(self, background: Collection[Future[Any]]) -> None:
        """End those that were never begun, as soon as what goes on in the background is done."""
        if background:
            next(iter(background)).add_done_callback(lambda _: self.end(background))
            return
        for each in self._met:
            if inspect.getcoroutinestate(each) == inspect.CORO_CREATED:
                each.close()
        self._met = []
