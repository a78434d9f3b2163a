"""Limits on the documents that clients send.

They are checked before anything of a document runs: length, tokens and comments by the parser; depth, fields and
aliases with every fragment expanded but walked only once; cost with the page sizes that the variables ask for.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    specified_rules,
)
from graphql.validation import ASTValidationRule
from strawberry import Schema
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document
from strawberry.types.execution import ParseOptions

from graph.cost import Cost, cost_of
from graph.errors import LimitExceededError

__all__ = ["DocumentLimits", "Documents", "Limits", "Prepared", "Size", "limited", "size_of"]

S = TypeVar("S", bound=Schema)

MAX_CACHED_LENGTH = 16_384  # longer documents are not kept, so that the cache stays within some tens of megabytes
CAP = 10**12
INTROSPECTION = ("__schema", "__type")  # their depth is bounded by a validation rule of graphql-core


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a GraphQL request may ask for. Lengths are characters, bodies bytes, costs as in `graph.cost`."""

    max_body_bytes: int = 32 << 20
    max_source_length: int = 200_000
    max_tokens: int = 2000
    max_comments: int = 200
    max_depth: int = 15
    max_fields: int = 1000
    max_aliases: int = 100
    max_cost: int = 500_000
    max_batch: int = 10
    max_streams: int = 1000
    max_cached_documents: int = 512


@dataclass(frozen=True, slots=True)
class Size:
    """How deep a document nests its fields, and how many fields and aliases it has with its fragments expanded."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0

    def beside(self, other: "Size") -> "Size":
        return Size(
            max(self.depth, other.depth), min(CAP, self.fields + other.fields), min(CAP, self.aliases + other.aliases)
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that was parsed, measured and validated, which is the same for every request with this text."""

    schema: GraphQLSchema
    document: DocumentNode
    errors: tuple[GraphQLError, ...]
    operations: tuple[OperationDefinitionNode, ...]
    fragments: Mapping[str, FragmentDefinitionNode]
    costs: dict[str | None, Cost] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation that a request names, or the only one; None where that is not decided."""
        if name is None:
            return self.operations[0] if len(self.operations) == 1 else None
        return next((node for node in self.operations if node.name and node.name.value == name), None)

    def cost(self, name: str | None, variables: Mapping[str, Any]) -> int:
        """The cost of the operation `name`, which the document must have; kept where no variable changes it."""
        known = self.costs.get(name)
        if known is not None:
            return known.total
        operation = self.operation(name)
        assert operation is not None
        cost = cost_of(self.schema, operation, self.fragments, variables)
        if cost.constant:
            self.costs[name] = cost
        return cost.total


class Documents:
    """Parses, measures and validates documents, and remembers the last ones."""

    def __init__(self, schema: Schema, limits: Limits) -> None:
        self.schema = schema._schema  # noqa: SLF001 - strawberry's own caches take it from there too
        self.limits = limits
        self._remembered = lru_cache(maxsize=limits.max_cached_documents)(self._prepare)

    def prepare(self, text: str) -> Prepared:
        """Raises GraphQLError where the text does not parse within the limits; what else is wrong is in `errors`."""
        return self._prepare(text) if len(text) > MAX_CACHED_LENGTH else self._remembered(text)

    def _prepare(self, text: str) -> Prepared:
        limits = self.limits
        document = parse(
            text,
            max_lexical_tokens=limits.max_tokens,
            max_comments=limits.max_comments,
            max_source_length=limits.max_source_length,
        )
        operations = tuple(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        errors = self._exceeded(operations, fragments)
        if not errors:
            rules: tuple[type[ASTValidationRule], ...] = tuple(specified_rules)
            errors = validate_document(self.schema, document, rules)
        return Prepared(self.schema, document, tuple(errors), operations, fragments)

    def _exceeded(
        self, operations: Sequence[OperationDefinitionNode], fragments: Mapping[str, FragmentDefinitionNode]
    ) -> list[GraphQLError]:
        limits = self.limits
        try:
            sizes = size_of(operations, fragments)
        except RecursionError:
            return [LimitExceededError("The document's fragments are nested too deeply.")]
        for size in sizes:
            for asked, actual, limit in (
                (f"nests fields {size.depth} deep", size.depth, limits.max_depth),
                (f"has {size.fields} fields", size.fields, limits.max_fields),
                (f"has {size.aliases} aliases", size.aliases, limits.max_aliases),
            ):
                if actual > limit:
                    return [LimitExceededError(f"The operation {asked}; the limit is {limit}.")]
        return []


class DocumentLimits(SchemaExtension):
    """Holds the limits for one operation, from the remembered document where there is one.

    It has no `resolve` hook: one would be called for every field.
    """

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.prepared: Prepared | None = None
        self.cost: int | None = None

    def on_operation(self) -> Iterator[None]:
        limits = self.documents.limits
        options: dict[str, Any] = {  # strawberry's type for them knows `max_tokens` only
            "max_lexical_tokens": limits.max_tokens,
            "max_comments": limits.max_comments,
            "max_source_length": limits.max_source_length,
        }
        self.execution_context.parse_options = cast("ParseOptions", options)
        yield

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        if context.query is not None and context.graphql_document is None:
            try:
                self.prepared = self.documents.prepare(context.query)
                context.graphql_document = self.prepared.document
            except GraphQLError:
                # strawberry parses it again with the same limits and reports the error, which it would
                # not do for one that is raised here while it streams
                self.prepared = None
        yield

    def on_validate(self) -> Iterator[None]:
        if self.prepared is not None:
            self.execution_context.pre_execution_errors = self._refusals(self.prepared)
        yield

    def get_results(self) -> dict[str, Any]:
        """The `extensions` of the answer."""
        return {} if self.cost is None else {"cost": {"requested": self.cost, "limit": self.documents.limits.max_cost}}

    def _refusals(self, prepared: Prepared) -> list[GraphQLError]:
        context = self.execution_context
        name = context._provided_operation_name  # noqa: SLF001 - `operation_name` falls back to the first of several
        if name is None and len(prepared.operations) > 1:
            return [GraphQLError("Must provide operation name if query contains multiple operations.")]
        if prepared.errors:
            return list(prepared.errors)
        self.cost = prepared.cost(name, context.variables or {})
        limit = self.documents.limits.max_cost
        if self.cost > limit:
            return [
                LimitExceededError(f"The operation costs {self.cost}; the limit is {limit}. Ask for smaller pages.")
            ]
        return []


def limited(schema: S, documents: Documents) -> S:
    """The same schema for documents of clients: held to the limits of `documents`, and silent in strawberry's log.

    The schema that was given is not changed; operations of our own run on it without limits.
    """
    served = copy.copy(schema)
    served.extensions = (*schema.extensions, lambda: DocumentLimits(documents))
    # strawberry logs every mistake of a client as an error; `graph.errors.presented` logs what is ours
    served.process_errors = lambda *_: None  # type: ignore[method-assign]
    return served


def size_of(
    operations: Sequence[OperationDefinitionNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> list[Size]:
    """The size of each operation. A fragment that spreads itself counts once: validation refuses it."""
    known: dict[str, Size] = {}

    def spread(name: str) -> Size:
        if name not in known:
            known[name] = Size()  # while it is being measured, and for good where it does not exist
            if name in fragments:
                known[name] = measured(fragments[name].selection_set)
        return known[name]

    def measured(selections: SelectionSetNode | None) -> Size:
        size = Size()
        for node in selections.selections if selections else ():
            if isinstance(node, FragmentSpreadNode):
                size = size.beside(spread(node.name.value))
                continue
            below = measured(node.selection_set)  # type: ignore[attr-defined]
            if isinstance(node, FieldNode):
                depth = 1 if node.name.value in INTROSPECTION else below.depth + 1
                below = Size(depth, min(CAP, below.fields + 1), below.aliases + (node.alias is not None))
            size = size.beside(below)
        return size

    return [measured(operation.selection_set) for operation in operations]
