"""Running one metric on one event."""

import asyncio
from collections.abc import Mapping

from db.json_text import JSONValue
from resolvers.context import Context
from resolvers.errors import NotConfiguredError, Refusal
from resolvers.metrics.definition import ChildMetric, MetricDefinition, MetricType
from resolvers.metrics.engines.composite import ChildValue, compose
from resolvers.metrics.engines.event import MetricEvent
from resolvers.metrics.engines.llm import run_llm
from resolvers.metrics.engines.result import MetricFailedError, MetricResult, checked_value
from resolvers.metrics.read import definitions_by_id, definitions_by_name

__all__ = ["run_metric"]

MOST_RUNS = 100
"""Metrics that one composite may run, those of its children's children included."""


async def run_metric(context: Context, definition: MetricDefinition, event: MetricEvent) -> MetricResult:
    """What the metric gives for the event: a value with its explanation, an error, or that it waits for a person.

    Nothing is written. Raises a Refusal where the metric cannot be run here at all: NotConfiguredError without a
    provider or without the extra, InvalidInputError for one that names no model.
    """
    context.caller.require_write(definition.project)
    try:
        return await _Run(context, event).run(definition, ())
    except MetricFailedError as error:
        return MetricResult(error=error.message, transient=error.transient)


class _Run:
    """One event, and what metrics gave for it so far: each is run once, however many composites want it."""

    def __init__(self, context: Context, event: MetricEvent) -> None:
        self._context = context
        self._event = event
        self._results: dict[str, MetricResult] = {}
        self._known: Mapping[str, JSONValue] | None = None

    async def run(self, definition: MetricDefinition, above: tuple[str, ...]) -> MetricResult:
        """What one metric gives; ``above`` are the ids, or names, of the composites that it is a child of."""
        if definition.type is MetricType.HUMAN:
            return MetricResult(waiting=True)
        if definition.needs_ground_truth and await asyncio.to_thread(_ground_truth, self._event) is None:
            raise MetricFailedError(
                f"The metric {definition.name!r} needs ground truth, and the event has none (feedback.ground_truth)"
            )
        match definition.type:
            case MetricType.PYTHON:
                return await self._python(definition)
            case MetricType.LLM:
                return await run_llm(self._context, definition, self._event)
        way = (*above, definition.metric_id or definition.name)

        async def value_of(child: ChildMetric) -> ChildValue:
            return await self._child(definition, child, way)

        return await compose(definition, value_of)

    async def _python(self, definition: MetricDefinition) -> MetricResult:
        if self._context.sandbox is None:
            raise NotConfiguredError("PYTHON metrics are not run here")
        value = await self._context.sandbox.run(definition.criteria, self._event.text)
        return MetricResult(checked_value(definition, value))

    async def _child(self, parent: MetricDefinition, child: ChildMetric, way: tuple[str, ...]) -> ChildValue:
        """The value of a child: the one that the event has already, otherwise the child is run."""
        found = await self._stored(parent.project, child)
        if self._known is None:
            self._known = await asyncio.to_thread(self._event.section, "metrics")
        value = self._known.get(child.name)
        if value is None and found is not None:
            value = self._known.get(found.name)
        if value is not None:
            return ChildValue(child, value, found)
        if found is None:
            named = f"{child.name!r} ({child.id})" if child.id else repr(child.name)
            raise MetricFailedError(
                f"The child metric {named} of {parent.name!r} is not there, and the event has no value of it"
            )
        own = found.metric_id or found.name
        if own in way:
            raise MetricFailedError(f"The composite {found.name!r} is among its own children")
        result = self._results.get(own)
        if result is None:
            if len(self._results) >= MOST_RUNS:
                raise MetricFailedError(f"A composite may run {MOST_RUNS} metrics, and {parent.name!r} needs more")
            result = self._results[own] = await self._run_child(found, way)
        if result.waiting:
            raise MetricFailedError(f"The child metric {found.name!r} waits for a person")
        return ChildValue(child, result.value, found)

    async def _run_child(self, child: MetricDefinition, way: tuple[str, ...]) -> MetricResult:
        try:
            return await self.run(child, way)
        except MetricFailedError as error:
            message = f"The child metric {child.name!r} has no value: {error.message}"
            raise MetricFailedError(message, transient=error.transient) from error
        except Refusal as error:
            raise MetricFailedError(f"The child metric {child.name!r} has no value: {error.message}") from error

    async def _stored(self, project: str, child: ChildMetric) -> MetricDefinition | None:
        if child.id is not None:
            return (await definitions_by_id(self._context, [(project, child.id)]))[0]
        return (await definitions_by_name(self._context, [(project, child.name)]))[0]


def _ground_truth(event: MetricEvent) -> JSONValue:
    return event.section("feedback").get("ground_truth")
