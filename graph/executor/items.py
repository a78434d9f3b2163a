"""Values of one type on their way: the items of a list, or the values of a field for all items of a list."""

from asyncio import _get_running_loop, gather, sleep
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from types import GeneratorType
from typing import TYPE_CHECKING, Any, TypeVar

from graphql import GraphQLNonNull, GraphQLObjectType, GraphQLOutputType, GraphQLResolveInfo, Undefined
from graphql.pyutils import Path, gather_with_cancel
from graphql.type import is_abstract_type
from orjson import Fragment

from graph.encoding import Written
from graph.executor.columns import read_item, resolver_of
from graph.executor.compiler import Run
from graph.executor.functions import NOT_TAKEN, columns_of, functions
from graph.executor.shapes import Column, FieldDetailsList, Shape

if TYPE_CHECKING:
    from graph.executor.executor import CompiledExecutor

__all__ = ["TURN", "TURN_OF_LISTS", "Failed", "Items"]

T = TypeVar("T")


TURN = 256
"""Items that are made in one turn of the event loop, where they have no lists of objects in them."""

TURN_OF_LISTS = 4
"""The same of items with such lists, which may be long."""


class Failed:
    """In place of a result: the error by which a value of a column makes its item null."""

    __slots__ = ("error",)

    def __init__(self, error: Exception) -> None:
        self.error = error


class Items:
    """One list on its way, or one column of a list: the values of a field for all its items.

    An error that may not be caught at an item of a list is raised, since it makes the list null; that of a column's
    value is left in its place as ``Failed``.

    Where the executor writes JSON, an item all of whose fields are compiled is bytes until the results are given.
    """

    def __init__(
        self,
        executor: "CompiledExecutor",
        item_type: GraphQLOutputType,
        details: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path_of: Callable[[int], Path],
        *,
        column: bool = False,
    ) -> None:
        self._executor = executor
        self._item_type = item_type
        self._named: Any = item_type.of_type if isinstance(item_type, GraphQLNonNull) else item_type
        self.details = details
        self.info = info
        self._path_of = path_of
        self._column = column
        self._results: list[Any] = []
        self._awaited: list[Awaitable[None]] = []
        self._shapes: Sequence[Shape | None] = ()
        self._done = False

    def complete(self, items: Sequence[Any]) -> Any:
        """The results of the items or an awaitable of them; ``NOT_TAKEN`` where graphql-core had better do a list."""
        is_awaitable = self._executor.is_awaitable
        if not self._column and is_awaitable(items[0]):
            waiting = [index for index, item in enumerate(items) if is_awaitable(item)]
            return self._complete_awaited(items, waiting)
        groups = self._compiled(items)
        if groups is None:
            return NOT_TAKEN
        running = self._run(items, groups)
        if self._takes_turns(items, groups):
            return self._complete_in_turns(items, running)
        for _ in running:
            pass
        return self._complete_rest(items)

    def _takes_turns(self, items: Sequence[Any], groups: Sequence[tuple[Shape, Run, Sequence[int]]]) -> bool:
        """Resolvers that are called in one turn share their reads, so few items that have any are not put off."""
        long = len(items) > TURN or any(
            shape.has_lists and shape.whole and len(part) > TURN_OF_LISTS for shape, _, part in groups
        )
        return long and _get_running_loop() is not None

    async def _complete_in_turns(self, items: Sequence[Any], running: Iterable[None]) -> Any:
        """A list that is so long that others must have turns of the event loop between its parts."""
        for _ in running:
            await sleep(0)
        completed = self._complete_rest(items)
        return await completed if self._executor.is_awaitable(completed) else completed

    def _complete_rest(self, items: Sequence[Any]) -> Any:
        """The results or an awaitable of them, once the compiled functions have run."""
        if self._done:
            return self._given()
        shapes = self._shapes
        in_columns: dict[int, tuple[Shape, list[int]]] = {}
        left = iter(items)
        try:
            # In the order of the items, since an error that nulls the list ends it there.
            for index, item in enumerate(left):
                shape = shapes[index]
                if shape is None or self._results[index] is NOT_TAKEN:
                    self._complete_generic(item, index)
                elif not shape.whole:
                    if shape.generic:
                        self._execute_fields(shape, item, index)
                    if shape.columns:
                        in_columns.setdefault(id(shape), (shape, []))[1].append(index)
            for shape, indices in in_columns.values():
                for response, details, column in shape.columns:
                    self._complete_column(shape, response, details, column, items, indices)
        except Exception:
            self._executor.settle_in_background([*self._awaited, *filter(self._executor.is_awaitable, left)])
            raise
        return self._finished() if self._awaited else self._given()

    def _given(self) -> Any:
        """The results as they are given away: those that are JSON marked as such."""
        results = self._results
        if not self._executor.writes_json:
            return results
        if not self._column and set(map(type, results)) == {bytes}:
            return Written(results)
        return [Fragment(result) if result.__class__ is bytes else result for result in results]

    async def _complete_awaited(self, items: Sequence[Any], waiting: Sequence[int]) -> Any:
        """A list with awaitables at the indices ``waiting``: waited for together, then completed together."""
        is_awaitable, info = self._executor.is_awaitable, self.info
        values = list(items)
        found = await gather(*(items[index] for index in waiting), return_exceptions=True)
        for index, value in zip(waiting, found, strict=True):
            if isinstance(value, BaseException) and not isinstance(value, Exception):
                raise value
            values[index] = value  # an exception is a value that graphql-core raises where it completes the item
        path = self._path_of(0).prev
        assert path is not None
        completed = self._executor.complete_iterable_value(self._item_type, self.details, info, path, values, None)
        return await completed if is_awaitable(completed) else completed

    def _compiled(self, items: Sequence[Any]) -> list[tuple[Shape, Run, Sequence[int]]] | None:
        """The compiled functions of the items that have one; None where the list has none."""
        found: list[tuple[Shape, Run, Sequence[int]]] = []
        for (type_, columns), indices in self._grouped(items).items():
            shape = None if type_ is None else self._executor.shape(type_, self.details)
            text = self._executor.writes_json and shape is not None and shape.whole
            run = None if shape is None else functions.of(shape, columns, len(indices), text=text)
            if shape is not None and run is not None:
                found.append((shape, run, indices))
        return found if found or self._column else None

    def _run(self, items: Sequence[Any], groups: Sequence[tuple[Shape, Run, Sequence[int]]]) -> Iterator[None]:
        """Run the compiled functions, in parts that none takes long. ``_done`` says whether they made all results;
        otherwise those of items that are left to graphql-core are ``NOT_TAKEN``."""
        if len(groups) == 1 and len(groups[0][2]) == len(items):
            ((shape, run, _),) = groups
            complete, results = shape.whole, self._results
            for part in _parts(items, shape):
                made, given_up = run(part, NOT_TAKEN)
                results += made
                complete = complete and not given_up
                yield
            self._shapes, self._done = [shape] * len(items), complete
            return
        self._shapes, self._results = [None] * len(items), [NOT_TAKEN] * len(items)
        for shape, run, indices in groups:
            for part in _parts(indices, shape):
                made, _ = run([items[index] for index in part], NOT_TAKEN)
                for index, result in zip(part, made, strict=True):
                    self._shapes[index], self._results[index] = shape, result
                yield

    def _grouped(
        self, items: Sequence[Any]
    ) -> Mapping[tuple[GraphQLObjectType | None, tuple[str, ...] | None], Sequence[int]]:
        """The items by type and columns; no type where graphql-core must look at them."""
        groups: dict[tuple[GraphQLObjectType | None, tuple[str, ...] | None], list[int]] = {}
        if isinstance(self._named, GraphQLObjectType) or is_abstract_type(self._named):
            type_of, known = self._typing()
            examples = {item.__class__: item for item in items}
            if len(examples) == 1:
                ((class_, item),) = examples.items()
                type_ = type_of(item)
                if class_ in known:
                    return {(type_, columns_of(item)): range(len(items))}
            for index, item in enumerate(items):
                type_ = type_of(item)
                groups.setdefault((type_, None if type_ is None else columns_of(item)), []).append(index)
        return groups

    def _typing(
        self,
    ) -> tuple[Callable[[Any], GraphQLObjectType | None], Mapping[type, GraphQLObjectType | None]]:
        """What gives the type of an item, None for one that graphql-core must look at, and what it has found to be the
        type of all items of a class."""
        executor, named, info = self._executor, self._named, self.info
        known: dict[type, GraphQLObjectType | None] = {}
        if isinstance(named, GraphQLObjectType):
            plain = named.is_type_of is None
            possible, by_class = [named], getattr(named.is_type_of, "by_class", plain)
        else:
            plain = False
            possible = list(executor.schema.get_possible_types(named))
            by_class = all(getattr(type_.is_type_of, "by_class", False) for type_ in possible)

        def type_of(item: Any) -> GraphQLObjectType | None:
            class_ = item.__class__
            if class_ in known:
                return known[class_]
            if item is None or item is Undefined or isinstance(item, Exception) or executor.is_awaitable(item):
                return None
            # An abstract type may be resolved in another way than by predicates; then it is not ours.
            if not by_class and not isinstance(named, GraphQLObjectType):
                return None
            found = next((type_ for type_ in possible if executor.is_of_type(type_, item, info)), None)
            # A predicate knows the class of a row alone. Where there is none, all objects of a class are alike, unless
            # they make up what they have; of generators some can be awaited.
            if found is not None and by_class and (columns_of(item) is not None or (plain and _is_alike(class_))):
                known[class_] = found
            return found

        return type_of, known

    def _complete_generic(self, item: Any, index: int) -> None:
        """Have graphql-core complete an item."""
        completed: list[Any] = []
        executor = self._executor
        path = self._path_of(index)
        if executor.is_awaitable(item):
            awaitable = executor.complete_awaitable_list_item_value(
                item, self._item_type, self.details, self.info, path, None
            )
            self._await(self._put(index, awaitable))
            return
        try:
            if executor.complete_list_item_value(item, completed, self._item_type, self.details, self.info, path, None):
                self._await(self._put(index, completed[0]))
            else:
                self._results[index] = completed[0]
        except Exception as error:  # noqa: BLE001 - raised again unless of a column
            self._null(index, error)

    def _await(self, filling: Coroutine[Any, Any, None]) -> None:
        """Have something filled in before the results are there."""
        self._executor.is_awaitable(filling)
        self._awaited.append(filling)

    async def _put(self, index: int, awaitable: Awaitable[Any]) -> None:
        try:
            self._results[index] = await awaitable
        except Exception as error:  # noqa: BLE001 - raised again unless of a column
            self._null(index, error)

    def _null(self, index: int, error: Exception) -> None:
        """Have no result for an item where that makes what it is part of null."""
        if not self._column:
            raise error
        self._results[index] = Failed(error)

    def _fail(self, index: int, error: Exception) -> None:
        """Have no result for an item, one of whose fields failed that cannot be null."""
        self._results[index] = None
        try:
            self._executor.handle_field_error(error, self._item_type, self.details, self._path_of(index))
        except Exception as raised:  # noqa: BLE001 - raised again unless of a column
            self._null(index, raised)

    def _execute_fields(self, shape: Shape, item: Any, index: int) -> None:
        """Have graphql-core execute the fields of an item that are neither compiled nor columns."""
        executor, type_, path = self._executor, shape.type, self._path_of(index)
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
            self._fail(index, error)
        else:
            if awaited:
                self._await(self._fields_awaited(result, awaited, index))

    async def _fields_awaited(
        self, result: dict[str, Any], awaited: Sequence[tuple[str, Awaitable[Any]]], index: int
    ) -> None:
        try:
            if len(awaited) == 1:
                ((response, awaitable),) = awaited
                result[response] = await awaitable
            else:
                values = await gather_with_cancel(*(awaitable for _, awaitable in awaited))
                result.update(zip((response for response, _ in awaited), values, strict=True))
        except Exception as error:  # noqa: BLE001 - of a field that cannot be null
            if self._results[index] is result:
                self._fail(index, error)

    def _complete_column(
        self,
        shape: Shape,
        response: str,
        details: FieldDetailsList,
        column: Column,
        items: Sequence[Any],
        indices: Sequence[int],
    ) -> None:
        """Fill in one field of the items at ``indices``, now or when what it waits for is there."""
        executor, type_name = self._executor, shape.type.name

        def path_of(place: int) -> Path:
            return Path(self._path_of(indices[place]), response, type_name)

        nodes = [each.node for each in details]
        info = executor.build_resolve_info(column.definition, nodes, shape.type, path_of(0))
        values = Items(executor, column.definition.type, details, info, path_of, column=True)
        reader = column.reader
        if reader is None:
            self._await(self._resolved(values, column, response, items, indices))
            return
        completed = values.complete([read_item(reader, items[index]) for index in indices])
        if executor.is_awaitable(completed):
            self._await(self._filled(completed, response, indices))
        else:
            self._fill(completed, response, indices)

    async def _resolved(
        self, values: "Items", column: Column, response: str, items: Sequence[Any], indices: Sequence[int]
    ) -> None:
        """Resolve a field for all items together, and fill it in."""
        executor = self._executor
        try:
            resolve = resolver_of(executor, column, values.details, values.info)
        except Exception as error:  # noqa: BLE001 - raised where the value is completed
            found: list[Any] = [error] * len(indices)
        else:
            found = list(await executor.together([resolve(items[index]) for index in indices]))
        completed = values.complete(found)
        self._fill(await completed if executor.is_awaitable(completed) else completed, response, indices)

    async def _filled(self, completed: Awaitable[list[Any]], response: str, indices: Sequence[int]) -> None:
        self._fill(await completed, response, indices)

    def _fill(self, completed: Sequence[Any], response: str, indices: Sequence[int]) -> None:
        results = self._results
        for index, value in zip(indices, completed, strict=True):
            result = results[index]
            if result.__class__ is not dict:
                continue  # another field of the item failed that cannot be null
            if value.__class__ is Failed:
                self._fail(index, value.error)
            else:
                result[response] = value

    async def _finished(self) -> Any:
        if len(self._awaited) == 1:
            await self._awaited[0]
        else:
            await gather_with_cancel(*self._awaited)
        return self._given()


def _is_alike(class_: type) -> bool:
    return class_ is not GeneratorType and not hasattr(class_, "__getattr__")


def _parts(items: Sequence[T], shape: Shape) -> Iterator[Sequence[T]]:
    """The items in parts, each for one turn of the event loop."""
    if len(items) <= TURN and not shape.has_lists:
        yield items
        return
    size = TURN_OF_LISTS if shape.has_lists else TURN
    for start in range(0, len(items), size):
        yield items[start : start + size]
