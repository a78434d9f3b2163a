"""Calls as metrics see them: as events of HoneyHive, put together from the text that is stored."""

from collections.abc import Sequence
from typing import Any

from db.json_members import object_of
from db.json_text import JSONText, dump_json
from resolvers.calls.event_view import error_of, event_type_of, event_view, outputs_of
from resolvers.calls.names import op_short_name
from resolvers.calls.read import calls_by_id
from resolvers.context import Context
from resolvers.metrics.engines import MetricEvent

__all__ = ["EVENT_COLUMNS", "event_of_call", "metric_events"]

EVENT_COLUMNS = frozenset(
    {
        "trace_id",
        "parent_id",
        "session_id",
        "op_name",
        "display_name",
        "kind",
        "started_at",
        "ended_at",
        "latency_ms",
        "exception",
        "exception_type",
        "exception_message",
        "model",
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "attributes",
        "inputs",
        "output",
    }
)
"""What an event is made of."""


def event_of_call(call: Any) -> MetricEvent:
    """The event of a row of calls with ``EVENT_COLUMNS``. Times are Unix milliseconds."""
    tokens = {
        "prompt_tokens": call.input_tokens,
        "completion_tokens": call.output_tokens,
        "total_tokens": call.total_tokens,
    }
    view = event_view(call.attributes, call.model, tokens)
    plain = {
        "event_id": call.call_id,
        "session_id": call.session_id or call.trace_id,
        "parent_id": call.parent_id,
        "event_type": event_type_of(call.kind),
        "event_name": call.display_name or op_short_name(call.op_name),
        "source": view.source,
        "error": error_of(call.exception, call.exception_type, call.exception_message),
        "start_time": _milliseconds(call.started_at),
        "end_time": _milliseconds(call.ended_at),
        "duration": call.latency_ms,
    }
    return MetricEvent(
        object_of(
            view.others
            | view.sections
            | {name: dump_json(value) for name, value in plain.items()}
            | {"inputs": JSONText(call.inputs or "{}"), "outputs": outputs_of(call.output)}
        )
    )


async def metric_events(context: Context, keys: Sequence[tuple[str, str]]) -> list[MetricEvent | None]:
    """The events of calls by (project, call id); None for what is not there or may not be seen."""
    rows = await calls_by_id(context, keys, columns=EVENT_COLUMNS)
    return [None if row is None else event_of_call(row) for row in rows]


def _milliseconds(microseconds: int | None) -> float | None:
    """Whole numbers where they are."""
    if microseconds is None:
        return None
    whole, rest = divmod(microseconds, 1000)
    return whole if rest == 0 else microseconds / 1000
