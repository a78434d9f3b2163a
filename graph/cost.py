"""What a document costs: about how many objects the server has to make for it.

A field of an object type costs its weight (1 unless declared), a leaf costs nothing unless declared, and whatever lies
below a list or a connection is multiplied by its size: its `first`, `last` or `limit`, the length of the list of ids
it is given, or an assumed size. Fragments are walked once each, so the work is linear in the document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

__all__ = ["ASSUMED_LIST_SIZE", "ASSUMED_PAGE_SIZE", "Cost", "cost", "cost_of"]

ASSUMED_PAGE_SIZE = 100
ASSUMED_LIST_SIZE = 10
SIZE_ARGUMENTS = ("first", "last", "limit")
COST_KEY, SIZE_KEY = "cost", "list_size"
CAP = 10**12  # keeps the numbers small where sizes multiply


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of an operation, and whether it is the same whatever the variables are."""

    total: int
    constant: bool


def cost(weight: int, *, list_size: int | None = None) -> dict[str, int]:
    """Metadata of a strawberry field: what one costs, and how many items a list without a size argument may hold.

    Used as `strawberry.field(metadata=cost(10))`.
    """
    return {COST_KEY: weight} | ({} if list_size is None else {SIZE_KEY: list_size})


def cost_of(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
) -> Cost:
    """The cost of a valid operation run with these variables."""
    defaults = {
        definition.variable.name.value: definition.default_value for definition in operation.variable_definitions or ()
    }
    walk = _Walk(schema, fragments, variables, defaults)
    root = schema.get_root_type(operation.operation)
    return Cost(walk.selections(operation.selection_set, root), constant=not walk.looked_up)


@dataclass(slots=True)
class _Walk:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    defaults: Mapping[str, ValueNode | None]
    looked_up: bool = False
    known: dict[str, int] = field(default_factory=dict)

    def selections(self, selection_set: SelectionSetNode | None, parent: GraphQLNamedType | None) -> int:
        total = 0
        for node in selection_set.selections if selection_set else ():
            if isinstance(node, FieldNode):
                total += self.field(node, parent)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                total += self.selections(
                    node.selection_set, self.schema.get_type(condition.name.value) if condition else parent
                )
            elif isinstance(node, FragmentSpreadNode):
                total += self.fragment(node.name.value)
        return min(total, CAP)

    def fragment(self, name: str) -> int:
        if name not in self.known:
            definition = self.fragments[name]
            condition = self.schema.get_type(definition.type_condition.name.value)
            self.known[name] = self.selections(definition.selection_set, condition)
        return self.known[name]

    def field(self, node: FieldNode, parent: GraphQLNamedType | None) -> int:
        fields = parent.fields if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else {}
        definition = fields.get(node.name.value)
        if definition is None:  # __typename and introspection: made once, bounded by validation
            return 0
        metadata = _metadata(definition)
        named = get_named_type(definition.type)
        weight = int(metadata.get(COST_KEY, 1 if is_composite_type(named) else 0))
        below = self.selections(node.selection_set, named)
        paged = [definition.args[name] for name in SIZE_ARGUMENTS if name in definition.args]
        if paged:
            return weight + self.page_size(node, definition.args) * below
        if is_list_type(get_nullable_type(definition.type)):
            return self.list_size(node, definition, metadata, in_page="pageInfo" in fields) * (weight + below)
        return weight + below

    def page_size(self, node: FieldNode, arguments: Mapping[str, GraphQLArgument]) -> int:
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        sizes = []
        for name in SIZE_ARGUMENTS:
            if name in given:
                sizes.append(self.integer(given[name]))
            elif name in arguments:
                sizes.append(_as_size(arguments[name].default_value))
        return max((size for size in sizes if size is not None), default=ASSUMED_PAGE_SIZE)

    def list_size(
        self, node: FieldNode, definition: GraphQLField, metadata: Mapping[str, Any], *, in_page: bool
    ) -> int:
        given = [
            self.length(argument.value)
            for argument in node.arguments or ()
            if _takes_list(definition.args.get(argument.name.value))
        ]
        if given:
            return max(given)
        return 1 if in_page else int(metadata.get(SIZE_KEY, ASSUMED_LIST_SIZE))

    def integer(self, value: ValueNode | None) -> int | None:
        if isinstance(value, VariableNode):
            name = value.name.value
            self.looked_up = True
            return _as_size(self.variables[name]) if name in self.variables else self.integer(self.defaults.get(name))
        return _as_size(int(value.value)) if isinstance(value, IntValueNode) else None

    def length(self, value: ValueNode | None) -> int:
        if isinstance(value, VariableNode):
            name = value.name.value
            self.looked_up = True
            if name not in self.variables:
                return self.length(self.defaults.get(name))
            items = self.variables[name]
            return len(items) if isinstance(items, list) else 1
        return len(value.values) if isinstance(value, ListValueNode) else 1


def _metadata(definition: GraphQLField) -> Mapping[str, Any]:
    declared = (definition.extensions or {}).get("strawberry-definition")
    metadata = getattr(declared, "metadata", None)
    return metadata if isinstance(metadata, Mapping) else {}


def _as_size(value: object) -> int | None:
    """A page size, or None where it is not a number that a page can have; the field itself refuses those."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return min(max(value, 1), CAP)


def _takes_list(argument: GraphQLArgument | None) -> bool:
    return argument is not None and is_list_type(get_nullable_type(argument.type))
