"""A span as OpenTelemetry defines it, free of its encoding."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from db.json_text import JSONText, JSONValue, dump_json
from resolvers.spans.nesting import nested

__all__ = [
    "Attributes",
    "InvalidSpanError",
    "Resource",
    "Scope",
    "Span",
    "SpanEvent",
    "SpanLink",
    "UnreadableSpan",
    "check_span",
]

Attributes = dict[str, JSONValue]
"""Flat, as they were sent: dotted keys, values of JSON (bytes are base64)."""

_TRACE_ID = re.compile("[0-9a-f]{32}")
_SPAN_ID = re.compile("[0-9a-f]{16}")


class InvalidSpanError(ValueError):
    """A span that cannot become a call; the message says why, with the value."""


@dataclass(frozen=True)
class Resource:
    """What made the spans: a process, a service. Shared by them."""

    attributes: Attributes = field(default_factory=dict)
    dropped_attributes_count: int = 0

    @cached_property
    def text(self) -> JSONText:
        """As it is kept in each call."""
        return dump_json(
            {"attributes": nested(self.attributes), "dropped_attributes_count": self.dropped_attributes_count}
        )


@dataclass(frozen=True)
class Scope:
    """The library that made the spans. Shared by them."""

    name: str = ""
    version: str = ""
    attributes: Attributes = field(default_factory=dict)

    @cached_property
    def text(self) -> JSONText:
        """As it is kept in each call."""
        return dump_json({"name": self.name, "version": self.version, "attributes": nested(self.attributes)})


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened at ``timestamp``, in nanoseconds since the epoch."""

    name: str
    timestamp: int
    attributes: Attributes
    dropped_attributes_count: int = 0


@dataclass(frozen=True, slots=True)
class SpanLink:
    """A span that this one has to do with."""

    trace_id: str
    span_id: str
    trace_state: str
    attributes: Attributes
    dropped_attributes_count: int = 0
    flags: int = 0


class Span(NamedTuple):
    """One span. Ids are lower-case hex, times nanoseconds since the epoch, ``end`` 0 for one that has not ended."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    kind: str
    start: int
    end: int
    status: str
    status_message: str
    attributes: Attributes
    events: list[SpanEvent]
    links: list[SpanLink]
    resource: Resource
    scope: Scope
    trace_state: str = ""
    flags: int = 0
    dropped_attributes_count: int = 0
    dropped_events_count: int = 0
    dropped_links_count: int = 0


@dataclass(frozen=True, slots=True)
class UnreadableSpan:
    """A span of a batch whose encoding is broken; the others are whole."""

    reason: str


def check_span(span: Span) -> None:
    """Raise InvalidSpanError unless the span has the ids and the start that a call needs."""
    if not _TRACE_ID.fullmatch(span.trace_id) or not span.trace_id.strip("0"):
        raise InvalidSpanError(f"trace id {span.trace_id!r} is not 16 bytes that are not all zero")
    if not _SPAN_ID.fullmatch(span.span_id) or not span.span_id.strip("0"):
        raise InvalidSpanError(f"span id {span.span_id!r} is not 8 bytes that are not all zero")
    if span.parent_span_id is not None and not _SPAN_ID.fullmatch(span.parent_span_id):
        raise InvalidSpanError(f"parent span id {span.parent_span_id!r} is not 8 bytes")
    if not 0 < span.start < 1 << 64 or not 0 <= span.end < 1 << 64:
        raise InvalidSpanError(f"start {span.start} and end {span.end} are not times in nanoseconds since the epoch")
