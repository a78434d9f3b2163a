"""How much a project keeps."""

import strawberry

from graph.context import Info
from graph.fields import column, link
from graph.nodes import ProjectPart
from graph.rows import load_row
from graph.scalars import BigInt
from resolvers.stats import project_stats

__all__ = ["ProjectStats", "ProjectStatsField"]


@strawberry.type(
    description="How much a project keeps. Each value is worked out where it is asked for; what is deleted is left out."
)
class ProjectStats:
    """Rows of ``db.stats``."""

    trace_storage_size_bytes: BigInt = column("Attributes, inputs, outputs and summaries of its calls.")
    objects_storage_size_bytes: BigInt = column("Values of its object versions.")
    tables_storage_size_bytes: BigInt = column("Rows of its tables; a row that several tables share counts once.")
    files_storage_size_bytes: BigInt = column("Contents of its files.")
    call_count: BigInt = column("How many calls it has.")
    trace_count: BigInt = column("How many traces these calls make up.")
    session_count: BigInt = column("How many sessions they belong to.")
    thread_count: BigInt = column("How many threads they belong to.")
    object_version_count: BigInt = column("How many versions of objects it has, without ops.")
    op_version_count: BigInt = column("How many versions of ops it has.")
    table_count: BigInt = column("How many tables it has.")
    file_count: BigInt = column("How many files it has.")
    feedback_count: BigInt = column("How many pieces of feedback it has.")


@strawberry.type
class ProjectStatsField(ProjectPart):
    """The part of Project about its size."""

    @link("How much it keeps, in bytes and in numbers; what is deleted does not count.", needs=("slug",), weight=10)
    async def stats(self, info: Info) -> ProjectStats | None:
        """By a loader: a statement a project and value."""
        return await load_row(info, project_stats, self.slug, ProjectStats)
