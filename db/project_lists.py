"""Lists of projects, over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select

from db.calls.filters import starts_with
from db.pages import Page, PageRequest, select_page
from db.projects import projects
from db.query.order import Order

__all__ = ["ProjectFilter", "select_project_page", "select_slugs"]

c = projects.c


@dataclass(frozen=True, slots=True)
class ProjectFilter:
    """Which projects: each field that is set must hold."""

    entity: str | None = None
    slug_prefix: str | None = None
    name_contains: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL; what ``admits`` says is left to it."""
        found = []
        if self.entity is not None:
            found.append(starts_with(c.project_id, f"{self.entity}/"))
        if self.slug_prefix is not None:
            found.append(starts_with(c.project_id, self.slug_prefix))
        return found

    def admits(self, slug: str) -> bool:
        """Whether the name holds what it must; letters of any language are the same in either case."""
        return self.name_contains is None or self.name_contains.casefold() in slug.partition("/")[2].casefold()


def select_project_page(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], order: Order, request: PageRequest
) -> Page:
    """A page of projects; raises CursorError."""
    columns = [c.project_id.label("slug"), c.created_at, c.change_seq]
    return select_page(connection, "Project", columns, conditions, order, request)


def select_slugs(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> list[str]:
    """The slugs of all projects that fulfil the conditions."""
    return list(connection.execute(select(c.project_id).where(*conditions)).scalars())
