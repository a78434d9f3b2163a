"""Which columns an operation asks for, so that nothing else is read."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import strawberry
from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
)
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition
from strawberry.types.nodes import get_variable_values

from graph.fields import NEEDS

__all__ = ["NODES", "camel", "columns_of", "is_selected"]

NODES: tuple[tuple[str, ...], ...] = (("nodes",), ("edges", "node"))
"""Where the nodes of a connection are selected."""


def columns_of(
    info: strawberry.Info[Any, Any],
    type_: type | str,
    paths: Iterable[Sequence[str]] = ((),),
    always: Iterable[str] = (),
) -> frozenset[str]:
    """The columns of the rows of ``type_`` (a type, or its name) that the selection below the current field needs.

    ``paths`` say where below the field the rows are (``NODES`` for a connection); ``always`` is added.
    """
    raw = info._raw_info  # noqa: SLF001 - strawberry offers the parsed selection only as a slow copy
    memory = getattr(raw.context, "memory", None)
    if memory is None:
        return _columns(info, raw, type_, paths, always)
    paths, always = tuple(paths), tuple(always)
    key = (columns_of, *map(id, raw.field_nodes), type_, paths, always)
    found: frozenset[str] | None = memory.get(key)
    if found is None:
        found = memory[key] = _columns(info, raw, type_, paths, always)
    return found


def _columns(
    info: strawberry.Info[Any, Any],
    raw: GraphQLResolveInfo[Any],
    type_: type | str,
    paths: Iterable[Sequence[str]],
    always: Iterable[str],
) -> frozenset[str]:
    needed = set(always)
    needs = _needs_of(_type_named(info, type_) if isinstance(type_, str) else type_)
    for path in paths:
        sets = [node.selection_set for node in raw.field_nodes if node.selection_set]
        for step in path:
            sets = [
                node.selection_set
                for selections in sets
                for node in _fields(selections, raw)
                if node.name.value == step and node.selection_set
            ]
        for selections in sets:
            for node in _fields(selections, raw):
                needed.update(needs.get(node.name.value, ()))
    return frozenset(needed)


def is_selected(info: strawberry.Info[Any, Any], *names: str) -> bool:
    """Whether any field of these names is selected directly below the current field."""
    raw = info._raw_info  # noqa: SLF001
    return any(
        field.name.value in names
        for node in raw.field_nodes
        if node.selection_set
        for field in _fields(node.selection_set, raw)
    )


def _type_named(info: strawberry.Info[Any, Any], name: str) -> type:
    schema: Any = info.schema  # ours, which may serve its types under other names
    definition = schema.get_type_by_name(schema.naming.type_name(name))
    assert isinstance(definition, StrawberryObjectDefinition), f"no object type {name}"
    return definition.origin


_needs: dict[type, dict[str, tuple[str, ...]]] = {}


def _needs_of(type_: type) -> dict[str, tuple[str, ...]]:
    """GraphQL field name -> columns, of one type."""
    known = _needs.get(type_)
    if known is None:
        definition = get_object_definition(type_, strict=True)
        known = _needs[type_] = {}
        for field in definition.fields:
            name = field.graphql_name or camel(field.python_name)
            known[name] = field.metadata.get(NEEDS, (field.python_name,))
    return known


def camel(name: str) -> str:
    """A Python name as GraphQL spells it."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _fields(selections: SelectionSetNode, info: GraphQLResolveInfo[Any]) -> Iterator[FieldNode]:
    """The fields of a selection set with fragments opened, as far as @skip and @include let them in."""
    for node in selections.selections:
        if not _included(node, info):
            continue
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _fields(node.selection_set, info)
        elif isinstance(node, FragmentSpreadNode):
            yield from _fields(info.fragments[node.name.value].selection_set, info)


def _included(node: Any, info: GraphQLResolveInfo[Any]) -> bool:
    for directive in node.directives or ():
        name = directive.name.value
        if name in {"skip", "include"}:
            value = directive.arguments[0].value
            chosen = (
                value.value
                if isinstance(value, BooleanValueNode)
                else bool(get_variable_values(info).get(value.name.value))
                if isinstance(value, VariableNode)
                else True
            )
            if chosen == (name == "skip"):
                return False
    return True
