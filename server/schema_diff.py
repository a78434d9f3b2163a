"""The printed GraphQL schema, and what a change of it means to clients.

`schema.graphql` holds the schema of the last commit; `make check` fails where it differs from the code.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from graphql import (
    BreakingChangeType,
    DangerousChangeType,
    DirectiveNode,
    DocumentNode,
    GraphQLSchema,
    Node,
    OperationType,
    build_ast_schema,
    is_input_object_type,
    is_non_null_type,
    parse,
    print_ast,
)
from graphql.utilities import find_schema_changes

from server.settings import Settings

__all__ = ["compare", "printed_schema"]

LABELS = ("breaking", "dangerous", "safe")

# What it means that a directive is put on something, and that it is taken off; dangerous where nothing is said.
PUT_ON = {"deprecated": "safe", "key": "safe", "shareable": "safe", "oneOf": "breaking"}
TAKEN_OFF = {"deprecated": "safe", "key": "breaking", "shareable": "breaking", "oneOf": "safe"}

Change: TypeAlias = tuple[str, str]
"""A label and what has changed."""


def printed_schema(settings: Settings | None = None) -> str:
    """The schema in the GraphQL schema language, with a line end at its end; without settings, as it is by default."""
    # Imported here: building the schema takes a second, which no other command should wait for.
    from graph.schema import schema
    from server.served_schema import served_schema

    printed = schema if settings is None else served_schema(settings)
    return f"{printed.as_str().rstrip()}\n"


def compare(earlier: str, later: str) -> list[str]:
    """One line a difference, breaking ones first, such as `breaking: Call.id was removed.`; empty for equal texts.

    Both texts are schemas in the schema language; raises `graphql.GraphQLSyntaxError` for one that is not.
    """
    if earlier == later:
        return []
    documents = [parse(text, no_location=True) for text in (earlier, later)]
    # Federation's directives are used without being defined in the print, so the texts are taken as valid.
    old, new = (build_ast_schema(document, assume_valid_sdl=True) for document in documents)
    old_uses, new_uses = (dict(_uses(document)) for document in documents)
    changes = [*_by_type(old, new), *_roots(old, new), *_defaults(old, new), *_directives(old_uses, new_uses)]
    lines = [f"{label}: {text}" for wanted in LABELS for label, text in dict.fromkeys(changes) if label == wanted]
    return lines or ["safe: the order of definitions changed."]


def _by_type(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    """What graphql-core finds, but for defaults, of which it says too little."""
    for change in find_schema_changes(old, new):
        if "defaultValue" in change.description:
            continue
        label = "safe"
        if isinstance(change.type, BreakingChangeType):
            label = "breaking"
        elif isinstance(change.type, DangerousChangeType):
            label = "dangerous"
        yield label, change.description


def _roots(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    for kind in OperationType:
        before, after = old.get_root_type(kind), new.get_root_type(kind)
        if before is not None and after is None:
            yield "breaking", f"The schema has no {kind.value} type any more."
        elif before is None and after is not None:
            yield "safe", f"{after.name} became the {kind.value} type."
        elif before is not None and after is not None and before.name != after.name:
            yield "breaking", f"The {kind.value} type changed from {before.name} to {after.name}."


def _defaults(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    """Defaults of arguments and input fields. Who leaves one out gets something else; or has to give it from now on."""
    before, after = dict(_inputs(old)), dict(_inputs(new))
    for place in (each for each in after if each in before):
        (earlier, _), (later, required) = before[place], after[place]
        if earlier == later:
            continue
        if later is None:
            yield "breaking" if required else "dangerous", f"{place} has no default any more; it was {earlier}."
        elif earlier is None:
            yield "dangerous", f"{place} has the default {later}."
        else:
            yield "dangerous", f"{place} has the default {later} in place of {earlier}."


def _inputs(schema: GraphQLSchema) -> Iterator[tuple[str, tuple[str | None, bool]]]:
    """Where a value may be given, with its default and whether it must not be null."""
    for name, type_ in schema.type_map.items():
        if name.startswith("__"):
            continue
        for field_name, each in getattr(type_, "fields", {}).items():
            places = {f"{name}.{field_name}": each} if is_input_object_type(type_) else {}
            places |= {f"{name}.{field_name}({arg}:)": value for arg, value in getattr(each, "args", {}).items()}
            for place, value in places.items():
                node = value.ast_node.default_value
                yield place, (None if node is None else print_ast(node), is_non_null_type(value.type))


def _directives(old: Mapping[str, Counter[str]], new: Mapping[str, Counter[str]]) -> Iterator[Change]:
    """Directives put on what both schemas have, and taken off it."""
    for place in (each for each in new if each in old):
        for printed in new[place] - old[place]:
            name = printed.removeprefix("@").partition("(")[0]
            yield PUT_ON.get(name, "dangerous"), f"{place} has {printed}."
        for printed in old[place] - new[place]:
            name = printed.removeprefix("@").partition("(")[0]
            again = any(other.startswith(f"@{name}(") for other in new[place]) and name == "deprecated"
            if not again:
                yield TAKEN_OFF.get(name, "dangerous"), f"{place} has {printed} no more."


def _uses(document: DocumentNode) -> Iterator[tuple[str, Counter[str]]]:
    """The directives of each part of a schema document, by the part's coordinate."""
    for definition in document.definitions:
        name = getattr(definition, "name", None)
        top = "The schema" if name is None else name.value
        yield top, _printed(definition)
        for part in (*(getattr(definition, "fields", None) or ()), *(getattr(definition, "values", None) or ())):
            inner = f"{top}.{part.name.value}"
            yield inner, _printed(part)
            for argument in getattr(part, "arguments", None) or ():
                yield f"{inner}({argument.name.value}:)", _printed(argument)


def _printed(node: Node) -> Counter[str]:
    directives: tuple[DirectiveNode, ...] = getattr(node, "directives", None) or ()
    return Counter(map(print_ast, directives))
