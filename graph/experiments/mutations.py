"""Making, changing and deleting experiments."""

from typing import cast

import strawberry

from db.json_text import JSONText
from graph.context import Info, context_of
from graph.experiments.enums import ExperimentStatus
from graph.experiments.types import Experiment
from graph.fields import column, link
from graph.rows import load_row
from graph.scalars import JSON
from graph.user_errors import UserError, user_errors
from resolvers.errors import Refusal
from resolvers.experiments.read import PassingRange, experiments_by_id
from resolvers.experiments.record import (
    ExperimentChange,
    Saved,
    experiment_create,
    experiment_delete,
    experiment_update,
)

__all__ = ["ExperimentMutations"]

_MERGED = "an object: its top-level keys replace those that were there, the others stay."


@strawberry.input(description="Between which values a metric passes.")
class PassingRangeInput:
    """``resolvers.experiments.read.PassingRange``."""

    metric: str = column("Name of the metric.")
    min: float | None = column("The least value that passes (inclusive); null for none.", default=None)
    max: float | None = column("The greatest value that passes (inclusive); null for none.", default=None)


@strawberry.input(
    description="What is said of an experiment. A field that is null or left out stays as it is; lists replace lists."
)
class ExperimentChangeInput:
    """``resolvers.experiments.record.ExperimentChange``."""

    name: str | None = column(
        "Its name, at most 1,024 characters. That of a Weave evaluation is its call's, which is renamed with it.",
        default=None,
    )
    description: str | None = column("What it is about, at most 100,000 characters.", default=None)
    status: ExperimentStatus | None = column("How it stands; PENDING where it is made without.", default=None)
    metadata: JSON | None = column(
        f"Notes, {_MERGED} A text at `offline_dataset_id` is the id of a dataset that the client keeps to itself.",
        default=None,
    )
    results: JSON | None = column(f"What came out, {_MERGED}", default=None)
    configuration: JSON | None = column(f"How it is set up, {_MERGED}", default=None)
    evaluators: JSON | None = column("What judges it, a list.", default=None)
    passing_ranges: list[PassingRangeInput] | None = column(
        "Between which values metrics pass; of two for one metric the last counts.", default=None
    )
    event_ids: list[str] | None = column(
        "Ids of events (calls), or of sessions, that belong to it beside those recorded in it; they need not be there "
        "yet.",
        default=None,
    )
    session_ids: list[str] | None = column(
        "Ids of sessions that belong to it; they need not be there yet.", default=None
    )
    datapoint_ids: list[str] | None = column("Ids of the datapoints that it runs over.", default=None)


@strawberry.input(description="A new experiment, or what is said of one again.")
class ExperimentCreateInput(ExperimentChangeInput):
    """A whole experiment."""

    project: str = column("Slug of the project, `entity/name`; the project is made if it is not there.")
    experiment_id: str | None = column(
        "Its id, as the client makes it, at most 256 characters; a new UUID where missing. Where there is an "
        "experiment of this id, that one is changed as `experimentUpdate` does.",
        default=None,
    )
    dataset_id: str | None = column("Id of the dataset that it runs over, which need not be stored here.", default=None)


@strawberry.input(description="What is said of an experiment that is there. Fields as in `ExperimentCreateInput`.")
class ExperimentUpdateInput(ExperimentChangeInput):
    """A change."""

    project: str = column("Slug of the project, `entity/name`.")
    experiment_id: str = column("`Experiment.experimentId`.")


@strawberry.input(description="Which experiment to delete.")
class ExperimentDeleteInput:
    """An id."""

    project: str = column("Slug of the project, `entity/name`.")
    experiment_id: str = column("`Experiment.experimentId`.")


@strawberry.type(description="What became of an experiment that was to be made or changed.")
class ExperimentPayload:
    """An id and, where it is asked for, the node."""

    project: strawberry.Private[str]
    experiment_id: str | None = column("Its id; null where it was refused.")
    unrecorded_ids: list[str] = column(
        "Those of the given event and session ids that no call has as its id or its session's, or not yet: a hint, "
        "since they are kept nevertheless."
    )
    user_errors: list[UserError] = column("Why nothing was done; `field` is the path below `input`.")

    @link("The experiment as it is now; null where it was refused.")
    async def experiment(self, info: Info) -> Experiment | None:
        """Read only where it is asked for."""
        if self.experiment_id is None:
            return None
        return await load_row(info, experiments_by_id, (self.project, self.experiment_id), Experiment)


@strawberry.type(description="What became of an experiment that was to be deleted.")
class ExperimentDeletePayload:
    """An id."""

    experiment_id: str | None = column("Id of the experiment that is gone; null where none is.")
    user_errors: list[UserError] = column("Why nothing was deleted.")


def _change(value: ExperimentChangeInput, dataset_id: str | None = None) -> ExperimentChange:
    ranges = value.passing_ranges
    return ExperimentChange(
        name=value.name,
        description=value.description,
        status=value.status,
        dataset_id=dataset_id,
        metadata=cast("JSONText | None", value.metadata),  # the scalar has made it text
        results=cast("JSONText | None", value.results),
        configuration=cast("JSONText | None", value.configuration),
        evaluators=cast("JSONText | None", value.evaluators),
        passing_ranges=None if ranges is None else [PassingRange(each.metric, each.min, each.max) for each in ranges],
        event_ids=value.event_ids,
        session_ids=value.session_ids,
        datapoint_ids=value.datapoint_ids,
    )


def _saved(project: str, saved: Saved) -> ExperimentPayload:
    return ExperimentPayload(
        project=project, experiment_id=saved.experiment_id, unrecorded_ids=list(saved.unrecorded), user_errors=[]
    )


def _refused(project: str, refusal: Refusal) -> ExperimentPayload:
    return ExperimentPayload(project=project, experiment_id=None, unrecorded_ids=[], user_errors=user_errors(refusal))


@strawberry.type
class ExperimentMutations:
    """The part of Mutation about experiments."""

    @strawberry.mutation(
        description="Make an experiment. Calls belong to it that are recorded with its id: events of HoneyHive whose "
        "session names it as `run_id`. Idempotent by its id where the client makes that."
    )
    async def experiment_create(self, info: Info, input: ExperimentCreateInput) -> ExperimentPayload:
        """One experiment."""
        try:
            change = _change(input, input.dataset_id)
            saved = await experiment_create(context_of(info), input.project, change, input.experiment_id)
        except Refusal as refusal:
            return _refused(input.project, refusal)
        return _saved(input.project, saved)

    @strawberry.mutation(description="Change an experiment.")
    async def experiment_update(self, info: Info, input: ExperimentUpdateInput) -> ExperimentPayload:
        """One change."""
        try:
            saved = await experiment_update(context_of(info), input.project, input.experiment_id, _change(input))
        except Refusal as refusal:
            return _refused(input.project, refusal)
        return _saved(input.project, saved)

    @strawberry.mutation(
        description="Delete an experiment for good. Its calls stay, those of a Weave evaluation, too; deleting the "
        "call of an evaluation deletes both."
    )
    async def experiment_delete(self, info: Info, input: ExperimentDeleteInput) -> ExperimentDeletePayload:
        """One deletion."""
        try:
            await experiment_delete(context_of(info), input.project, input.experiment_id)
        except Refusal as refusal:
            return ExperimentDeletePayload(experiment_id=None, user_errors=user_errors(refusal))
        return ExperimentDeletePayload(experiment_id=input.experiment_id, user_errors=[])
