"""An operation of our own as a client would send it: the document, and the variables as JSON."""

import base64
from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeNode,
    parse,
    type_from_ast,
)
from strawberry.schema import BaseSchema

from graph.encoding import Spliced
from graph.json_text import JSONText
from graph.operations import Operation
from graph.scalars import format_time

__all__ = ["explained"]


def explained(operation: Operation, schema: BaseSchema, variables: Mapping[str, Any]) -> dict[str, Any]:
    """``operationName``, ``query`` and ``variables`` of a request to /graphql that does what ``operation`` does.

    Reads the files among the variables: not for the event loop.
    """
    types: GraphQLSchema = schema._schema  # type: ignore[attr-defined]  # noqa: SLF001 - graphql-core's own
    (definition,) = (node for node in parse(operation.source).definitions if isinstance(node, OperationDefinitionNode))
    declared = {variable.variable.name.value: variable.type for variable in definition.variable_definitions or ()}
    return {
        "operationName": definition.name and definition.name.value,
        "query": operation.source,
        "variables": {
            name: _sent(variables[name], _type_of(types, node)) for name, node in declared.items() if name in variables
        },
    }


def _type_of(schema: GraphQLSchema, node: TypeNode) -> Any:
    return type_from_ast(schema, node)


def _sent(value: Any, of_type: Any) -> Any:
    """A variable of an operation that runs in process (``Operation.run``), as it would come over the wire."""
    if isinstance(of_type, GraphQLNonNull):
        return _sent(value, of_type.of_type)
    if value is None:
        return None
    if isinstance(of_type, GraphQLList):
        return [_sent(item, of_type.of_type) for item in value]
    if isinstance(of_type, GraphQLInputObjectType):
        return {name: _sent(item, of_type.fields[name].type) for name, item in value.items()}
    if isinstance(value, JSONText):
        return Spliced(value)
    match of_type.name:
        case "DateTime" if isinstance(value, int):
            return format_time(value)
        case "Bytes":
            return base64.b64encode(value if isinstance(value, bytes) else value.read()).decode()
        case _:
            return value
