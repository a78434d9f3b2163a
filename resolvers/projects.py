"""Projects: found by slug, made on first write."""

from collections.abc import Sequence

from sqlalchemy import Connection

from db.projects import lock, select_projects
from db.rows import Row
from resolvers.context import Context, now

__all__ = ["project_ensure", "projects_by_slug"]


async def projects_by_slug(context: Context, slugs: Sequence[str]) -> list[Row | None]:
    """Projects in the order of ``slugs``; None for one that is not there or may not be seen."""
    wanted = [slug for slug in dict.fromkeys(slugs) if context.caller.may_read(slug)]

    def read(connection: Connection) -> dict[str, Row]:
        return {row.slug: row for row in select_projects(connection, wanted)}

    found = await context.database.read(read)
    return [found.get(slug) for slug in slugs]


async def project_ensure(context: Context, slug: str) -> None:
    """Make the project if it is not there."""
    context.caller.require_write(slug)
    at = now()

    def write(connection: Connection) -> None:
        lock(connection, slug, at, changes=0)

    await context.database.write(write)
