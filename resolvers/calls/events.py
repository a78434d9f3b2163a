"""What happens to a call. What each event makes of its row is in ``resolvers.calls.merge``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from db.json_text import JSONText

__all__ = ["CallEnd", "CallEvent", "CallPatch", "CallRename", "CallStart", "Said", "payloads_of", "size_of"]


class Said(NamedTuple):
    """What an event says by itself, whatever is known of its call (``resolvers.calls.columns``)."""

    columns: Mapping[str, Any]
    """Of the call's row."""

    refs: Sequence[str]
    """Those in its inputs, or in its output."""


# Frozen ones would take four times as long to make, and there are two for each call.
@dataclass(slots=True)
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

    said: Said | None = field(default=None, init=False, repr=False, compare=False)
    """Kept here by who works it out."""


@dataclass(slots=True)
class CallEnd:
    """A call ended; ``summary`` is the client's own, with usage by model and status counts.

    ``ended_at`` is None where it is not known when. ``duration`` is what it took in microseconds, where that is said
    apart from the times.
    """

    project: str
    id: str
    ended_at: int | None
    output: JSONText
    summary: JSONText
    exception: str | None = None
    wb_run_step_end: int | None = None
    duration: int | None = None
    said: Said | None = field(default=None, init=False, repr=False, compare=False)
    """As of a start."""


@dataclass(frozen=True, slots=True)
class CallRename:
    """A user gave the call a display name; an empty one takes it away."""

    project: str
    id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class CallPatch:
    """A call that has begun is known better. Times and the duration are microseconds.

    ``newer`` and ``missing`` are members of ``attributes.honeyhive`` (``resolvers.calls.sections``): keys of ``newer``
    replace those that are there, keys of ``missing`` do not.
    """

    project: str
    id: str
    newer: Mapping[str, JSONText] = field(default_factory=dict)
    missing: Mapping[str, JSONText] = field(default_factory=dict)
    output: JSONText | None = None
    """What it gave back, in place of what is there; None leaves that."""

    ended_at: int | None = None
    duration: int | None = None
    retold: bool = False
    """Whether it says what the start before it in the batch says, so that it counts only where that one does not."""


CallEvent = CallStart | CallEnd | CallRename | CallPatch


OWN_SIZE = 1024
"""About how many bytes an event holds besides its payloads."""


def payloads_of(event: CallEvent) -> Sequence[str]:
    """The texts of any length that it brings: of a start attributes and inputs, of an end output and summary."""
    if isinstance(event, CallStart):
        return event.attributes, event.inputs
    if isinstance(event, CallEnd):
        return event.output, event.summary
    if isinstance(event, CallPatch):
        return event.output or "", *event.newer.values(), *event.missing.values()
    return (event.display_name,)


def size_of(event: CallEvent) -> int:
    """About how many bytes it holds: its own, and the characters of its payloads."""
    return OWN_SIZE + sum(map(len, payloads_of(event)))
