"""The executor: graphql-core's, with lists and objects completed by compiled functions where that gives the same."""

from asyncio import gather
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from typing import Any

from graphql import GraphQLNonNull, GraphQLObjectType, GraphQLOutputType, GraphQLResolveInfo, Undefined
from graphql.pyutils import Path, gather_with_cancel
from graphql.type import is_abstract_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.executor.compiler import Run, compile_shape
from graph.executor.shapes import FieldDetailsList, Shape, shape_of

__all__ = ["CompiledExecutor"]

WORTH_COMPILING = 16
"""Items of one form that are met before it is compiled: a document that comes once costs nothing."""

MAX_FORMS = 512
"""Forms that are remembered, each with its function or with how often it was met. Clients choose response names."""


class _Functions:
    """Compiled functions by the form of the shape and the items."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Run | int] = OrderedDict()

    def of(self, shape: Shape, columns: tuple[str, ...] | None, items: int) -> Run | None:
        """The function for ``items`` more items of this form; None while it is not worth one."""
        key = (shape.type, shape.form, columns)
        known = self._known.get(key, 0)
        if isinstance(known, int):
            met = known + items
            known = met if met < WORTH_COMPILING else compile_shape(shape, columns)
            self._known[key] = known
            if len(self._known) > MAX_FORMS:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return None if isinstance(known, int) else known


_functions = _Functions()
_NOT_TAKEN = object()


class CompiledExecutor(StrawberryGraphQLCoreExecutionContext):
    """Completes lists and objects of object types, and lists of abstract types, by compiled functions."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shapes: dict[tuple[str, int], Shape | None] = {}

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
        completed: Any = _NOT_TAKEN
        if isinstance(items, list | tuple) and items and self._may_take(position_context):
            named: Any = item_type.of_type if isinstance(item_type, GraphQLNonNull) else item_type
            plain = self.get_stream_usage(field_details_list, path) is None
            if plain and (isinstance(named, GraphQLObjectType) or is_abstract_type(named)):
                completed = _List(self, item_type, named, field_details_list, info, path).complete(items)
        if completed is not _NOT_TAKEN:
            return completed
        return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """An object by itself, such as each of the connections below the nodes of a list."""
        if self._may_take(position_context):
            shape = self.shape(return_type, field_details_list)
            if shape is not None and not shape.generic and self.is_of_type(return_type, result, info):
                columns = _columns_of(result)
                run = _functions.of(shape, columns, 1)
                if run is not None:
                    (completed,) = run((result,), _NOT_TAKEN)
                    if completed is not _NOT_TAKEN:
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


def _columns_of(item: Any) -> tuple[str, ...] | None:
    """The names of the values of a tuple; None for other objects."""
    columns = getattr(item.__class__, "columns", None) if isinstance(item, tuple) else None
    return columns if isinstance(columns, tuple) else None


class _List:
    """One list on its way."""

    def __init__(
        self,
        executor: CompiledExecutor,
        item_type: GraphQLOutputType,
        named: Any,
        details: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
    ) -> None:
        self._executor = executor
        self._item_type = item_type
        self._named = named
        self._details = details
        self._info = info
        self._path = path
        self._results: list[Any] = []
        self._awaited: list[tuple[int, Awaitable[Any]]] = []

    def complete(self, items: Sequence[Any]) -> Any:
        """The result of the list or an awaitable of it; ``_NOT_TAKEN`` where graphql-core had better do it."""
        is_awaitable = self._executor.is_awaitable
        if is_awaitable(items[0]):
            return self._complete_awaited(items)
        shapes = self._run(items)
        if shapes is None:
            return _NOT_TAKEN
        waiting = iter(items)
        try:
            # In the order of the items, since an error that nulls the list ends it there.
            for index, item in enumerate(waiting):
                shape = shapes[index]
                if shape is None or self._results[index] is _NOT_TAKEN:
                    self._results[index] = self._complete_generic(item, index)
                elif shape.generic:
                    self._execute_fields(shape, item, index)
        except Exception:
            awaitables = [*(awaitable for _, awaitable in self._awaited), *filter(is_awaitable, waiting)]
            self._executor.settle_in_background(awaitables)
            raise
        return self._finished() if self._awaited else self._results

    async def _complete_awaited(self, items: Sequence[Any]) -> Any:
        """A list of awaitables, as loaders give them: waited for together, then completed together."""
        is_awaitable, info = self._executor.is_awaitable, self._info
        values = list(items)
        waiting = [index for index, item in enumerate(items) if is_awaitable(item)]
        found = await gather(*(items[index] for index in waiting), return_exceptions=True)
        for index, value in zip(waiting, found, strict=True):
            if isinstance(value, BaseException) and not isinstance(value, Exception):
                raise value
            values[index] = value  # an exception is a value that graphql-core raises where it completes the item
        completed = self._executor.complete_iterable_value(
            self._item_type, self._details, info, self._path, values, None
        )
        return await completed if is_awaitable(completed) else completed

    def _run(self, items: Sequence[Any]) -> list[Shape | None] | None:
        """Run the compiled functions; gives the shape of each item that has one, None where no function was run.

        The results of items that are left to graphql-core are ``_NOT_TAKEN``.
        """
        groups: dict[tuple[GraphQLObjectType | None, tuple[str, ...] | None], list[int]] = {}
        type_of = self._typing()
        for index, item in enumerate(items):
            type_ = type_of(item)
            groups.setdefault((type_, None if type_ is None else _columns_of(item)), []).append(index)
        shapes: list[Shape | None] = [None] * len(items)
        self._results = [_NOT_TAKEN] * len(items)
        taken = False
        for (type_, columns), indices in groups.items():
            shape = None if type_ is None else self._executor.shape(type_, self._details)
            run = None if shape is None else _functions.of(shape, columns, len(indices))
            if run is None:
                continue
            taken = True
            if len(groups) == 1:
                self._results = run(items, _NOT_TAKEN)
                return [shape] * len(items)
            results = run([items[index] for index in indices], _NOT_TAKEN)
            for index, result in zip(indices, results, strict=True):
                shapes[index], self._results[index] = shape, result
        return shapes if taken else None

    def _typing(self) -> Callable[[Any], GraphQLObjectType | None]:
        """What gives the type of an item, None for one that graphql-core must look at."""
        executor, named, info = self._executor, self._named, self._info
        known: dict[type, GraphQLObjectType | None] = {}
        if isinstance(named, GraphQLObjectType):
            possible, by_class = [named], getattr(named.is_type_of, "by_class", named.is_type_of is None)
        else:
            possible = list(executor.schema.get_possible_types(named))
            by_class = all(getattr(type_.is_type_of, "by_class", False) for type_ in possible)

        def type_of(item: Any) -> GraphQLObjectType | None:
            class_ = item.__class__
            if class_ in known:
                return known[class_]
            found = None
            if item is not None and not isinstance(item, Exception) and not executor.is_awaitable(item):
                found = next((type_ for type_ in possible if executor.is_of_type(type_, item, info)), None)
            # An abstract type may be resolved in another way than by predicates; then it is not ours.
            if not by_class and not isinstance(named, GraphQLObjectType):
                return None
            if found is not None and by_class and _columns_of(item) is not None:
                known[class_] = found
            return found

        return type_of

    def _complete_generic(self, item: Any, index: int) -> Any:
        completed: list[Any] = []
        executor = self._executor
        path = self._path.add_key(index, None)
        if executor.is_awaitable(item):
            awaitable = executor.complete_awaitable_list_item_value(
                item, self._item_type, self._details, self._info, path, None
            )
            self._awaited.append((index, awaitable))
        elif executor.complete_list_item_value(item, completed, self._item_type, self._details, self._info, path, None):
            self._awaited.append((index, completed[0]))
        return completed[0] if completed else None

    def _execute_fields(self, shape: Shape, item: Any, index: int) -> None:
        """Have graphql-core execute the fields of an item that are not compiled."""
        executor, type_, path = self._executor, shape.type, self._path.add_key(index, None)
        result = self._results[index]
        awaited: list[tuple[str, Awaitable[Any]]] = []
        try:
            for response, details in shape.generic:
                value = executor.execute_field(type_, item, details, Path(path, response, type_.name), None)
                if value is Undefined:
                    del result[response]
                    continue
                result[response] = value
                if executor.is_awaitable(value):
                    awaited.append((response, value))
        except Exception as error:  # noqa: BLE001 - of a field that cannot be null
            executor.settle_in_background([awaitable for _, awaitable in awaited])
            self._results[index] = None
            executor.handle_field_error(error, self._item_type, self._details, path)
        else:
            if awaited:
                self._awaited.append((index, self._fields_awaited(result, awaited, path)))

    async def _fields_awaited(
        self, result: dict[str, Any], awaited: Sequence[tuple[str, Awaitable[Any]]], path: Path
    ) -> Any:
        try:
            if len(awaited) == 1:
                ((response, awaitable),) = awaited
                result[response] = await awaitable
            else:
                values = await gather_with_cancel(*(awaitable for _, awaitable in awaited))
                result.update(zip((response for response, _ in awaited), values, strict=True))
        except Exception as error:  # noqa: BLE001 - of a field that cannot be null
            self._executor.handle_field_error(error, self._item_type, self._details, path)
            return None
        return result

    async def _finished(self) -> list[Any]:
        indices = [index for index, _ in self._awaited]
        if len(indices) == 1:
            self._results[indices[0]] = await self._awaited[0][1]
        else:
            values = await gather_with_cancel(*(awaitable for _, awaitable in self._awaited))
            for index, value in zip(indices, values, strict=True):
                self._results[index] = value
        return self._results
