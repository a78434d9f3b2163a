"""Reading traces, sessions and threads: groups of calls."""

from collections.abc import Sequence
from functools import partial

from db.calls.filters import EVERY_CALL, CallFilter, conditions
from db.groups import (
    NEWEST_FIRST,
    SESSIONS,
    THREADS,
    TRACES,
    GroupFilter,
    Grouping,
    select_groups,
    select_groups_count,
    select_groups_page,
)
from db.pages import Page, PageRequest
from db.query.order import Direction
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.queries import refusing_queries

__all__ = ["SESSIONS", "THREADS", "TRACES", "groups_by_key", "groups_count", "groups_page"]


async def groups_by_key(
    context: Context, keys: Sequence[tuple[str, str]], *, grouping: Grouping, columns: frozenset[str]
) -> list[Row | None]:
    """Groups by (project, key), in the order of ``keys``; None for one of which no call is shown."""
    return await read_by_key(context, keys, partial(select_groups, grouping=grouping, columns=columns))


async def groups_page(
    context: Context,
    project: str,
    request: PageRequest,
    *,
    grouping: Grouping,
    columns: frozenset[str],
    within: CallFilter = EVERY_CALL,
    chosen: GroupFilter | None = None,
    sorts: Sequence[tuple[str, Direction]] = (),
) -> Page:
    """A page of groups, by default newest first; only those with a call ``within`` the filter, and counting only such
    calls, and of these the ``chosen`` ones. Raises InvalidQueryError for a sort that such groups do not have."""
    context.caller.require_read(project)
    where = conditions(project, within)
    with refusing_queries("orderBy" if request.after is None and request.before is None else "after"):
        return await context.database.read(
            lambda connection: select_groups_page(
                connection,
                project,
                where,
                request,
                grouping=grouping,
                columns=columns,
                chosen=chosen,
                sorts=sorts or NEWEST_FIRST,
            )
        )


async def groups_count(
    context: Context,
    project: str,
    limit: int | None,
    *,
    grouping: Grouping,
    within: CallFilter = EVERY_CALL,
    chosen: GroupFilter | None = None,
) -> int:
    """How many groups there are; counting stops at ``limit``."""
    context.caller.require_read(project)
    where = conditions(project, within)
    return await context.database.read(
        lambda connection: select_groups_count(connection, project, where, limit, grouping=grouping, chosen=chosen)
    )
