import asyncio
import gc
import warnings
from typing import Any, Optional

import pytest
import strawberry
from graphql import execute, parse

from graph.executor import CompiledExecutor
from tests.graph.executor.toy import TogetherExecutor


@strawberry.type
class Knot:
    n: int

    @strawberry.field
    async def below(self) -> Optional["Knot"]:
        return Knot(n=self.n + 1)

    @strawberry.field
    async def beside(self) -> Optional["Knot"]:
        await asyncio.sleep(0)
        return Knot(n=self.n + 1)

    @strawberry.field
    async def fails(self, after: int) -> int:
        await knot(after)
        raise ValueError("no")

    @strawberry.field
    async def three(self) -> list["Knot"]:
        return [Knot(n=self.n + 1)] * 3

    @strawberry.field
    def promised(self) -> list[Optional["Knot"]]:
        return [knot(0), knot(1)]  # type: ignore[list-item]


async def knot(pauses: int) -> Knot:
    for _ in range(pauses):
        await asyncio.sleep(0)
    return Knot(n=0)


@strawberry.type
class Query:
    @strawberry.field
    async def knot(self) -> Knot | None:
        return await knot(0)


schema = strawberry.Schema(Query)
DEEP = "below { below { n } beside { n } }"


@pytest.mark.parametrize("executor", [CompiledExecutor, TogetherExecutor])
@pytest.mark.parametrize("after", range(12))
@pytest.mark.parametrize(
    "selection",
    [
        f"below {{ below {{ {DEEP} beside {{ n }} }} beside {{ n }} }}",
        f"three {{ below {{ three {{ {DEEP} beside {{ n }} }} beside {{ n }} }} beside {{ n }} }}",
        f"promised {{ beside {{ n }} promised {{ {DEEP} }} }}",
    ],
    ids=["objects", "lists", "awaited items"],
)
def test_no_coroutine_is_dropped_before_it_began(executor: Any, after: int, selection: str) -> None:
    """Whenever a field that cannot be null fails beside others that are on their way."""

    async def run() -> Any:
        document = parse(f"{{ knot {{ fails(after: {after}) {selection} }} }}")
        result = await execute(schema._schema, document, executor_class=executor)  # type: ignore[misc]
        while settling := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(settling)
        return result

    gc.freeze()  # what was there before need not be looked through
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = asyncio.run(run())
        gc.collect()
    gc.unfreeze()
    assert [str(each.message) for each in caught] == []
    assert result.data == {"knot": None}
    assert [error.message for error in result.errors] == ["no"]
