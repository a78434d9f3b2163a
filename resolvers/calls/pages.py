"""Lists of calls: filtered, ordered, paged, counted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from dataclasses import field as dataclass_field
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, func, select

from db.bounded_pages import MAX_PAGE_BYTES
from db.calls.fields import COLUMN_FIELDS, call_fields
from db.calls.filters import EVERY_CALL, CallFilter, alternatives, common_roles, conditions, edges_of, in_order
from db.calls.op_names import select_named, select_versions
from db.calls.reads import PAYLOADS, SHOWN, TOP_OF_TRACE, select_calls_by_id, select_calls_page
from db.calls.tables import calls
from db.calls.walks import walk_calls
from db.experiments.membership import members_of
from db.feedback_filters import FeedbackFilter
from db.id_lists import among
from db.lookups import looked_up
from db.objects.reads import ObjectFilter
from db.pages import Page, PageRequest, between_cursors, select_count
from db.partitions import partition_counts, partition_pages
from db.query.compile import compile_query
from db.query.expression import Expression
from db.query.fields import Field, Fields, FieldType
from db.query.order import Direction, Order, compile_order
from db.queues.items import ITEM_SHOWN
from db.queues.tables import queue_items
from db.unordered import unordered
from resolvers.batches import read_by_key
from resolvers.calls.orders import COST, costs_by_id
from resolvers.calls.queries import is_kept, order_of, query_of
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.queries import refusing_queries
from resolvers.refs.expand import MOST_PATHS
from resolvers.search.find import newest_saying, saying

__all__ = [
    "DEFAULT_SORTS",
    "NEWEST_FIRST",
    "CallList",
    "SiblingLists",
    "calls_count",
    "calls_page",
    "calls_trace_bytes",
    "sibling_counts",
    "sibling_pages",
]

LONGEST_LIST = 1000

Sorts = Sequence[tuple[str, Direction]]
DEFAULT_SORTS: tuple[tuple[str, Direction], ...] = (("started_at", "asc"),)
NEWEST_FIRST: tuple[tuple[str, Direction], ...] = (("started_at", "desc"),)


@dataclass(frozen=True, slots=True)
class CallList:
    """Which calls of a project, in which order."""

    project: str
    filter: CallFilter = EVERY_CALL
    within: CallFilter = EVERY_CALL
    """What the place of the list narrows it to, beside what was asked."""

    query: Expression | None = None
    names: Sequence[str] | None = None
    """Op names of which calls have one; see ``planned``."""

    common: Sequence[str] = ()
    """Roles of refs that many calls have; see ``planned``."""

    sorts: Sorts = DEFAULT_SORTS
    expand: Sequence[str] = ()
    """Paths of refs that the query and the order follow."""

    search: Sequence[str] = ()
    """Folded texts that calls say, all of them (``resolvers.search.terms``)."""

    sought: ColumnElement[bool] | None = dataclass_field(default=None, compare=False)
    """The search in SQL, which names the project; see ``with_search``."""

    costs: Mapping[str, float] | None = None
    """What calls cost, by id, for an order by that; see ``with_costs``."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL. Raises a Refusal for a filter that is too long or a query that cannot be."""
        assert self.sought is not None or not self.search, "with_search comes first"
        return [_of_project(self.project) if self.sought is None else self.sought, *self._of_calls()]

    def _of_calls(self) -> list[ColumnElement[bool]]:
        """The conditions but for the project and the search."""
        check_filter(self.filter)
        found = [SHOWN, *conditions(self.project, self.within), *conditions(self.project, self.filter, self.common)]
        if self.names is not None:
            found.append(calls.c.op_name.in_(self.names))
        if self.query is not None:
            with refusing_queries("query"):
                compiled = (
                    compile_query(self.query, self._fields()) if self.expand else query_of(self.project, self.query)
                )
            found.append(compiled)
        return found

    @property
    def is_kept(self) -> bool:
        """Whether the conditions and the order are the same objects each time: of all calls, or of a short query."""
        return replace(self, query=None).has_all and is_kept(self.query)

    @property
    def has_all(self) -> bool:
        """Whether it leaves no call of the project out."""
        return replace(self, sorts=DEFAULT_SORTS) == CallList(self.project)

    def order(self, tiebreak: Sequence[str] = ("id",)) -> Order:
        """In SQL. Raises a Refusal for a field that is not there."""
        sorts = tuple(self.sorts or DEFAULT_SORTS)
        if self.costs is None and not self.expand and all(path in _COLUMNS for path, _ in sorts):
            with refusing_queries("orderBy"):
                return _order_by_columns(sorts, tuple(tiebreak))
        cost = [] if self.costs is None else [Field(COST, FieldType.FLOAT, looked_up(calls.c.id, self.costs))]
        with refusing_queries("orderBy"):
            if cost or self.expand:
                return compile_order(sorts, self._fields(cost), tiebreak)
            return order_of(self.project, sorts, tiebreak)

    def with_search(
        self, connection: Connection, *, wanted: bool = True, page: PageRequest | None = None
    ) -> "CallList":
        """The list with its search in SQL: of calls as they are now, and of none where nothing is ``wanted``. For a
        ``page`` it need not have more than that."""
        if not self.search:
            return self
        if not wanted:
            return replace(self, sought=false())
        order = self.order()
        if page is None or page.backwards or order.fingerprint != _order_by_columns(NEWEST_FIRST, ("id",)).fingerprint:
            return replace(self, sought=saying(connection, self.project, self.search))
        narrowed = in_order(self.filter if self.within == EVERY_CALL else self.within)
        within = [*conditions(self.project, narrowed), *between_cursors(order, page)]
        size = page.offset + page.size + 1
        sought = newest_saying(connection, self.project, self.search, within, self._of_calls(), size)
        return replace(self, sought=sought)

    def planned(self, connection: Connection) -> "CallList":
        """The same list, in conditions that suit how many calls the database has of what is sought: with the names that
        its ops have in the project one by one, and refs that many calls have looked up from these."""
        chosen = self.filter
        names: Sequence[str] | None = None
        if chosen.ops and not chosen.op_names:
            names = select_versions(connection, self.project, chosen.ops)
        elif chosen.op_names and not chosen.ops:
            names = select_named(connection, self.project, chosen.op_names)
        if names is not None:
            chosen = replace(chosen, ops=None, op_names=None)
        common = tuple(common_roles(connection, self.project, chosen))
        return replace(self, filter=chosen, names=names, common=common)

    def with_costs(self, connection: Connection, request: PageRequest, *where: ColumnElement[bool]) -> "CallList":
        """The list with the costs of its calls that fulfil ``where``, without any for a page of no rows; the same one
        where it is not sorted by them.

        Two statements. Raises TooLargeError where too many have a cost.
        """
        if not self.by_cost:
            return self
        conditions = [*self.conditions(), *where]
        return replace(self, costs=costs_by_id(connection, self.project, conditions) if request.size else {})

    @property
    def by_cost(self) -> bool:
        """Whether it is sorted by cost."""
        return any(path == COST for path, _ in self.sorts)

    @property
    def is_walked(self) -> bool:
        """Whether an index has its calls in their order: all of the project, or of one trace, by when they began."""
        if self.within != EVERY_CALL or self.query is not None or self.search:
            return False
        by_start = len(self.sorts) == 1 and self.sorts[0][0] in {"started_at", "startedAt"}
        traces = self.filter.trace_ids or ()
        return by_start and len(traces) <= 1 and replace(self.filter, trace_ids=None) == EVERY_CALL

    def _fields(self, more: Sequence[Field] = ()) -> Fields:
        if len(self.expand) > MOST_PATHS:
            raise InvalidInputError(f"At most {MOST_PATHS} paths can be expanded, not {len(self.expand)}", ["expand"])
        return call_fields(self.project, self.expand, more)


@lru_cache(maxsize=1024)
def _of_project(project: str) -> ColumnElement[bool]:
    return calls.c.project_id == project


_COLUMNS = COLUMN_FIELDS.names
_BY_TIME = (DEFAULT_SORTS, NEWEST_FIRST)


@lru_cache(maxsize=256)
def _order_by_columns(sorts: tuple[tuple[str, Direction], ...], tiebreak: tuple[str, ...]) -> Order:
    """Made once, as are the statements that have it (``db.pages``)."""
    return compile_order(sorts, COLUMN_FIELDS, tiebreak)


def check_filter(chosen: CallFilter | FeedbackFilter | ObjectFilter) -> None:
    """Raise InvalidInputError for a list of more than a thousand values."""
    if chosen is EVERY_CALL:
        return
    for field in fields(chosen):
        value = getattr(chosen, field.name)
        if isinstance(value, Sequence) and len(value) > LONGEST_LIST:
            raise InvalidInputError(
                f"Parameter: '{field.name}' request length is greater than max length ({LONGEST_LIST}). "
                f"Actual length: {len(value)}",
                ["filter", field.name],
            )


async def calls_page(
    context: Context, chosen: CallList, request: PageRequest, columns: Collection[str], max_bytes: int = MAX_PAGE_BYTES
) -> Page:
    """A page of calls; cut short where payloads are asked for and pass ``max_bytes``."""
    context.caller.require_read(chosen.project)
    walked = bool(request.size) and chosen.is_walked and not PAYLOADS.isdisjoint(columns)

    def read(connection: Connection) -> Page:
        if walked and connection.dialect.name == "sqlite":
            (trace_id,) = chosen.filter.trace_ids or (None,)
            return walk_calls(connection, chosen.project, trace_id, columns, chosen.order(), request, max_bytes)
        planned = chosen.planned(connection) if request.size else chosen
        ordered = planned.with_search(connection, wanted=bool(request.size), page=request)
        ordered = ordered.with_costs(connection, request)
        where, order = ordered.conditions(), ordered.order()
        by_time = order.fingerprint in {_order_by_columns(sorts, ("id",)).fingerprint for sorts in _BY_TIME}
        apart = alternatives(ordered.filter, ordered.names) if by_time and not ordered.search else ()
        return select_calls_page(connection, columns, where, order, request, max_bytes, apart, kept=ordered.is_kept)

    with refusing_queries("after"):
        return await context.read(read)


async def calls_count(context: Context, chosen: CallList, limit: int | None = None) -> int:
    """How many calls there are; counting stops at ``limit``."""
    context.caller.require_read(chosen.project)

    def read(connection: Connection) -> int:
        return select_count(connection, chosen.with_search(connection).conditions(), limit)

    return await context.read(read)


async def calls_trace_bytes(context: Context, chosen: CallList) -> int:
    """Bytes of all calls of the traces whose roots are among the calls."""
    context.caller.require_read(chosen.project)
    of_any = replace(chosen, filter=replace(chosen.filter, trace_roots_only=None, is_root=None))

    def read(connection: Connection) -> int:
        conditions = chosen.with_search(connection).conditions()
        roots = select(calls.c.trace_id).where(*conditions, TOP_OF_TRACE)
        trace_id = unordered(calls.c.trace_id) if of_any.has_all else calls.c.trace_id
        statement = select(func.coalesce(func.sum(calls.c.start_size + calls.c.end_size), 0)).where(
            calls.c.project_id == chosen.project, SHOWN, trace_id.in_(roots)
        )
        return int(connection.execute(statement).scalar_one())

    return await context.read(read)


@dataclass(frozen=True, slots=True, eq=False)
class SiblingLists:
    """Lists of calls that differ in one value alone: the children of each call of a list.

    ``column`` is the column of calls that holds the value, or ``input_ref`` or ``output_ref`` where the value is a ref
    among their inputs or output, ``experiment_id`` where it is that of an experiment that they belong to, or
    ``annotation_queue_id`` where they are items of a queue. Shared by the siblings, and told apart by identity: a
    loader batches what asks with the same one.
    """

    chosen: CallList
    column: str
    request: PageRequest
    columns: frozenset[str]


EXPERIMENT = "experiment_id"
_ROLES = {"input_ref": "inputs", "output_ref": "output"}


def _sibling_key(
    project: str, column: str, values: Sequence[str]
) -> tuple[ColumnElement[Any], list[ColumnElement[bool]]]:
    """What tells the lists of ``values`` apart in SQL, and how it is joined to calls."""
    if column == EXPERIMENT:
        members = members_of(project, values)
        return members.c.experiment_id, [members.c.call_id == calls.c.id]
    if column == "annotation_queue_id":
        items = queue_items.c
        return items.queue_id, [items.project_id == project, items.call_id == calls.c.id, ITEM_SHOWN]
    if column not in _ROLES:
        return calls.c[column], []
    edges = edges_of(project, _ROLES[column])
    return edges.c.base, [edges.c.source_id == calls.c.id]


async def sibling_pages(context: Context, keys: Sequence[tuple[str, str]], *, lists: SiblingLists) -> list[Page]:
    """The page of each (project, value): two statements a project and chunk."""

    def read(connection: Connection, project: str, values: list[str]) -> Mapping[str, Page]:
        key, joined = _sibling_key(project, lists.column, values)
        searched = replace(lists.chosen, project=project).with_search(connection, wanted=bool(lists.request.size))
        chosen = searched.with_costs(connection, lists.request, *joined, among(key, values))
        return partition_pages(
            connection,
            values,
            noun="Call",
            key=key,
            row_id=calls.c.id,
            read=lambda ids: select_calls_by_id(connection, project, ids, lists.columns),
            conditions=[*chosen.conditions(), *joined],
            order=chosen.order(),
            request=lists.request,
        )

    with refusing_queries("after"):
        return [page or Page.empty() for page in await read_by_key(context, keys, read)]


async def sibling_counts(context: Context, keys: Sequence[tuple[str, str]], *, lists: SiblingLists) -> list[int]:
    """The number of calls of each (project, value): one statement a project and chunk."""

    def read(connection: Connection, project: str, values: list[str]) -> Mapping[str, int]:
        key, joined = _sibling_key(project, lists.column, values)
        conditions = [*replace(lists.chosen, project=project).with_search(connection).conditions(), *joined]
        return partition_counts(connection, values, key=key, conditions=conditions)

    return [count or 0 for count in await read_by_key(context, keys, read)]
