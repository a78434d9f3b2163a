"""What an event says of its call's row by itself: columns, and the refs in its payload.

Most of what there is to do for an event needs nothing that the database knows. It is done before the event waits to be
written (``prepare``): writes come one after the other, and what the thread that writes does besides, all of them wait
for. An event that was not prepared, as one of many megabytes, says the same when it is asked.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from db.calls.exceptions import exception_parts
from db.calls.model_usage import usage_text
from db.calls.tables import JSON_COLUMNS
from db.json_text import parse_json, query_form, query_forms
from db.text import utf8_size
from resolvers.calls.events import CallEnd, CallEvent, CallStart, Said, payloads_of
from resolvers.calls.sections import links_in
from resolvers.calls.usage import NO_MODEL
from resolvers.refs import refs_in

__all__ = ["Usage", "count_columns", "prepare", "said_by", "status_of", "usage_of", "with_forms"]

MOST_TOKENS = (1 << 63) - 1
"""What the column of a count holds."""


class Usage(NamedTuple):
    """Token counts of a call over all its models; ``model`` is named where there is one."""

    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    total_tokens: int | None
    by_model: str | None
    """What it used of each, as the column says it; None where there is no count."""

    @property
    def is_counted(self) -> bool:
        """Whether there is any count."""
        return self.by_model is not None


_UNUSED = Usage(None, None, None, None, None)


def prepare(events: Sequence[CallEvent]) -> None:
    """Work out what events say by themselves, so that nobody who writes them has to."""
    unsaid = [event for event in events if isinstance(event, CallStart | CallEnd) and event.said is None]
    # The texts of all are looked at together.
    forms = iter(query_forms([text for event in unsaid for text in payloads_of(event)]))
    for event in unsaid:
        event.said = _said(event, *islice(forms, 2))


def said_by(event: CallStart | CallEnd) -> Said:
    """What an event says by itself, worked out once."""
    if event.said is None:
        event.said = _said(event, *map(query_form, payloads_of(event)))
    return event.said


def with_forms(columns: Mapping[str, Any]) -> dict[str, Any]:
    """``columns`` with what queries read beside each payload among them."""
    texts = {name: columns[name] for name in JSON_COLUMNS if name in columns}
    return {**columns, **{f"{name}_query": text and query_form(text) for name, text in texts.items()}}


def _said(event: CallStart | CallEnd, first: str | None, second: str | None) -> Said:
    """``first`` and ``second`` are what queries read in place of its two payloads."""
    if isinstance(event, CallStart):
        return Said(_start_columns(event, first, second), refs_in(event.inputs))
    return Said(_end_columns(event, first, second), refs_in(event.output))


def _start_columns(event: CallStart, attributes_query: str | None, inputs_query: str | None) -> dict[str, Any]:
    return {
        "trace_id": event.trace_id,
        "parent_id": event.parent_id,
        "session_id": event.session_id,
        "thread_id": event.thread_id,
        "turn_id": event.turn_id,
        "op_name": event.op_name,
        "display_name": event.display_name or None,
        "kind": event.kind,
        "started_at": event.started_at,
        "wb_user_id": event.wb_user_id,
        "wb_run_id": event.wb_run_id,
        "wb_run_step": event.wb_run_step,
        "span_id": event.span_id,
        "attributes": event.attributes,
        "attributes_query": attributes_query,
        "inputs": event.inputs,
        "inputs_query": inputs_query,
        "start_size": utf8_size(event.attributes) + utf8_size(event.inputs),
        **links_in(event.attributes),
    }


def _end_columns(event: CallEnd, output_query: str | None, summary_query: str | None) -> dict[str, Any]:
    parsed = parse_json(event.summary)
    summary = parsed if isinstance(parsed, dict) else {}
    return {
        "ended_at": event.ended_at,
        "duration": event.duration,
        "exception": event.exception,
        **_exception_columns(event.exception),
        "status": status_of(event.exception, summary),
        **count_columns(usage_of(summary)),
        "wb_run_step_end": event.wb_run_step_end,
        "output": event.output,
        "output_query": output_query,
        "summary": event.summary,
        "summary_query": summary_query,
        "end_size": utf8_size(event.output) + utf8_size(event.summary),
    }


def count_columns(usage: Usage) -> dict[str, Any]:
    """What the columns of tokens, of usage, and of the model, are to hold."""
    columns: dict[str, Any] = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "usage": usage.by_model,
    }
    # Usage says which model it was, or that there are several; without any, the one that was asked for stays.
    if usage.model is not None or usage.is_counted:
        columns["model"] = usage.model
    return columns


_NO_EXCEPTION = {"exception_type": None, "exception_message": None}


def _exception_columns(exception: str | None) -> Mapping[str, str | None]:
    if exception is None:
        return _NO_EXCEPTION
    parts = exception_parts(exception)
    return {
        "exception_type": parts.type,
        "exception_message": None if parts.message == exception else parts.message,
    }


def usage_of(summary: Mapping[str, Any]) -> Usage:
    """The usage in a Weave summary: ``usage.MODEL.prompt_tokens`` (or input_tokens) and so on, summed over models."""
    given = summary.get("usage")
    if not given or not isinstance(given, dict):
        return _UNUSED
    models = {name: counts for name, counts in given.items() if isinstance(counts, dict)}
    incoming = outgoing = total = None
    for counts in models.values():
        # Providers have two words for each; a provider uses one of them.
        get = counts.get
        own_incoming = _either(get("input_tokens"), get("prompt_tokens"))
        own_outgoing = _either(get("output_tokens"), get("completion_tokens"))
        own_total = _count(get("total_tokens"))
        incoming = _sum(incoming, own_incoming)
        outgoing = _sum(outgoing, own_outgoing)
        total = _sum(total, _sum(own_incoming, own_outgoing) if own_total is None else own_total)
    only = next(iter(models)) if len(models) == 1 else None
    by_model = None if total is None else usage_text(given)
    return Usage(None if only == NO_MODEL else only, incoming, outgoing, total, by_model)


def _count(value: Any) -> int | None:
    """One count; None for the text or null of a provider that counted nothing, and for what is no count."""
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= MOST_TOKENS:
        return None
    return int(value)


def _either(first: Any, second: Any) -> int | None:
    """The count under two words for the same: mostly there is one."""
    if first is None or second is None:
        return _count(second if first is None else first)
    return _sum(_count(first), _count(second))


def _sum(first: int | None, second: int | None) -> int | None:
    """The sum of those that are there, as far as the column holds it; None where none is."""
    if first is None or second is None:
        return second if first is None else first
    return min(MOST_TOKENS, first + second)


def status_of(exception: str | None, summary: Mapping[str, Any]) -> str:
    """The status of an ended call."""
    if exception:
        return "error"
    counts = summary.get("status_counts")
    errors = counts.get("error") if isinstance(counts, dict) else None
    failed_below = isinstance(errors, int | float) and errors > 0
    return "descendant_error" if failed_below else "success"
