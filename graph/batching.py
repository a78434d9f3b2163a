"""The executor of this schema, whose resolvers wait for loaders."""

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from graphql import GraphQLSchema, OperationDefinitionNode, default_field_resolver, default_type_resolver
from graphql.execution import Executor
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues

from graph.executor import CompiledExecutor
from resolvers.loaders import together

__all__ = ["BatchingExecutor", "executor_of"]

E = TypeVar("E", bound=Executor[Any])


class BatchingExecutor(CompiledExecutor):
    """The compiled executor, with the resolvers of a list waiting for their loaders as one."""

    async def together(self, coroutines: Sequence[Coroutine[Any, Any, Any]]) -> Sequence[Any]:
        """What each gives, or the exception that it raises in its place."""
        return await together(coroutines)


def executor_of(
    class_: type[E],
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDetails],
    values: VariableValues,
    context: object,
    is_awaitable: Any = None,
) -> E:
    """What executes an operation of a valid document, once, whose variables are coerced already."""
    return class_(
        schema,
        {name: details.definition for name, details in fragments.items()},
        dict(fragments),
        None,
        context,
        operation,
        values,
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
        enable_early_execution=False,
        middleware_manager=None,
        is_awaitable=is_awaitable,
        is_async_iterable=None,
    )
