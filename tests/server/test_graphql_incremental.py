"""Why incremental delivery is off, and that it is."""

from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionResult

from tests.server.test_graphql_http import client_of
from tests.server.toy import toy_app


@strawberry.type
class Item:
    @strawberry.field
    async def secret(self) -> int | None:
        raise RuntimeError("the password is hunter2")


@strawberry.type
class Query:
    @strawberry.field
    async def items(self) -> list[Item]:
        return [Item()]


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(enable_experimental_incremental_execution=True))


async def frames(query: str) -> list[Any]:
    return [frame async for frame in await SCHEMA.stream(query)]


@pytest.mark.parametrize("accept", ["application/json", "multipart/mixed;deferSpec=20220824, application/json"])
@pytest.mark.parametrize(
    ("query", "directive"),
    [("{ ... @defer { hello } }", "@defer"), ("{ items(first: 1) { nodes @stream { number } } }", "@stream")],
)
async def test_documents_that_ask_for_it_are_refused(accept: str, query: str, directive: str) -> None:
    async with client_of(toy_app()) as client:
        answer = await client.post("/graphql", json={"query": query}, headers={"accept": accept})
    [error] = answer.json()["errors"]
    assert error["message"] == f"Unknown directive '{directive}'."
    assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}


async def test_deferred_results_pass_by_what_masks_errors() -> None:
    _, later = await frames("{ items { ... @defer { secret } } }")
    assert not isinstance(later, ExecutionResult)
    assert "hunter2" in str(later.incremental[0].errors)


async def test_a_negative_count_is_taken_for_a_fault_of_the_server() -> None:
    [only] = await frames("{ items @stream(initialCount: -1) { secret } }")
    [error] = only.errors
    assert isinstance(error, GraphQLError)
    assert isinstance(error.original_error, ValueError)
