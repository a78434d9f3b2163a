"""What a document costs: about how many objects the server has to make for it.

A field of an object type costs its weight (1 unless declared), a leaf costs nothing unless declared. A list costs that
for each item, with whatever lies below it; how many items there are is its `first`, `last` or `limit`, those of the
connection that it is part of, the length of the list of ids it is given, or an assumed size. Fragments are walked once
each, so the work is linear in the document. Introspection costs by the same rules, its lists being as long as those of
the schema are on average.

One table, `Costs`, says this of each field. The limit (`graph.limits`) reads it, and so does what gateways are told by
federation's `@cost` and `@listSize`, whose rules are the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInt,
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
    is_non_null_type,
)

__all__ = ["ASSUMED_LIST_SIZE", "ASSUMED_PAGE_SIZE", "Cost", "Costs", "FieldCost", "ListSize", "OperationCost", "cost"]

ASSUMED_PAGE_SIZE = 100
ASSUMED_LIST_SIZE = 10
SIZE_ARGUMENTS = ("first", "last", "limit")
COST_KEY, SIZE_KEY = "cost", "list_size"
MOST_KNOWN = 64  # costs of an operation that are remembered
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
    """The cost of an operation, and about how many values its answer has."""

    total: int
    values: int


@dataclass(frozen=True, slots=True)
class ListSize:
    """How many items a field gives."""

    assumed: int | None
    """Where no argument says so; None where one has a default."""

    arguments: tuple[str, ...] = ()
    """The arguments of type Int that say so; of several the largest counts."""

    fields: tuple[str, ...] = ()
    """The lists below the field that it holds for; empty where the field is the list itself."""

    keys: str | None = None
    """The required argument whose items the list answers one by one."""


@dataclass(frozen=True, slots=True)
class FieldCost:
    """What a field costs; for a list or a connection also how many items it has."""

    weight: int
    default_weight: int
    size: ListSize | None


class Costs:
    """What the fields of a schema cost."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._known: dict[tuple[str, str], FieldCost] = {}
        self._introspection = _sizes_of_introspection(schema)

    def of(self, parent: GraphQLObjectType | GraphQLInterfaceType, name: str) -> FieldCost:
        """What the field `name` of `parent` costs; of an interface, what it costs at most where it is implemented."""
        known = self._known.get((parent.name, name))
        if known is None:
            known = _field_cost(parent.fields.get(name) or INTROSPECTION[name])
            if parent.name.startswith("__") and known.size is not None:
                known = replace(known, size=ListSize(self._introspection.get(name, ASSUMED_LIST_SIZE)))
            if isinstance(parent, GraphQLInterfaceType):
                others = self.schema.get_possible_types(parent)
                known = replace(known, weight=max([known.weight, *(self.of(other, name).weight for other in others)]))
            self._known[parent.name, name] = known
        return known


def _field_cost(definition: GraphQLField) -> FieldCost:
    metadata = _metadata(definition)
    named = get_named_type(definition.type)
    default_weight = 1 if is_composite_type(named) else 0
    return FieldCost(int(metadata.get(COST_KEY, default_weight)), default_weight, _list_size(definition, metadata))


def _list_size(definition: GraphQLField, metadata: Mapping[str, Any]) -> ListSize | None:
    named = get_named_type(definition.type)
    is_list = is_list_type(get_nullable_type(definition.type))
    arguments = tuple(
        name
        for name in SIZE_ARGUMENTS
        if name in definition.args and get_named_type(definition.args[name].type) is GraphQLInt
    )
    if is_list:
        lists: tuple[str, ...] = ()
    elif arguments and isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
        lists = tuple(
            name
            for name, field in named.fields.items()
            if is_list_type(get_nullable_type(field.type)) and SIZE_KEY not in _metadata(field)
        )
        if not lists:
            return None
    else:
        return None
    if any(_as_size(definition.args[name].default_value) for name in arguments):
        return ListSize(None, arguments, lists)
    keys = (
        next((name for name, argument in definition.args.items() if _takes_keys(argument)), None) if is_list else None
    )
    assumed = int(metadata.get(SIZE_KEY, ASSUMED_PAGE_SIZE if arguments else ASSUMED_LIST_SIZE))
    return ListSize(assumed, arguments, lists, keys)


def cost(weight: int, *, list_size: int | None = None) -> dict[str, int]:
    """Metadata of a strawberry field: what one costs, and how many items a list without a size argument may hold.

    Used as `strawberry.field(metadata=cost(10))`.
    """
    return {COST_KEY: weight} | ({} if list_size is None else {SIZE_KEY: list_size})


class OperationCost:
    """What a valid operation costs, worked out once for variables of the same sizes."""

    def __init__(
        self, costs: Costs, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self._costs = costs
        self._operation = operation
        self._fragments = fragments
        self._names: tuple[str, ...] | None = None
        """The variables that say how long lists are; None until a cost was worked out, which looks at all of them."""

        self._known: dict[tuple[Any, ...], Cost] = {}

    def of(self, variables: Mapping[str, Any]) -> Cost:
        """The cost when it is run with these variables."""
        known = None if self._names is None else self._known.get(_sizes_given(self._names, variables))
        return self._work_out(variables) if known is None else known

    def _work_out(self, variables: Mapping[str, Any]) -> Cost:
        definitions = self._operation.variable_definitions or ()
        defaults = {each.variable.name.value: each.default_value for each in definitions}
        walk = _Walk(self._costs, self._fragments, variables, defaults)
        root = self._costs.schema.get_root_type(self._operation.operation)
        total = walk.selections(self._operation.selection_set, root, NO_SIZES)
        self._names = tuple(walk.looked_up)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        cost = self._known[_sizes_given(self._names, variables)] = Cost(total.cost, total.values)
        return cost


def _sizes_given(names: Sequence[str], variables: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a cost depends on: of each variable the length, the page size, None for another value, or ``...``."""
    return tuple(_size_given(variables[name]) if name in variables else ... for name in names)


def _size_given(value: Any) -> Any:
    return (len(value),) if isinstance(value, list) else _as_size(value)


Sizes = Mapping[str, int]
NO_SIZES: Sizes = MappingProxyType({})


@dataclass(slots=True)
class _Walk:
    costs: Costs
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    defaults: Mapping[str, ValueNode | None]
    looked_up: dict[str, None] = field(default_factory=dict)
    """The variables that were asked how long a list is."""

    known: dict[tuple[str, tuple[tuple[str, int], ...]], Sum] = field(default_factory=dict)

    def selections(self, selection_set: SelectionSetNode | None, parent: GraphQLNamedType | None, sizes: Sizes) -> Sum:
        """What a selection on `parent` costs; `sizes` are those of lists in it that the field above knows."""
        total = Sum()
        for node in selection_set.selections if selection_set else ():
            if isinstance(node, FieldNode):
                total = total.plus(self.field(node, parent, sizes))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                of_type = self.costs.schema.get_type(condition.name.value) if condition else parent
                total = total.plus(self.selections(node.selection_set, of_type, sizes))
            elif isinstance(node, FragmentSpreadNode):
                total = total.plus(self.fragment(node.name.value, sizes))
        return total

    def fragment(self, name: str, sizes: Sizes) -> Sum:
        key = (name, tuple(sizes.items()))
        if key not in self.known:
            definition = self.fragments[name]
            condition = self.costs.schema.get_type(definition.type_condition.name.value)
            self.known[key] = self.selections(definition.selection_set, condition, sizes)
        return self.known[key]

    def field(self, node: FieldNode, parent: GraphQLNamedType | None, sizes: Sizes) -> Sum:
        name = node.name.value
        fields = parent.fields if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else {}
        definition = fields.get(name) or INTROSPECTION.get(name)
        if definition is None or not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):  # __typename
            return Sum(0, 1)
        declared = self.costs.of(parent, name)
        itself, size, of_type = Sum(declared.weight, 1), declared.size, get_named_type(definition.type)
        if size is not None and size.fields:
            page = self.size(node, definition, size)
            return itself.plus(self.selections(node.selection_set, of_type, dict.fromkeys(size.fields, page)))
        below = self.selections(node.selection_set, of_type, NO_SIZES)
        items = sizes.get(name) or (1 if size is None else self.size(node, definition, size))
        return itself.plus(below).times(items)

    def size(self, node: FieldNode, definition: GraphQLField, size: ListSize) -> int:
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        if size.keys is not None:
            return self.length(given[size.keys])
        asked = [
            self.integer(given[name]) if name in given else _as_size(definition.args[name].default_value)
            for name in size.arguments
        ]
        assumed = ASSUMED_PAGE_SIZE if size.assumed is None else size.assumed
        return max((each for each in asked if each is not None), default=assumed)

    def integer(self, value: ValueNode | None) -> int | None:
        if isinstance(value, VariableNode):
            name = value.name.value
            self.looked_up[name] = None
            return _as_size(self.variables[name]) if name in self.variables else self.integer(self.defaults.get(name))
        return _as_size(int(value.value)) if isinstance(value, IntValueNode) else None

    def length(self, value: ValueNode | None) -> int:
        if isinstance(value, VariableNode):
            name = value.name.value
            self.looked_up[name] = None
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


def _takes_keys(argument: GraphQLArgument) -> bool:
    return is_non_null_type(argument.type) and is_list_type(argument.type.of_type)


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
