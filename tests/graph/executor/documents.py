"""Random documents over a schema: aliases, fragments, directives and variables; all of them valid."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
    parse,
    validate,
)
from hypothesis import assume
from hypothesis import strategies as st

__all__ = ["VARIABLES", "Values", "documents"]

VARIABLES = {"yes": True, "no": False}
DIRECTIVES = ("", "", "", "", " @include(if: $yes)", " @include(if: $no)", " @skip(if: $no)", " @skip(if: true)")

Values = Callable[[GraphQLField, str, GraphQLArgument], list[str]]
"""The literals that an argument of a field may have; none where it is to be left out."""


@st.composite
def documents(
    draw: st.DrawFn, schema: GraphQLSchema, values: Values, *, skip: Mapping[str, set[str]], depth: int = 4
) -> str:
    """A query; ``skip`` names fields by type that it must not have."""
    maker = _Maker(draw, schema, values, skip)
    query = schema.query_type
    assert query is not None
    body = maker.selections(query, depth)
    fragments = "".join(f"\nfragment {name} on {text}" for name, text in maker.fragments.items())
    document = f"query($yes: Boolean!, $no: Boolean!) {body}{fragments}\n"
    # What is drawn may leave a variable out, which validation calls an error, and a query need not.
    document = document.replace(" {", " { yes: __typename @include(if: $yes) no: __typename @skip(if: $no)", 1)
    assume(not validate(schema, parse(document)))
    return document


class _Maker:
    def __init__(self, draw: st.DrawFn, schema: GraphQLSchema, values: Values, skip: Mapping[str, set[str]]) -> None:
        self._draw = draw
        self._schema = schema
        self._values = values
        self._skip = skip
        self._count = 0
        self.fragments: dict[str, str] = {}

    def selections(self, type_: GraphQLNamedType, depth: int, *, alone: bool = True) -> str:
        """Selections on a type; not ``alone`` where others of another type may stand beside them."""
        count = self._draw(st.integers(1, 4 if depth > 2 else 6))
        parts = [self._selection(type_, depth, alone=alone) for _ in range(count)]
        return "{ " + " ".join(parts) + " }"

    def _selection(self, type_: GraphQLNamedType, depth: int, *, alone: bool) -> str:
        directive = self._draw(st.sampled_from(DIRECTIVES))
        kind = self._draw(st.sampled_from(("field", "field", "field", "field", "inline", "spread", "typename")))
        if kind == "typename":
            return f"__typename{directive}"
        abstract = isinstance(type_, GraphQLUnionType | GraphQLInterfaceType)
        if kind == "field" and not isinstance(type_, GraphQLUnionType):
            return self._field(type_, depth, directive, alone=alone)
        below = type_
        if abstract:
            below = self._draw(st.sampled_from(self._schema.get_possible_types(type_)))  # type: ignore[arg-type]
        body = self.selections(below, depth, alone=alone and not abstract)
        if kind == "spread":
            self._count += 1
            self.fragments[f"F{self._count}"] = f"{below.name} {body}"
            return f"...F{self._count}{directive}"
        return f"... on {below.name}{directive} {body}"

    def _field(self, type_: Any, depth: int, directive: str, *, alone: bool) -> str:
        skip = self._skip.get(type_.name, set())
        fields: dict[str, GraphQLField] = {
            name: field
            for name, field in type_.fields.items()
            if name not in skip and (depth > 0 or not _is_composite(field))
        }
        if not fields:
            return "__typename"
        name = self._draw(st.sampled_from(sorted(fields)))
        field = fields[name]
        arguments = self._arguments(field, name)
        if arguments is None:
            return "__typename"
        alias = ""
        # Selections of one response name are merged, which is right only for the same arguments.
        if arguments or not alone or self._draw(st.integers(0, 3)) == 0:
            self._count += 1
            alias = f"a{self._count}: "
        body = f" {self.selections(get_named_type(field.type), depth - 1)}" if _is_composite(field) else ""
        return f"{alias}{name}{arguments}{directive}{body}"

    def _arguments(self, field: GraphQLField, name: str) -> str | None:
        """The arguments as text; None where one is needed and there are no values for it."""
        chosen = []
        for argument, definition in field.args.items():
            values = self._values(field, argument, definition)
            required = is_required_argument(definition)
            if required and not values:
                return None
            if values and (required or argument == "first" or self._draw(st.integers(0, 3)) == 0):
                chosen.append(f"{argument}: {self._draw(st.sampled_from(values))}")
        return f"({', '.join(chosen)})" if chosen else ""


def _is_composite(field: GraphQLField) -> bool:
    return isinstance(get_named_type(field.type), GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
