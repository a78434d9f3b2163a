"""The executor: graphql-core's, with lists and objects completed by compiled functions where that gives the same."""

from asyncio import gather
from collections.abc import Awaitable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
)
from graphql.execution import Executor
from graphql.pyutils import Path
from graphql.type import is_abstract_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.executor.coroutines import Coroutines
from graph.executor.functions import NOT_TAKEN, columns_of, functions
from graph.executor.items import Items
from graph.executor.shapes import FieldDetailsList, Shape, shape_of

__all__ = ["CompiledExecutor"]


class CompiledExecutor(StrawberryGraphQLCoreExecutionContext):
    """Completes lists and objects of object types, and lists of abstract types and leaves, by compiled functions."""

    writes_json = False
    """Whether what is made of lists may be JSON text, for ``graph.encoding`` to splice in: for a result that is but
    written out. Set before it executes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shapes: dict[tuple[str, int], Shape | None] = {}
        self._base_is_awaitable = self.is_awaitable
        self._watch_coroutines()

    def _watch_coroutines(self) -> None:
        self._coroutines = Coroutines(self._base_is_awaitable)
        self.is_awaitable = self._coroutines.is_awaitable  # type: ignore[assignment]

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        """An executor for one event; see the base class."""
        executor = super().build_per_event_executor(payload)
        assert isinstance(executor, CompiledExecutor)
        executor._watch_coroutines()  # noqa: SLF001 - one of ours
        return executor

    def execute_operation(self, serially: bool | None = None) -> Any:
        """An execution result, or an awaitable of one."""
        result = super().execute_operation(serially)
        return self._ended(result) if self.is_awaitable(result) else result

    async def _ended(self, result: Awaitable[Any]) -> Any:
        try:
            return await result
        finally:
            self.end_coroutines()

    def end_coroutines(self) -> None:
        """End the coroutines of the operation that were never begun. Its root fields are done."""
        self._coroutines.end(self.background_futures)

    async def together(self, coroutines: Sequence[Coroutine[Any, Any, Any]]) -> Sequence[Any]:
        """What each coroutine gives, or the exception that it raises in its place: the resolvers of one field for all
        items of a list. Whoever knows what they wait for may do better than a task for each."""
        found = await gather(*coroutines, return_exceptions=True)
        for value in found:
            if isinstance(value, BaseException) and not isinstance(value, Exception):
                raise value
        return found

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> Any:
        """A list; see the base class."""
        completed: Any = NOT_TAKEN
        if isinstance(items, list | tuple) and items and self._may_take(position_context):
            named: Any = item_type.of_type if isinstance(item_type, GraphQLNonNull) else item_type
            plain = self.get_stream_usage(field_details_list, path) is None
            if plain and (isinstance(named, GraphQLObjectType) or is_abstract_type(named)):
                completed = Items(self, item_type, field_details_list, info, partial(_item_path, path)).complete(items)
            elif plain and isinstance(named, GraphQLScalarType | GraphQLEnumType):
                run = functions.of_leaves(named, len(items), nullable=named is item_type)
                if run is not None:
                    leaves, given_up = run(items, NOT_TAKEN)
                    completed = NOT_TAKEN if given_up else leaves
        if completed is not NOT_TAKEN:
            return completed
        return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)

    def complete_list_item_value(self, item: Any, complete_results: list[Any], *rest: Any) -> bool:
        """An item of a list; see the base class."""
        waits = super().complete_list_item_value(item, complete_results, *rest)
        return waits and self.is_awaitable(complete_results[-1])

    def complete_awaitable_list_item_value(self, *given: Any) -> Coroutine[Any, Any, Any]:
        """An item of a list that is waited for; see the base class."""
        completing = super().complete_awaitable_list_item_value(*given)
        self.is_awaitable(completing)
        return completing

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """An object by itself. Lists of objects in it are completed as lists, which give way to others."""
        if self._may_take(position_context):
            shape = self.shape(return_type, field_details_list)
            if shape is not None and shape.whole and not shape.has_lists and self.is_of_type(return_type, result, info):
                columns = columns_of(result)
                run = functions.of(shape, columns, 1)
                if run is not None:
                    (completed,), given_up = run((result,), NOT_TAKEN)
                    if not given_up:
                        return completed
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)

    def shape(self, type_: GraphQLObjectType, details: FieldDetailsList) -> Shape | None:
        """The shape of a selection, worked out once an execution."""
        key = (type_.name, id(details))
        if key not in self._shapes:
            # graphql-core keeps the list of details alive together with what it has collected for it.
            self._shapes[key] = shape_of(self, type_, details)
        return self._shapes[key]

    def is_of_type(self, type_: GraphQLObjectType, value: Any, info: GraphQLResolveInfo[Any]) -> bool:
        """Whether a value is certainly of the type; graphql-core says what is wrong where it is not."""
        return type_.is_type_of is None or type_.is_type_of(value, info) is True

    def _may_take(self, position_context: Any) -> bool:
        return position_context is None and self.middleware_manager is None and self.abort_signal is None


def _item_path(path: Path, index: int) -> Path:
    return path.add_key(index, None)
