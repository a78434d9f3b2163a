"""What gateways see of the schema: the view of it that they compose.

The executable schema has everything. The view in `_service` leaves out what every Relay subgraph has for itself
(`node`, `nodes`, `viewer`) and what nothing in it leads to, and says what fields cost (`graph.cost`).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import strawberry
from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DocumentNode,
    FieldDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    InputValueDefinitionNode,
    ListValueNode,
    NamedTypeNode,
    NullValueNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    Visitor,
    parse,
    parse_const_value,
    print_ast,
    visit,
)

from graph.context import Info
from graph.cost import Costs, FieldCost
from graph.fields import column
from graph.naming import ROOT_TYPES, SPECIFIED_FIELDS, Naming

__all__ = ["FederationQueries", "subgraph_sdl"]


@strawberry.type(name="_Service", description="What a federation gateway composes its graph of.")
class Service:
    """Of the Federation specification."""

    sdl: str = column("The schema as one subgraph among others, in the schema language.")


@strawberry.type
class FederationQueries:
    """The part of Query that gateways ask when they start."""

    @strawberry.field(name="_service", description="The schema as federation gateways see it; see docs/federation.md.")
    def service(self, info: Info) -> Service:
        """Printed once."""
        schema: Any = info.schema
        return Service(sdl=schema.subgraph_sdl)


def subgraph_sdl(printed: str, schema: GraphQLSchema, naming: Naming) -> str:
    """The view of a federated schema that composes with other subgraphs, from its print."""
    document = parse(printed, no_location=True)
    definitions = [kept for each in document.definitions if (kept := _kept(each, naming)) is not None]
    reached = _reached(definitions)
    definitions = [
        each for each in definitions if not isinstance(each, TypeDefinitionNode) or each.name.value in reached
    ]
    kept_types = {each.name.value for each in definitions if isinstance(each, TypeDefinitionNode)}
    view = DocumentNode(definitions=tuple(_with_root_types(each, kept_types) for each in definitions))
    return print_ast(visit(view, _Declared(schema))) + "\n"


def _kept(definition: DefinitionNode, naming: Naming) -> DefinitionNode | None:
    """A definition without what the view leaves out, None where nothing of it is left; value types are shareable."""
    if not isinstance(definition, ObjectTypeDefinitionNode):
        return definition
    root = definition.name.value
    if root not in ROOT_TYPES:
        known = {directive.name.value for directive in definition.directives or ()}
        added = () if known & {"key", "shareable"} else (_directive("shareable"),)
        return replace(definition, directives=(*(definition.directives or ()), *added))
    fields = tuple(
        field
        for field in definition.fields or ()
        if field.name.value not in SPECIFIED_FIELDS and not naming.omits(root, field.name.value)
    )
    return replace(definition, fields=fields) if fields and root not in naming.omitted_fields else None


def _reached(definitions: Iterable[DefinitionNode]) -> set[str]:
    """The names of the types that the root types and the entities lead to."""
    links: dict[str, set[str]] = {}
    entities = set()
    for definition in definitions:
        if not isinstance(definition, TypeDefinitionNode):
            continue
        name = definition.name.value
        links.setdefault(name, set()).update(_names_in(definition))
        if name in ROOT_TYPES or any(directive.name.value == "key" for directive in definition.directives or ()):
            entities.add(name)
        for interface in getattr(definition, "interfaces", None) or ():  # what implements it is reached with it
            links.setdefault(interface.name.value, set()).add(name)
    reached: set[str] = set()
    found = entities
    while found:
        reached |= found
        found = set().union(*(links.get(name, set()) for name in found)) - reached
    return reached


def _names_in(node: TypeDefinitionNode) -> set[str]:
    names: set[str] = set()

    class Names(Visitor):
        def enter_named_type(self, named: NamedTypeNode, *_: Any) -> None:
            names.add(named.name.value)

    visit(node, Names())
    return names


def _with_root_types(definition: DefinitionNode, kept_types: set[str]) -> DefinitionNode:
    if not isinstance(definition, SchemaDefinitionNode):
        return definition
    operations = tuple(each for each in definition.operation_types if each.type.name.value in kept_types)
    return replace(definition, operation_types=operations)


class _Declared(Visitor):
    """Puts what fields cost at the fields, and takes away defaults that say no more than that there are none.

    A composer refuses a default at an argument that says how long a list is.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        super().__init__()
        self.schema = schema
        self.costs = Costs(schema)

    def enter_object_type_definition(self, node: ObjectTypeDefinitionNode, *_: Any) -> ObjectTypeDefinitionNode:
        parent = self.schema.get_type(node.name.value)
        assert isinstance(parent, GraphQLObjectType)
        return replace(node, fields=tuple(self._declared(parent, field) for field in node.fields or ()))

    def _declared(self, parent: GraphQLObjectType, field: FieldDefinitionNode) -> FieldDefinitionNode:
        directives = _cost_directives(self.costs.of(parent, field.name.value), in_page="pageInfo" in parent.fields)
        return replace(field, directives=(*(field.directives or ()), *directives))

    def leave_input_value_definition(self, node: InputValueDefinitionNode, *_: Any) -> InputValueDefinitionNode:
        return replace(node, default_value=None) if isinstance(node.default_value, NullValueNode) else node

    def enter_directive(self, node: ConstDirectiveNode, *_: Any) -> ConstDirectiveNode | None:
        """Imports the two directives beside those of federation that strawberry has imported."""
        if node.name.value != "link":
            return None
        arguments = tuple(
            replace(argument, value=_with_imports(argument.value)) if argument.name.value == "import" else argument
            for argument in node.arguments or ()
        )
        return replace(node, arguments=arguments)


def _with_imports(value: Any) -> Any:
    assert isinstance(value, ListValueNode)
    names = [each.value for each in value.values if isinstance(each, StringValueNode)]
    return parse_const_value(json.dumps(sorted({*names, "@cost", "@listSize"})), no_location=True)


def _cost_directives(declared: FieldCost, *, in_page: bool) -> list[ConstDirectiveNode]:
    """``@cost`` where the weight is not the one that gateways take without it, and ``@listSize``.

    The lists of a page are as long as the field that gives the page says, and one of leaves that cost nothing may be
    as long as it likes.
    """
    directives = []
    if declared.weight != declared.default_weight:
        directives.append(_directive("cost", {"weight": declared.weight}))
    size = declared.size
    if size is not None and (size.fields or (declared.weight and not in_page)):
        given = {
            "assumedSize": size.assumed,
            "slicingArguments": size.arguments,
            "sizedFields": size.fields,
            "requireOneSlicingArgument": False if size.arguments else None,
        }
        directives.append(
            _directive("listSize", {name: value for name, value in given.items() if value not in (None, ())})
        )
    return directives


def _directive(name: str, arguments: Mapping[str, Any] | None = None) -> ConstDirectiveNode:
    given = ", ".join(f"{name}: {json.dumps(value)}" for name, value in (arguments or {}).items())
    (definition,) = parse(f"scalar S @{name}{f'({given})' if given else ''}", no_location=True).definitions
    assert isinstance(definition, TypeDefinitionNode)
    (directive,) = definition.directives or ()
    return directive
