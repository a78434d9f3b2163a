"""The shape that batch reads share: keys grouped by project, one read a project, values in the order of the keys."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import Connection

from resolvers.context import Context

__all__ = ["read_by_key"]

V = TypeVar("V")


async def read_by_key(
    context: Context,
    keys: Sequence[tuple[str, str]],
    read: Callable[[Connection, str, list[str]], Mapping[str, V]],
) -> list[V | None]:
    """The value of each (project, key) by ``read(connection, project, distinct keys)``.

    None for what is not there, and for everything of a project that the caller may not read.
    """
    by_project: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for project, key in keys:
        if context.caller.may_read(project):
            by_project[project][key] = None

    def read_all(connection: Connection) -> dict[tuple[str, str], V]:
        return {
            (project, key): value
            for project, wanted in by_project.items()
            for key, value in read(connection, project, list(wanted)).items()
        }

    found = await context.read(read_all)
    return [found.get(key) for key in keys]
