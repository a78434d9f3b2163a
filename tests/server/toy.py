"""A small schema behind the real endpoint, so that the tests of the transport need no database."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import NewType

import orjson
import strawberry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Route, WebSocketRoute
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from graph.cost import cost
from graph.limits import Limits
from resolvers.errors import NotFoundError
from server.graphql.trusted import TrustedDocuments
from server.graphql_app import GraphQLApp

JSON = NewType("JSON", object)


@dataclass
class ToyContext:
    """Says how many contexts were made before it, and what its operation has loaded."""

    number: int
    loaded: list[str] = field(default_factory=list)


@dataclass
class World:
    """What the toy schema changes and waits for."""

    written: list[int] = field(default_factory=list)
    contexts: int = 0
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)


@strawberry.type
class PageInfo:
    has_next_page: bool = False


@strawberry.type
class Item:
    number: int

    @strawberry.field
    def items(self, first: int = 10) -> "ItemConnection":
        return ItemConnection(nodes=[Item(number=index) for index in range(first)])

    @strawberry.field
    def parents(self) -> list["Item"]:
        return []


@strawberry.type
class ItemConnection:
    nodes: list[Item]
    page_info: PageInfo = strawberry.field(default_factory=PageInfo)


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"

    @strawberry.field
    def echo(self, text: str) -> str:
        return text

    @strawberry.field
    def value(self, given: JSON) -> JSON:
        return given

    @strawberry.field
    def stored(self) -> JSON:
        return JSON(orjson.Fragment(b'{"b":1.0,"a":[1e400,"\\ud800"]}'))

    @strawberry.field
    def odd(self) -> JSON:
        return JSON({"text": "\ud800", "\udfff": 1, "number": 2**70, "raw": orjson.Fragment('{"z":0}')})

    @strawberry.field
    def items(self, first: int | None = None, last: int | None = None) -> ItemConnection:
        return ItemConnection(nodes=[Item(number=index) for index in range(first or last or 0)])

    @strawberry.field
    def by_numbers(self, numbers: list[int]) -> list[Item]:
        return [Item(number=number) for number in numbers]

    @strawberry.field(metadata=cost(50))  # type: ignore[untyped-decorator]  # with options strawberry returns Any
    def statistics(self) -> int:
        return 1

    @strawberry.field
    def secret(self) -> str:
        raise RuntimeError("the password is hunter2")

    @strawberry.field
    def missing(self) -> str | None:
        raise NotFoundError("No item 'x'", ["id"])

    @strawberry.field
    async def waiting(self) -> int:
        try:
            WORLD.begun.set()
            await asyncio.Event().wait()
        finally:
            WORLD.closed.set()
        return 0

    @strawberry.field
    def context_number(self, info: Info[ToyContext, None]) -> int:
        return info.context.number


@strawberry.type
class Mutation:
    @strawberry.mutation
    def write(self, info: Info[ToyContext, None], number: int) -> int:
        WORLD.written.append(number)
        return number


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number

    @strawberry.subscription
    async def forever(self) -> AsyncGenerator[int, None]:
        try:
            yield 0
            await asyncio.Event().wait()
        finally:
            WORLD.closed.set()

    @strawberry.subscription
    async def failing(self) -> AsyncGenerator[int, None]:
        yield 0
        raise RuntimeError("the password is hunter2")

    @strawberry.subscription
    async def contexts(self, info: Info[ToyContext, None]) -> AsyncGenerator[int, None]:
        yield info.context.number


@strawberry.type(name="Query")
class OtherQuery:
    @strawberry.field
    def hello(self) -> str:
        return "the other"

    @strawberry.field
    def other(self) -> str:
        return "only here"


WORLD = World()
CONFIG = StrawberryConfig(
    scalar_map={JSON: strawberry.scalar(name="JSON", serialize=lambda value: value, parse_value=lambda value: value)}
)
SCHEMA = strawberry.Schema(Query, Mutation, Subscription, config=CONFIG)
OTHER = strawberry.Schema(OtherQuery)


async def make_context(connection: HTTPConnection) -> ToyContext:
    """A context; the header `x-refuse` has the status to refuse with, `x-crash` is a fault."""
    if "x-refuse" in connection.headers:
        raise HTTPException(int(connection.headers["x-refuse"]), "No such key", {"www-authenticate": "Basic"})
    if "x-crash" in connection.headers:
        raise RuntimeError("the password is hunter2")
    WORLD.contexts += 1
    return ToyContext(WORLD.contexts)


def toy_routes(limits: Limits | None = None, trusted: TrustedDocuments | None = None) -> list[BaseRoute]:
    app = GraphQLApp(SCHEMA, make_context, limits, fallback=OTHER, trusted=trusted)
    return [Route("/graphql", app), WebSocketRoute("/graphql", app)]


def toy_app(limits: Limits | None = None, trusted: TrustedDocuments | None = None) -> Starlette:
    WORLD.written.clear()
    return Starlette(routes=toy_routes(limits, trusted))
