"""What a document costs: about how many objects the server has to make for it.

A field of an object type costs its weight (1 unless declared), a leaf costs nothing unless declared, and whatever lies
below a list or a connection is multiplied by its size: its `first`, `last` or `limit`, the length of the list of ids
it is given, or an assumed size. Fragments are walked once each, so the work is linear in the document. Introspection
costs by the same rules, its lists being as long as those of the schema are on average.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

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
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
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


INTROSPECTION = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}


class Sum(NamedTuple):
    """What a selection costs, and how many values it makes, leaves too."""

    cost: int = 0
    values: int = 0

    def plus(self, other: "Sum") -> "Sum":
        return Sum(min(CAP, self.cost + other.cost), min(CAP, self.values + other.values))

    def times(self, size: int) -> "Sum":
        return Sum(min(CAP, self.cost * size), min(CAP, self.values * size))


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of an operation, about how many values its answer has, and whether both are the same whatever the
    variables are."""

    total: int
    values: int
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
    total = walk.selections(operation.selection_set, schema.get_root_type(operation.operation))
    return Cost(total.cost, total.values, constant=not walk.looked_up)


@dataclass(slots=True)
class _Walk:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    defaults: Mapping[str, ValueNode | None]
    looked_up: bool = False
    known: dict[str, Sum] = field(default_factory=dict)

    def selections(self, selection_set: SelectionSetNode | None, parent: GraphQLNamedType | None) -> Sum:
        total = Sum()
        for node in selection_set.selections if selection_set else ():
            if isinstance(node, FieldNode):
                total = total.plus(self.field(node, parent))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                of_type = self.schema.get_type(condition.name.value) if condition else parent
                total = total.plus(self.selections(node.selection_set, of_type))
            elif isinstance(node, FragmentSpreadNode):
                total = total.plus(self.fragment(node.name.value))
        return total

    def fragment(self, name: str) -> Sum:
        if name not in self.known:
            definition = self.fragments[name]
            condition = self.schema.get_type(definition.type_condition.name.value)
            self.known[name] = self.selections(definition.selection_set, condition)
        return self.known[name]

    def field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Sum:
        fields = parent.fields if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else {}
        name = node.name.value
        definition = fields.get(name) or INTROSPECTION.get(name)
        if definition is None:  # __typename
            return Sum(0, 1)
        metadata = _metadata(definition)
        named = get_named_type(definition.type)
        itself = Sum(int(metadata.get(COST_KEY, 1 if is_composite_type(named) else 0)), 1)
        below = self.selections(node.selection_set, named)
        if any(size in definition.args for size in SIZE_ARGUMENTS):
            return itself.plus(below.times(self.page_size(node, definition.args)))
        if is_list_type(get_nullable_type(definition.type)):
            assumed = metadata.get(SIZE_KEY, ASSUMED_LIST_SIZE)
            if parent is not None and parent.name.startswith("__"):
                assumed = _sizes_of_introspection(self.schema).get(name, assumed)
            size = self.list_size(node, definition, int(assumed), in_page="pageInfo" in fields)
            return itself.plus(below).times(size)
        return itself.plus(below)

    def page_size(self, node: FieldNode, arguments: Mapping[str, GraphQLArgument]) -> int:
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        sizes = []
        for name in SIZE_ARGUMENTS:
            if name in given:
                sizes.append(self.integer(given[name]))
            elif name in arguments:
                sizes.append(_as_size(arguments[name].default_value))
        return max((size for size in sizes if size is not None), default=ASSUMED_PAGE_SIZE)

    def list_size(self, node: FieldNode, definition: GraphQLField, assumed: int, *, in_page: bool) -> int:
        given = [
            self.length(argument.value)
            for argument in node.arguments or ()
            if _takes_list(definition.args.get(argument.name.value))
        ]
        if given:
            return max(given)
        return 1 if in_page else assumed

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


@lru_cache(maxsize=8)
def _sizes_of_introspection(schema: GraphQLSchema) -> Mapping[str, int]:
    """How long the lists of introspection are: of all types and directives, and of a type's or field's on average."""
    types = list(schema.type_map.values())
    fields = [each for type_ in types for each in getattr(type_, "fields", {}).values()]
    outputs = [each for each in fields if isinstance(each, GraphQLField)]
    values = [value for type_ in types for value in getattr(type_, "values", ())]

    def average(count: int, of: int) -> int:
        return -(-count // max(of, 1))

    return {
        "types": len(types),
        "directives": len(schema.directives),
        "fields": average(len(outputs), len(types)),
        "inputFields": average(len(fields) - len(outputs), len(types)),
        "args": average(sum(len(each.args) for each in outputs), len(outputs)),
        "enumValues": average(len(values), len(types)),
        "interfaces": 1,
        "possibleTypes": 1,
    }
