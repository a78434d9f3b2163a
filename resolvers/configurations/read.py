"""Reading configurations: by id, and lists of them, filtered, ordered, paged, counted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement

from db.configurations import (
    CONFIGURATION_FIELDS,
    configurations,
    select_configurations_by_id,
    select_configurations_page,
)
from db.name_lists import holds
from db.pages import Page, PageRequest, select_count
from db.query.order import Direction, Order, compile_order
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.queries import refusing_queries

__all__ = ["ConfigurationList", "configurations_by_id", "configurations_count", "configurations_page"]

Sorts = Sequence[tuple[str, Direction]]

MOST_TAGS = 100
"""Tags that one filter names; each is a condition of its own."""


@dataclass(frozen=True, slots=True)
class ConfigurationList:
    """Which configurations of a project, in which order."""

    project: str
    name: str | None = None
    environment: str | None = None
    tags: Sequence[str] = ()
    """It has all of them."""

    sorts: Sorts = ()
    """Empty for the order in which they were made."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL. Raises InvalidInputError for too many tags."""
        c = configurations.c
        if len(self.tags) > MOST_TAGS:
            raise InvalidInputError(f"a filter has at most {MOST_TAGS} tags, not {len(self.tags)}", ["filter", "tags"])
        found: list[ColumnElement[bool]] = [c.project_id == self.project]
        if self.name is not None:
            found.append(c.name == self.name)
        if self.environment is not None:
            found.append(holds(c.environments, self.environment))
        found += [holds(c.tags, tag) for tag in dict.fromkeys(self.tags)]
        return found

    def order(self) -> Order:
        """In SQL. Raises InvalidInputError for a field that is not there."""
        with refusing_queries("orderBy"):
            return compile_order(self.sorts or [("created_at", "asc")], CONFIGURATION_FIELDS, ["configuration_id"])


async def configurations_by_id(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Configurations by (project, id), in the order of ``keys``; None for what is not there or may not be seen."""
    return await read_by_key(context, keys, partial(select_configurations_by_id, columns=columns))


async def configurations_page(
    context: Context, chosen: ConfigurationList, request: PageRequest, columns: Collection[str]
) -> Page:
    """A page of a project's configurations."""
    context.caller.require_read(chosen.project)
    where, order = chosen.conditions(), chosen.order()
    with refusing_queries("after"):
        return await context.read(
            lambda connection: select_configurations_page(connection, columns, where, order, request)
        )


async def configurations_count(context: Context, chosen: ConfigurationList, limit: int | None = None) -> int:
    """How many there are; counting stops at ``limit``."""
    context.caller.require_read(chosen.project)
    where = chosen.conditions()
    return await context.read(lambda connection: select_count(connection, where, limit))
