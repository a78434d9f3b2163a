import asyncio
from typing import Annotated, Any

import pytest
import strawberry
from graphql import execute, parse

from graph.executor import CompiledExecutor
from graph.executor.items import TURN, TURN_OF_LISTS
from tests.graph.executor.toy import TogetherExecutor

LENGTH = 4 * TURN


@strawberry.type
class Leaf:
    number: int

    @strawberry.field
    async def later(self) -> Annotated["Leaf", strawberry.lazy("tests.graph.executor.test_turns")]:
        return self


@strawberry.type
class Bunch:
    leaves: list[Leaf]


def bunch(length: int) -> Bunch:
    return Bunch(leaves=[Leaf(number=number) for number in range(length)])


@strawberry.type
class Query:
    @strawberry.field
    def bunch(self, length: int) -> Bunch:
        return bunch(length)

    @strawberry.field
    def bunches(self, length: int) -> list[Bunch]:
        return [bunch(2)] * length


schema = strawberry.Schema(Query)


async def turns_during(document: str, executor: Any) -> tuple[Any, int]:
    """The answer to a document, and how often others had a turn of the event loop meanwhile."""
    turns = 0
    over = False

    async def count() -> None:
        nonlocal turns
        while not over:
            turns += 1
            await asyncio.sleep(0)

    async def answer() -> Any:
        nonlocal over
        result: Any = execute(schema._schema, parse(document), executor_class=executor)
        result = await result if asyncio.iscoroutine(result) else result
        over = True
        return result

    result, _ = await asyncio.gather(answer(), count())
    assert result.errors is None
    return result.data, turns


@pytest.mark.parametrize("executor", [CompiledExecutor, TogetherExecutor])
async def test_others_have_turns_while_a_long_list_is_made(executor: Any) -> None:
    for _ in range(20):  # what single objects ask for is compiled when it has been met a few times
        data, turns = await turns_during(f"{{ bunch(length: {LENGTH}) {{ leaves {{ number }} }} }}", executor)
        assert data == {"bunch": {"leaves": [{"number": number} for number in range(LENGTH)]}}
        assert turns >= LENGTH // TURN


@pytest.mark.parametrize("executor", [CompiledExecutor, TogetherExecutor])
async def test_others_have_turns_while_a_long_list_is_made_of_links(executor: Any) -> None:
    document = f"{{ bunch(length: {LENGTH}) {{ leaves {{ number later {{ number }} }} }} }}"
    data, turns = await turns_during(document, executor)
    expected = [{"number": number, "later": {"number": number}} for number in range(LENGTH)]
    assert data == {"bunch": {"leaves": expected}}
    assert turns >= 2 * LENGTH // TURN


@pytest.mark.parametrize("executor", [CompiledExecutor, TogetherExecutor])
async def test_others_have_more_turns_where_there_are_lists_in_a_list(executor: Any) -> None:
    data, turns = await turns_during("{ bunches(length: 40) { leaves { number } } }", executor)
    assert data == {"bunches": [{"leaves": [{"number": 0}, {"number": 1}]}] * 40}
    assert turns >= 40 // TURN_OF_LISTS


async def test_short_lists_take_one_turn() -> None:
    _, turns = await turns_during(f"{{ bunch(length: {TURN}) {{ leaves {{ number }} }} }}", CompiledExecutor)
    assert turns <= 1


def test_without_an_event_loop_a_long_list_is_there_at_once() -> None:
    result: Any = execute(
        schema._schema,
        parse(f"{{ bunch(length: {LENGTH}) {{ leaves {{ number }} }} }}"),
        executor_class=CompiledExecutor,
    )
    assert result.data == {"bunch": {"leaves": [{"number": number} for number in range(LENGTH)]}}
