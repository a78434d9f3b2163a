"""An experiment and its links."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from db.calls.tables import calls
from graph.calls.connection import Place, calls_field
from graph.calls.types import Call
from graph.connections import Connection
from graph.context import Info, context_of
from graph.creator_link import CreatorLink
from graph.datapoints.connection import DatapointPlace, datapoints_field
from graph.experiments.enums import ExperimentOrigin, ExperimentStatus
from graph.experiments.results import ExperimentResults
from graph.fields import column, link
from graph.group_inputs import SessionFilterInput, TraceFilterInput
from graph.groups import GroupPlace, groups_field
from graph.nodes import TracegraphNode, is_row_of
from graph.project_link import ProjectLink
from graph.refs.types import node_of_ref
from graph.rows import load_call, load_row
from graph.scalars import JSON, DateTime
from graph.sessions import Session
from graph.traces import Trace
from resolvers.datasets.read import datasets_by_id
from resolvers.experiments.read import (
    experiment_members,
    linked_sessions,
    metric_names,
    parsed_passing_ranges,
    result_names,
)
from resolvers.groups import SESSIONS, TRACES

if TYPE_CHECKING:
    from graph.datasets.types import Dataset
    from graph.objects.types import ObjectVersion

__all__ = ["Experiment", "PassingRange"]

_KEYS = ("project_slug", "experiment_id")


@strawberry.type(description="Between which values a metric passes.")
class PassingRange:
    """An item of ``db.experiments.tables.experiments.passing_ranges``."""

    metric: str = column("Name of the metric.")
    min: float | None = column("The least value that passes (inclusive); null where there is none.")
    max: float | None = column("The greatest value that passes (inclusive); null where there is none.")


def _group_place(experiment: Any) -> GroupPlace:
    return GroupPlace(experiment.project_slug, calls.c.experiment_id, experiment.experiment_id)


@strawberry.federation.type(
    keys=["id", "projectSlug experimentId"],
    description="One run of a program or a model over a dataset, to be judged and compared: a run of HoneyHive's SDK, "
    "or an evaluation of Weave's. `origin` tells which.",
)
class Experiment(ExperimentResults, CreatorLink, ProjectLink, TracegraphNode):
    """Rows of ``db.experiments.reads``."""

    is_type_of = is_row_of("Experiment")

    experiment_id: str = column(
        "Id within the project: HoneyHive's `run_id`, or the id of the call that a Weave evaluation is."
    )
    origin: ExperimentOrigin = column("How it came to be recorded.")
    name: str | None = column(
        "Its name; of a Weave evaluation the display name of its call, else the name of its `Evaluation` object. Null "
        "where it has none."
    )
    description: str | None = column("What it is about; null where nobody said.")
    status: ExperimentStatus = column("How it stands.")
    dataset_id: str | None = column(
        "Id of the dataset that it runs over, as its creator said it; `EXT-...` ids are of datasets that clients keep "
        "to themselves. Null for a Weave evaluation, which has a `datasetRef`."
    )
    dataset_ref: str | None = column(
        "Ref of the version of a Weave dataset that a Weave evaluation is over, else null."
    )
    model_ref: str | None = column("Ref of the model, or the op, that a Weave evaluation is of, else null.")
    evaluation_ref: str | None = column(
        "Ref of the `Evaluation` object that a Weave evaluation is a run of, else null."
    )
    metadata: JSON = column("What its creator noted, an object; of a Weave evaluation the `metadata` of its object.")
    configuration: JSON = column(
        "How it was set up, an object; of a Weave evaluation `evaluation`, `model` and `trials`."
    )
    evaluators: JSON = column("What judges it, a list; of a Weave evaluation the refs of its scorers.")
    results: JSON = column(
        "What its creator says that came out, an object; of a Weave evaluation the summary that it gives back, and "
        "`{}` until it ends."
    )
    created_by: str | None = column("User in whose name it was recorded.")
    created_at: DateTime = column("When it was created; of a Weave evaluation, when its call began.")
    updated_at: DateTime = column("When it last changed.")
    ended_at: DateTime | None = column(
        "When it was said to be COMPLETED, FAILED or CANCELLED, or when the call of a Weave evaluation ended; null "
        "before."
    )

    @link("Between which values its metrics pass, by the names of the metrics.", needs=("passing_ranges",))
    def passing_ranges(self) -> list[PassingRange]:
        """Out of the column's JSON."""
        row: Any = self
        found = parsed_passing_ranges(row.passing_ranges)
        return [PassingRange(metric=each.metric, min=each.min, max=each.max) for each in found]

    @link(
        "The version of a Weave dataset that a Weave evaluation is over; null for others, and where it is not there.",
        needs=("dataset_ref",),
    )
    async def dataset_version(
        self, info: Info
    ) -> Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")] | None:
        """By the loader of objects."""
        version: ObjectVersion | None = await _version(info, self.dataset_ref)
        return version

    @link(
        "The version of the model, or the op, that a Weave evaluation is of; null for others, and where it is not "
        "there.",
        needs=("model_ref",),
    )
    async def model_version(
        self, info: Info
    ) -> Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")] | None:
        """By the loader of objects."""
        version: ObjectVersion | None = await _version(info, self.model_ref)
        return version

    @link(
        "The `Evaluation` object that a Weave evaluation is a run of; null for others, and where it is not there.",
        needs=("evaluation_ref",),
    )
    async def evaluation_version(
        self, info: Info
    ) -> Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")] | None:
        """By the loader of objects."""
        version: ObjectVersion | None = await _version(info, self.evaluation_ref)
        return version

    @link("The call that a Weave evaluation is; null for others.", needs=(*_KEYS, "origin"))
    async def root_call(self, info: Info) -> Call | None:
        """By the loader of calls."""
        call_id = self.experiment_id if self.origin == ExperimentOrigin.WEAVE else None
        return await load_call(info, self.project_slug, call_id)

    calls = calls_field(
        "The calls that belong to it: recorded in it (their event, or that of their session, names it as its run), "
        "named by it as an event, or of a session that it names; of a Weave evaluation its call and all calls below.",
        needs=_KEYS,
        place=lambda experiment: Place(experiment.project_slug, "experiment_id", experiment.experiment_id),
    )

    traces = groups_field(
        "The traces of its calls, by default newest first: whole ones.",
        Connection[Trace],
        TRACES,
        TraceFilterInput,
        needs=_KEYS,
        place=_group_place,
    )

    sessions = groups_field(
        "The sessions of its calls, by default newest first: whole ones. HoneyHive's SDK runs each datapoint in one.",
        Connection[Session],
        SESSIONS,
        SessionFilterInput,
        needs=_KEYS,
        place=_group_place,
    )

    @link(
        "Ids of the events that it names, in the order in which they were given; HoneyHive's SDK names sessions here. "
        "Where none was given: the sessions of the calls recorded in it, the first begun first, 10,000 at most; of a "
        "Weave evaluation, its call.",
        needs=(*_KEYS, "origin"),
    )
    async def event_ids(self, info: Info) -> list[str]:
        """By loaders: a statement each for the experiments of a list."""
        if self.origin == ExperimentOrigin.WEAVE:
            return await _members(info, self, "event") or [self.experiment_id]
        if named := await _members(info, self, "event"):
            return named
        key = (self.project_slug, self.experiment_id)
        return await context_of(info).loaders.load(linked_sessions, key) or []

    @link("The dataset that `datasetId` names; null where there is none here.", needs=("project_slug", "dataset_id"))
    async def dataset(self, info: Info) -> Annotated["Dataset", strawberry.lazy("graph.datasets.types")] | None:
        """By the loader of datasets."""
        if self.dataset_id is None:
            return None
        return await load_row(info, datasets_by_id, (self.project_slug, self.dataset_id), "Dataset")

    datapoints = datapoints_field(
        "The datapoints that it runs on, as far as they are here, by default the oldest first: those that it names, "
        "and those that calls recorded in it were made for. For a Weave evaluation see `datasetVersion`.",
        needs=_KEYS,
        place=lambda experiment: DatapointPlace(experiment.project_slug, "experiment", experiment.experiment_id),
    )

    @link("Ids of the sessions that it names, in the order in which they were given.", needs=_KEYS)
    async def session_ids(self, info: Info) -> list[str]:
        """By a loader: one statement for the experiments of a list."""
        return await _members(info, self, "session")

    @link(
        "Ids of the datapoints that it is to run over, in the order in which they were given; `EXT-...` ids are of "
        "datapoints that clients keep to themselves.",
        needs=_KEYS,
    )
    async def datapoint_ids(self, info: Info) -> list[str]:
        """By a loader: one statement for the experiments of a list."""
        return await _members(info, self, "datapoint")

    @link(
        "Names of the metrics seen in it, sorted: of the first 10,000 events recorded in it that have any; of a Weave "
        "evaluation the names in its summary.",
        needs=(*_KEYS, "origin", "results"),
        weight=10,
    )
    async def metric_names(self, info: Info) -> list[str]:
        """By a loader: one statement for the experiments of a list."""
        if self.origin == ExperimentOrigin.WEAVE:
            return result_names(self.results)
        key = (self.project_slug, self.experiment_id)
        return await context_of(info).loaders.load(metric_names, key) or []


async def _members(info: Info, row: Any, role: str) -> list[str]:
    key = (row.project_slug, row.experiment_id)
    return await context_of(info).loaders.load(experiment_members, key, role=role) or []


async def _version(info: Info, ref: str | None) -> Any:
    """The object version of a ref; None where there is none, or it is not there."""
    node: Any = None if ref is None else await node_of_ref(info, ref)
    return node if getattr(node, "noun", None) == "ObjectVersion" else None
