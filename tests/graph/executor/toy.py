"""A schema of everything that a value may do to an executor, and documents over any schema."""

import asyncio
from collections.abc import Coroutine, Generator, Sequence
from enum import Enum
from typing import Annotated, Any, NewType

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import scalar

from db.rows import row_class
from graph.executor import CompiledExecutor
from graph.scalars import JSON, SCALARS, BigInt, DateTime
from resolvers.loaders import together

COLUMNS = ("text", "number", "ratio", "flag", "colour", "words", "twin", "json", "moment", "big", "pair")

Pair = NewType("Pair", object)
PAIR = scalar(name="Pair", serialize=lambda value: None if value == "none" else [value, value])


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


def of_noun(noun: str) -> Any:
    def is_type_of(value: Any, _info: Any) -> bool:
        return getattr(value, "noun", None) == noun

    is_type_of.by_class = True  # type: ignore[attr-defined]
    return is_type_of


@strawberry.interface
class Thing:
    text: str

    @strawberry.field
    def shout(self) -> str:
        return self.text.upper()


@strawberry.type
class Twin:
    number: int
    words: list[str] | None


@strawberry.type
class Leaf(Thing):
    is_type_of = of_noun("Leaf")

    number: int | None
    ratio: float
    flag: bool | None
    colour: Colour | None
    words: list[str | None]
    twin: Twin | None
    json: JSON | None
    moment: DateTime | None
    big: BigInt | None
    pair: Pair | None

    @strawberry.field
    def doubled(self) -> int:
        return self.number * 2  # type: ignore[operator]

    @strawberry.field
    def upper(self) -> list[str]:
        return [word.upper() for word in self.words]  # type: ignore[union-attr]

    @strawberry.field
    async def later(self, fail: bool = False) -> int:
        await asyncio.sleep(0)
        if fail or self.number == 13:
            raise ValueError(f"no {self.number}")
        return self.number  # type: ignore[return-value]

    @strawberry.field
    async def maybe(self, fail: bool = False) -> int | None:
        if fail or self.number == 13:
            raise ValueError(f"no {self.number}")
        return self.number

    @strawberry.field
    async def kin(self) -> Annotated["Leaf", strawberry.lazy("tests.graph.executor.toy")]:
        if self.number == 12:
            raise ValueError("no kin")
        return None if self.number == 13 else self  # type: ignore[return-value]

    @strawberry.field
    async def kith(self, pause: bool = False) -> Annotated["Leaf", strawberry.lazy("tests.graph.executor.toy")] | None:
        if pause:
            await asyncio.sleep(0)
        return None if self.number == 3 else self

    @strawberry.field
    def me(self) -> Annotated["Leaf", strawberry.lazy("tests.graph.executor.toy")]:
        return self

    @strawberry.field
    def twice(self) -> list["Leaf"]:
        return [self, self]

    @strawberry.field
    def pairs(self) -> list[list[int]]:
        return [[self.number, self.number]]  # type: ignore[list-item]

    @strawberry.field
    def below(self, first: int = 2) -> list[Annotated["Leaf", strawberry.lazy("tests.graph.executor.toy")]] | None:
        return [self] * first


@strawberry.type
class Bough(Thing):
    is_type_of = of_noun("Bough")

    number: int


Either = Annotated[Leaf | Bough, strawberry.union("Either")]


class later:  # noqa: N801 - used as the function it is
    """Something to wait for that, unlike a coroutine, may be left without complaint."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __await__(self) -> Generator[Any, Any, Any]:
        yield from asyncio.sleep(0).__await__()
        if isinstance(self._value, Exception):
            raise self._value
        return self._value


@strawberry.type
class Query:
    @strawberry.field
    def leaves(self, info: strawberry.Info) -> list[Leaf]:
        return info.context.items  # type: ignore[no-any-return]

    @strawberry.field
    def sparse(self, info: strawberry.Info) -> list[Leaf | None] | None:
        return info.context.items  # type: ignore[no-any-return]

    @strawberry.field
    def things(self, info: strawberry.Info) -> list[Thing | None]:
        return info.context.items  # type: ignore[no-any-return]

    @strawberry.field
    def eithers(self, info: strawberry.Info) -> list[Either | None]:
        return info.context.items  # type: ignore[no-any-return]

    @strawberry.field
    def promised(self, info: strawberry.Info) -> list[Thing | None]:
        return [later(item) for item in info.context.items]  # type: ignore[misc]

    @strawberry.field
    def mixed(self, info: strawberry.Info) -> list[Leaf | None]:
        return [item if index % 2 else later(item) for index, item in enumerate(info.context.items)]  # type: ignore[misc]

    @strawberry.field
    async def one(self, info: strawberry.Info) -> Leaf | None:
        return info.context.items[0] if info.context.items else None

    @strawberry.field
    def names(self, info: strawberry.Info) -> list[str | None]:
        return [item and item.text for item in info.context.items]

    @strawberry.field
    def numbers(self, info: strawberry.Info) -> list[int] | None:
        return [item.number for item in info.context.items]

    @strawberry.field
    def colours(self, info: strawberry.Info) -> list[Colour | None]:
        return [item and item.colour for item in info.context.items]

    @strawberry.field
    def jsons(self, info: strawberry.Info) -> list[JSON | None]:
        return [item and item.json for item in info.context.items]

    @strawberry.field
    def again(self) -> "Query":
        return self


class TogetherExecutor(CompiledExecutor):
    """Steps the resolvers of a list by hand, as the server does."""

    async def together(self, coroutines: Sequence[Coroutine[Any, Any, Any]]) -> Sequence[Any]:
        return await together(coroutines)


class WritingExecutor(TogetherExecutor):
    """Makes JSON text of lists, as the server does for what it sends."""

    writes_json = True


schema = strawberry.Schema(
    Query,
    types=[Leaf, Bough],
    execution_context_class=CompiledExecutor,
    config=StrawberryConfig(scalar_map={**SCALARS, Pair: PAIR}),
)


def row(noun: str, columns: tuple[str, ...], values: dict[str, Any]) -> Any:
    return row_class(noun, columns)(values[name] for name in columns)
