"""Recording: events of calls go in, in any order, from any number of writers."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Connection

from db.calls.writes import (
    CallState,
    insert_calls,
    mark_deleted,
    select_contents,
    select_states,
    select_trace_ids,
    update_calls,
)
from db.experiments.evaluations import is_evaluation, record_evaluations
from db.experiments.writes import delete_experiments_of_calls
from db.projects import lock
from db.refs import Edge, delete_edges, insert_edges
from resolvers.calls.columns import prepare, said_by
from resolvers.calls.events import CallEvent, CallPatch, CallStart, size_of
from resolvers.calls.inheritance import inherit_links, pass_on_links
from resolvers.calls.merge import CallChange, merge
from resolvers.context import Context, now
from resolvers.ids import new_id

__all__ = ["Recorded", "delete_calls", "record_calls", "write_events"]


MOST_PREPARED = 4 << 20
"""Bytes of events that are prepared on the event loop. Of more, where values are to be written in another way for
queries, that could take seconds, and hold several times as much while it waits: then who writes does it."""


class Recorded(NamedTuple):
    """Where an event went: ``trace_id`` is given for starts, made by the server where the client sent none."""

    id: str
    trace_id: str | None


async def record_calls(
    context: Context, events: Sequence[CallEvent], own_traces: Mapping[str, str] | None = None
) -> list[Recorded]:
    """Write ``events``; returns, in their order, where each went. All are committed, or none.

    ``own_traces`` has, by call id, the traces of starts that name none and whose parents are in none; else new ones
    are made.
    """
    by_project: defaultdict[str, list[CallEvent]] = defaultdict(list)
    for event in events:
        by_project[event.project].append(event)
    for project in by_project:
        context.caller.require_write(project)
    # New ids are made once, out here: the transaction may be run again.
    own = own_traces or {}
    fallback_traces = {
        event.id: own.get(event.id) or new_id()
        for event in events
        if isinstance(event, CallStart) and not event.trace_id
    }
    size = sum(map(size_of, events))
    if size <= MOST_PREPARED:
        prepare(events)
    batch = _Batch(by_project, fallback_traces, now())
    traces: dict[tuple[str, str], str | None] = await context.database.write_together(
        _write_batches, batch, key=tuple(sorted(by_project)), size=size
    )
    return [
        Recorded(event.id, event.trace_id or traces.get((event.project, event.id)))
        if isinstance(event, CallStart)
        else Recorded(event.id, None)
        for event in events
    ]


class _Batch(NamedTuple):
    """What one request records."""

    by_project: Mapping[str, Sequence[CallEvent]]
    fallback_traces: Mapping[str, str]
    at: int


def _write_batches(connection: Connection, batches: Sequence[_Batch]) -> list[dict[tuple[str, str], str | None]]:
    """Write what several requests record, in their order, as one: a call that starts in one of them and ends in another
    is one row to insert. Returns the traces of starts, the same for all."""
    by_project: defaultdict[str, list[CallEvent]] = defaultdict(list)
    fallback_traces: dict[str, str] = {}
    for batch in batches:
        for project, events in batch.by_project.items():
            by_project[project] += events
        fallback_traces = {**batch.fallback_traces, **fallback_traces}
    at = max(batch.at for batch in batches)
    traces: dict[tuple[str, str], str | None] = {}
    # Always in the same order, so that two batches over the same projects cannot wait for each other.
    for project in sorted(by_project):
        traces.update(write_events(connection, project, by_project[project], fallback_traces, at))
    return [traces] * len(batches)


def write_events(
    connection: Connection,
    project: str,
    events: Sequence[CallEvent],
    fallback_traces: Mapping[str, str],
    at: int,
    *,
    absent: Container[str] = (),
) -> dict[tuple[str, str], str | None]:
    """Write the events of one project inside a transaction; returns the traces of the starts that named none, by
    (project, call id).

    ``fallback_traces`` has a trace id for each of these, by call id. ``absent`` are ids of calls that are known not to
    be there, so that nobody looks for them.
    """
    by_call: defaultdict[str, list[CallEvent]] = defaultdict(list)
    for event in events:
        by_call[event.id].append(event)
    change_seq = lock(connection, project, at, changes=len(by_call))
    states = select_states(connection, project, [call_id for call_id in by_call if call_id not in absent])
    _fill_traces(connection, project, by_call, fallback_traces)
    patched = [call_id for call_id, named in by_call.items() if call_id in states and _has_patch(named)]
    contents = select_contents(connection, project, patched)

    changes: dict[str, CallChange] = {}
    for index, (call_id, call_events) in enumerate(by_call.items()):
        change = merge(states.get(call_id), call_events, contents.get(call_id))
        if change.columns:
            changes[call_id] = change
            change.number(change_seq + index, at)
    inherit_links(connection, project, changes)
    updates = {call_id: change.columns for call_id, change in changes.items() if call_id in states}
    inserts = [
        {"project_id": project, "id": call_id, "created_at": at, **change.columns}
        for call_id, change in changes.items()
        if call_id not in states
    ]
    insert_calls(connection, inserts)
    update_calls(connection, project, updates)
    pass_on_links(connection, project, changes, at)
    _write_edges(connection, project, changes, states)
    _follow_evaluations(connection, project, changes, states, at)
    # Where all starts named their traces, as they mostly do, nobody asks.
    return {
        (project, call_id): event.trace_id
        for call_id in fallback_traces
        for event in by_call.get(call_id, ())
        if isinstance(event, CallStart)
    }


def _has_patch(events: Iterable[CallEvent]) -> bool:
    return any(isinstance(event, CallPatch) for event in events)


def _fill_traces(
    connection: Connection, project: str, by_call: Mapping[str, list[CallEvent]], fallback_traces: Mapping[str, str]
) -> None:
    """Give starts without a trace id their parent's, or one of their own."""
    starts: dict[str, CallStart] = {}
    for events in by_call.values():
        for event in events:
            if isinstance(event, CallStart):
                starts.setdefault(event.id, event)
    lacking = {call_id: start for call_id, start in starts.items() if not start.trace_id}
    if not lacking:
        return
    traces = {call_id: start.trace_id for call_id, start in starts.items() if start.trace_id}
    wanted = {*lacking, *(start.parent_id for start in lacking.values() if start.parent_id)}
    traces.update(select_trace_ids(connection, project, wanted))
    for call_id in lacking:
        # Up to the first that is in a trace, or begins one.
        way, last = {call_id: None}, call_id
        while last not in traces:
            above = lacking[last].parent_id
            if above is None or above in way or not (above in traces or above in lacking):
                traces[last] = fallback_traces[last]
            else:
                way[above] = None
                last = above
        traces.update(dict.fromkeys(way, traces[last]))
    for events in by_call.values():
        events[:] = [
            replace(event, trace_id=traces[event.id]) if isinstance(event, CallStart) and not event.trace_id else event
            for event in events
        ]


def _write_edges(
    connection: Connection, project: str, changes: Mapping[str, CallChange], states: Mapping[str, CallState]
) -> None:
    edges = []
    for call_id, change in changes.items():
        if change.start is not None:
            edges += [Edge("call", call_id, "inputs", ref) for ref in said_by(change.start).refs]
        if change.output_refs is not None:
            edges += [Edge("call", call_id, "output", ref) for ref in change.output_refs]
    ended = {call_id for call_id, state in states.items() if state.ended}
    ended_again = [
        call_id for call_id, change in changes.items() if change.output_refs is not None and call_id in ended
    ]
    delete_edges(connection, project, ended_again, source_kind="call", role="output")
    insert_edges(connection, project, edges)


def _follow_evaluations(
    connection: Connection,
    project: str,
    changes: Mapping[str, CallChange],
    states: Mapping[str, CallState],
    at: int,
) -> None:
    """Record the experiments that evaluations are; a batch without any costs no statement."""
    started = {
        call_id
        for call_id, change in changes.items()
        if change.start is not None and is_evaluation(change.start.op_name)
    }
    others = {call_id for call_id in changes if call_id in states and is_evaluation(states[call_id].op_name)}
    record_evaluations(connection, project, sorted(started | others), started, at)


async def delete_calls(context: Context, project: str, ids: Sequence[str]) -> int:
    """Delete calls and all descendants they have now; returns how many calls are gone. Unknown ids are passed over."""
    context.caller.require_write(project)
    at = now()

    def write(connection: Connection) -> int:
        change_seq = lock(connection, project, at)
        deleted = mark_deleted(connection, project, ids, at, change_seq)
        delete_experiments_of_calls(connection, project, change_seq)
        return deleted

    return await context.database.write(write)
