"""How much a project keeps."""

from collections.abc import Sequence

from sqlalchemy import Connection

from db.rows import Row
from db.stats import select_stats
from resolvers.context import Context

__all__ = ["project_stats"]


async def project_stats(context: Context, projects: Sequence[str], *, columns: frozenset[str]) -> list[Row | None]:
    """How much each project keeps, by the names of ``db.stats.SIZES`` and ``COUNTS``; None where it may not be read."""
    wanted = [project for project in dict.fromkeys(projects) if context.caller.may_read(project)]

    def read(connection: Connection) -> dict[str, Row]:
        return {project: row for project in wanted for row in select_stats(connection, project, columns)}

    found = await context.read(read)
    return [found.get(project) for project in projects]
