"""What traces, sessions and threads have in common: they are groups of calls."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, cast

import strawberry
from sqlalchemy import ColumnElement

from db.group_filters import EVERY_GROUP
from db.groups import NEWEST_FIRST, Grouping, GroupList
from db.pages import PageRequest
from graph.calls.totals import CostTotal, UsageTotal, usage_total
from graph.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    Offset,
    connect,
    connect_siblings,
    page_request,
    shared_by_siblings,
)
from graph.context import Info, context_of
from graph.fields import NEEDS, column, link
from graph.group_inputs import GroupFilterInput
from graph.nodes import Node
from graph.project_link import ProjectLink
from graph.queries import sorts_argument
from graph.query import SortByInput
from graph.rows import load_row
from graph.scalars import BigInt, DateTime
from graph.selection import NODES, columns_of
from resolvers.calls.names import op_short_name
from resolvers.calls.read import CallStatus
from resolvers.calls.totals import MOST_MEMBERS, Forest, group_costs, group_forests
from resolvers.group_orders import MOST_ORDERED
from resolvers.group_parts import group_ops
from resolvers.groups import (
    SESSIONS,
    THREADS,
    TRACES,
    MemberLists,
    groups_by_key,
    groups_count,
    groups_page,
    member_counts,
    member_pages,
)

__all__ = ["CallGroup", "GroupPlace", "forest_of", "group_key", "groups_field", "load_group"]

T = TypeVar("T")

_GROUPINGS = {grouping.noun: grouping for grouping in (TRACES, SESSIONS, THREADS)}


@strawberry.type(description="How many calls stand how.")
class StatusCounts:
    """Counts of a group's row."""

    success: BigInt = column("Ended without an exception, and so did all calls below them.")
    error: BigInt = column("Ended with an exception.")
    running: BigInt = column("Their end has not come yet.")
    descendant_error: BigInt = column("Ended well, and a call below them did not.")


@strawberry.type(description="An op among the calls of a group, and how often it was called.")
class OpCount:
    """Rows of ``db.group_parts.select_ops``."""

    op_name: str = column("What was called, as the calls name it: the ref of a version of an op, or a name.")
    call_count: BigInt = column("How many calls.")
    error_count: BigInt = column("How many of them ended with an exception.")

    @link("The readable name, without a version; see `Call.opShortName`.", needs=("op_name",))
    def op_short_name(self) -> str:
        """Out of the op's ref."""
        return op_short_name(self.op_name)

    @link("Milliseconds that those that have ended took together.", needs=("total_us",))
    def total_latency_ms(self) -> float:
        """Out of microseconds."""
        row: Any = self
        return cast("float", row.total_us / 1000)


_STATUSES = ("success", "error", "running", "descendant_error")
_KEYS = ("project_slug",)


def group_key(row: Any) -> tuple[Grouping, tuple[str, str]]:
    """The kind of a group, and its project and key."""
    grouping = _GROUPINGS[row.noun]
    return grouping, (row.project_slug, getattr(row, grouping.key))


async def forest_of(info: Info, row: Any) -> Forest | None:
    """The calls of a group, added up; by a loader."""
    grouping, key = group_key(row)
    found: Forest | None = await context_of(info).loaders.load(group_forests, key, column=grouping.column)
    return found


@strawberry.interface(description="Calls that belong together: a trace, a session, a thread.")
class CallGroup(ProjectLink, Node):
    """Rows of ``db.groups``."""

    started_at: DateTime = column("When its first call began.")
    last_started_at: DateTime = column("When its latest call began: order by it to get what was active last.")
    ended_at: DateTime | None = column(
        "When its last call ended; null while one runs, and where none says when it ended."
    )
    duration_ms: float | None = column("Milliseconds from its first start to its last end; null while a call runs.")
    call_count: BigInt = column("How many calls it has.")
    error_count: BigInt = column("How many of them ended with an exception.")
    status: CallStatus = column(
        "How it stands, by its calls: ERROR where one ended with an exception, else RUNNING while one runs, else "
        "DESCENDANT_ERROR where one says that a call below it failed, else SUCCESS. So a call that failed and was "
        "tried again with success leaves it ERROR: whether a trace as a whole succeeded is its `rootStatus`."
    )
    storage_size_bytes: BigInt = column("Bytes of the payloads of its calls.")

    @link("How many of its calls stand how.", needs=tuple(f"{status}_count" for status in _STATUSES))
    def status_counts(self) -> StatusCounts:
        """Columns of the row."""
        return StatusCounts(**{status: getattr(self, f"{status}_count") for status in _STATUSES})

    @link(
        "Tokens that its calls used, each counted once, however many parents report it again; null where none was "
        f"counted. An error where it has more than {MOST_MEMBERS:,} calls.",
        needs=_KEYS,
    )
    async def usage(self, info: Info) -> UsageTotal | None:
        """By a loader: one statement for the groups of a list."""
        forest = await forest_of(info, self)
        return None if forest is None else usage_total(forest.usage)

    @link("What `usage` cost; null where no model of it has a price.", needs=_KEYS)
    async def cost(self, info: Info) -> CostTotal | None:
        """By a loader: one statement for the groups of a list."""
        grouping, key = group_key(self)
        found: Any = await context_of(info).loaders.load(group_costs, key, column=grouping.column)
        return cast("CostTotal | None", found)

    @link("The models that its calls used tokens of, by name.", needs=_KEYS)
    async def models(self, info: Info) -> list[str]:
        """By a loader: one statement for the groups of a list."""
        forest = await forest_of(info, self)
        return [] if forest is None else sorted(usage.model for usage in forest.usage)

    @link("The ops that its calls are of, the most called first, of these by name; 100 at most.", needs=_KEYS)
    async def ops(self, info: Info) -> list[OpCount]:
        """By a loader: one statement for the groups of a list."""
        grouping, key = group_key(self)
        found: Any = await context_of(info).loaders.load(group_ops, key, column=grouping.column)
        return cast("list[OpCount]", found)


async def load_group(info: Info, type_: type[T] | str, grouping: Grouping, project: str, key: str | None) -> T | None:
    """One group by its key, by the loader of its kind."""
    if key is None:
        return None
    return await load_row(info, groups_by_key, (project, key), type_, grouping=grouping)


@dataclass(frozen=True, slots=True)
class GroupPlace:
    """Where in the graph a list of groups stands: in a project, or there with a call that has a value in a column.

    Lists with a column that stand below the nodes of one list are read together.
    """

    project: str
    owner: ColumnElement[Any] | None = None
    value: str = ""


def groups_field(
    description: str,
    connection: Any,
    grouping: Grouping,
    filter_input: type[GroupFilterInput],
    needs: Iterable[str],
    place: Callable[[Any], GroupPlace],
) -> Any:
    """A field that lists groups, as a ``connection`` of them, with the arguments that all such fields have; ``place``
    takes the row it stands below."""
    noun = grouping.noun.lower()
    names = ", ".join(f"`{name}`" for name in grouping.sorted_by())
    chosen = strawberry.argument(description=f"Which {noun}s; without it, all.")
    ordered = strawberry.argument(
        description=f"The order, most significant first, by {names}; null comes last. `cost` is `cost.total`, whatever "
        "its unit, and the tokens are those of `usage`: an error (TOO_LARGE) where the groups that are listed and used "
        f"tokens have more than {MOST_ORDERED:,} calls together, so narrow these by `filter`. Without an order the "
        "newest by `startedAt`, their first start, first: for those that were active last, order by `lastStartedAt`, "
        "descending."
    )

    async def resolve(
        row: strawberry.Parent[Any],
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Any = None,
        order_by: Any = None,
        offset: Offset = None,
    ) -> Any:
        def make() -> tuple[GroupList, PageRequest]:
            chosen = EVERY_GROUP if filter is None else filter.chosen()
            listed = GroupList(grouping, chosen, sorts_argument(order_by) or NEWEST_FIRST)
            return listed, page_request(first, after, last, before, offset)

        return await _connect(info, grouping, place(row), make)

    resolve.__annotations__ |= {
        "filter": Annotated[filter_input | None, chosen],
        "order_by": Annotated[list[SortByInput] | None, ordered],
        "return": connection,
    }
    return strawberry.field(resolver=resolve, description=description, metadata={NEEDS: tuple(needs)})


async def _connect(
    info: Info, grouping: Grouping, place: GroupPlace, make: Callable[[], tuple[GroupList, PageRequest]]
) -> Connection[Any]:
    context, owner = context_of(info), place.owner
    if owner is None:
        listed, request = make()
        return await connect(
            info,
            Connection,
            grouping.noun,
            request,
            read=lambda request, columns: groups_page(context, place.project, request, listed=listed, columns=columns),
            count=lambda limit: groups_count(context, place.project, limit, listed=listed),
        )
    lists = shared_by_siblings(info, lambda: MemberLists(owner, *make(), columns_of(info, grouping.noun, NODES)))
    return await connect_siblings(
        info,
        Connection,
        grouping.noun,
        (place.project, place.value),
        lists=lists,
        pages=member_pages,
        counts=member_counts,
    )
