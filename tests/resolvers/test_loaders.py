import asyncio
import gc
import weakref
from collections.abc import Sequence
from typing import Any, cast

import pytest

from resolvers.context import Context
from resolvers.loaders import Loaded, Loaders, together


async def doubled(_context: Context, keys: Sequence[int]) -> list[int]:
    await asyncio.sleep(0)
    return [2 * key for key in keys]


async def failing(_context: Context, _keys: Sequence[int]) -> list[int]:
    raise ValueError("no")


@pytest.mark.parametrize("read", [doubled, failing])
async def test_a_value_is_for_all_who_wait_though_one_of_them_is_cancelled(read: Any) -> None:
    loaders = Loaders(cast("Context", None), Loaded())

    async def wait() -> int:
        value: int = await loaders.load(read, 4)
        return value

    first, second = asyncio.ensure_future(wait()), asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    first.cancel()
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1] == 8 if read is doubled else isinstance(results[1], ValueError)


class Reads:
    """A read that notes what it is asked for; 13 is an error, and so is all that comes with 14."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    async def __call__(self, _context: Context, keys: Sequence[int]) -> list[Any]:
        self.asked.append(list(keys))
        await asyncio.sleep(0)
        if 14 in keys:
            raise ValueError("no 14")
        return [ValueError("no 13") if key == 13 else 2 * key for key in keys]


async def test_coroutines_that_wait_for_loaders_share_reads_and_no_task_is_made_for_one() -> None:
    loaders, read = Loaders(cast("Context", None), Loaded()), Reads()

    async def twice(key: int) -> int:
        once: int = await loaders.load(read, key)
        assert asyncio.current_task() is us
        again: int = await loaders.load(read, once)
        return again

    us = asyncio.current_task()
    assert await together(map(twice, (1, 2, 2, 5))) == [4, 8, 8, 20]
    assert read.asked == [[1, 2, 5], [4, 10]]


async def test_an_error_stands_in_the_place_of_the_coroutine_that_raised_it() -> None:
    loaders, read = Loaders(cast("Context", None), Loaded()), Reads()

    async def one(key: int) -> int:
        if key == 7:
            raise KeyError(key)
        value: int = await loaders.load(read, key)
        return value

    found = await together(map(one, (1, 13, 7, 2)))
    assert [repr(value) for value in found] == ["2", "ValueError('no 13')", "KeyError(7)", "4"]
    assert [repr(value) for value in await loaders.load_all(read, (2, 13))] == ["4", "ValueError('no 13')"]
    assert read.asked == [[1, 13, 2]]
    found = await together(map(one, (1, 14, 15)))
    assert [repr(value) for value in found] == ["2", "ValueError('no 14')", "ValueError('no 14')"]


async def test_a_coroutine_that_waits_for_anything_else_goes_on_by_itself() -> None:
    loaders, read = Loaders(cast("Context", None), Loaded()), Reads()
    opened = asyncio.Event()

    async def first() -> int:
        await opened.wait()
        value: int = await loaders.load(read, 1)
        return value

    async def second() -> int:
        both: list[int] = await asyncio.gather(loaders.load(read, 2), loaders.load(read, 3))
        opened.set()
        return sum(both)

    assert await together([first(), second()]) == [2, 10]


async def test_all_are_ended_where_the_one_who_waits_is_cancelled() -> None:
    loaders, read = Loaders(cast("Context", None), Loaded()), Reads()
    ended = []

    async def wait(key: int) -> None:
        try:
            await (loaders.load(read, key) if key else asyncio.Event().wait())
        finally:
            ended.append(key)

    waiting = asyncio.ensure_future(together(map(wait, (0, 1, 2))))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert sorted(ended) == [0, 1, 2]
    assert await loaders.load_all(read, (1, 2)) == [2, 4]


class Thing:
    """What is loaded."""


async def things(_context: Context, keys: Sequence[int]) -> list[Thing]:
    return [Thing() for _ in keys]


async def test_what_was_loaded_goes_with_its_request_and_waits_for_no_garbage_collection(context: Context) -> None:
    gc.collect()
    gc.disable()
    try:
        request = context.fresh()
        loaded = weakref.ref(await request.loaders.load(things, 1))
        assert loaded() is await request.loaders.load(things, 1)
        await asyncio.sleep(0)  # the task that read it ends
        del request
        assert loaded() is None
    finally:
        gc.enable()
