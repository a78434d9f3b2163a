"""Subscribers in process, for tests that need exact events and no sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self, cast

from strawberry.types.execution import PreExecutionError

from db.engines import Database
from graph.admission import Admitted, Gate
from graph.encoding import encode
from graph.limits import Limits
from graph.schema import schema
from resolvers.callers import LOCAL
from resolvers.context import Context
from resolvers.live.hub import Hub, Watch

SECONDS = 30  # until an event that does not come is given up

CALLS = """subscription($project: String!, $filter: CallFilterInput, $queryJson: JSON, $types: [CallEventType!],
    $after: String) {
  calls(project: $project, filter: $filter, queryJson: $queryJson, types: $types, after: $after) {
    type callId cursor occurredAt call { callId displayName output }
  }
}"""
FEEDBACK = """subscription($project: String!, $feedbackTypes: [String!], $targetRefs: [String!],
    $types: [FeedbackEventType!], $after: String) {
  feedback(project: $project, feedbackTypes: $feedbackTypes, targetRefs: $targetRefs, types: $types, after: $after) {
    type feedbackId targetRef cursor occurredAt feedback { feedbackId payload }
  }
}"""

_gate = Gate(schema, Limits())


class NoticingHub(Hub):
    """Tells when somebody began to follow."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.begun = asyncio.Event()

    @contextmanager
    def watch(self, project: str) -> Iterator[Watch]:
        with super().watch(project) as watch:
            self.begun.set()
            yield watch


class Subscriber:
    """One subscription; `next` gives its events."""

    def __init__(self, context: Context, document: str, variables: dict[str, Any]) -> None:
        self._context = context.fresh()
        self._document = document
        self._variables = variables
        self._results: Any = None
        self._next: asyncio.Task[Any] | None = None

    async def open(self) -> Self:
        """Returns when the position that the subscription begins at is taken."""
        admitted = await _gate.admit(self._document, self._variables, None)
        assert isinstance(admitted, Admitted), admitted
        results = self._results = admitted.stream(self._context)
        hub = cast("NoticingHub", self._context.live)
        hub.begun.clear()
        self._next = asyncio.create_task(anext(results))
        begun = asyncio.create_task(hub.begun.wait())
        await asyncio.wait({begun, self._next}, return_when=asyncio.FIRST_COMPLETED)
        begun.cancel()
        return self

    async def result(self) -> Any:
        """The next result as a client reads it; StopAsyncIteration at the end."""
        pending = self._next or asyncio.ensure_future(anext(self._results))
        self._next = None
        async with asyncio.timeout(SECONDS):
            result = await pending
        answer = {"errors": [error.message for error in result.errors]} if result.errors else {}
        if not isinstance(result, PreExecutionError):
            answer["data"] = json.loads(encode(result.data))
        return answer

    async def next(self) -> Any:
        """The value of the subscription's field in the next result, which must have no errors."""
        answer = await self.result()
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        return value

    async def take(self, count: int) -> list[Any]:
        return [await self.next() for _ in range(count)]

    async def close(self) -> None:
        if self._next is not None:
            self._next.cancel()
            await asyncio.wait([self._next])
        await self._results.aclose()


@asynccontextmanager
async def following(context: Context, document: str = CALLS, **variables: Any) -> AsyncIterator[Subscriber]:
    """A subscriber of ``team/app`` unless another project is named."""
    subscriber = await Subscriber(context, document, {"project": "team/app", **variables}).open()
    try:
        yield subscriber
    finally:
        await subscriber.close()


@asynccontextmanager
async def live_context(database_url: str) -> AsyncIterator[Context]:
    """A context whose subscriptions are served, on a database that is there."""
    database = Database(database_url)
    hub = NoticingHub(database)
    try:
        yield Context(database, LOCAL, live=hub)
    finally:
        await hub.close()
        await database.close()
