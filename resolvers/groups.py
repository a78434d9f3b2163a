"""Reading traces, sessions and threads: groups of calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection

from db.groups import (
    SESSIONS,
    THREADS,
    TRACES,
    Grouping,
    GroupList,
    members_of,
    select_group_counts_of,
    select_group_pages_of,
    select_groups,
    select_groups_count,
    select_groups_page,
)
from db.pages import Page, PageRequest
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.calls.pages import check_filter
from resolvers.context import Context
from resolvers.group_orders import with_totals
from resolvers.queries import refusing_queries

__all__ = [
    "SESSIONS",
    "THREADS",
    "TRACES",
    "MemberLists",
    "groups_by_key",
    "groups_count",
    "groups_page",
    "member_counts",
    "member_pages",
]


async def groups_by_key(
    context: Context, keys: Sequence[tuple[str, str]], *, grouping: Grouping, columns: frozenset[str]
) -> list[Row | None]:
    """Groups by (project, key), in the order of ``keys``; None for one of which no call is shown."""
    return await read_by_key(context, keys, partial(select_groups, grouping=grouping, columns=columns))


async def groups_page(
    context: Context, project: str, request: PageRequest, *, listed: GroupList, columns: frozenset[str]
) -> Page:
    """A page of groups. Raises InvalidQueryError for a sort that such groups do not have."""
    context.caller.require_read(project)
    _check(listed)

    def read(connection: Connection) -> Page:
        ordered = with_totals(connection, project, listed, request)
        return select_groups_page(connection, project, request, listed=ordered, columns=columns)

    with refusing_queries("orderBy"):
        return await context.read(read)


async def groups_count(context: Context, project: str, limit: int | None, *, listed: GroupList) -> int:
    """How many groups there are; counting stops at ``limit``."""
    context.caller.require_read(project)
    _check(listed)
    return await context.read(lambda connection: select_groups_count(connection, project, limit, listed=listed))


def _check(listed: GroupList) -> None:
    for chosen in listed.chosen.with_calls:
        check_filter(chosen)


@dataclass(frozen=True, slots=True, eq=False)
class MemberLists:
    """Lists of groups that differ in one value alone: the traces of each session of a list.

    ``owner`` is the column of calls that holds the value: a group is listed whole, where one of its calls has it. Told
    apart by identity: a loader batches what asks with the same one.
    """

    owner: ColumnElement[Any]
    listed: GroupList
    request: PageRequest
    columns: frozenset[str]


async def member_pages(context: Context, keys: Sequence[tuple[str, str]], *, lists: MemberLists) -> list[Page]:
    """The page of each (project, value): two statements a project and chunk."""
    _check(lists.listed)

    def read(connection: Connection, project: str, values: list[str]) -> Mapping[str, Page]:
        members = members_of(project, lists.owner, values, lists.listed.grouping)
        return select_group_pages_of(
            connection,
            project,
            values,
            lists.request,
            owner=lists.owner,
            listed=with_totals(connection, project, lists.listed, lists.request, members),
            columns=lists.columns,
        )

    with refusing_queries("orderBy"):
        return [page or Page.empty() for page in await read_by_key(context, keys, read)]


async def member_counts(context: Context, keys: Sequence[tuple[str, str]], *, lists: MemberLists) -> list[int]:
    """The number of groups of each (project, value): one statement a project and chunk."""
    _check(lists.listed)

    def read(connection: Connection, project: str, values: list[str]) -> Mapping[str, int]:
        return select_group_counts_of(connection, project, values, owner=lists.owner, listed=lists.listed)

    return [count or 0 for count in await read_by_key(context, keys, read)]
