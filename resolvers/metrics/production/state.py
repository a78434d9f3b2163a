"""What waits to be run of metrics, and what failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from db.metric_jobs import Failure, count_jobs, select_failures
from resolvers.batches import read_by_key
from resolvers.context import Context

__all__ = ["SHOWN_FAILURES", "ProductionRuns", "failures_of_metrics", "production_runs"]

SHOWN_FAILURES = 20


@dataclass(frozen=True, slots=True)
class ProductionRuns:
    """How many jobs of a metric wait or run, and how many have failed."""

    project_slug: str
    metric_id: str
    pending_count: int
    failed_count: int


async def production_runs(context: Context, keys: Sequence[tuple[str, str]]) -> list[ProductionRuns]:
    """Of each (project, metric id): one statement a project and chunk."""
    counts = await read_by_key(context, keys, count_jobs)
    return [
        ProductionRuns(project, metric_id, *(found or (0, 0)))
        for (project, metric_id), found in zip(keys, counts, strict=True)
    ]


async def failures_of_metrics(context: Context, keys: Sequence[tuple[str, str]]) -> list[Sequence[Failure]]:
    """The last failures of each (project, metric id), the newest first; statements as above."""

    def read(connection: Connection, project: str, metric_ids: list[str]) -> Mapping[str, Sequence[Failure]]:
        return select_failures(connection, project, metric_ids, SHOWN_FAILURES)

    return [found or () for found in await read_by_key(context, keys, read)]
