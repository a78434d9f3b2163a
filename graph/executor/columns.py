"""The values of one field for all items of a list."""

from collections.abc import Callable, Coroutine
from typing import Any

from graphql import GraphQLResolveInfo
from graphql.execution import Executor
from graphql.execution.values import get_argument_values
from strawberry.schema.schema_converter import get_arguments

from graph.executor.shapes import Column, FieldDetailsList, Reader

__all__ = ["read_item", "resolver_of"]

Resolver = Callable[[Any], Coroutine[Any, Any, Any]]


def read_item(reader: Reader, item: Any) -> Any:
    """What ``reader`` reads off ``item``, or the exception it raises in its place."""
    try:
        return getattr(item, reader.attribute) if reader.attribute is not None else reader.function(item)  # type: ignore[misc]
    except Exception as error:  # noqa: BLE001 - raised where the value is completed
        return error


def resolver_of(
    executor: Executor[Any], column: Column, details: FieldDetailsList, info: GraphQLResolveInfo[Any]
) -> Resolver:
    """The resolver of a field as a function of the item alone: its arguments are the same for all of them.

    Raises what is wrong with the arguments.
    """
    field, first = column.field, details[0]
    resolver = field.base_resolver
    assert resolver is not None
    definition = column.definition
    given = (
        get_argument_values(
            definition,
            first.node,
            executor.variable_values,
            first.fragment_variable_values,
            executor.hide_suggestions,
        )
        if definition.args or first.node.arguments
        else {}
    )
    schema: Any = executor.schema
    strawberry_schema = schema._strawberry_schema  # noqa: SLF001 - its fields have no other way to it either
    args, kwargs = get_arguments(
        field=field,
        source=None,
        info=strawberry_schema.config.info_class(_raw_info=info, _field=field),
        kwargs=given,
        config=strawberry_schema.config,
        scalar_registry=strawberry_schema.schema_converter.scalar_registry,
    )
    function: Any = resolver.wrapped_func
    parents = [each.name for each in (resolver.parent_parameter, resolver.root_parameter) if each is not None]
    for name in parents:
        del kwargs[name]
    if args:
        return lambda item: function(item, **kwargs)
    return lambda item: function(**kwargs, **dict.fromkeys(parents, item))
