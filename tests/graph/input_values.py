"""Values of input types, as clients send them, right and wrong."""

from functools import cache
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_required_input_field,
)
from hypothesis import strategies as st
from strawberry.schema.schema_converter import GraphQLCoreConverter

from graph.schema import schema

__all__ = ["CORE", "DEEPEST", "INPUTS", "objects_of", "required", "spoiled", "values_of"]

CORE = schema._schema
INPUTS = {name: type_ for name, type_ in CORE.type_map.items() if isinstance(type_, GraphQLInputObjectType)}
JSON = st.recursive(st.none() | st.booleans() | st.integers(), lambda of: st.lists(of) | st.dictionaries(st.text(), of))
LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "String": st.text(max_size=3),
    "ID": st.text(max_size=3),
    "Int": st.integers(-(1 << 31), (1 << 31) - 1),
    "Float": st.floats(allow_nan=False, allow_infinity=False),
    "Boolean": st.booleans(),
    "JSON": JSON.filter(lambda value: value is not None),
    "BigInt": st.integers(-(1 << 63), (1 << 63) - 1),
    "DateTime": st.datetimes().map(lambda time: time.isoformat()),
    "Bytes": st.just("aGVsbG8="),
    "_Any": st.fixed_dictionaries({"__typename": st.just("Call"), "id": st.text(max_size=3)}),
}
DEEPEST = 4


# Cached, as types have many fields of the same types: without it they make a tree of strategies in place of a graph.
@cache
def values_of(type_: GraphQLInputType, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that a client may send; types that lead back to themselves end below ``DEEPEST``."""
    if isinstance(type_, GraphQLNonNull):
        return required(type_.of_type, depth)
    return st.none() if depth > DEEPEST else st.none() | required(type_, depth)


@cache
def required(type_: Any, depth: int) -> st.SearchStrategy[Any]:
    if isinstance(type_, GraphQLList):
        return st.lists(values_of(type_.of_type, depth + 1), max_size=0 if depth > DEEPEST else 2)
    if isinstance(type_, GraphQLEnumType):
        return st.sampled_from(sorted(type_.values))
    if not isinstance(type_, GraphQLInputObjectType):
        return LEAVES[type_.name]
    if type_.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].is_one_of:
        members = type_.fields.items()
        shallow = [(name, field) for name, field in members if not leads_down(field.type)]
        chosen = shallow if depth > DEEPEST and shallow else list(members)
        one = [st.fixed_dictionaries({name: required(field.type, depth + 1)}) for name, field in chosen]
        return st.one_of(one)
    must = {name: values_of(f.type, depth + 1) for name, f in type_.fields.items() if is_required_input_field(f)}
    may = {name: values_of(f.type, depth + 1) for name, f in type_.fields.items() if name not in must}
    return st.fixed_dictionaries(must, optional={} if depth > DEEPEST else may)


def leads_down(type_: Any) -> bool:
    while isinstance(type_, GraphQLNonNull | GraphQLList):
        type_ = type_.of_type
    return isinstance(type_, GraphQLInputObjectType)


STRANGE: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=2) | st.lists(st.none(), max_size=1) | st.just({})
)


@st.composite
def spoiled(draw: st.DrawFn, type_: GraphQLInputType) -> Any:
    """A value of the type in which something may be wrong, missing, or of no meaning."""
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    if isinstance(type_, GraphQLList):
        return draw(st.lists(spoiled(type_.of_type), max_size=2) | STRANGE)
    value = draw(required(type_, 0))
    if not isinstance(type_, GraphQLInputObjectType):
        return draw(st.just(value) | STRANGE)
    member = draw(st.sampled_from([*type_.fields, "unknown"]))
    if draw(st.booleans()):
        value.pop(member, None)
    else:
        value[member] = draw(STRANGE)
    return value


def objects_of(value: Any, type_: Any) -> Any:
    """What graphql-core gave for a type, with the input objects that resolvers get in place of dictionaries."""
    named = get_named_type(type_)
    if not isinstance(named, GraphQLInputObjectType):
        return value
    if isinstance(value, list):
        return [objects_of(item, type_) for item in value]
    definition = named.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    return value if value is None else definition.from_input(definition.origin, value, None)
