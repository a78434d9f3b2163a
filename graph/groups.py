"""What traces, sessions and threads have in common: they are groups of calls."""

from collections.abc import Sequence
from typing import TypeVar

import strawberry

from db.calls.filters import EVERY_CALL, CallFilter
from db.groups import GroupFilter, Grouping
from db.query.order import Direction
from graph.connections import Connection, connect, page_request
from graph.context import Info, context_of
from graph.fields import column, link
from graph.nodes import Node
from graph.rows import load_row
from graph.scalars import BigInt, DateTime
from resolvers.groups import groups_by_key, groups_count, groups_page

__all__ = ["CallGroup", "connect_groups", "load_group"]

T = TypeVar("T")


@strawberry.interface(description="Calls that belong together: a trace, a session, a thread.")
class CallGroup(Node):
    """Rows of ``db.groups``."""

    project_slug: str = column("Slug of the project, `entity/name`.")
    started_at: DateTime = column("When its first call began.")
    last_started_at: DateTime = column("When its latest call began.")
    ended_at: DateTime | None = column("When its last call ended; null while one runs.")
    call_count: BigInt = column("How many calls it has.")
    error_count: BigInt = column("How many of them ended with an exception.")
    storage_size_bytes: BigInt = column("Bytes of the payloads of its calls.")

    @link(
        "Milliseconds from its first start to its last end; null while a call runs.", needs=("started_at", "ended_at")
    )
    def duration_ms(self) -> float | None:
        """Wall time."""
        return None if self.ended_at is None else (self.ended_at - self.started_at) / 1000


async def load_group(info: Info, type_: type[T], grouping: Grouping, project: str, key: str | None) -> T | None:
    """One group by its key, by the loader of its kind."""
    if key is None:
        return None
    return await load_row(info, groups_by_key, (project, key), type_, grouping=grouping)


async def connect_groups(
    info: Info,
    type_: type[T],
    grouping: Grouping,
    project: str,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    within: CallFilter = EVERY_CALL,
    *,
    offset: int | None = None,
    chosen: GroupFilter | None = None,
    sorts: Sequence[tuple[str, Direction]] = (),
) -> Connection[T]:
    """The connection of the ``chosen`` groups with a call ``within`` the filter, newest first without ``sorts``."""
    context = context_of(info)
    return await connect(
        info,
        Connection[type_],  # type: ignore[valid-type]  # a class at run time
        type_,
        page_request(first, after, last, before, offset),
        read=lambda request, columns: groups_page(
            context, project, request, grouping=grouping, columns=columns, within=within, chosen=chosen, sorts=sorts
        ),
        count=lambda limit: groups_count(context, project, limit, grouping=grouping, within=within, chosen=chosen),
    )
