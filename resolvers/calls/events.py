"""What happens to a call, and what each event makes of its row.

The rules of who wins, wherever and however often events arrive (docs/calls.md):

- the first start wins, a repeated one changes nothing;
- the last end wins;
- a rename beats the display name of a start, before it and after it;
- the model that an end reports usage of beats the one that a start asks for, before it and after it;
- nothing that arrives for a deleted call changes it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from db.calls.exceptions import ExceptionParts, exception_parts
from db.calls.writes import CallState
from db.json_text import JSONText, parse_json
from resolvers.calls.requests import requested_model

__all__ = ["NO_MODEL", "CallChange", "CallEnd", "CallEvent", "CallRename", "CallStart", "Usage", "merge", "usage_of"]


NO_MODEL = "usage"
"""The key of usage whose model nobody named, in place of the model, as Weave's own server writes it for spans."""


@dataclass(frozen=True, slots=True)
class CallStart:
    """A call began. Times are microseconds since the epoch; ``kind`` is a normalised kind or None."""

    project: str
    id: str
    trace_id: str | None
    parent_id: str | None
    op_name: str
    started_at: int
    attributes: JSONText
    inputs: JSONText
    display_name: str | None = None
    thread_id: str | None = None
    turn_id: str | None = None
    session_id: str | None = None
    kind: str | None = None
    wb_user_id: str | None = None
    wb_run_id: str | None = None
    wb_run_step: int | None = None
    span_id: str | None = None
    """The span's own id, where another call has it and ``id`` is a derived one."""


@dataclass(frozen=True, slots=True)
class CallEnd:
    """A call ended; ``summary`` is the client's own, with usage by model and status counts."""

    project: str
    id: str
    ended_at: int
    output: JSONText
    summary: JSONText
    exception: str | None = None
    wb_run_step_end: int | None = None


@dataclass(frozen=True, slots=True)
class CallRename:
    """A user gave the call a display name; an empty one takes it away."""

    project: str
    id: str
    display_name: str


MOST_TOKENS = (1 << 63) - 1
"""What the column of a count holds."""

CallEvent = CallStart | CallEnd | CallRename


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of a call over all its models; ``model`` is named where there is one."""

    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    total_tokens: int | None

    @property
    def is_counted(self) -> bool:
        """Whether there is any count."""
        return (self.input_tokens, self.output_tokens, self.total_tokens) != (None, None, None)


def usage_of(summary: Mapping[str, Any]) -> Usage:
    """The usage in a Weave summary: ``usage.MODEL.prompt_tokens`` (or input_tokens) and so on, summed over models."""
    given = summary.get("usage")
    by_model: dict[str, Any] = given if isinstance(given, dict) else {}
    models = {name: counts for name, counts in by_model.items() if isinstance(counts, dict)}
    incoming, outgoing, total = [], [], []
    for counts in models.values():
        # Providers have two words for each; a provider uses one of them.
        own_incoming = _sum(_count(counts, "input_tokens"), _count(counts, "prompt_tokens"))
        own_outgoing = _sum(_count(counts, "output_tokens"), _count(counts, "completion_tokens"))
        own_total = _count(counts, "total_tokens")
        incoming.append(own_incoming)
        outgoing.append(own_outgoing)
        total.append(_sum(own_incoming, own_outgoing) if own_total is None else own_total)
    only = next(iter(models)) if len(models) == 1 else None
    return Usage(None if only == NO_MODEL else only, _sum(*incoming), _sum(*outgoing), _sum(*total))


def _count(counts: Mapping[str, Any], name: str) -> int | None:
    """One count; None for the text or null of a provider that counted nothing, and for what is no count."""
    value = counts.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= MOST_TOKENS:
        return None
    return int(value)


def _sum(*counts: int | None) -> int | None:
    """The sum of those that are there, as far as the column holds it; None where none is."""
    found = [count for count in counts if count is not None]
    return min(MOST_TOKENS, sum(found)) if found else None


def status_of(exception: str | None, summary: Mapping[str, Any]) -> str:
    """The status of an ended call."""
    if exception:
        return "error"
    counts = summary.get("status_counts")
    errors = counts.get("error") if isinstance(counts, dict) else None
    failed_below = isinstance(errors, int | float) and errors > 0
    return "descendant_error" if failed_below else "success"


@dataclass(slots=True)
class CallChange:
    """The columns to write for one call, whose refs are to be recorded again, and what readers see happen to it."""

    columns: dict[str, Any] = field(default_factory=dict)
    start: CallStart | None = None
    end: CallEnd | None = None
    seen: set[Literal["started", "ended", "updated"]] = field(default_factory=set)

    def number(self, change_seq: int, at: int) -> None:
        """Add the columns that say at which change, and when, it was seen."""
        self.columns["change_seq"] = change_seq
        for name in self.seen:
            self.columns[f"{name}_seq"] = change_seq
        if "updated" in self.seen:
            self.columns["updated_at"] = at


def merge(state: CallState | None, events: Iterable[CallEvent]) -> CallChange:
    """What ``events``, in the order they came, make of a call in ``state`` (None: never heard of)."""
    change = CallChange()
    if state is not None and state.deleted_at is not None:
        return change
    renamed = state is not None and state.renamed
    started = state is not None and state.started_at is not None
    ended = state is not None and state.ended_at is not None
    named = state is not None and (state.model is not None or state.counted)
    for event in events:
        match event:
            case CallStart():
                if not started:
                    started = True
                    # An end that was there before its start is seen together with it.
                    change.seen |= {"started", "ended"} if ended else {"started"}
                    change.start = event
                    change.columns.update(_start_columns(event, renamed=renamed))
                    if not named and (model := requested_model(event.kind, event.inputs, event.attributes)):
                        change.columns["model"] = model
            case CallEnd():
                if started:
                    change.seen.add("updated" if ended else "ended")
                ended = True
                change.end = event
                columns = _end_columns(event)
                named = named or "model" in columns
                change.columns.update(columns)
            case CallRename():
                if started:
                    change.seen.add("updated")
                renamed = True
                change.columns.update(display_name=event.display_name or None, renamed=True)
    if state is None and change.columns:
        change.columns.setdefault("status", "running")
    return change


def _start_columns(event: CallStart, *, renamed: bool) -> dict[str, Any]:
    columns = {
        "trace_id": event.trace_id,
        "parent_id": event.parent_id,
        "session_id": event.session_id,
        "thread_id": event.thread_id,
        "turn_id": event.turn_id,
        "op_name": event.op_name,
        "kind": event.kind,
        "started_at": event.started_at,
        "wb_user_id": event.wb_user_id,
        "wb_run_id": event.wb_run_id,
        "wb_run_step": event.wb_run_step,
        "span_id": event.span_id,
        "attributes": event.attributes,
        "inputs": event.inputs,
        "start_size": _bytes(event.attributes) + _bytes(event.inputs),
    }
    return columns if renamed else {**columns, "display_name": event.display_name or None}


def _end_columns(event: CallEnd) -> dict[str, Any]:
    parsed = parse_json(event.summary)
    summary = parsed if isinstance(parsed, dict) else {}
    usage = usage_of(summary)
    columns = {
        "ended_at": event.ended_at,
        "exception": event.exception,
        **_exception_columns(event.exception),
        "status": status_of(event.exception, summary),
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "wb_run_step_end": event.wb_run_step_end,
        "output": event.output,
        "summary": event.summary,
        "end_size": _bytes(event.output) + _bytes(event.summary),
    }
    # Usage says which model it was, or that there are several; without any, the one that was asked for stays.
    if usage.model is not None or usage.is_counted:
        columns["model"] = usage.model
    return columns


def _exception_columns(exception: str | None) -> dict[str, str | None]:
    parts = ExceptionParts(None, None) if exception is None else exception_parts(exception)
    return {
        "exception_type": parts.type,
        "exception_message": None if parts.message == exception else parts.message,
    }


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
