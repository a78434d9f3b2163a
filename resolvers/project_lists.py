"""Lists of the projects that the caller may read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from db.pages import Page, PageRequest
from db.project_lists import ProjectFilter, select_project_page, select_slugs
from db.projects import PROJECT_FIELDS
from db.query.order import Cursor, Direction, Order, compile_order
from resolvers.context import Context
from resolvers.queries import refusing_queries

__all__ = ["ProjectList", "projects_count", "projects_page"]


@dataclass(frozen=True, slots=True)
class ProjectList:
    """Which projects, in which order; by slug where none is named."""

    filter: ProjectFilter
    sorts: Sequence[tuple[str, Direction]] = ()

    def order(self) -> Order:
        """In SQL. Raises InvalidQueryError for a field that projects do not have."""
        with refusing_queries("orderBy"):
            return compile_order(self.sorts or [("slug", "asc")], PROJECT_FIELDS, tiebreak=["slug"])


async def projects_page(context: Context, chosen: ProjectList, request: PageRequest) -> Page:
    """A page of the projects that the caller may read. Read on past those that it may not, until the page is full."""
    order = chosen.order()
    conditions = chosen.filter.conditions()
    rows: list[Any] = []
    cursors: list[Cursor] = []
    following = replace(request, size=request.size + 1)

    def read(connection: Connection) -> Page:
        return select_project_page(connection, conditions, order, following)

    while True:
        with refusing_queries("after"):
            page = await context.read(read)
        found = list(zip(page.rows, page.cursors, strict=True))
        for row, cursor in reversed(found) if request.backwards else found:
            if chosen.filter.admits(row.slug) and context.caller.may_read(row.slug):
                rows.append(row)
                cursors.append(cursor)
        # One more than the page holds says that there is more.
        if len(rows) > request.size or not (page.has_previous if request.backwards else page.has_next):
            break
        edge = order.encode(page.cursors[0 if request.backwards else -1])
        following = replace(following, before=edge) if request.backwards else replace(following, after=edge)
    kept = list(zip(rows, cursors, strict=True))[: request.size]
    if request.backwards:
        kept.reverse()
    more = len(rows) > request.size
    return Page(
        page.rows.like(row for row, _ in kept),
        [cursor for _, cursor in kept],
        has_next=request.before is not None if request.backwards else more,
        has_previous=more if request.backwards else request.after is not None,
        order=order,
    )


async def projects_count(context: Context, chosen: ProjectList, limit: int | None) -> int:
    """How many projects the caller may read; counting stops at ``limit``."""
    conditions = chosen.filter.conditions()
    slugs = await context.read(lambda connection: select_slugs(connection, conditions))
    admitted = (slug for slug in slugs if chosen.filter.admits(slug) and context.caller.may_read(slug))
    return sum(1 for _ in islice(admitted, limit))
