"""What a project says of its experiments."""

from typing import Annotated

import strawberry

from graph.context import Info
from graph.experiments.connection import ExperimentPlace, experiments_field
from graph.experiments.types import Experiment
from graph.fields import link
from graph.nodes import ProjectPart
from graph.rows import load_row
from resolvers.experiments.read import experiments_by_id

__all__ = ["ProjectExperiments"]

ExperimentId = Annotated[
    str,
    strawberry.argument(
        description="`Experiment.experimentId`: HoneyHive's `run_id`, or the id of a Weave evaluation's call."
    ),
]


@strawberry.type
class ProjectExperiments(ProjectPart):
    """The part of Project about experiments."""

    experiments = experiments_field(
        "Its experiments: runs made through HoneyHive's API and evaluations of Weave's SDK alike, by default the "
        "newest first.",
        needs=("slug",),
        place=lambda project: ExperimentPlace(project.slug),
    )

    @link("One experiment by its id; null where there is none.", needs=("slug",))
    async def experiment(self, info: Info, experiment_id: ExperimentId) -> Experiment | None:
        """By the loader of experiments."""
        return await load_row(info, experiments_by_id, (self.slug, experiment_id), Experiment)
