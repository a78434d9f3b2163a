"""How much a project keeps."""

import strawberry

from graph.context import Info
from graph.fields import column, link
from graph.nodes import ProjectPart
from graph.rows import load_row
from graph.scalars import BigInt
from resolvers.stats import project_sizes

__all__ = ["ProjectStats", "ProjectStatsField"]


@strawberry.type(description="How many bytes a project keeps. Each size is summed where it is asked for.")
class ProjectStats:
    """Rows of ``db.stats``."""

    trace_storage_size_bytes: BigInt = column("Attributes, inputs, outputs and summaries of its calls.")
    objects_storage_size_bytes: BigInt = column("Values of its object versions.")
    tables_storage_size_bytes: BigInt = column("Rows of its tables; a row that several tables share counts once.")
    files_storage_size_bytes: BigInt = column("Contents of its files.")


@strawberry.type
class ProjectStatsField(ProjectPart):
    """The part of Project about its size."""

    @link("How many bytes it keeps; what is deleted does not count.", needs=("slug",))
    async def stats(self, info: Info) -> ProjectStats | None:
        """By a loader: a statement a project and size."""
        return await load_row(info, project_sizes, self.slug, ProjectStats)
