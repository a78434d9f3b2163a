"""The names that the schema is served with, where other teams' types and fields of the same names exist.

With a prefix everything is served under the prefixed names: a gateway asks for them, and `__typename` answers with
them. Documents in the names without a prefix, as the REST dialects explain them and GraphiQL opens with, are taken too.
"""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    NamedTypeNode,
    NameNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    visit,
)
from strawberry.schema.name_converter import NameConverter
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.lazy_type import LazyType
from strawberry.types.union import StrawberryUnion

__all__ = ["OMITTED_FIELDS", "ROOT_TYPES", "SPECIFIED_FIELDS", "Naming", "PrefixedNames", "in_served_names"]

N = TypeVar("N", NamedTypeNode, FieldNode)

ROOT_TYPES = ("Query", "Mutation", "Subscription")
SHARED_TYPES = frozenset({"Node", "PageInfo", "User"})
RELAY_FIELDS = frozenset({"node", "nodes", "viewer"})
OMITTED_FIELDS = RELAY_FIELDS | {"user"}
SPECIFIED_FIELDS = frozenset({"_entities", "_service"})
MACHINERY = ("_", "link__")  # what the names of the specification's own types begin with


@dataclass(frozen=True, slots=True)
class Naming:
    """The names that the schema is served with, where other teams' types and fields of the same names exist."""

    type_prefix: str = ""
    """Before the name of each type that is not meant to be one with that of other teams, as scalars are."""

    field_prefix: str = ""
    """Before the name of each field of Query, Mutation and Subscription: `trace` makes `project` `traceProject`."""

    shared_types: frozenset[str] = SHARED_TYPES
    """Types without the prefix: other teams have them too, and composition makes one of them."""

    omitted_fields: frozenset[str] = OMITTED_FIELDS
    """What the gateways' view leaves out, by the names without a prefix: fields of the root types (`node`, or
    `Query.node` for that of one type), or a whole root type (`Mutation`)."""

    @property
    def has_prefix(self) -> bool:
        """Whether anything is served under another name than ours."""
        return bool(self.type_prefix or self.field_prefix)

    def type_name(self, name: str) -> str:
        """The name that a type of ours is served with."""
        kept = name.startswith(MACHINERY) or name in self.shared_types or name in ROOT_TYPES
        return name if kept or not self.type_prefix else self.type_prefix + name

    def field_name(self, name: str) -> str:
        """The name that a field of a root type is served with. Relay's own keep theirs: its clients know them."""
        if not self.field_prefix or name in SPECIFIED_FIELDS or name in RELAY_FIELDS:
            return name
        return self.field_prefix + name[:1].upper() + name[1:]

    def omits(self, root: str, field: str) -> bool:
        """Whether the gateways' view leaves out the field that a root type serves under this name."""
        return any(
            field == self.field_name(name) and type_ in {"", root}
            for type_, _, name in (each.rpartition(".") for each in self.omitted_fields)
        )


class PrefixedNames(NameConverter):
    """Strawberry's names with the prefix of types."""

    def __init__(self, naming: Naming) -> None:
        super().__init__()
        self.naming = naming

    def from_object(self, object_type: StrawberryObjectDefinition) -> str:
        name = super().from_object(object_type)
        # A page of what another team has as well, such as UserConnection: they have such a page too.
        if any(_name_of(of) in self.naming.shared_types for of in object_type.type_var_map.values()):
            name = f"Traced{name}"
        return self.naming.type_name(name)

    def from_enum(self, enum: StrawberryEnumDefinition) -> str:
        return self.naming.type_name(super().from_enum(enum))

    def from_union(self, union: StrawberryUnion) -> str:
        return self.naming.type_name(super().from_union(union))


def _name_of(type_: object) -> str | None:
    definition = get_object_definition(type_.resolve_type() if isinstance(type_, LazyType) else type_)
    return definition.name if definition else None


def in_served_names(document: DocumentNode, schema: GraphQLSchema, naming: Naming) -> DocumentNode:
    """A document with the names that `schema` does not know, and does under `naming`, replaced by those.

    What is answered keeps the keys that were asked for.
    """
    types = TypeInfo(schema)
    roots = [root for root in (schema.query_type, schema.mutation_type, schema.subscription_type) if root]

    class Served(Visitor):
        def enter_named_type(self, node: NamedTypeNode, *_: Any) -> NamedTypeNode | None:
            served = naming.type_name(node.name.value)
            return None if node.name.value in schema.type_map or served not in schema.type_map else _named(node, served)

        def leave_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
            parent = types.get_parent_type()
            name, served = node.name.value, naming.field_name(node.name.value)
            root = next((root for root in roots if root is parent), None)
            if root is None or name in root.fields or served not in root.fields:
                return None
            return _named(replace(node, alias=node.alias or node.name), served)

    renamed: DocumentNode = visit(document, TypeInfoVisitor(types, Served()))
    return renamed


def _named(node: N, name: str) -> N:
    return replace(node, name=NameNode(value=name, loc=node.name.loc))
