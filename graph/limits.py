"""Limits on the documents that clients send.

They are checked before anything of a document runs: length, tokens and comments by the parser; operations, depth,
fields and aliases with every fragment expanded but walked only once; cost with the page sizes that the variables ask
for.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.collect_fields import FragmentDetails
from strawberry import Schema
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from graph.cost import Cost, Costs, OperationCost
from graph.errors import LimitExceededError
from graph.measure import Size, repetitions, sizes_of
from graph.naming import Naming, in_served_names
from graph.variables import OperationVariables

__all__ = ["Documents", "Limits", "Prepared", "documents_of"]

MAX_CACHED_LENGTH = 16_384  # longer documents are not kept, so that the cache stays within some tens of megabytes
MAX_INLINE_LENGTH = 1000  # what is longer may take more than a few milliseconds, and is read on another thread
MAX_SCHEMAS = 8  # whose documents are remembered; a process serves one or two
MAX_ERRORS = 20  # of validation; each may take milliseconds, for the names that it suggests
RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a GraphQL request may ask for. Lengths are characters, bodies bytes, costs as in `graph.cost`."""

    max_body_bytes: int = 32 << 20
    max_source_length: int = 200_000
    max_tokens: int = 5000
    max_comments: int = 500
    max_operations: int = 50
    max_depth: int = 15
    max_fields: int = 1000
    max_aliases: int = 100
    max_root_fields: int = 50
    max_repetitions: int = 50
    max_cost: int = 500_000
    max_batch: int = 10
    max_streams: int = 20_000
    max_streams_per_connection: int = 1000
    max_cached_documents: int = 512


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that was parsed, measured and validated, which is the same for every request with this text."""

    fields: Costs
    document: DocumentNode
    errors: tuple[GraphQLError, ...]
    operations: tuple[OperationDefinitionNode, ...]
    fragments: Mapping[str, FragmentDefinitionNode]
    details: Mapping[str, FragmentDetails]
    costs: dict[str | None, OperationCost] = field(default_factory=dict)
    variables: dict[str | None, OperationVariables] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation that a request names, or the only one; None where that is not decided."""
        if name is None:
            return self.operations[0] if len(self.operations) == 1 else None
        return next((node for node in self.operations if node.name and node.name.value == name), None)

    def cost(self, name: str | None, variables: Mapping[str, Any]) -> Cost:
        """The cost of the operation `name`, which the document must have."""
        known = self.costs.get(name)
        if known is None:
            operation = self.operation(name)
            assert operation is not None
            known = self.costs[name] = OperationCost(self.fields, operation, self.fragments)
        return known.of(variables)

    def variable_values(self, schema: GraphQLSchema, name: str | None, given: Mapping[str, Any]) -> Any:
        """The variables of the operation `name`, which the document must have, as an executor takes them; None where
        graphql-core has to coerce them: input objects, and whatever is not as it should be."""
        known = self.variables.get(name)
        if known is None:
            operation = self.operation(name)
            assert operation is not None
            known = self.variables[name] = OperationVariables(schema, operation)
        return None if known.makes_objects else known.coerced(given)


class Documents:
    """Parses, measures and validates documents, and remembers the last ones."""

    def __init__(self, schema: Schema, limits: Limits) -> None:
        self.schema = schema._schema  # noqa: SLF001 - strawberry's own caches take it from there too
        self.costs = Costs(self.schema)
        self.naming: Naming | None = getattr(schema, "naming", None)
        self.limits = limits
        self._remembered = lru_cache(maxsize=limits.max_cached_documents)(self._prepare)
        # One thread: documents that take long wait for each other, and leave half of the time to all other requests.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="tracegraph-documents")

    async def prepared(self, text: str) -> Prepared:
        """As `prepare`, on another thread where it may take long."""
        if len(text) <= MAX_INLINE_LENGTH:
            return self.prepare(text)
        return await asyncio.get_running_loop().run_in_executor(self._reader, self.prepare, text)

    def prepare(self, text: str) -> Prepared:
        """Raises GraphQLError where the text does not parse within the limits; what else is wrong is in `errors`."""
        return self._prepare(text) if len(text) > MAX_CACHED_LENGTH else self._remembered(text)

    def _prepare(self, text: str) -> Prepared:
        document = self._parsed(text)
        operations, fragments = _parts(document)
        errors: Sequence[GraphQLError] = self._exceeded(operations, fragments)
        if not errors:
            document, errors = self._validated(document)
            operations, fragments = _parts(document)
        details = {name: FragmentDetails(node) for name, node in fragments.items()}
        return Prepared(self.costs, document, tuple(errors), operations, fragments, details)

    def _validated(self, document: DocumentNode) -> tuple[DocumentNode, Sequence[GraphQLError]]:
        """The document, in the names that are served where it has others, and what is wrong with it."""
        errors = validate(self.schema, document, RULES, max_errors=MAX_ERRORS)
        if errors and self.naming is not None and self.naming.has_prefix:
            renamed = in_served_names(document, self.schema, self.naming)
            if not validate(self.schema, renamed, RULES, max_errors=1):
                return renamed, ()
        return document, errors

    def _parsed(self, text: str) -> DocumentNode:
        limits = self.limits
        if len(text) > limits.max_source_length:
            message = f"The document has {len(text)} characters; the limit is {limits.max_source_length}."
            raise LimitExceededError(message, "sourceLength", len(text), limits.max_source_length)
        try:
            return parse(text, max_lexical_tokens=limits.max_tokens, max_comments=limits.max_comments)
        except GraphQLSyntaxError as error:
            for name, limit in (("tokens", limits.max_tokens), ("comments", limits.max_comments)):
                if f"Document contains more than {limit} {name}." in error.message:
                    message = f"The document has more than {limit} {name}."
                    raise LimitExceededError(message, name, None, limit) from error
            raise

    def _exceeded(
        self, operations: Sequence[OperationDefinitionNode], fragments: Mapping[str, FragmentDefinitionNode]
    ) -> list[GraphQLError]:
        """An error for each limit that is passed."""
        limits = self.limits
        try:
            sizes = sizes_of(operations, fragments)
        except RecursionError:
            message = "The document's fragments are nested too deeply."
            return [LimitExceededError(message, "depth", None, limits.max_depth)]
        largest = Size(
            max((size.depth for size in sizes), default=0),
            max((size.fields for size in sizes), default=0),
            max((size.aliases for size in sizes), default=0),
            max((size.roots for size in sizes[: len(operations)]), default=0),
        )
        found: list[tuple[str, str, int, int]] = [
            ("operations", "The document has {} operations", len(operations), limits.max_operations),
            ("depth", "The operation nests fields {} deep", largest.depth, limits.max_depth),
            ("fields", "The operation has {} fields", largest.fields, limits.max_fields),
            ("aliases", "The operation has {} aliases", largest.aliases, limits.max_aliases),
            ("rootFields", "The operation has {} fields at its root", largest.roots, limits.max_root_fields),
        ]
        if largest.fields <= limits.max_fields:  # otherwise counting may take long
            most = repetitions((*operations, *fragments.values()), fragments, limits.max_fields)
            message = "The operation selects one place of its answer {} times"
            found.append(("repetitions", message, most, limits.max_repetitions))
        return [
            LimitExceededError(f"{message.format(asked)}; the limit is {limit}.", name, asked, limit)
            for name, message, asked, limit in found
            if asked > limit
        ]


@lru_cache(maxsize=MAX_SCHEMAS)
def documents_of(schema: Schema, limits: Limits) -> Documents:
    """The documents of a schema within limits, which every application of a process has in common."""
    return Documents(schema, limits)


def _parts(
    document: DocumentNode,
) -> tuple[tuple[OperationDefinitionNode, ...], dict[str, FragmentDefinitionNode]]:
    definitions = document.definitions
    operations = tuple(node for node in definitions if isinstance(node, OperationDefinitionNode))
    return operations, {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
