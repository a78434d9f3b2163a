"""Projects: found by slug, made on first write."""

from collections.abc import Sequence

from sqlalchemy import Connection

from db.projects import lock, select_projects
from db.rows import Row, RowSet
from resolvers.batches import FEW
from resolvers.context import Context, now

__all__ = ["project_ensure", "projects_by_slug", "unwritten_project"]


async def projects_by_slug(context: Context, slugs: Sequence[str]) -> list[Row | None]:
    """Projects in the order of ``slugs``; None for one that is not there or may not be seen."""
    wanted = [slug for slug in dict.fromkeys(slugs) if context.caller.may_read(slug)]

    def read(connection: Connection) -> dict[str, Row]:
        return {row.slug: row for row in select_projects(connection, wanted)}

    found = await context.read(read, at_once=len(wanted) <= FEW)
    return [found.get(slug) for slug in slugs]


def unwritten_project(context: Context, slug: str) -> Row:
    """A project that is not there as the empty one that it is to its readers.

    Raises InvalidInputError for what is no slug, ForbiddenError for a project that the caller may not read.
    """
    context.caller.require_read(slug)
    return RowSet("Project", ("slug", "created_at", "change_seq"), [(slug, None, 0)])[0]


async def project_ensure(context: Context, slug: str) -> None:
    """Make the project if it is not there."""
    context.caller.require_write(slug)
    at = now()

    def write(connection: Connection) -> None:
        lock(connection, slug, at, changes=0)

    await context.database.write(write)
