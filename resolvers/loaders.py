"""Batch loading: whoever asks for one key at a time is served by one read for all keys asked at that moment.

A value that is waited for costs a future only where a task waits for it by itself. Coroutines that are run together
(``together``), as those of one field for all rows of a list, wait for a read as one.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator, Hashable, Iterable, Mapping, Sequence
from functools import partial
from types import coroutine
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from resolvers.context import Context

__all__ = ["BatchRead", "Loaded", "Loaders", "together"]

V = TypeVar("V")

BatchRead = Callable[..., Awaitable[Sequence[Any]]]
"""``async (context, keys, **parameters) -> values``, a value or None for each key, in the order of the keys.

A value that is an exception is raised where its key is waited for.
"""


class _Stepping(threading.local):
    """Of the event loop of this thread."""

    now = False
    """Whether the coroutine that runs at this moment is stepped by ``together``, and not by a task."""


_stepping = _Stepping()


class _Batch:
    """The keys that are read together, and what was read; to be awaited by whoever waits for the read."""

    __slots__ = ("done", "error", "keys", "task", "values")

    def __init__(self) -> None:
        self.keys: list[Hashable] = []
        self.values: dict[Hashable, Any] = {}
        self.error: BaseException | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Never an error, and never cancelled by who waits: the values are still for all others."""

        self.task: asyncio.Task[None] | None = None

    def found(self, key: Hashable) -> Any:
        """What was read, or the exception that reading it raised."""
        return self.values[key] if self.error is None else self.error

    def __await__(self) -> Generator[Any, Any, None]:
        if not self.done.done():
            if _stepping.now:
                yield self
            else:
                # A task that is cancelled cancels what it waits for.
                yield from asyncio.shield(self.done).__await__()


class _Value:
    """A value that is being read, to be awaited any number of times."""

    __slots__ = ("_batch", "_key")

    def __init__(self, batch: _Batch, key: Hashable) -> None:
        self._batch = batch
        self._key = key

    def __await__(self) -> Generator[Any, Any, Any]:
        yield from self._batch.__await__()
        value = self._batch.found(self._key)
        if isinstance(value, BaseException):
            raise value
        return value


class _Loader:
    """What was and is read by one batch read with one set of parameters."""

    __slots__ = ("_gathering", "_known", "_read")

    def __init__(self, read: Callable[["Context", list[Any]], Awaitable[Sequence[Any]]]) -> None:
        self._read = read
        self._known: dict[Hashable, _Batch] = {}
        self._gathering: _Batch | None = None

    def batch_of(self, context: "Context", key: Hashable) -> _Batch:
        """The batch that has a key, which is read once."""
        batch = self._known.get(key)
        if batch is None:
            batch = self._gathering
            if batch is None:
                batch = self._gathering = _Batch()
                asyncio.get_running_loop().call_soon(self._start, context, batch)
            batch.keys.append(key)
            self._known[key] = batch
        return batch

    def _start(self, context: "Context", batch: _Batch) -> None:
        batch.task = asyncio.create_task(self._run(context, batch))

    async def _run(self, context: "Context", batch: _Batch) -> None:
        self._gathering = None
        try:
            batch.values = dict(zip(batch.keys, await self._read(context, batch.keys), strict=True))
        except BaseException as error:
            batch.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            batch.done.set_result(None)
            batch.task = None


class Loaded:
    """What has been loaded for one request. It does not know the request, which would keep both, and all rows that were
    read, until garbage is looked for."""

    __slots__ = ("loaders", "shared")

    def __init__(self) -> None:
        self.loaders: dict[Hashable, _Loader] = {}
        self.shared: dict[Hashable, tuple[Any, Any]] = {}


class Loaders:
    """The loaders of one request, one for each batch read and each set of its parameters."""

    __slots__ = ("_context", "_loaded")

    def __init__(self, context: "Context", loaded: Loaded) -> None:
        self._context = context
        self._loaded = loaded

    def load(self, read: BatchRead, key: Hashable, **parameters: Hashable) -> Awaitable[Any]:
        """The value of ``key`` by ``read``; calls made in one turn of the event loop share one call of ``read``.

        Where the one who waits is cancelled, as the siblings of a field that failed are, the value is still for all
        others.
        """
        return _Value(self._loader(read, parameters).batch_of(self._context, key), key)

    def _loader(self, read: BatchRead, parameters: Mapping[str, Hashable]) -> _Loader:
        identity = (read, frozenset(parameters.items()))
        loader = self._loaded.loaders.get(identity)
        if loader is None:
            loader = self._loaded.loaders[identity] = _Loader(partial(read, **parameters))
        return loader

    async def load_all(self, read: BatchRead, keys: Sequence[Hashable], **parameters: Hashable) -> list[Any]:
        """The values of ``keys`` as ``load`` gives them, with the exception in place of each that it would raise."""
        batches = list(map(partial(self._loader(read, parameters).batch_of, self._context), keys))
        for one in set(batches):
            await one
        return [batch.found(key) for batch, key in zip(batches, keys, strict=True)]

    def shared(self, of: Sequence[object], make: Callable[[], V]) -> V:
        """What ``make`` gives, made once for the same objects ``of`` (by identity), so that it can be a parameter of
        ``load`` that siblings have in common."""
        key = tuple(map(id, of))
        shared = self._loaded.shared
        if key not in shared:
            # The objects are kept: a freed one's identity may be another's later.
            shared[key] = (tuple(of), make())
        return cast("V", shared[key][1])


async def together(coroutines: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """What each of ``coroutines`` gives, or the exception that it raises in its place, in their order.

    They are run in turn by the current task, each until it waits: those that wait for loaders go on together once the
    read is done, without a task or a future of their own. One that waits for anything else goes on in its own task, so
    what belongs to a task (``asyncio.timeout``, a group of tasks) may only be entered after that.
    """
    return await _Together(coroutines).results()


class _Together:
    """Coroutines on their way."""

    def __init__(self, coroutines: Iterable[Coroutine[Any, Any, Any]]) -> None:
        self._coroutines = list(coroutines)
        self._results: list[Any] = [None] * len(self._coroutines)
        self._waiting: dict[_Batch, list[tuple[int, Coroutine[Any, Any, Any]]]] = {}
        self._tasks: dict[int, asyncio.Task[Any]] = {}

    async def results(self) -> list[Any]:
        """What each gives, or raises."""
        try:
            for index, each in enumerate(self._coroutines):
                self._step(index, each)
            while self._waiting:
                await asyncio.wait([batch.done for batch in self._waiting], return_when=asyncio.FIRST_COMPLETED)
                for batch in [batch for batch in self._waiting if batch.done.done()]:
                    for index, each in self._waiting.pop(batch):
                        self._step(index, each)
            if self._tasks:
                found = await asyncio.gather(*self._tasks.values(), return_exceptions=True)
                for index, value in zip(self._tasks, found, strict=True):
                    self._results[index] = _uncancelled(value)
        except BaseException:
            for task in self._tasks.values():
                task.cancel()
            for index, each in enumerate(self._coroutines):
                if index not in self._tasks:
                    each.close()
            raise
        return self._results

    def _step(self, index: int, each: Coroutine[Any, Any, Any]) -> None:
        outside, _stepping.now = _stepping.now, True
        try:
            awaited = each.send(None)
        except StopIteration as end:
            self._results[index] = end.value
        except Exception as error:  # noqa: BLE001 - whoever asked for the results raises it where it belongs
            self._results[index] = error
        else:
            if isinstance(awaited, _Batch):
                self._waiting.setdefault(awaited, []).append((index, each))
            else:
                self._tasks[index] = asyncio.ensure_future(_resumed(each, awaited))
        finally:
            _stepping.now = outside


def _uncancelled(value: Any) -> Any:
    if isinstance(value, BaseException) and not isinstance(value, Exception):
        raise value
    return value


@coroutine
def _resumed(each: Coroutine[Any, Any, V], awaited: Any) -> Generator[Any, Any, V]:
    """The rest of a coroutine that already waits for ``awaited``."""
    try:
        while True:
            try:
                sent = yield awaited
            except GeneratorExit:
                each.close()
                raise
            except BaseException as error:  # noqa: BLE001 - a cancelled task
                awaited = each.throw(error)
            else:
                awaited = each.send(sent)
    except StopIteration as end:
        return cast("V", end.value)
