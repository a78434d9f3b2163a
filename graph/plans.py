"""Operations of our own, which run again and again: what their executions have in common is worked out once.

Which fields an operation selects depends on the variables of ``@skip`` and ``@include`` alone. So for each set of
their values there is a plan: graphql-core's collected fields, the shapes of ``graph.executor``, and whatever else is
worked out from selections (``Context.memory``). Everything else is graphql-core's: resolvers, completion, errors.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails, GroupedFieldSet, collect_fields
from graphql.execution.values import VariableValues, get_variable_values

from db.rows import Row, RowSet
from graph.batching import BatchingExecutor, executor_of
from graph.connections import Connection
from graph.executor import CompiledExecutor
from graph.variables import OperationVariables
from graph.written import Writers, Written, places_of
from resolvers.context import Context

__all__ = ["PreparedDocument"]

MOST_PLANS = 64
"""Plans of an operation that are remembered; REST clients choose few of the columns that there are."""

MOST_COERCION_ERRORS = 50


@dataclass(slots=True)
class Plan:
    """What executions with the same selections share. Nodes and lists of them are told apart by identity, and are
    kept alive here."""

    root: GroupedFieldSet
    sub_fields: dict[Any, Any] = field(default_factory=dict)
    shapes: dict[Any, Any] = field(default_factory=dict)
    memory: dict[Any, Any] = field(default_factory=dict)


class PreparedExecutor(BatchingExecutor):
    """Executes along a plan, with rows of some types written (``graph.written``)."""

    _memory: dict[Any, Any]
    _writers: Writers

    def follow(self, plan: Plan, writers: Writers) -> None:
        """Use, and add to, what earlier executions have worked out."""
        self._relevant_sub_fields = plan.sub_fields
        self._shapes = plan.shapes
        self._memory = plan.memory
        self._writers = writers

    def complete_iterable_value(
        self, item_type: GraphQLOutputType, field_details_list: Any, info: Any, path: Any, items: Any, position: Any
    ) -> Any:
        """A list; see the base class."""
        if self._writers and isinstance(items, RowSet) and items:
            named: Any = item_type.of_type if isinstance(item_type, GraphQLNonNull) else item_type
            written = self._written(named, field_details_list, items)
            if written is not None:
                return written
        return super().complete_iterable_value(item_type, field_details_list, info, path, items, position)

    def complete_object_value(
        self, return_type: GraphQLObjectType, field_details_list: Any, info: Any, path: Any, result: Any, position: Any
    ) -> Any:
        """An object by itself; see the base class."""
        if self._writers:
            if isinstance(result, Row):
                written = self._written(return_type, field_details_list, (result,))
                if written is not None:
                    return written
            elif isinstance(result, Connection):
                # Field by field, so that the list of its nodes comes here.
                return super(CompiledExecutor, self).complete_object_value(
                    return_type, field_details_list, info, path, result, position
                )
        return super().complete_object_value(return_type, field_details_list, info, path, result, position)

    def _written(self, type_: Any, details: Any, rows: Sequence[Row]) -> Written | None:
        writer = self._writers.get(type_.name)
        if writer is None or rows[0].noun != type_.name:
            return None
        key = (places_of, type_.name, id(details), rows[0].columns)
        if key not in self._memory:
            shape = self.shape(type_, details)
            self._memory[key] = None if shape is None else places_of(shape, rows[0].columns)
        places = self._memory[key]
        if places is None:
            return None
        try:
            return Written(writer(rows, places))
        except Exception:  # noqa: BLE001 - whatever it was, the usual way meets it and says what it is
            return None


class PreparedDocument:
    """A valid document of one operation, without ``@defer`` and ``@stream``."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        definitions = document.definitions
        (self._operation,) = (each for each in definitions if isinstance(each, OperationDefinitionNode))
        fragments = (each for each in definitions if isinstance(each, FragmentDefinitionNode))
        self._details = {each.name.value: FragmentDetails(each) for each in fragments}
        self._schema = schema
        root = schema.get_root_type(self._operation.operation)
        assert root is not None, "the document is valid"
        self._root = root
        self._variables = OperationVariables(schema, self._operation)
        self._deciding = _deciding(document)
        self._plans: OrderedDict[tuple[Any, ...], Plan] = OrderedDict()

    async def execute(
        self, context: Context, variables: Mapping[str, Any], writers: Writers | None = None
    ) -> ExecutionResult:
        """What ``graphql.execute`` gives, with ``Written`` in it where writers are given."""
        values = self.variable_values(variables)
        if isinstance(values, list):
            return ExecutionResult(None, values)
        plan = self._plan(values)
        context.memory = plan.memory
        executor = executor_of(PreparedExecutor, self._schema, self._operation, self._details, values, context)
        executor.follow(plan, writers or {})
        serially = self._operation.operation is OperationType.MUTATION
        data: Any = None
        try:
            data = executor.execute_collected_root_fields(self._root, None, plan.root, serially, [])
            if executor.is_awaitable(data):
                data = await data
        except GraphQLError as error:  # of a field that cannot be null, which took everything with it
            executor.collected_errors.add(error, None)
            data = None
        finally:
            executor.end_coroutines()
        result = executor.build_response(data)
        assert isinstance(result, ExecutionResult), "nothing is deferred"
        # It holds methods of its own, and with them the variables: a body would stay until garbage is looked for.
        del executor.async_helpers
        return result

    @property
    def plans(self) -> int:
        """How many plans are remembered."""
        return len(self._plans)

    def _plan(self, values: VariableValues) -> Plan:
        key = tuple(map(values.coerced.get, self._deciding))
        plan = self._plans.get(key)
        if plan is None:
            collected = collect_fields(self._schema, self._details, values, self._root, self._operation)
            plan = self._plans[key] = Plan(collected.grouped_field_set)
            if len(self._plans) > MOST_PLANS:
                self._plans.popitem(last=False)
        else:
            self._plans.move_to_end(key)
        return plan

    def variable_values(self, given: Mapping[str, Any]) -> VariableValues | list[GraphQLError]:
        """What graphql-core's ``get_variable_values`` gives, with the input objects made (``graph.variables``)."""
        found = self._variables.coerced(given)
        if found is None:
            nodes = self._operation.variable_definitions or ()
            return get_variable_values(self._schema, nodes, dict(given), max_errors=MOST_COERCION_ERRORS)
        return found


def _deciding(document: DocumentNode) -> tuple[str, ...]:
    """The names of the variables that stand in directives."""
    names: dict[str, None] = {}

    class Reader(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
            for argument in node.arguments or ():
                if isinstance(argument.value, VariableNode):
                    names[argument.value.name.value] = None

    visit(document, Reader())
    return tuple(names)
