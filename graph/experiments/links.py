"""The experiments that calls, sessions and object versions belong to."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.context import Info, context_of
from graph.experiments.connection import ExperimentPlace, experiments_field
from graph.fields import link
from graph.rows import load_row
from resolvers.experiments.membership import experiments_of_calls, experiments_of_sessions
from resolvers.experiments.read import experiments_by_id
from resolvers.loaders import BatchRead

if TYPE_CHECKING:
    from graph.experiments.types import Experiment

__all__ = ["CallExperiment", "ObjectExperiments", "SessionExperiment"]


async def _experiment(info: Info, belonging: BatchRead, key: tuple[str, str]) -> Any:
    """The experiment that ``belonging`` finds for a key; by loaders."""
    experiment_id: str | None = await context_of(info).loaders.load(belonging, key)
    return experiment_id and await load_row(info, experiments_by_id, (key[0], experiment_id), "Experiment")


@strawberry.type
class CallExperiment:
    """The part of Call about its experiment."""

    @link(
        "The experiment that it belongs to: the one that it was recorded in, else the newest that names it or its "
        "session, or whose Weave evaluation it is part of; null where there is none.",
        needs=("project_slug", "call_id"),
    )
    async def experiment(
        self, info: Info
    ) -> Annotated["Experiment", strawberry.lazy("graph.experiments.types")] | None:
        """By loaders: a few statements for the calls of a list."""
        row: Any = self
        found: Experiment | None = await _experiment(info, experiments_of_calls, (row.project_slug, row.call_id))
        return found


@strawberry.type
class SessionExperiment:
    """The part of Session about its experiment."""

    @link(
        "The experiment that it belongs to: one that a call of it was recorded in, else one that names it; of several "
        "the newest. Null where there is none.",
        needs=("project_slug", "session_id"),
    )
    async def experiment(
        self, info: Info
    ) -> Annotated["Experiment", strawberry.lazy("graph.experiments.types")] | None:
        """By loaders: a few statements for the sessions of a list."""
        row: Any = self
        found: Experiment | None = await _experiment(info, experiments_of_sessions, (row.project_slug, row.session_id))
        return found


@strawberry.type
class ObjectExperiments:
    """The part of ObjectVersion about experiments."""

    experiments = experiments_field(
        "The Weave evaluations that ran over it as their dataset, were of it as their model, or were runs of it as "
        "their `Evaluation`, by default the newest first.",
        needs=("project_slug", "ref"),
        place=lambda version: ExperimentPlace(version.project_slug, "object", version.ref),
    )
