"""Lists of versions below the nodes of a list, and objects by name."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import Connection

from db.objects.lists import count_lists, holder_lists, name_lists, select_lists, select_version_numbers
from db.objects.names import select_names, select_names_count, select_names_page
from db.pages import Page, PageRequest
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.objects.pages import ObjectList
from resolvers.queries import refusing_queries

__all__ = [
    "HOLDERS",
    "VERSIONS",
    "SiblingVersions",
    "name_count",
    "name_page",
    "names_by_key",
    "neighbours",
    "sibling_version_counts",
    "sibling_version_pages",
]

V = TypeVar("V")

VERSIONS, HOLDERS = name_lists, holder_lists
"""The versions of each ``KIND:NAME``, and those that hold each ref."""


@dataclass(frozen=True, slots=True, eq=False)
class SiblingVersions:
    """Lists of versions that differ in one value alone; shared by the siblings, and told apart by identity."""

    chosen: ObjectList
    by: Any
    request: PageRequest
    columns: frozenset[str]


async def sibling_version_pages(
    context: Context, keys: Sequence[tuple[str, str]], *, lists: SiblingVersions
) -> list[Page]:
    """The page of each (project, value): a few statements a project and chunk."""
    order = lists.chosen.order()

    def read(connection: Connection, project: str, values: list[str]) -> Mapping[str, Page]:
        conditions = replace(lists.chosen, project=project).conditions()
        return select_lists(
            connection,
            project,
            values,
            lists.columns,
            by=lists.by,
            conditions=conditions,
            order=order,
            request=lists.request,
        )

    with refusing_queries("after"):
        return [page or Page.empty() for page in await read_by_key(context, keys, read)]


async def sibling_version_counts(
    context: Context, keys: Sequence[tuple[str, str]], *, lists: SiblingVersions
) -> list[int]:
    """How many versions each (project, value) has: one statement a project and chunk."""

    def read(connection: Connection, project: str, values: list[str]) -> Mapping[str, int]:
        conditions = replace(lists.chosen, project=project).conditions()
        return count_lists(connection, project, values, by=lists.by, conditions=conditions)

    return [count or 0 for count in await read_by_key(context, keys, read)]


async def _by_project(
    context: Context,
    keys: Sequence[tuple[Any, ...]],
    read: Callable[[Connection, str, list[tuple[Any, ...]]], Mapping[tuple[Any, ...], V]],
) -> list[V | None]:
    """``read_by_key`` for keys of several parts."""
    wanted: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for project, *key in keys:
        if context.caller.may_read(project):
            wanted[project].append(tuple(key))

    def read_all(connection: Connection) -> dict[tuple[Any, ...], V]:
        return {
            (project, *key): value
            for project, of_project in wanted.items()
            for key, value in read(connection, project, of_project).items()
        }

    found = await context.read(read_all) if wanted else {}
    return [found.get(tuple(key)) for key in keys]


async def neighbours(
    context: Context, keys: Sequence[tuple[str, str, str, int]]
) -> list[tuple[str | None, str | None] | None]:
    """The digests of the versions before and after each (project, kind, object id, version index), without those that
    are deleted. One statement a project and chunk."""

    def read(
        connection: Connection, project: str, wanted: list[tuple[Any, ...]]
    ) -> Mapping[tuple[Any, ...], tuple[str | None, str | None]]:
        numbers = select_version_numbers(connection, project, [(kind, name) for kind, name, _ in wanted])
        return {(kind, name, index): _around(numbers.get((kind, name), []), index) for kind, name, index in wanted}

    return await _by_project(context, keys, read)


def _around(versions: list[tuple[int, str]], index: int) -> tuple[str | None, str | None]:
    place = bisect_left(versions, (index, ""))
    after = place + (place < len(versions) and versions[place][0] == index)
    return (
        versions[place - 1][1] if place else None,
        versions[after][1] if after < len(versions) else None,
    )


async def names_by_key(context: Context, keys: Sequence[tuple[str, str, str]]) -> list[Row | None]:
    """Objects by (project, kind, object id); None for one without a version, or that may not be read."""
    return await _by_project(context, keys, select_names)


async def name_page(context: Context, chosen: ObjectList, request: PageRequest) -> Page:
    """A page of the names of the versions that are chosen, by name unless ``chosen`` says otherwise."""
    context.caller.require_read(chosen.project)
    where = chosen.conditions()
    with refusing_queries("orderBy"):
        return await context.read(
            lambda connection: select_names_page(connection, chosen.project, where, chosen.sorts, request)
        )


async def name_count(context: Context, chosen: ObjectList, limit: int | None) -> int:
    """How many names there are; counting stops at ``limit``."""
    context.caller.require_read(chosen.project)
    where = chosen.conditions()
    return await context.read(lambda connection: select_names_count(connection, chosen.project, where, limit))
