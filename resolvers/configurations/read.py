"""Reading configurations: by id, and lists of them, filtered, ordered, paged, counted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, or_

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
from resolvers.named_filters import NamedFilter, check_list, one_of
from resolvers.queries import refusing_queries

__all__ = [
    "EVERY_CONFIGURATION",
    "ConfigurationFilter",
    "ConfigurationList",
    "configurations_by_id",
    "configurations_count",
    "configurations_page",
]

Sorts = Sequence[tuple[str, Direction]]

MOST_TAGS = 100
"""Tags that one filter names; each is a condition of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationFilter(NamedFilter):
    """Which configurations."""

    configuration_ids: Sequence[str] | None = None
    types: Sequence[str] | None = None
    providers: Sequence[str] | None = None
    models: Sequence[str] | None = None
    environments: Sequence[str] | None = None
    """It is in use in one of them."""

    tags: Sequence[str] | None = None
    """It has all of them."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL. Raises InvalidInputError for a list that is too long."""
        c, tags = configurations.c, self.tags or ()
        if len(tags) > MOST_TAGS:
            raise InvalidInputError(f"a filter has at most {MOST_TAGS} tags, not {len(tags)}", ["filter", "tags"])
        check_list("environments", self.environments)
        found = [
            *self.named(configurations, CONFIGURATION_FIELDS),
            *one_of("configuration_ids", c.id, self.configuration_ids),
            *one_of("types", c.type, self.types),
            *one_of("providers", c.provider, self.providers),
            *one_of("models", c.model, self.models),
        ]
        if self.environments:
            found.append(or_(*(holds(c.environments, one) for one in dict.fromkeys(self.environments))))
        return [*found, *(holds(c.tags, tag) for tag in dict.fromkeys(tags))]


EVERY_CONFIGURATION = ConfigurationFilter()
"""Leaves nothing out."""


@dataclass(frozen=True, slots=True)
class ConfigurationList:
    """Which configurations of a project, in which order."""

    project: str
    filter: ConfigurationFilter = EVERY_CONFIGURATION
    sorts: Sorts = ()
    """Empty for the order in which they were made."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL. Raises InvalidInputError for a filter that cannot be."""
        return [configurations.c.project_id == self.project, *self.filter.conditions()]

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
