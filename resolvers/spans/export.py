"""Taking spans: each becomes a call, or is refused alone."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import NamedTuple

from prometheus_client import Counter
from sqlalchemy import Connection

from db.calls.writes import update_calls
from db.projects import lock
from db.spans import select_children, select_spans
from resolvers.calls.columns import prepare
from resolvers.calls.events import CallEvent, CallStart
from resolvers.calls.record import write_events
from resolvers.calls.validate import check_event
from resolvers.context import Context, now
from resolvers.errors import InvalidInputError, Refusal
from resolvers.spans.call import SpanCall, call_of, project_of
from resolvers.spans.placement import Placement, is_span
from resolvers.spans.span import InvalidSpanError, Span, UnreadableSpan, check_span

__all__ = ["Exported", "spans_export"]

BATCH = 1000
"""Spans of one export that are written at a time."""

BATCH_SIZE = 4 << 20
"""Characters of payloads, about, that make such a batch full with fewer spans: others wait while it is prepared."""

MOST_MESSAGES = 20
LONGEST_NAME = 100  # characters of a span's name that a message repeats

NO_PROJECT = (
    "no project: send the header project_id: entity/project, or the resource attributes wandb.entity and wandb.project"
)

_preparing = ThreadPoolExecutor(1, thread_name_prefix="tracegraph-spans")
"""One thread: several would take turns at Python's lock, and keep it from whoever writes."""

DISPLACED = Counter("tracegraph_spans_displaced", "Spans that got a derived call id, since another had theirs.")


@dataclass(slots=True)
class Exported:
    """What became of an export."""

    accepted: int = 0
    displaced: int = 0
    """Of the accepted: how many are kept under a derived id, since another call has theirs."""

    rejected: int = 0
    reasons: list[str] = field(default_factory=list)
    homeless: int = 0
    """Of the rejected: how many named no project."""

    @property
    def message(self) -> str | None:
        """Why spans were rejected, the first twenty of them; None where none was."""
        return "; ".join([*self.reasons, *(["..."] if self.rejected > MOST_MESSAGES else [])]) or None

    def reject(self, reason: str) -> None:
        """Count one span as rejected."""
        self.rejected += 1
        if len(self.reasons) < MOST_MESSAGES:
            self.reasons.append(reason)


async def spans_export(context: Context, spans: Iterable[Span | UnreadableSpan], project: str | None) -> Exported:
    """Keep ``spans``, a transaction for each thousand or for fewer large ones: sending the same again changes nothing.

    They go to ``project``, or each to the one that its resource names. Raises a Refusal for a ``project`` that the
    caller may not write to, and where no span has a project; what ``spans`` raises comes through.
    """
    if project is not None:
        context.caller.require_write(project)
    exported = Exported()
    source = iter(spans)
    loop = asyncio.get_running_loop()
    while True:
        # Decoding, reading attributes and writing JSON take their time.
        calls, more = await loop.run_in_executor(_preparing, _prepare, context, source, project, exported)
        if calls:
            exported.displaced += await _record(context, calls)
            exported.accepted += len(calls)
        if not more:
            break
    if exported.homeless and exported.homeless == exported.rejected and not exported.accepted:
        raise InvalidInputError(NO_PROJECT[0].upper() + NO_PROJECT[1:], ["project"])
    return exported


def _prepare(
    context: Context, source: Iterator[Span | UnreadableSpan], project: str | None, exported: Exported
) -> tuple[list[SpanCall], bool]:
    """The calls of the next spans, and whether there may be more."""
    calls = []
    count = size = 0
    for count, span in enumerate(islice(source, BATCH), start=1):  # noqa: B007  # how many there were
        if isinstance(span, UnreadableSpan):
            exported.reject(f"Rejected span: {span.reason}")
            continue
        target = project or project_of(span.resource)
        if target is None:
            exported.homeless += 1
            exported.reject(f"Rejected span {_identity(span)}: {NO_PROJECT}")
            continue
        try:
            check_span(span)
            call = call_of(span, target, context.caller.user_id)
            for event in (call.start, call.end):
                if event is not None:
                    check_event(event, context.caller)
        except (InvalidSpanError, Refusal, RecursionError) as error:
            exported.reject(f"Rejected span {_identity(span)}: {error}")
        else:
            calls.append(call)
            size += call.size
            if size >= BATCH_SIZE:
                break
    prepare([event for call in calls for event in (call.start, call.end) if event is not None])
    return calls, size >= BATCH_SIZE or count == BATCH


def _identity(span: Span) -> str:
    return f"(name={span.name[:LONGEST_NAME]!r} trace_id={span.trace_id[:64]!r} span_id={span.span_id[:64]!r})"


class _Batch(NamedTuple):
    """The calls that one export records at a time, by their projects, and when."""

    by_project: Mapping[str, Sequence[SpanCall]]
    at: int


async def _record(context: Context, calls: Sequence[SpanCall]) -> int:
    """Write the calls; returns how many got a derived id that were not there before."""
    by_project: defaultdict[str, list[SpanCall]] = defaultdict(list)
    for call in calls:
        by_project[call.start.project].append(call)
    displaced: int = await context.database.write_together(
        _write_batches, _Batch(by_project, now()), key=tuple(sorted(by_project)), size=sum(call.size for call in calls)
    )
    DISPLACED.inc(displaced)
    return displaced


def _write_batches(connection: Connection, batches: Sequence[_Batch]) -> list[int]:
    """Write what several exports record as one; returns for each how many of its calls got a derived id."""
    at = max(batch.at for batch in batches)
    displaced = [0] * len(batches)
    # Always in the same order, so that two batches over the same projects cannot wait for each other.
    for project in sorted({project for batch in batches for project in batch.by_project}):
        parts = [batch.by_project.get(project, ()) for batch in batches]
        found = iter(_write_project(connection, project, list(chain.from_iterable(parts)), at))
        for number, part in enumerate(parts):
            displaced[number] += sum(islice(found, len(part)))
    return displaced


def _write_project(connection: Connection, project: str, calls: Sequence[SpanCall], at: int) -> list[bool]:
    """Write calls of one project; returns of each whether it is new, and has another id than it should."""
    lock(connection, project, at, changes=0)
    ids_of = ((call.span_id, call.start.id, None if call.is_top else call.start.parent_id) for call in calls)
    named = dict.fromkeys(name for names in ids_of for name in names if name)
    known = select_spans(connection, project, named)
    placement = Placement(known)
    derived = placement.derived_ids(
        (call.start.trace_id or "", call.span_id, call.start.started_at, call.start.id) for call in calls
    )
    if derived:
        placement.learn(select_spans(connection, project, derived))
    ids, displaced = [], []
    new: dict[tuple[str, str], None] = {}
    for call in calls:
        start, ended_at = call.start, call.end.ended_at if call.end else None
        assert start.trace_id  # a span has one
        call_id, is_new = placement.place(start.trace_id, call.span_id, start.started_at, ended_at, start.id)
        ids.append(call_id)
        displaced.append(is_new and call_id != start.id)
        if is_new:
            new[start.trace_id, call.span_id] = None
    sessions = {call.session.id: call.session for call in reversed(calls) if call.session is not None}
    events: list[CallEvent] = [*sessions.values()]
    for call, call_id in zip(calls, ids, strict=True):
        events.append(_placed(call, call_id, placement))
        if call.end is not None:
            events.append(call.end if call_id == call.end.id else replace(call.end, id=call_id))
    moves = _moves(connection, project, placement, new)
    write_events(connection, project, events, {}, at, absent=named.keys() - {call.id for call in known})
    _move(connection, project, moves, at)
    return displaced


def _placed(call: SpanCall, call_id: str, placement: Placement) -> CallStart:
    """The start under the id that it got, below the call that its parent is."""
    start = call.start
    parent_id = start.parent_id
    if parent_id and not call.is_top:
        parent_id = placement.parent(start.trace_id, parent_id, start.started_at)
    if call_id == call.span_id and parent_id == start.parent_id:
        return start
    return replace(
        start,
        id=call_id,
        parent_id=parent_id,
        turn_id=start.turn_id and call_id,
        span_id=None if call_id == call.span_id else call.span_id,
    )


def _moves(
    connection: Connection, project: str, placement: Placement, parents: Iterable[tuple[str, str]]
) -> dict[str, str]:
    """The parents of children that came before them, and are below others with their span id, by the children's ids.

    ``parents`` are trace id and span id of the spans that are new.
    """
    below: dict[str, str] = {}
    for trace_id, span_id in parents:
        if placement.is_alone(trace_id, span_id):
            # A root that comes last has thousands of children, all in place: they are not even read.
            below[span_id] = trace_id
        else:
            for parent_id in placement.ids_of(trace_id, span_id):
                below.setdefault(parent_id, "")
    moves = {}
    for child in select_children(connection, project, below):
        if child.parent_id is None or child.started_at is None or not is_span(child):
            continue
        parent_id = placement.parent(child.trace_id, placement.span_id_of(child.parent_id), child.started_at)
        if parent_id != child.parent_id:
            moves[child.id] = parent_id
    return moves


def _move(connection: Connection, project: str, parents: Mapping[str, str], at: int) -> None:
    """Put calls below other parents."""
    if not parents:
        return
    change_seq = lock(connection, project, at, changes=len(parents))
    changes = {
        child_id: {"parent_id": parent_id, "change_seq": number, "updated_seq": number, "updated_at": at}
        for number, (child_id, parent_id) in enumerate(parents.items(), start=change_seq)
    }
    update_calls(connection, project, changes)
