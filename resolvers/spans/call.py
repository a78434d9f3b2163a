"""What a span says as a call."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from db.json_members import object_of
from db.json_text import JSONText, JSONValue, dump_json
from resolvers.calls.events import CallEnd, CallStart, size_of
from resolvers.calls.kinds import CallKind, kind_of_word
from resolvers.calls.requests import SPAN
from resolvers.calls.sections import usage_in
from resolvers.calls.usage import NO_MODEL
from resolvers.calls.validate import LONGEST_DISPLAY_NAME, LONGEST_OP_NAME
from resolvers.spans.conventions import NOTHING, described, input_of, kind_of_span, model_of, output_of, usage_of
from resolvers.spans.honeyhive import HoneyHiveEvent, honeyhive_event
from resolvers.spans.lookup import Finder
from resolvers.spans.nesting import nested
from resolvers.spans.shapes import Keys
from resolvers.spans.span import Attributes, Resource, Span

__all__ = ["SpanCall", "call_of", "project_of"]

SESSION = Keys(
    "session.id",
    "gen_ai.conversation.id",
    "gcp.vertex.agent.session_id",
    "traceloop.association.properties.session_id",
    "traceloop.association.properties.conversation_id",
    "ai.telemetry.metadata.sessionId",
    "ai.telemetry.metadata.session_id",
)
USER = Keys(
    "user.id",
    "enduser.id",
    "traceloop.association.properties.user_id",
    "ai.telemetry.metadata.userId",
    "ai.telemetry.metadata.user_id",
)
THREAD = Keys("wandb.thread_id", "gen_ai.conversation.id", "gcp.vertex.agent.session_id")
TURN = Keys("wandb.is_turn", "gen_ai.conversation.id", "gcp.vertex.agent.session_id")
GIVEN = Keys("wandb.attributes")
DISPLAY_NAME = Keys("wandb.display_name")
RUN = Keys("wandb.wb_run_id")
STEP, LAST_STEP = Keys("wandb.wb_run_step"), Keys("wandb.wb_run_step_end")


@dataclass(frozen=True, slots=True)
class SpanCall:
    """A span as the events of a call, under its own ids: where those are taken it gets others (``placement``)."""

    start: CallStart
    end: CallEnd | None
    span_id: str
    """The span's own id, by which its children name it; ``start.id`` is the id that its sender wants for the call."""

    session: CallStart | None = None
    """The session's own call, which is made if it is not there."""

    @property
    def is_top(self) -> bool:
        """Whether no span is above it; its call may stand below its session's."""
        return self.start.parent_id is None or self.start.parent_id == self.start.session_id

    @property
    def size(self) -> int:
        """About how many bytes it holds (``size_of``)."""
        return size_of(self.start) + (size_of(self.end) if self.end else 0)


def project_of(resource: Resource) -> str | None:
    """The project that a resource names in ``wandb.entity`` and ``wandb.project``; None where it does not."""
    attributes = resource.attributes
    entity, project = attributes.get("wandb.entity"), attributes.get("wandb.project")
    return f"{entity}/{project}" if isinstance(entity, str) and isinstance(project, str) else None


def call_of(span: Span, project: str, user_id: str) -> SpanCall:
    """The events of the call; ``user_id`` is recorded where the span names no user.

    A span without an end gives a start alone: the call runs.
    """
    attributes = Finder(span.attributes)
    events = [(event.name, nested(event.attributes)) for event in span.events]
    found = described(attributes)
    description = {name: each.text for name, each in found.items()}
    inputs, output, usage = input_of(attributes, events), output_of(attributes, events), usage_of(attributes)
    model = model_of(found)
    kind = kind_of_span(found, attributes)
    told = honeyhive_event(span.attributes)
    if told is not None:
        description["honeyhive"] = dump_json(told.recorded)
        inputs, output = told.inputs(inputs), told.output(output)
        model = model or told.model
        kind = kind_of_word(word) if (word := told.text("event_type")) else kind
    says_nothing = not (description or usage) and inputs == output == NOTHING
    whole = attributes.whole()

    thread_id = attributes.text(THREAD)
    is_turn = thread_id is not None and attributes.has(TURN)
    call_id = (told.text("event_id") if told else None) or span.span_id
    session_id = (told.session_id if told else None) or attributes.text(SESSION)
    start = CallStart(
        project=project,
        id=call_id,
        trace_id=span.trace_id,
        # An event of HoneyHive without a parent is below its session.
        parent_id=span.parent_span_id or (told.session_id if told else None),
        op_name=_shortened((told.text("event_name") if told else None) or span.name or "unknown", LONGEST_OP_NAME),
        started_at=span.start // 1000,
        attributes=_with_span(
            _all_described(attributes, whole) if says_nothing else _described(attributes, description),
            span,
            whole,
            events,
        ),
        inputs=inputs,
        display_name=_shortened(attributes.text(DISPLAY_NAME) or "", LONGEST_DISPLAY_NAME) or None,
        thread_id=thread_id,
        turn_id=call_id if is_turn else None,
        session_id=session_id,
        kind=kind,
        wb_user_id=attributes.text(USER) or (told.user_id if told else None) or user_id,
        wb_run_id=_run_id(attributes, project),
        wb_run_step=_step(attributes.get(STEP)),
    )
    session = None if told is None else _session_of(told, start)
    if not span.end:
        return SpanCall(start, None, span.span_id, session)
    counted: Mapping[str, JSONValue] = {model or NO_MODEL: usage} if usage or model else {}
    if told is not None and not usage:
        counted = usage_in(start.attributes) or counted
    end = CallEnd(
        project=project,
        id=call_id,
        ended_at=span.end // 1000,
        output=output,
        summary=dump_json({"usage": counted} if counted else {}),
        exception=_exception(span) or (told.exception if told else None),
        wb_run_step_end=_step(attributes.get(LAST_STEP)),
    )
    return SpanCall(start, end, span.span_id, session)


def _session_of(told: HoneyHiveEvent, start: CallStart) -> CallStart | None:
    """The call of the session, where the span asks that there be one: it begins with the span."""
    if not told.makes_session or told.session_id is None:
        return None
    source = {"source": said} if (said := told.text("source")) else {}
    return CallStart(
        project=start.project,
        id=told.session_id,
        trace_id=told.session_id,
        parent_id=None,
        op_name=_shortened(told.text("session_name") or "unknown", LONGEST_OP_NAME),
        started_at=start.started_at,
        attributes=dump_json({"honeyhive": {"event_type": "session", **source}}),
        inputs=dump_json({}),
        session_id=told.session_id,
        kind=CallKind.SESSION,
        wb_user_id=start.wb_user_id,
    )


def _described(attributes: Finder, description: dict[str, str]) -> str:
    """What was found in a span, and what the program gave it for its call."""
    given = attributes.get(GIVEN)
    own = {name: dump_json(value) for name, value in given.items()} if isinstance(given, dict) else {}
    return object_of({name: text for name, text in (description | own).items() if name != SPAN})


def _all_described(attributes: Finder, whole: str) -> str:
    """The same of a span in which nothing was found: all that it has, which ``whole`` says already."""
    is_whole = not isinstance(attributes.get(GIVEN), dict) and not attributes.has_member(SPAN)
    return whole if is_whole else _described(attributes, attributes.members())


def _with_span(
    description: str, span: Span, attributes: str, events: list[tuple[str, dict[str, JSONValue]]]
) -> JSONText:
    """What the attributes of the call say of the span, and the whole span, in the form in which Weave keeps it, with
    the nanoseconds and the scope added.

    It is the longest text of a call, so it is put together once. Ids are hex, kinds and codes names or numbers.
    """
    parent = "null" if span.parent_span_id is None else f'"{span.parent_span_id}"'
    end = f'"{_iso(span.end)}"' if span.end else "null"
    return JSONText(
        f'{description[:-1]}{"" if description == "{}" else ","}"{SPAN}":{{"name":{dump_json(span.name)},'
        f'"context":{{"trace_id":"{span.trace_id}","span_id":"{span.span_id}","trace_state":{_text(span.trace_state)}}},'
        f'"kind":"{span.kind}","parent_id":{parent},"start_time":"{_iso(span.start)}","end_time":{end},'
        f'"start_time_unix_nano":{span.start},"end_time_unix_nano":{span.end},'
        f'"status":{{"code":"{span.status}","message":{_text(span.status_message)}}},"attributes":{attributes},'
        f'"events":{_events_text(span, events)},"links":{_links_text(span)},"resource":{span.resource.text},'
        f'"scope":{span.scope.text},"flags":{span.flags},"dropped_attributes_count":{span.dropped_attributes_count},'
        f'"dropped_events_count":{span.dropped_events_count},"dropped_links_count":{span.dropped_links_count}}}}}'
    )


def _text(text: str) -> str:
    """JSON text of what is mostly empty."""
    return dump_json(text) if text else '""'


def _events_text(span: Span, events: list[tuple[str, dict[str, JSONValue]]]) -> str:
    if not events:
        return "[]"
    return dump_json(
        [
            {
                "name": event.name,
                "timestamp": event.timestamp,
                "attributes": tree,
                "dropped_attributes_count": event.dropped_attributes_count,
            }
            for event, (_, tree) in zip(span.events, events, strict=True)
        ]
    )


def _links_text(span: Span) -> str:
    if not span.links:
        return "[]"
    return dump_json(
        [
            {
                "trace_id": link.trace_id,
                "span_id": link.span_id,
                "trace_state": link.trace_state,
                "attributes": nested(link.attributes),
                "dropped_attributes_count": link.dropped_attributes_count,
                "flags": link.flags,
            }
            for link in span.links
        ]
    )


def _iso(nanoseconds: int) -> str:
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    return f"{_second(seconds)}.{fraction:09d}Z"


@lru_cache(maxsize=1024)
def _second(seconds: int) -> str:
    """To the second; spans that come together begin and end in a few of them."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def _exception(span: Span) -> str | None:
    """What ended the span, where it failed: its status, with the type of the exception that was recorded last.

    An exception that was recorded and handled leaves the status alone, and is no failure.
    """
    recorded = [event.attributes for event in span.events if event.name == "exception"]
    last = recorded[-1] if recorded else {}
    escaped = span.status == "UNSET" and str(last.get("exception.escaped", "")).lower() == "true"
    if span.status != "ERROR" and not escaped:
        return None
    message = span.status_message
    if last and message in ("", last.get("exception.message")):
        message = _exception_text(last)
    return message or str(span.attributes.get("error.type") or "unknown error")


def _exception_text(attributes: Attributes) -> str:
    """``Type: message``, or the one of them that there is."""
    parts = (attributes.get("exception.type"), attributes.get("exception.message"))
    return ": ".join(str(part) for part in parts if part)


def _shortened(name: str, longest: int) -> str:
    """``name`` within ``longest`` characters; what was cut off is told apart by four digits of its hash."""
    if len(name) <= longest:
        return name
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:4]
    return f"{name[: longest - len(mark) - 1]}:{mark}"


def _run_id(attributes: Finder, project: str) -> str | None:
    """The W&B run, which is kept with its project before it."""
    run = attributes.text(RUN)
    return run if run is None or ":" in run else f"{project}:{run}"


def _step(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool) and -(1 << 63) <= value < 1 << 63
    return value if whole else None
