"""How large a document is, with its fragments where they are spread: each fragment is walked once, however often it is
spread, so that the work is linear in the document's length."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

__all__ = ["Size", "repetitions", "sizes_of"]

CAP = 10**12
INTROSPECTION = ("__schema", "__type")  # their depth is bounded by a validation rule of graphql-core


@dataclass(frozen=True, slots=True)
class Size:
    """How deep a selection nests its fields, and how many fields, aliases and fields at its root it has."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    roots: int = 0

    def beside(self, other: "Size") -> "Size":
        return Size(
            max(self.depth, other.depth),
            min(CAP, self.fields + other.fields),
            min(CAP, self.aliases + other.aliases),
            min(CAP, self.roots + other.roots),
        )


def sizes_of(
    operations: Sequence[OperationDefinitionNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> list[Size]:
    """The size of each operation, then of each fragment that none of them spreads.

    A fragment that spreads itself counts once: validation refuses it. Raises RecursionError for a chain of fragments
    that is too long.
    """
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
            if isinstance(node, FieldNode):
                below = measured(node.selection_set)
                depth = 1 if node.name.value in INTROSPECTION else below.depth + 1
                size = size.beside(Size(depth, below.fields + 1, below.aliases + (node.alias is not None), 1))
            elif isinstance(node, FragmentSpreadNode):
                size = size.beside(spread(node.name.value))
            elif isinstance(node, InlineFragmentNode):
                size = size.beside(measured(node.selection_set))
        return size

    sizes = [measured(operation.selection_set) for operation in operations]
    return sizes + [spread(name) for name in fragments if name not in known]


def repetitions(
    definitions: Iterable[OperationDefinitionNode | FragmentDefinitionNode],
    fragments: Mapping[str, FragmentDefinitionNode],
    most_fields: int,
) -> int:
    """How often the place of the answer that is selected most often is selected: 2 for `{ a { b } a { b } }`.

    Validation compares all selections of a place with each other. A document of more than `most_fields` fields for
    each definition spreads a fragment within itself, which validation refuses: it counts as having none.
    """
    most = 0
    for definition in definitions:
        left = most_fields
        waiting = [[definition.selection_set]]
        while waiting:
            places: dict[str, list[FieldNode]] = {}
            for node in _fields(waiting.pop(), fragments):
                places.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            for nodes in places.values():
                most = max(most, len(nodes))
                left -= len(nodes)
                below = [node.selection_set for node in nodes if node.selection_set]
                if below:
                    waiting.append(below)
            if left < 0:
                return 0
    return most


def _fields(
    selections: Iterable[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterable[FieldNode]:
    """The fields of one place, of fragments too; each fragment is spread once, as execution does it."""
    spread: set[str] = set()
    waiting = list(selections)
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                waiting.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in fragments and name not in spread:
                    spread.add(name)
                    waiting.append(fragments[name].selection_set)
