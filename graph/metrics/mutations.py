"""Creating, changing, deploying and deleting metrics."""

from typing import Any, cast

import strawberry

from graph.context import Info, context_of
from graph.fields import column, link
from graph.metrics.inputs import (
    MetricCreateInput,
    MetricDeleteInput,
    MetricUpdateInput,
    MetricVersionCreateInput,
    MetricVersionDeployInput,
    changes_of,
    definition_of,
)
from graph.metrics.types import Metric, MetricVersion
from graph.selection import columns_of
from graph.user_errors import UserError, user_errors
from resolvers.errors import Refusal
from resolvers.metrics import record
from resolvers.metrics.read import metrics_by_id, versions_by_name

__all__ = ["MetricMutations"]


@strawberry.type(description="What became of a metric that was to be created or changed.")
class MetricPayload:
    """A metric, or why nothing was written."""

    project: strawberry.Private[str]
    metric_id: str | None = column("Its id; null where it was refused.")
    user_errors: list[UserError] = column("Why nothing was written; `field` is the path below `input`.")

    @link("The metric as it is now; null where it was refused.")
    async def metric(self, info: Info) -> Metric | None:
        """Read only where it is asked for."""
        return await _metric(info, self.project, self.metric_id)


@strawberry.type(description="What became of a metric that was to be deleted.")
class MetricDeletePayload:
    """An id."""

    metric_id: str | None = column("Id of the metric that is gone; null where none is.")
    user_errors: list[UserError] = column("Why nothing was deleted.")


@strawberry.type(description="What became of a version that was to be made or deployed.")
class MetricVersionPayload:
    """A version and its metric, or why nothing was written."""

    project: strawberry.Private[str]
    metric_id: strawberry.Private[str | None]
    number: strawberry.Private[int]
    user_errors: list[UserError] = column("Why nothing was written; `field` is the path below `input`.")

    @link("The version; null where it was refused.")
    async def version(self, info: Info) -> MetricVersion | None:
        """Read only where it is asked for."""
        if self.metric_id is None:
            return None
        key = (self.project, self.metric_id, f"v{self.number}")
        rows = await versions_by_name(context_of(info), [key], columns=columns_of(info, MetricVersion))
        return cast("MetricVersion | None", rows[0])  # rows stand for their types

    @link("The metric as it is now; null where it was refused.")
    async def metric(self, info: Info) -> Metric | None:
        """Read only where it is asked for."""
        return await _metric(info, self.project, self.metric_id)


async def _metric(info: Info, project: str, metric_id: str | None) -> Metric | None:
    """Past the loader, which may have what was before."""
    if metric_id is None:
        return None
    rows: Any = await metrics_by_id(context_of(info), [(project, metric_id)], columns=columns_of(info, Metric))
    return cast("Metric | None", rows[0])


@strawberry.type
class MetricMutations:
    """The part of Mutation about metrics."""

    @strawberry.mutation(
        description="Create a metric with its first version, which is deployed. A name that a metric of the project "
        "has is a CONFLICT."
    )
    async def metric_create(self, info: Info, input: MetricCreateInput) -> MetricPayload:
        """A new one."""
        project = input.project
        try:
            definition = definition_of(input.definition, project)
            metric_id = await record.metric_create(context_of(info), definition, input.message)
        except Refusal as refusal:
            return MetricPayload(project=project, metric_id=None, user_errors=user_errors(refusal))
        return MetricPayload(project=project, metric_id=metric_id, user_errors=[])

    @strawberry.mutation(
        description="Change fields of a metric: a new version of what is deployed with these changes, deployed at "
        "once. What changes nothing makes no version. Idempotent."
    )
    async def metric_update(self, info: Info, input: MetricUpdateInput) -> MetricPayload:
        """Changes."""
        project, metric_id = input.project, input.metric_id
        try:
            await record.metric_update(context_of(info), project, metric_id, changes_of(input.changes), input.message)
        except Refusal as refusal:
            return MetricPayload(project=project, metric_id=None, user_errors=user_errors(refusal))
        return MetricPayload(project=project, metric_id=metric_id, user_errors=[])

    @strawberry.mutation(
        description="Delete a metric with its versions. The values that calls hold stay, and composites that it is a "
        "part of stay, with a part that is not there."
    )
    async def metric_delete(self, info: Info, input: MetricDeleteInput) -> MetricDeletePayload:
        """For good."""
        try:
            await record.metric_delete(context_of(info), input.project, input.metric_id)
        except Refusal as refusal:
            return MetricDeletePayload(metric_id=None, user_errors=user_errors(refusal))
        return MetricDeletePayload(metric_id=input.metric_id, user_errors=[])

    @strawberry.mutation(
        description="Add a version to a metric: a draft, or deployed at once. Not idempotent: each is a new version."
    )
    async def metric_version_create(self, info: Info, input: MetricVersionCreateInput) -> MetricVersionPayload:
        """A draft, or more."""
        project, metric_id = input.project, input.metric_id
        try:
            definition = definition_of(input.definition, project, metric_id)
            number = await record.metric_version_create(
                context_of(info), definition, input.message, deploy=input.deploy
            )
        except Refusal as refusal:
            return _refused(project, refusal)
        return MetricVersionPayload(project=project, metric_id=metric_id, number=number, user_errors=[])

    @strawberry.mutation(
        description="Deploy a version of a metric in place of the one that is: the metric stands for it from now on. "
        "Idempotent."
    )
    async def metric_version_deploy(self, info: Info, input: MetricVersionDeployInput) -> MetricVersionPayload:
        """Forth, or back."""
        project, metric_id = input.project, input.metric_id
        try:
            number = await record.metric_version_deploy(context_of(info), project, metric_id, input.version)
        except Refusal as refusal:
            return _refused(project, refusal)
        return MetricVersionPayload(project=project, metric_id=metric_id, number=number, user_errors=[])


def _refused(project: str, refusal: Refusal) -> MetricVersionPayload:
    return MetricVersionPayload(project=project, metric_id=None, number=0, user_errors=user_errors(refusal))
