"""Batch loading: whoever asks for one key at a time is served by one read for all keys asked at that moment."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from strawberry.dataloader import DataLoader

if TYPE_CHECKING:
    from resolvers.context import Context

__all__ = ["BatchRead", "Loaders"]

V = TypeVar("V")

BatchRead = Callable[..., Awaitable[Sequence[Any]]]
"""``async (context, keys, **parameters) -> values``, a value or None for each key, in the order of the keys."""


def _seen(value: "asyncio.Future[Any]") -> None:
    """Take note of an error that nobody may wait for any more, which would be logged as one that was overlooked."""
    if not value.cancelled():
        value.exception()


class Loaders:
    """The loaders of one request, one for each batch read and each set of its parameters."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}
        self._shared: dict[Hashable, tuple[Any, Any]] = {}

    def load(self, read: BatchRead, key: Hashable, **parameters: Hashable) -> Awaitable[Any]:
        """The value of ``key`` by ``read``; calls made in one turn of the event loop share one call of ``read``."""
        identity = (read, frozenset(parameters.items()))
        loader = self._loaders.get(identity)
        if loader is None:

            async def load_batch(keys: list[Any]) -> Sequence[Any]:
                return await read(self._context, keys, **parameters)

            loader = self._loaders[identity] = DataLoader(load_fn=load_batch)
        # Who waits may be cancelled, as the siblings of a field that failed are: the value is still for all others.
        value = asyncio.shield(loader.load(key))
        value.add_done_callback(_seen)
        return value

    def shared(self, of: Sequence[object], make: Callable[[], V]) -> V:
        """What ``make`` gives, made once for the same objects ``of`` (by identity), so that it can be a parameter of
        ``load`` that siblings have in common."""
        key = tuple(map(id, of))
        if key not in self._shared:
            # The objects are kept: a freed one's identity may be another's later.
            self._shared[key] = (tuple(of), make())
        return cast("V", self._shared[key][1])
