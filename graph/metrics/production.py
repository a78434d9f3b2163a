"""The part of Metric about its runs on new calls."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from graph.context import Info, context_of
from graph.fields import column, link
from graph.rows import load_call
from graph.scalars import BigInt, DateTime
from resolvers.metrics.production.state import failures_of_metrics, production_runs

if TYPE_CHECKING:
    from graph.calls.types import Call

__all__ = ["MetricProduction"]


@strawberry.type(description="A metric that gave no value for a new call, after all its attempts.")
class MetricFailure:
    """``db.metric_jobs.Failure``."""

    call_id: str = column("Id of the call.")
    error: str = column("What went wrong; it stands in the call's metadata, too, as `metric_errors.NAME`.")
    attempts: BigInt = column("How often it was tried: once, or up to 3 times where trying again could have helped.")
    failed_at: DateTime = column("When it was given up.")

    @link("The call; null once it is deleted.", needs=("project_slug", "call_id"))
    async def call(self, info: Info) -> Annotated["Call", strawberry.lazy("graph.calls.types")] | None:
        """By the loader of calls."""
        return await load_call(info, self.project_slug, self.call_id)  # type: ignore[attr-defined]


@strawberry.type(description="The runs of a metric on new calls that are not done, or failed.")
class MetricProductionRuns:
    """``resolvers.metrics.production.state.ProductionRuns``."""

    pending_count: BigInt = column("Calls that it is still to run on, or runs on at the moment.")
    failed_count: BigInt = column("Calls that it gave no value for, of the last 1,000 of those.")

    @link("The last of these, the newest first, at most 20.", needs=("project_slug", "metric_id"))
    async def failures(self, info: Info) -> list[MetricFailure]:
        """By a loader."""
        key = (self.project_slug, self.metric_id)  # type: ignore[attr-defined]
        found: list[MetricFailure] = await context_of(info).loaders.load(failures_of_metrics, key)
        return found


@strawberry.type
class MetricProduction:
    """The part of Metric about its runs on new calls."""

    @link(
        "Its runs on new calls (`enabledInProd`) that are not done, or failed. Calls come in the order in which they "
        "ended.",
        needs=("project_slug", "metric_id"),
    )
    async def production_runs(self, info: Info) -> MetricProductionRuns:
        """By a loader."""
        key = (self.project_slug, self.metric_id)  # type: ignore[attr-defined]
        found: MetricProductionRuns = await context_of(info).loaders.load(production_runs, key)
        return found
