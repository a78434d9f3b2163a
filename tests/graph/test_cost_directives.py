"""What gateways are told that fields cost is what the server charges: both are of one table."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    ConstDirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    parse,
    validate,
)
from graphql.utilities import value_from_ast_untyped
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.cost import Costs, OperationCost
from graph.schema import schema
from tests.examples import examples

VIEW = build_schema(schema.subgraph_sdl, assume_valid_sdl=True)
DEPTH = 5


def directive(field: GraphQLField, name: str) -> dict[str, Any] | None:
    """The arguments of a directive in the view; None where the field does not have it."""
    found: list[ConstDirectiveNode] = [
        each for each in (field.ast_node.directives or () if field.ast_node else ()) if each.name.value == name
    ]
    if not found:
        return None
    return {each.name.value: value_from_ast_untyped(each.value) for each in found[0].arguments or ()}


def weight_of(parent: GraphQLObjectType | GraphQLInterfaceType, name: str) -> int:
    """Of an interface the most that the field weighs where it is implemented, says the specification."""
    if isinstance(parent, GraphQLInterfaceType):
        return max(weight_of(each, name) for each in VIEW.get_possible_types(parent))
    field = parent.fields[name]
    told = directive(field, "cost")
    return told["weight"] if told else int(is_composite_type(get_named_type(field.type)))


def told(selections: SelectionSetNode | None, parent: Any, sizes: Mapping[str, int]) -> int:
    """What a selection costs by the directives of the view, as the cost specification counts."""
    total = 0
    for node in selections.selections if selections else ():
        if isinstance(node, InlineFragmentNode):
            assert node.type_condition
            total += told(node.selection_set, VIEW.type_map[node.type_condition.name.value], sizes)
            continue
        assert isinstance(node, FieldNode)
        if node.name.value == "__typename":
            continue
        field = parent.fields[node.name.value]
        weight, named = weight_of(parent, node.name.value), get_named_type(field.type)
        size = directive(field, "listSize")
        items = size_of(node, field, size) if size else 1
        if size and "sizedFields" in size:
            total += weight + told(node.selection_set, named, dict.fromkeys(size["sizedFields"], items))
            continue
        if is_list_type(get_nullable_type(field.type)) and is_composite_type(named):
            items = sizes.get(node.name.value) or items
            assert size or node.name.value in sizes, f"how long is {parent.name}.{node.name.value}?"
        total += items * (weight + told(node.selection_set, named, {}))
    return total


def size_of(node: FieldNode, field: GraphQLField, size: Mapping[str, Any]) -> int:
    given_sizes = {argument.name.value: argument.value for argument in node.arguments or ()}
    sizes = [
        int(value.value) if isinstance(value := given_sizes.get(name), IntValueNode) else default_of(field.args[name])
        for name in size.get("slicingArguments", ())
    ]
    assumed: int | None = size.get("assumedSize")
    largest: int = max((each for each in sizes if isinstance(each, int)), default=assumed or 0)
    return largest


def default_of(argument: GraphQLArgument) -> Any:
    node = argument.ast_node.default_value if argument.ast_node else None
    return None if node is None else value_from_ast_untyped(node)


def simple(argument: GraphQLArgument) -> str | None:
    """A value for a required argument, empty for one that is not; None where it would take more than a word."""
    type_ = argument.type
    if not isinstance(type_, GraphQLNonNull) or default_of(argument) is not None:
        return ""
    values = {"String": '"a/b"', "ID": '"x"', "DateTime": '"2026-01-01"', "Int": "1", "Boolean": "true"}
    inner = type_.of_type
    return None if isinstance(inner, GraphQLList) else values.get(inner.name)


@st.composite
def selections_of(draw: st.DrawFn, parent: Any, depth: int = DEPTH) -> str:
    """A random selection: some fields with page sizes, at the bottom only leaves."""
    if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        return "{ __typename }"
    names = [
        name
        for name, field in parent.fields.items()
        if all(simple(argument) is not None for argument in field.args.values())
        and (depth > 0 or not is_composite_type(get_named_type(field.type)))
    ]
    if not names:
        return "{ __typename }"
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    parts = []
    for number, name in enumerate(chosen):
        field = parent.fields[name]
        arguments = [f"{key}: {value}" for key, each in field.args.items() if (value := simple(each))]
        size = directive(field, "listSize") or {}
        sizes = {key: draw(st.integers(1, 1000) | st.none()) for key in size.get("slicingArguments", ())}
        arguments += [f"{key}: {value}" for key, value in sizes.items() if value is not None]
        given_arguments = f"({', '.join(arguments)})" if arguments else ""
        named = get_named_type(field.type)
        below = draw(selections_of(named, depth - 1)) if is_composite_type(named) else ""
        parts.append(f"{parent.name}{depth}_{number}: {name}{given_arguments} {below}")
    if isinstance(parent, GraphQLInterfaceType) and draw(st.booleans()):
        type_ = draw(st.sampled_from(VIEW.get_possible_types(parent)))
        parts.append(f"... on {type_.name} {draw(selections_of(type_, depth))}")
    return f"{{ {' '.join(parts)} }}"


@given(selection=selections_of(VIEW.query_type))
@settings(max_examples=examples(150), deadline=None)
def test_a_query_costs_what_gateways_are_told(selection: str) -> None:
    document = parse(selection)
    assert validate(VIEW, document) == []
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    fragments: dict[str, FragmentDefinitionNode] = {}
    charged = OperationCost(Costs(schema._schema), operation, fragments).of({}).total
    assert charged == told(operation.selection_set, VIEW.query_type, {})


def test_every_list_of_objects_says_how_long_it_is() -> None:
    silent = []
    for type_ in VIEW.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for name, field in type_.fields.items():
                of_objects = is_composite_type(get_named_type(field.type))
                if is_list_type(get_nullable_type(field.type)) and of_objects and not directive(field, "listSize"):
                    silent.append((type_.name, name, "pageInfo" in type_.fields))
    assert silent
    assert [each for each in silent if not each[2] or each[1] not in {"nodes", "edges"}] == []


def test_a_connection_says_its_default_page_and_its_arguments() -> None:
    calls = VIEW.type_map["Project"].fields["calls"]  # type: ignore[attr-defined]
    assert directive(calls, "listSize") == {
        "assumedSize": 100,
        "slicingArguments": ["first", "last"],
        "sizedFields": ["nodes", "edges"],
        "requireOneSlicingArgument": False,
    }
