"""Letting an operation of a client in: its document prepared, its cost within the limit, and only then run.

Whatever takes long is kept off the event loop that answers everybody: long documents are read on a thread of their own,
and an operation with a large answer is executed on an event loop of its own.
"""

import asyncio
import copy
import threading
from collections.abc import AsyncGenerator, Awaitable, Iterator, Mapping, Sequence
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

from graphql import GraphQLError, OperationType
from strawberry import Schema
from strawberry.execution import optimized_is_awaitable
from strawberry.extensions import SchemaExtension
from strawberry.types.execution import ExecutionResult, PreExecutionError

from graph.batching import executor_of
from graph.cost import Cost
from graph.errors import ErrorCode, LimitExceededError
from graph.limits import Limits, Prepared, documents_of

__all__ = ["Admission", "Admitted", "Gate", "Refused", "refusal"]

T = TypeVar("T")

LARGE_ANSWER = 1000  # values; making so many takes about ten milliseconds, and much longer where each is an error

Refused: TypeAlias = PreExecutionError
"""The answer to an operation that was not let in: errors, and what the limits say in the extensions."""


@dataclass(frozen=True, slots=True, eq=False)
class Admitted:
    """An operation that may run."""

    schema: Schema
    text: str
    prepared: Prepared
    kind: OperationType
    name: str | None
    variables: dict[str, Any] | None
    cost: Cost
    limits: Limits

    @property
    def is_large(self) -> bool:
        """Whether the answer to this query may be so large that making it would hold up others."""
        return self.kind is OperationType.QUERY and self.cost.values > LARGE_ANSWER

    async def execute(self, context: object) -> ExecutionResult:
        """The result of a query or mutation. The context of a large one must be its own."""
        return await (_aside(self._execute(context)) if self.is_large else self._execute(context))

    async def stream(self, context: object) -> AsyncGenerator[ExecutionResult, None]:
        """The results of a subscription; the one result of anything else."""
        if self.kind is not OperationType.SUBSCRIPTION:
            yield await self.execute(context)
            return
        token = _RUNNING.set(self)
        try:
            results = await self.schema.stream(
                self.text, variable_values=self.variables, context_value=context, operation_name=self.name
            )
        finally:
            _RUNNING.reset(token)
        async with aclosing(results):
            async for result in results:
                assert isinstance(result, ExecutionResult)  # incremental delivery is off
                yield result

    async def _execute(self, context: object) -> ExecutionResult:
        """As ``schema.execute`` does it, without all that strawberry does around a document for extensions, which a
        ``Gate`` lets no schema have."""
        try:
            executor = self._executor(context)
            if isinstance(executor, list):
                return ExecutionResult(None, executor, self._told())
            executor.writes_json = True
            result = executor.execute_operation()
            if executor.is_awaitable(result):
                result = await result
        except Exception as error:  # noqa: BLE001 - told to the client, or logged and hidden, by graph.errors
            known = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
            return Refused(None, [known], self._told())
        return ExecutionResult(result.data, result.errors, self._told())

    def _executor(self, context: object) -> Any:
        """What executes it, or the errors of its variables."""
        schema: Any = self.schema
        prepared, types = self.prepared, schema._schema  # noqa: SLF001 - graphql-core's own
        values = prepared.variable_values(types, self.name, self.variables or {})
        if values is None:
            return schema.execution_context_class.build(
                types,
                prepared.document,
                context_value=context,
                raw_variable_values=self.variables,
                operation_name=self.name,
                is_awaitable=optimized_is_awaitable,
            )
        operation = prepared.operation(self.name)
        assert operation is not None, "it was admitted"
        return executor_of(
            schema.execution_context_class,
            types,
            operation,
            prepared.details,
            values,
            context,
            is_awaitable=optimized_is_awaitable,
        )

    def _told(self) -> dict[str, Any]:
        return _extensions(self.cost.total, self.limits)


Admission: TypeAlias = Admitted | Refused

_RUNNING: ContextVar[Admitted] = ContextVar("running")


class _Running(SchemaExtension):
    """Gives strawberry the document of a subscription that was prepared.

    It has no `resolve` hook: one would be called for every field.
    """

    def __init__(self) -> None:
        self.admitted = _RUNNING.get()

    def on_parse(self) -> Iterator[None]:
        self.execution_context.graphql_document = self.admitted.prepared.document
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.pre_execution_errors = []
        yield

    def get_results(self) -> dict[str, Any]:
        """The `extensions` of the answer."""
        return _extensions(self.admitted.cost.total, self.admitted.limits)


class Gate:
    """Lets operations of clients into `schema` within `limits`.

    The schema that is given is not changed; operations of our own run on it without limits. It has no extensions.
    """

    def __init__(self, schema: Schema, limits: Limits) -> None:
        assert not schema.extensions, "queries and mutations run without strawberry's extensions"
        assert not schema.directives, "and so do directives of its own"
        self.limits = limits
        self.documents = documents_of(schema, limits)
        self.schema = copy.copy(schema)
        self.schema.extensions = (_Running,)
        # strawberry logs every mistake of a client as an error; `graph.errors.presented` logs what is ours
        self.schema.process_errors = lambda *_: None  # type: ignore[method-assign]

    async def admit(self, text: str, variables: dict[str, Any] | None, name: str | None) -> Admission:
        """The operation `name` of the document, or the only one; or why it is refused."""
        try:
            prepared = await self.documents.prepared(text)
        except GraphQLError as error:
            return refusal([error])
        if prepared.errors and prepared.operations:
            return refusal(prepared.errors)
        node = prepared.operation(name)
        if node is None:
            return refusal([_not_decided(prepared, name)])
        cost = prepared.cost(name, variables or {})
        limit = self.limits.max_cost
        if cost.total > limit:
            message = f"The operation costs {cost.total}; the limit is {limit}. Ask for smaller pages."
            exceeded = LimitExceededError(message, "cost", cost.total, limit)
            return refusal([exceeded], _extensions(cost.total, self.limits))
        return Admitted(self.schema, text, prepared, node.operation, name, variables, cost, self.limits)


def refusal(errors: Sequence[GraphQLError], extensions: Mapping[str, Any] | None = None) -> Refused:
    """The refusal for these errors; the limits that were passed are in its extensions."""
    limits = [error.exceeded for error in errors if isinstance(error, LimitExceededError)]
    told = dict(extensions or {}) | ({"limits": limits} if limits else {})
    return Refused(data=None, errors=list(errors), extensions=told)


def _extensions(cost: int, limits: Limits) -> dict[str, Any]:
    return {"cost": {"requested": cost, "limit": limits.max_cost}}


def _not_decided(prepared: Prepared, name: str | None) -> GraphQLError:
    code = {"code": ErrorCode.BAD_REQUEST.value}
    if not prepared.operations:
        return GraphQLError("The document has no operation.", extensions=code)
    if name is not None:
        return GraphQLError(f'Unknown operation named "{name}".', extensions=code)
    return GraphQLError("Must provide operation name if query contains multiple operations.")


async def _aside(work: Awaitable[T]) -> T:
    """Await `work` on an event loop beside the one that serves requests: the threads take turns every few milliseconds,
    where one loop would finish what it has begun. Cancelling is passed on."""

    async def run() -> T:
        return await work

    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(run(), _loop_aside()))


@lru_cache(maxsize=1)
def _loop_aside() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="tracegraph-large-answers", daemon=True).start()
    return loop
