"""Subscriptions to changes: an event is executed once for all subscribers who ask for the same.

The source of such a subscription gives ``Delivery`` objects. The executor of the schema (``LiveExecutor``) runs the
operation for all events of a page at once, so that loaders batch over them, and keeps what comes out, as JSON text, for
every subscriber with the same document, variables and caller.
"""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing
from copy import copy
from dataclasses import dataclass
from typing import Annotated, Any, cast

import strawberry
from graphql import ExecutionResult as GraphQLResult
from graphql import (
    FragmentDefinitionNode,
    FragmentSpreadNode,
    Node,
    VariableNode,
    Visitor,
    visit,
)
from strawberry.types.nodes import get_variable_values

from db.changes import Change
from graph.batching import BatchingExecutor
from graph.context import Info, context_of
from graph.encoding import Spliced, encode
from resolvers.context import Context
from resolvers.live.feed import Page
from resolvers.live.follow import Followed, follow
from resolvers.live.hub import Hub
from resolvers.live.results import Made

__all__ = ["After", "FollowedProject", "LiveExecutor", "deliveries"]

FollowedProject = Annotated[
    str,
    strawberry.argument(
        description="Slug of the project, `entity/name`; one that was never written to is followed until it is."
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="Where to begin: a `cursor` of an event of this subscription, or `Project.changeCursor`; what "
        "happened since is sent first. Without it, what happens from now on."
    ),
]

OVERHEAD = 500  # bytes that a result takes beside its text, roughly


@dataclass(frozen=True, slots=True)
class Audience:
    """Subscribers with the same document, variables and caller, who are sent the same."""

    context: Context
    want: Hashable
    event: Callable[[Change], Any]
    """The value of the subscription's field for a change."""


@dataclass(slots=True)
class Turn:
    """One page on its way to one subscriber."""

    page: Page
    audience: Audience
    results: Any = None

    async def result(self, executor: "LiveExecutor", index: int) -> GraphQLResult:
        """What is sent for one change of the page."""
        if self.results is None:
            hub = cast("Hub", self.audience.context.live)
            self.results = await hub.results.get(
                self.page, self.audience.want, lambda: executor.execute_page(self.page, self.audience)
            )
        return cast("GraphQLResult", self.results[index])


@dataclass(frozen=True, slots=True)
class Delivery:
    """One change of a page, as the source of a subscription gives it."""

    turn: Turn
    index: int


async def deliveries(
    info: Info, followed: Followed, after: str | None, event: Callable[[Change], Any]
) -> AsyncGenerator[Any, None]:
    """The source of a subscription; what ``event`` makes of each change is the value of its field.

    Raises a Refusal for what cannot be, before there is a stream.
    """
    context = context_of(info)
    pages = await follow(context, followed, after)
    audience = Audience(context, (context.caller, *_selection(info)), event)

    async def source() -> AsyncGenerator[Delivery, None]:
        async with aclosing(pages):
            async for page in pages:
                turn = Turn(page, audience)
                for index in range(len(page.changes)):
                    yield Delivery(turn, index)

    return source()


def _selection(info: Info) -> tuple[Hashable, ...]:
    """What is asked of each event: the operation, which is one object for all requests with its text
    (``graph.limits.Documents``), and the variables that stand below the subscription's field: not the cursor that each
    subscriber resumes from."""
    raw = info._raw_info  # noqa: SLF001 - strawberry has no other way to them
    used = _Variables(raw.fragments)
    for node in raw.field_nodes:
        if node.selection_set:
            visit(node.selection_set, used)
    values = get_variable_values(raw)
    return _Same(raw.operation), repr([(name, values.get(name)) for name in sorted(used.names)])


class _Same:
    """An object as a key: told apart by identity, and kept as long as the key is."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._value is other._value

    def __hash__(self) -> int:
        return id(self._value)


class _Variables(Visitor):
    """The names of the variables in a selection and the fragments it spreads; each fragment is walked once."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        super().__init__()
        self.names: set[str] = set()
        self._fragments = dict(fragments)

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.names.add(node.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        fragment: Node | None = self._fragments.pop(node.name.value, None)
        if fragment is not None:
            visit(fragment, self)


class LiveExecutor(BatchingExecutor):
    """The executor, which executes the event of a ``Delivery`` once for its whole audience."""

    def execute_operation(self, serially: bool | None = None) -> Any:
        """An execution result, or an awaitable of one."""
        if isinstance(self.root_value, Delivery):
            return self.root_value.turn.result(self, self.root_value.index)
        return super().execute_operation(serially)

    async def execute_page(self, page: Page, audience: Audience) -> Made:
        """The result for each change of the page, all executed together with nothing loaded yet."""
        base = copy(self)
        base.context_value = audience.context.fresh()
        # What is remembered of selections grows with each event that is executed; the subscription lives long.
        base._relevant_sub_fields, base._shapes = {}, {}  # noqa: SLF001 - nobody else empties them

        async def execute(change: Change) -> GraphQLResult:
            executor = base.build_per_event_executor(audience.event(change))
            result = executor.execute_operation(False)
            return cast("GraphQLResult", await result if inspect.isawaitable(result) else result)

        results = await asyncio.gather(*map(execute, page.changes))
        size = 0
        for result in results:
            if result.data is not None:
                text = encode(result.data).decode()
                result.data = cast("dict[str, Any]", Spliced(text))
                size += len(text)
            size += OVERHEAD
        return Made(results, size)
