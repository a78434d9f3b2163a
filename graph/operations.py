"""Operations of our own: documents that are parsed and validated once, when they are first run, and run many times.

There are more than a hundred, and no server runs them all: to read them at its start would make that a second longer.
"""

import inspect
from collections.abc import AsyncGenerator, Mapping
from functools import cached_property
from typing import Any, cast

from graphql import DocumentNode, ExecutionResult, GraphQLError, parse, subscribe, validate
from strawberry.schema import BaseSchema

from graph.plans import PreparedDocument
from graph.written import Writers
from resolvers.context import Context

__all__ = ["InvalidOperationError", "Operation"]


class InvalidOperationError(Exception):
    """A document that the schema does not take; a fault of ours, which a test of all documents finds."""

    def __init__(self, name: str, errors: list[GraphQLError]) -> None:
        super().__init__(f"operation {name!r} does not fit the schema: {'; '.join(map(str, errors))}")


class Operation:
    """A named document. Running it raises InvalidOperationError where it does not fit the schema."""

    def __init__(self, name: str, source: str, schema: BaseSchema) -> None:
        self.name = name
        self.source = source
        self._schema = schema._schema  # type: ignore[attr-defined]  # noqa: SLF001 - graphql-core's own

    @cached_property
    def document(self) -> DocumentNode:
        """Parsed and validated; raises InvalidOperationError."""
        document = parse(self.source)
        if errors := validate(self._schema, document):
            raise InvalidOperationError(self.name, errors)
        return document

    @cached_property
    def _prepared(self) -> PreparedDocument:
        return PreparedDocument(self._schema, self.document)

    async def run(
        self, context: Context, variables: Mapping[str, Any], writers: Writers | None = None
    ) -> ExecutionResult:
        """Execute with ``variables`` in their GraphQL form, and rows of some types written (``graph.written``).

        In process, JSON variables may be ``JSONText``, times microseconds and bytes open files; JSON in the result
        is ``graph.encoding.Spliced``.
        """
        context.in_process = True
        return await self._prepared.execute(context, variables, writers)

    async def events(
        self, context: Context, variables: Mapping[str, Any]
    ) -> AsyncGenerator[ExecutionResult, None] | ExecutionResult:
        """The events of a subscription, each a result as of ``run``; a result with errors where it was refused."""
        context.in_process = True
        source = subscribe(self._schema, self.document, variable_values=dict(variables), context_value=context)
        if inspect.isawaitable(source):
            source = await source
        return cast("AsyncGenerator[ExecutionResult, None] | ExecutionResult", source)
