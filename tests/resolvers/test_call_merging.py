"""What events make of a call does not depend on how they are cut into batches."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from db.calls.tables import calls
from db.engines import Database
from db.json_text import dump_json
from resolvers.callers import LOCAL
from resolvers.calls.events import CallEnd, CallEvent, CallPatch, CallRename, CallStart
from resolvers.calls.record import record_calls
from resolvers.calls.whole import WholeCall, session_call, session_events, session_traces, whole_call_events
from resolvers.context import Context
from tests.examples import examples

Told = list[CallEvent]

RUNS = count()
COUNTED = ("change_seq", "started_seq", "ended_seq", "updated_seq", "updated_at", "created_at", "wb_user_id")
"""Columns that say when something was written."""

IDS = ("session", "a", "b")
KEYS = st.sampled_from(["run_id", "total_tokens", "model", "x"])
OBJECTS = st.dictionaries(KEYS, st.sampled_from(["r1", "r2", 3, 4, None]), max_size=3).map(dump_json)
SECTIONS = st.dictionaries(st.sampled_from(["metadata", "config", "metrics"]), OBJECTS, max_size=3)
TIMES = st.none() | st.integers(1_000, 1_004)
OUTPUTS = st.sampled_from([None, dump_json(None), dump_json({"a": 1})])
ATTRIBUTES = st.sampled_from([dump_json({}), dump_json({"mine": 1, "honeyhive": {"metadata": {"run_id": "r3"}}})])

starts = st.builds(
    CallStart,
    project=st.just(""),
    id=st.sampled_from(IDS),
    trace_id=st.just("t"),
    parent_id=st.none(),
    op_name=st.sampled_from(["op", "other"]),
    started_at=st.just(1_000),
    attributes=ATTRIBUTES,
    inputs=st.just(dump_json({"model": "asked"})),
    session_id=st.sampled_from([None, "session"]),
).map(lambda event: [event])
ends = st.builds(
    CallEnd,
    project=st.just(""),
    id=st.sampled_from(IDS),
    ended_at=st.integers(1_001, 1_004),
    output=st.just(dump_json("out")),
    summary=st.sampled_from([dump_json({}), dump_json({"usage": {"m": {"total_tokens": 9}}})]),
    exception=st.sampled_from([None, "Error: no"]),
).map(lambda event: [event])
renames = st.builds(CallRename, project=st.just(""), id=st.sampled_from(IDS), display_name=st.just("named")).map(
    lambda event: [event]
)
patches = st.builds(
    CallPatch,
    project=st.just(""),
    id=st.sampled_from(IDS),
    newer=SECTIONS,
    output=OUTPUTS,
    ended_at=TIMES,
    duration=st.sampled_from([None, 2]),
).map(lambda event: [event])
fields: dict[str, Any] = {
    "project": st.just(""),
    "sections": SECTIONS,
    "output": OUTPUTS,
    "started_at": st.just(1_000),
    "ended_at": TIMES,
    "duration": st.sampled_from([None, 2]),
    "session_id": st.just("session"),
}
wholes = st.builds(WholeCall, id=st.sampled_from(IDS), event_type=st.just("model"), **fields).map(
    lambda call: whole_call_events(call, "user", 1_000)
)
sessions = st.builds(WholeCall, **fields).map(lambda call: session_events(session_call(call), "user", 1_000))
TOLD = st.lists(st.one_of(starts, ends, renames, patches, wholes, sessions), max_size=7)


async def written(context: Context, project: str, batches: Sequence[Sequence[Told]]) -> list[Any]:
    """The rows of the calls after all batches."""
    for batch in batches:
        events = [replace(event, project=project) for told in batch for event in told]
        await record_calls(context, events, session_traces(events))

    def read(connection: Connection) -> list[Any]:
        kept = [column for column in calls.columns if column.name not in {"project_id", *COUNTED}]
        rows = connection.execute(select(*kept).where(calls.c.project_id == project).order_by(calls.c.id))
        return [row._asdict() for row in rows]

    return await context.read(read)


@pytest.fixture
def told_to(database_url: str) -> Iterator[Callable[[Sequence[Sequence[Told]]], list[Any]]]:
    """Writes batches into a new project; returns the rows of its calls."""
    with start_blocking_portal() as portal:
        database = portal.call(partial(Database, database_url))

        def write(batches: Sequence[Sequence[Told]]) -> list[Any]:
            return portal.call(partial(written, Context(database, LOCAL), f"team/run{next(RUNS)}", batches))

        yield write
        portal.call(database.close)


@settings(max_examples=examples(80), deadline=None, suppress_health_check=list(HealthCheck))
@given(told=TOLD, cut=st.integers(0, 7))
def test_batches_of_any_size_come_to_the_same(
    told_to: Callable[[Sequence[Sequence[Told]]], list[Any]], told: list[Told], cut: int
) -> None:
    one_by_one = told_to([[each] for each in told])
    assert told_to([told]) == one_by_one
    assert told_to([told[:cut], told[cut:]]) == one_by_one


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(told=st.lists(st.one_of(starts, wholes, sessions), max_size=5))
def test_what_is_told_again_changes_nothing(
    told_to: Callable[[Sequence[Sequence[Told]]], list[Any]], told: list[Told]
) -> None:
    # A whole call that is told last is the last end; so the same is told again in the same order.
    once = told_to([told])
    ended = {event.id for each in told for event in each if isinstance(event, CallEnd)}
    again = told_to([told, told])
    assert [row for row in again if row["id"] not in ended] == [row for row in once if row["id"] not in ended]
    assert [row["attributes"] for row in again] == [row["attributes"] for row in once]
