import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from resolvers.context import Context
from resolvers.loaders import Loaders


async def doubled(_context: Context, keys: Sequence[int]) -> list[int]:
    await asyncio.sleep(0)
    return [2 * key for key in keys]


async def failing(_context: Context, _keys: Sequence[int]) -> list[int]:
    raise ValueError("no")


@pytest.mark.parametrize("read", [doubled, failing])
async def test_a_value_is_for_all_who_wait_though_one_of_them_is_cancelled(read: Any) -> None:
    loaders = Loaders(cast("Context", None))

    async def wait() -> int:
        value: int = await loaders.load(read, 4)
        return value

    first, second = asyncio.ensure_future(wait()), asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    first.cancel()
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1] == 8 if read is doubled else isinstance(results[1], ValueError)
