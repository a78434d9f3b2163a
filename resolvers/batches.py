"""The shape that batch reads share: keys grouped by project, one read a project, values in the order of the keys."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import Connection

from resolvers.context import Context

__all__ = ["FEW", "read_by_key"]

FEW = 4
"""Rows that are read at once; each may hold megabytes."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


async def read_by_key(
    context: Context,
    keys: Sequence[tuple[str, K]],
    read: Callable[[Connection, str, list[K]], Mapping[K, V]],
    *,
    rows: bool = False,
) -> list[V | None]:
    """The value of each (project, key) by ``read(connection, project, distinct keys)``.

    None for what is not there, and for everything of a project that the caller may not read. ``rows`` says that
    ``read`` finds a row for each key, so that few of them may be read at once.
    """
    by_project: defaultdict[str, dict[K, None]] = defaultdict(dict)
    for project, key in keys:
        by_project[project][key] = None
    readable = [project for project in by_project if context.caller.may_read(project)]

    def read_all(connection: Connection) -> dict[str, Mapping[K, V]]:
        return {project: read(connection, project, list(by_project[project])) for project in readable}

    found = await context.read(read_all, at_once=rows and len(keys) <= FEW)
    nothing: Mapping[K, V] = {}
    return [found.get(project, nothing).get(key) for project, key in keys]
