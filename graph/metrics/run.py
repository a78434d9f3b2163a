"""Running metrics."""

from typing import TYPE_CHECKING, Annotated, cast

import strawberry

from db.json_text import JSONText, dump_json
from graph.context import Info, context_of
from graph.fields import column, link
from graph.metrics.inputs import MetricDefinitionInput, definition_of
from graph.rows import load_call
from graph.scalars import JSON
from graph.user_errors import UserError, user_errors
from resolvers.calls.whole import require_object
from resolvers.context import Context
from resolvers.errors import InvalidInputError, Refusal
from resolvers.metrics.definition import MetricDefinition
from resolvers.metrics.engines import MetricEvent, MetricResult
from resolvers.metrics.passing import passes
from resolvers.metrics.run import metric_run, metric_run_on_call, stored_definition

if TYPE_CHECKING:
    from graph.calls.types import Call

__all__ = ["MetricRunMutation"]


@strawberry.input(
    description="Which metric to run on what: exactly one of `metricId` and `definition`, on exactly one of `callId` "
    "and `event`."
)
class MetricRunInput:
    """A run."""

    project: str = column("Slug of the project, `entity/name`: of the metric, its children and the call.")
    metric_id: str | None = column("`Metric.metricId`.", default=None)
    version: str | None = column(
        "With `metricId`: `MetricVersion.version`, such as `v3`; the deployed one where missing.", default=None
    )
    definition: MetricDefinitionInput | None = column("A metric that is not stored.", default=None)
    call_id: str | None = column("`Call.callId`.", default=None)
    event: JSON | None = column(
        "An event as HoneyHive has them, an object: `inputs`, `outputs`, `event_type`, `event_name`, `metadata`, "
        "`metrics`, `feedback` (with `ground_truth`), `config`, `error`, and whatever else the metric reads.",
        default=None,
    )
    save: bool = column(
        "With `callId`: whether the value is kept in the call, as `attributes.honeyhive.metrics.NAME` in place of what "
        "is there. What fails or waits changes nothing.",
        default=False,
    )


@strawberry.type(description="What came of running a metric: a value, an error, or that it waits for a person.")
class MetricRunPayload:
    """``resolvers.metrics.engines.MetricResult``."""

    project: strawberry.Private[str]
    call_id: strawberry.Private[str | None]
    value: JSON | None = column("The value: a number, true, false or a text; null where there is none.")
    explanation: str | None = column(
        "What a language model says of its value, or the values of a composite's children."
    )
    error: str | None = column("Why the metric has no value for this event: its code failed, a child is missing.")
    waiting: bool = column("Whether a person has to give the value.")
    passed: bool | None = column("Whether the value passes the metric's threshold; null where nothing says.")
    user_errors: list[UserError] = column("Why nothing was run; `field` is the path below `input`.")

    @link("The call that it ran on; null where it ran on an event that was given.")
    async def call(self, info: Info) -> Annotated["Call", strawberry.lazy("graph.calls.types")] | None:
        """Read only where it is asked for."""
        return await load_call(info, self.project, self.call_id)


@strawberry.type
class MetricRunMutation:
    """The part of Mutation about running metrics."""

    @strawberry.mutation(
        description="Run a metric and wait for its value. PYTHON metrics run in a sandbox with limits of time and "
        "memory, LLM ones ask the server's provider, composites run what children the event has no value of; a HUMAN "
        "metric waits. What runs by itself on new calls does not depend on this."
    )
    async def metric_run(self, info: Info, input: MetricRunInput) -> MetricRunPayload:
        """One run."""
        context = context_of(info)
        try:
            definition = await _definition(context, input)
            result = await _result(context, input, definition)
        except Refusal as refusal:
            return MetricRunPayload(
                project=input.project,
                call_id=None,
                value=None,
                explanation=None,
                error=None,
                waiting=False,
                passed=None,
                user_errors=user_errors(refusal),
            )
        there = result.error is None and not result.waiting
        return MetricRunPayload(
            project=input.project,
            call_id=input.call_id,
            value=cast("JSON", dump_json(result.value)) if there else None,
            explanation=result.explanation,
            error=result.error,
            waiting=result.waiting,
            passed=passes(result.value, definition.threshold) if there else None,
            user_errors=[],
        )


async def _definition(context: Context, given: MetricRunInput) -> MetricDefinition:
    if (given.metric_id is None) == (given.definition is None):
        raise InvalidInputError("A run needs exactly one of metricId and definition", ["metricId"])
    if given.definition is None:
        assert given.metric_id is not None, "one of them is there"
        return await stored_definition(context, given.project, given.metric_id, given.version)
    if given.version is not None:
        raise InvalidInputError(f"version {given.version!r} goes with metricId", ["version"])
    return definition_of(given.definition, given.project)


async def _result(context: Context, given: MetricRunInput, definition: MetricDefinition) -> MetricResult:
    if (given.call_id is None) == (given.event is None):
        raise InvalidInputError("A run needs exactly one of callId and event", ["callId"])
    if given.call_id is not None:
        return await metric_run_on_call(context, definition, given.call_id, save=given.save)
    if given.save:
        raise InvalidInputError("save goes with callId: an event that is given is not stored", ["save"])
    event = require_object("event", cast("JSONText", given.event))
    return await metric_run(context, definition, MetricEvent(event))
