"""Which answers stay the same for ever: those made of nothing but what is addressed by its content.

An object version by its digest, a table, a row and a file never change, so an answer to them may be kept for good; all
else may be another one at the next moment. It is worked out from the operation and its answer after it was executed:
a hook on each field would make the execution slow. What is not there is no such answer, since it may come to be there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)
from graphql.utilities import value_from_ast_untyped
from strawberry.types.execution import ExecutionResult

from db.objects.reads import LATEST, version_number
from graph.admission import Admitted
from graph.entities import identity_of
from graph.schema import Schema
from resolvers.errors import InvalidInputError
from resolvers.ids import GlobalId, decode_id
from resolvers.refs import ObjectRef, TableRef, parse_ref

__all__ = ["FIXED_FIELDS", "is_fixed"]


def _names(*names: str) -> frozenset[str]:
    return frozenset(names)


_CONTENT = _names("id", "projectSlug", "digest", "sizeBytes")
_VALUE = _names("value", "valueAt", "preview")
_VERSION = _names("kind", "objectId", "versionIndex", "baseObjectClass", "leafObjectClass", "wbUserId")

FIXED_FIELDS: Mapping[str, frozenset[str]] = {
    "ObjectVersion": _CONTENT | _VALUE | _VERSION | _names("ref", "createdAt"),
    "Table": _CONTENT | _names("ref", "rowCount", "createdAt", "rows", "row"),
    "TableRow": _CONTENT | _VALUE | _names("originalIndex", "table"),
    "TableRowConnection": _names("nodes", "edges", "pageInfo", "totalCount"),
    "Edge": _names("cursor", "node"),
    "PageInfo": _names("hasNextPage", "hasPreviousPage", "startCursor", "endCursor"),
    "File": _CONTENT | _names("name", "createdAt", "content"),
    "TextPreview": _names("text", "length", "sizeBytes", "isTruncated"),
    "RefValue": _names("uri", "value"),
}
"""What never changes of each type once it is there, by our names."""

FIXED_OF_PROJECT = _names("id", "slug", "name")


def is_fixed(admitted: Admitted, result: ExecutionResult) -> bool:
    """Whether the same request will have the same answer for ever."""
    if admitted.kind is not OperationType.QUERY or result.errors or not isinstance(admitted.schema, Schema):
        return False
    node = admitted.prepared.operation(admitted.name)
    assert node is not None
    answer = _Answer(admitted, admitted.schema._schema)  # noqa: SLF001 - graphql-core's own
    root = answer.types.query_type
    return root is not None and answer.root(node.selection_set, root, result.data or {}) and answer.addressed


@dataclass(slots=True)
class _Answer:
    admitted: Admitted
    types: GraphQLSchema
    addressed: bool = False
    """Whether anything was found by its content."""

    def root(self, selections: SelectionSetNode, query: GraphQLObjectType, data: Mapping[str, Any]) -> bool:
        for node in self.fields(selections, query):
            value, definition = data.get(_key(node)), query.fields.get(node.name.value)
            if node.name.value == "__typename" or _key(node) not in data:  # left out by @skip or @include
                continue
            name = _python_name(definition) if definition else ""
            if name == "project":
                if definition is None or value is None or not self.project(node, _type_of(definition), value):
                    return False
            elif name in ADDRESSED:
                nouns = self.nouns(node, name)
                if nouns is None or not self.found(value) or not self.by_nouns(node, nouns):
                    return False
            else:
                return False
        return True

    def project(self, node: FieldNode, project: GraphQLNamedType, data: Mapping[str, Any]) -> bool:
        """Whether of a project nothing was asked for but its name, and what has an address in it."""
        assert isinstance(project, GraphQLObjectType)
        for below in self.fields(node.selection_set, project):
            name = below.name.value
            if name in FIXED_OF_PROJECT or name == "__typename" or _key(below) not in data:
                continue
            by_version = name in {"objectVersion", "op"}
            if not by_version and name not in {"file", "table", "tablesByDigest", "tableRow"}:
                return False
            if by_version and not _is_digest(self.argument(below, "version")):
                return False
            if not self.found(data[_key(below)]) or not self.selected(below, _type_of(project.fields[name])):
                return False
        return True

    def found(self, value: Any) -> bool:
        """Whether what was looked up is there, all of it."""
        self.addressed = True
        return all(each is not None for each in value) if isinstance(value, list) else value is not None

    def nouns(self, node: FieldNode, name: str) -> set[str] | None:
        """The types of what a field of Query finds by addresses; None where one of those is not of a content."""
        nouns = set()
        try:
            for identity in ADDRESSED[name](self, node):
                noun = _content(identity)
                if noun is None:
                    return None
                nouns.add(noun)
        except InvalidInputError:  # it would have been an error, but that of nothing that was answered
            return None
        return nouns

    def by_nouns(self, node: FieldNode, nouns: Iterable[str]) -> bool:
        assert isinstance(self.admitted.schema, Schema)
        naming = self.admitted.schema.naming
        return all(self.selected(node, self.types.type_map[naming.type_name(noun)]) for noun in nouns)

    def selected(self, node: FieldNode, type_: GraphQLNamedType) -> bool:
        """Whether only what never changes is selected of a type, and of all that it leads to."""
        if node.selection_set is None:
            return True
        if not isinstance(type_, GraphQLObjectType):
            return False
        fixed = FIXED_FIELDS.get(_noun(type_), frozenset())
        return all(
            below.name.value == "__typename"
            or (below.name.value in fixed and self.selected(below, _type_of(type_.fields[below.name.value])))
            for below in self.fields(node.selection_set, type_)
        )

    def fields(self, selections: SelectionSetNode | None, type_: GraphQLObjectType) -> Iterator[FieldNode]:
        """The fields that are selected of a type, fragments opened; @skip and @include count as if they let all in."""
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self.applies(condition.name.value, type_):
                    yield from self.fields(node.selection_set, type_)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.admitted.prepared.fragments[node.name.value]
                if self.applies(fragment.type_condition.name.value, type_):
                    yield from self.fields(fragment.selection_set, type_)

    def applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        named = self.types.type_map[condition]
        return named is type_ or (
            isinstance(named, GraphQLInterfaceType) and any(each is named for each in type_.interfaces)
        )

    def argument(self, node: FieldNode, name: str) -> Any:
        """The value of an argument as it was given; None where it was not."""
        value = next((argument.value for argument in node.arguments or () if argument.name.value == name), None)
        if not isinstance(value, VariableNode):
            return None if value is None else value_from_ast_untyped(value, self.admitted.variables)
        variables = self.admitted.variables or {}
        if value.name.value in variables:
            return variables[value.name.value]
        operation = self.admitted.prepared.operation(self.admitted.name)
        definitions = (operation.variable_definitions if operation else None) or ()
        default = next(
            (each.default_value for each in definitions if each.variable.name.value == value.name.value), None
        )
        return None if default is None else value_from_ast_untyped(default)

    def arguments(self, node: FieldNode, name: str) -> list[Any]:
        """The items of an argument that is a list."""
        value = self.argument(node, name)
        return value if isinstance(value, list) else [value]


def _of_ref(uri: str) -> GlobalId:
    ref = parse_ref(uri)
    if isinstance(ref, TableRef):
        return GlobalId("Table", ref.project, (ref.digest,))
    if isinstance(ref, ObjectRef):
        return GlobalId("ObjectVersion", ref.project, (ref.kind, ref.object_id, ref.digest))
    return GlobalId("Call", ref.project, (ref.call_id,))


def _values_of_refs(answer: _Answer, node: FieldNode) -> Iterator[GlobalId]:
    for uri in answer.arguments(node, "uris"):
        found = _of_ref(uri)
        yield found._replace(noun="RefValue") if _content(found) else found


ADDRESSED: Mapping[str, Callable[[_Answer, FieldNode], Iterable[GlobalId | None]]] = {
    "node": lambda answer, node: [decode_id(answer.argument(node, "id"))],
    "nodes": lambda answer, node: map(decode_id, answer.arguments(node, "ids")),
    "ref": lambda answer, node: [_of_ref(answer.argument(node, "uri"))],
    "refs": _values_of_refs,
    "_entities": lambda answer, node: map(
        partial(identity_of, answer.admitted.schema), answer.arguments(node, "representations")
    ),
}
"""The fields of Query that find by an address, by their Python names: what each of the addresses stands for."""


def _content(identity: GlobalId | None) -> str | None:
    """The type of what is addressed by its content; None for anything else."""
    if identity is None:
        return None
    if identity.noun == "ObjectVersion":
        return identity.noun if _is_digest(identity.key[-1]) else None
    return identity.noun if identity.noun in {"Table", "TableRow", "File", "RefValue"} else None


def _is_digest(version: Any) -> bool:
    return isinstance(version, str) and version != LATEST and version_number(version) is None


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _type_of(definition: GraphQLField) -> GraphQLNamedType:
    return get_named_type(definition.type)


def _python_name(definition: GraphQLField) -> str:
    return str(getattr((definition.extensions or {}).get("strawberry-definition"), "python_name", ""))


def _noun(type_: GraphQLNamedType) -> str:
    return str(getattr((type_.extensions or {}).get("strawberry-definition"), "name", type_.name))
