"""Running metrics when somebody asks for it: on an event that is given, or on a call."""

from db.json_text import JSONText, dump_json
from db.metrics import CONTENT
from resolvers.calls.events import CallPatch
from resolvers.calls.whole import patch_call
from resolvers.context import Context
from resolvers.errors import NotFoundError
from resolvers.metrics.content import definition_of
from resolvers.metrics.definition import MetricDefinition
from resolvers.metrics.engines import MetricEvent, MetricResult, run_metric
from resolvers.metrics.events import metric_events
from resolvers.metrics.read import definitions_by_id, versions_by_name
from resolvers.metrics.validate import check_definition

__all__ = ["metric_run", "metric_run_on_call", "metric_value_patch", "stored_definition"]


async def stored_definition(
    context: Context, project: str, metric_id: str, version: str | None = None
) -> MetricDefinition:
    """The definition of a metric, or of one of its versions. Raises NotFoundError."""
    context.caller.require_read(project)
    found = (await definitions_by_id(context, [(project, metric_id)]))[0]
    if found is None:
        raise NotFoundError(f"Metric not found: {project!r} has none with the id {metric_id!r}", ["metricId"])
    if version is None:
        return found
    row = (await versions_by_name(context, [(project, metric_id, version)], columns=frozenset(CONTENT)))[0]
    if row is None:
        raise NotFoundError(f"Metric {metric_id!r} has no version {version!r}", ["version"])
    return definition_of(row)


async def metric_run(context: Context, definition: MetricDefinition, event: MetricEvent) -> MetricResult:
    """What a metric gives for an event. Nothing is written.

    Raises InvalidInputError for a definition that cannot be, and what ``run_metric`` raises.
    """
    check_definition(definition, "definition")
    return await run_metric(context, definition, event)


async def metric_run_on_call(
    context: Context, definition: MetricDefinition, call_id: str, *, save: bool
) -> MetricResult:
    """What a metric gives for a call. With ``save`` a value is kept among the call's metrics, under the metric's name.

    Raises NotFoundError beside what ``metric_run`` raises.
    """
    context.caller.require_write(definition.project)
    event = (await metric_events(context, [(definition.project, call_id)]))[0]
    if event is None:
        raise NotFoundError(f"Call {call_id!r} not found", ["callId"])
    result = await metric_run(context, definition, event)
    if save and result.error is None and not result.waiting:
        await patch_call(context, metric_value_patch(definition, call_id, result))
    return result


def metric_value_patch(definition: MetricDefinition, call_id: str, result: MetricResult) -> CallPatch:
    """What keeps a value among the metrics of a call, ``attributes.honeyhive.metrics``."""
    value = JSONText(dump_json({definition.name: result.value}))
    return CallPatch(definition.project, call_id, newer={"metrics": value})
