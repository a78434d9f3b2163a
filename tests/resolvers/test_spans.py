import asyncio
from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import Any

import pytest

from db.json_text import parse_json
from resolvers.calls.events import CallRename
from resolvers.calls.read import calls_by_id
from resolvers.calls.record import delete_calls, record_calls
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.spans.export import BATCH_SIZE, Exported, spans_export
from resolvers.spans.placement import derived_id
from resolvers.spans.span import Resource, Scope, Span, SpanEvent, UnreadableSpan
from tests.plans import accesses
from tests.statements import counted, executed

PROJECT = "team/app"
T1, T2 = "1" * 32, "2" * 32
PARENT, CHILD = "a" * 16, "b" * 16
SECOND = 1_000_000_000
YEAR = 1_700_000_000 * SECOND
COLUMNS = frozenset({"trace_id", "parent_id", "started_at", "ended_at", "turn_id", "thread_id", "display_name"})


def span(
    span_id: str, parent: str | None = None, *, trace: str = T1, at: int = 0, seconds: int = 10, **more: Any
) -> Span:
    """A span that starts ``at`` seconds into the test's time."""
    fields: dict[str, Any] = {
        "trace_id": trace,
        "span_id": span_id,
        "parent_span_id": parent,
        "name": "step",
        "kind": "INTERNAL",
        "start": YEAR + at * SECOND,
        "end": YEAR + (at + seconds) * SECOND if seconds else 0,
        "status": "UNSET",
        "status_message": "",
        "attributes": {},
        "events": [],
        "links": [],
        "resource": Resource(),
        "scope": Scope(),
    }
    return Span(**{**fields, **more})


async def export(context: Context, *spans: Span | UnreadableSpan, project: str | None = PROJECT) -> Exported:
    return await spans_export(context, spans, project)


async def calls(context: Context, ids: Iterable[str], project: str = PROJECT) -> dict[str, Any]:
    wanted = list(dict.fromkeys(ids))
    rows = await calls_by_id(context, [(project, call_id) for call_id in wanted], columns=COLUMNS)
    return {call_id: row for call_id, row in zip(wanted, rows, strict=True) if row is not None}


async def test_the_same_spans_again_change_nothing(context: Context) -> None:
    spans = [span(CHILD, PARENT, at=1, seconds=2), span(PARENT)]
    assert (await export(context, *spans)).accepted == 2
    before = await calls(context, [PARENT, CHILD])
    assert (await export(context, *spans)) == Exported(accepted=2)
    assert await calls(context, [PARENT, CHILD]) == before
    assert before[CHILD].parent_id == PARENT
    assert await calls(context, [derived_id(T1, PARENT), derived_id(T1, CHILD)]) == {}


async def test_a_span_with_another_trace_gets_a_derived_id_and_its_children_follow(context: Context) -> None:
    await export(context, span(PARENT))
    # Children come before their parents: they end first.
    assert (await export(context, span(CHILD, PARENT, trace=T2, at=1, seconds=2))).displaced == 0
    other = derived_id(T2, PARENT)
    assert (await calls(context, [CHILD]))[CHILD].parent_id == other
    assert (await export(context, span(PARENT, trace=T2))).displaced == 1
    found = await calls(context, [PARENT, other])
    assert (found[PARENT].trace_id, found[other].trace_id) == (T1, T2)


async def test_children_of_another_trace_do_not_go_to_whoever_takes_the_id(context: Context) -> None:
    await export(context, span(CHILD, PARENT, trace=T2, at=1, seconds=2))
    assert (await calls(context, [CHILD]))[CHILD].parent_id == PARENT
    await export(context, span(PARENT, trace=T1))
    assert (await calls(context, [CHILD]))[CHILD].parent_id == derived_id(T2, PARENT)
    await export(context, span(PARENT, trace=T2))
    assert set(await calls(context, [derived_id(T2, PARENT)])) == {derived_id(T2, PARENT)}


async def test_runs_of_a_seeded_sdk_stay_apart_whatever_the_order(context: Context) -> None:
    """The same trace and span ids in three runs, in different order: three trees, each with its own times."""
    runs = [[span(PARENT, at=at), span(CHILD, PARENT, at=at + 1, seconds=2)] for at in (0, 100)]
    spans = [each for run in runs for each in run]
    for number, order in enumerate(permutations(spans)):
        project = f"team/order-{number}"
        for each in order:
            await export(context, each, project=project)
        await export(context, *order, project=project)  # all of it again
        ids = [
            *(PARENT, derived_id(T1, PARENT), derived_id(T1, PARENT, (YEAR + 100 * SECOND) // 1000)),
            *(CHILD, derived_id(T1, CHILD), derived_id(T1, CHILD, (YEAR + 100 * SECOND) // 1000)),
        ]
        found = await calls(context, ids, project)
        assert len(found) == 4, order
        children = [call for call in found.values() if call.parent_id is not None]
        starts = sorted((found[call.parent_id].started_at, call.started_at) for call in children)
        begin = YEAR // 1000
        assert starts == [(begin, begin + 1_000_000), (begin + 100_000_000, begin + 101_000_000)], order


async def test_a_third_run_has_ids_of_its_own(context: Context) -> None:
    for run, displaced in ((0, 0), (100, 2), (200, 2)):
        batch = [span(CHILD, PARENT, at=run + 1, seconds=2), span(PARENT, at=run)]
        assert (await export(context, *batch)).displaced == displaced
        assert (await export(context, *batch)).displaced == 0
    third = derived_id(T1, PARENT, (YEAR + 200 * SECOND) // 1000)
    child = derived_id(T1, CHILD, (YEAR + 201 * SECOND) // 1000)
    found = await calls(context, [third, child])
    assert (found[third].parent_id, found[child].parent_id) == (None, third)


async def test_a_child_that_outlives_its_parent_stays_with_it(context: Context) -> None:
    await export(context, span(PARENT), span(CHILD, PARENT, at=50))
    await export(context, span(PARENT, at=100))
    assert (await calls(context, [CHILD]))[CHILD].parent_id == PARENT


async def test_a_derived_id_that_another_span_has_is_not_taken_from_it(context: Context) -> None:
    wanted = derived_id(T2, PARENT)
    last = derived_id(T2, PARENT, YEAR // 1000 + 5_000_000)
    spans = [span(wanted, trace=T2, seconds=1), span(PARENT), span(PARENT, trace=T2, at=5)]
    for displaced in (1, 0):
        assert [(await export(context, each)).displaced for each in spans] == [0, 0, displaced]
        found = await calls(context, [wanted, PARENT, last])
        times = [(call.trace_id, call.started_at, call.ended_at) for call in found.values()]
        begun = YEAR // 1000
        assert times == [
            (T2, begun, begun + 1_000_000),
            (T1, begun, begun + 10_000_000),
            (T2, begun + 5_000_000, begun + 15_000_000),
        ]


async def test_a_derived_id_is_not_taken_from_another_span_by_two_of_one_batch(context: Context) -> None:
    wanted = derived_id(T2, PARENT)
    await export(context, span(wanted, trace=T2, seconds=1))
    assert (await export(context, span(PARENT), span(PARENT, trace=T2, at=5))).displaced == 1
    last = derived_id(T2, PARENT, YEAR // 1000 + 5_000_000)
    found = await calls(context, [wanted, PARENT, last])
    assert [call.ended_at - call.started_at for call in found.values()] == [1_000_000, 10_000_000, 10_000_000]


async def test_large_spans_are_written_before_the_next_are_prepared(context: Context) -> None:
    ids = [f"{number:016x}" for number in range(1, 4)]
    loop = asyncio.get_running_loop()
    before: list[list[str]] = []

    def source() -> Iterator[Span]:
        for each in ids:
            before.append(list(asyncio.run_coroutine_threadsafe(calls(context, ids), loop).result()))
            yield span(each, attributes={"text": "x" * BATCH_SIZE})

    assert await spans_export(context, source(), PROJECT) == Exported(accepted=3)
    assert before == [[], ids[:1], ids[:2]]


async def test_spans_of_one_batch_with_the_same_id(context: Context) -> None:
    exported = await export(context, span(PARENT), span(PARENT, at=1), span(PARENT, trace=T2), span(PARENT))
    assert (exported.accepted, exported.displaced) == (4, 2)
    assert len(await calls(context, [PARENT, derived_id(T1, PARENT), derived_id(T2, PARENT)])) == 3


async def test_a_turn_that_is_displaced_is_its_own_turn(context: Context) -> None:
    attributes = {"wandb.thread_id": "thread", "wandb.is_turn": True}
    await export(context, span(PARENT), span(PARENT, trace=T2, attributes=attributes))
    other = derived_id(T2, PARENT)
    (call,) = (await calls(context, [other])).values()
    assert (call.turn_id, call.thread_id) == (other, "thread")


async def test_a_deleted_span_stays_deleted_and_keeps_its_id(context: Context) -> None:
    await export(context, span(PARENT))
    await delete_calls(context, PROJECT, [PARENT])
    await export(context, span(PARENT), span(PARENT, trace=T2))
    assert set(await calls(context, [PARENT, derived_id(T2, PARENT)])) == {derived_id(T2, PARENT)}


async def test_a_name_that_came_before_the_span_stays(context: Context) -> None:
    await record_calls(context, [CallRename(PROJECT, PARENT, "Mine")])
    assert (await export(context, span(PARENT))).displaced == 0
    assert (await calls(context, [PARENT]))[PARENT].display_name == "Mine"


async def test_a_span_that_has_not_ended_runs_until_it_comes_again(context: Context) -> None:
    await export(context, span(PARENT, seconds=0))
    assert (await calls(context, [PARENT]))[PARENT].ended_at is None
    assert (await export(context, span(PARENT, seconds=5))).displaced == 0
    assert (await calls(context, [PARENT]))[PARENT].ended_at == (YEAR + 5 * SECOND) // 1000


async def test_bad_spans_are_refused_alone(context: Context) -> None:
    exported = await export(
        context,
        span(PARENT),
        span("a" * 15),
        span("0" * 16),
        span(CHILD, trace="0" * 32),
        span(CHILD, "c" * 14),
        span(CHILD, start=0),
        span(CHILD, attributes={"session.id": "s" * 600}),
        span(CHILD, name="weave:///nonsense"),
        UnreadableSpan("broken"),
        span("c" * 16),
    )
    assert (exported.accepted, exported.rejected) == (2, 8)
    assert [reason.partition(": ")[2] for reason in exported.reasons] == [
        "span id 'aaaaaaaaaaaaaaa' is not 8 bytes that are not all zero",
        "span id '0000000000000000' is not 8 bytes that are not all zero",
        "trace id '00000000000000000000000000000000' is not 16 bytes that are not all zero",
        "parent span id 'cccccccccccccc' is not 8 bytes",
        f"start 0 and end {YEAR + 10 * SECOND} are not times in nanoseconds since the epoch",
        f"session_id is too long: 600 characters, at most 512: {'s' * 60!r}...",
        "Invalid ref 'weave:///nonsense': expected entity/project/kind/name",
        "broken",
    ]
    assert set(await calls(context, [PARENT, CHILD, "c" * 16])) == {PARENT, "c" * 16}


async def test_the_message_holds_twenty_reasons(context: Context) -> None:
    exported = await export(context, *(UnreadableSpan(f"number {number}") for number in range(30)))
    assert exported.rejected == 30
    shown = "; ".join(f"Rejected span: number {number}" for number in range(20))
    assert exported.message == f"{shown}; ..."


async def test_each_span_goes_to_the_project_of_its_resource(context: Context) -> None:
    resources = [Resource({"wandb.entity": "team", "wandb.project": name}) for name in ("one", "two")]
    exported = await export(
        context,
        *(span(PARENT, resource=resource) for resource in resources),
        span(PARENT),
        span(PARENT, resource=Resource({"wandb.entity": "a/b", "wandb.project": "c"})),
        project=None,
    )
    assert (exported.accepted, exported.rejected) == (2, 2)
    for project in ("team/one", "team/two"):
        assert set(await calls(context, [PARENT], project)) == {PARENT}
    with pytest.raises(InvalidInputError) as refused:
        await export(context, span(PARENT), project=None)
    assert refused.value.message == (
        "No project: send the header project_id: entity/project, or the resource attributes wandb.entity and "
        "wandb.project"
    )
    assert await export(context, project=None) == Exported()


async def test_thousands_of_spans_with_their_children_in_later_transactions(context: Context) -> None:
    ids = [f"{number:016x}" for number in range(1, 2101)]
    assert (await export(context, *(span(each, PARENT) for each in ids), span(PARENT))).accepted == 2101
    found = await calls(context, ids)
    assert len(found) == 2100
    assert {call.parent_id for call in found.values()} == {PARENT}


async def test_an_export_takes_as_many_statements_whatever_its_size(context: Context) -> None:
    """Spans of both kinds, with and without a parent that is there, first as new ones and then again."""
    await export(context, span("f" * 16), project="team/warm")

    def batch(count: int, trace: str) -> list[Span]:
        ids = [f"{trace[0]}{number:015x}" for number in range(1, count + 1)]
        return [span(each, ids[number // 2] if number else None, trace=trace) for number, each in enumerate(ids)]

    counts = []
    for count, trace in ((10, T1), (400, T2)):
        spans = batch(count, trace)
        with counted() as seen:
            await export(context, *spans)
            await export(context, *spans)
        counts.append(len(seen))
    assert counts[0] == counts[1]


async def test_a_root_that_comes_after_its_children_does_not_read_them(context: Context) -> None:
    await export(context, *(span(f"{number:016x}", PARENT) for number in range(1, 300)))
    with counted() as seen:
        await export(context, span(PARENT))
    assert [statement.split()[0] for statement in seen].count("UPDATE") == 0
    await export(context, span(PARENT, at=1000), span(CHILD, PARENT, at=1001, seconds=2))
    found = await calls(context, [CHILD, f"{1:016x}"])
    assert [call.parent_id for call in found.values()] == [derived_id(T1, PARENT), PARENT]


async def read(context: Context, *columns: str, **fields: Any) -> Any:
    await export(context, span(PARENT, **fields))
    (row,) = await calls_by_id(context, [(PROJECT, PARENT)], columns=frozenset(columns))
    return row


async def test_everything_of_a_span_is_kept(context: Context) -> None:
    row = await read(
        context,
        "attributes",
        "started_at",
        name="work",
        kind="SERVER",
        start=YEAR + 123_456_789,
        end=YEAR + SECOND,
        status="OK",
        attributes={"a.b": 1, "a.c": [1.5, True], "big": 1 << 62, "text": "[no json", "null": None},
        events=[SpanEvent("cache", YEAR + 7, {"hit.rate": 0.5}, 2)],
        resource=Resource({"service.name": "api"}, 1),
        scope=Scope("library", "2.0", {"x": "y"}),
        trace_state="k=v",
        flags=257,
        dropped_attributes_count=3,
    )
    assert row.started_at == (YEAR + 123_456_789) // 1000
    span_value = {
        "name": "work",
        "context": {"trace_id": T1, "span_id": PARENT, "trace_state": "k=v"},
        "kind": "SERVER",
        "parent_id": None,
        "start_time": "2023-11-14T22:13:20.123456789Z",
        "end_time": "2023-11-14T22:13:21.000000000Z",
        "start_time_unix_nano": YEAR + 123_456_789,
        "end_time_unix_nano": YEAR + SECOND,
        "status": {"code": "OK", "message": ""},
        "attributes": {
            "a": {"b": 1, "c": [1.5, True]},
            "big": 1 << 62,
            "text": "[no json",
            "null": None,
        },
        "events": [
            {
                "name": "cache",
                "timestamp": YEAR + 7,
                "attributes": {"hit": {"rate": 0.5}},
                "dropped_attributes_count": 2,
            }
        ],
        "links": [],
        "resource": {"attributes": {"service": {"name": "api"}}, "dropped_attributes_count": 1},
        "scope": {"name": "library", "version": "2.0", "attributes": {"x": "y"}},
        "flags": 257,
        "dropped_attributes_count": 3,
        "dropped_events_count": 0,
        "dropped_links_count": 0,
    }
    # A span that no convention knows shows its attributes at the top, too.
    assert parse_json(row.attributes) == {**span_value["attributes"], "otel_span": span_value}  # type: ignore[dict-item]


ENDINGS: list[tuple[str, str, list[dict[str, Any]], str | None]] = [
    (
        "ERROR",
        "ValueError: boom",
        [{"exception.type": "ValueError", "exception.message": "boom"}],
        "ValueError: boom",
    ),
    ("ERROR", "boom", [{"exception.type": "ValueError", "exception.message": "boom"}], "ValueError: boom"),
    ("ERROR", "", [{"exception.message": "first"}, {"exception.type": "OSError"}], "OSError"),
    ("ERROR", "gave up", [{"exception.type": "ValueError", "exception.message": "boom"}], "gave up"),
    ("ERROR", "", [], "unknown error"),
    ("UNSET", "", [{"exception.type": "E", "exception.message": "m", "exception.escaped": "True"}], "E: m"),
    ("UNSET", "", [{"exception.type": "E", "exception.message": "handled"}], None),
    ("OK", "", [{"exception.type": "E", "exception.escaped": True}], None),
]


async def test_what_ended_a_span(context: Context) -> None:
    for number, (status, message, exceptions, expected) in enumerate(ENDINGS, start=1):
        events = [SpanEvent("exception", YEAR, attributes) for attributes in exceptions]
        span_id = f"{number:016x}"
        await export(context, span(span_id, status=status, status_message=message, events=events))
        (row,) = await calls_by_id(context, [(PROJECT, span_id)], columns=frozenset({"exception", "status"}))
        assert row
        assert (row.exception, row.status) == (expected, "error" if expected else "success")


async def test_a_failed_span_without_a_word_has_its_error_type(context: Context) -> None:
    row = await read(context, "exception", status="ERROR", attributes={"error.type": "timeout"})
    assert row.exception == "timeout"


async def test_a_long_name_is_shortened(context: Context) -> None:
    row = await read(context, "op_name", "display_name", name="n" * 5000, attributes={"wandb.display_name": "d" * 2000})
    assert (len(row.op_name), row.op_name[:2044]) == (2048, f"{'n' * 2043}:")
    assert len(row.display_name) == 1024


async def test_exports_that_are_written_together_count_each_its_own(context: Context) -> None:
    others = ["3" * 32, "4" * 32]
    await export(context, span(PARENT), span(CHILD, PARENT))
    exports = await asyncio.gather(
        export(context, span(PARENT)),
        export(context, span(PARENT, trace=T2), span(CHILD, PARENT, trace=T2), span("c" * 16, CHILD, trace=T2)),
        *(export(context, span(PARENT, trace=trace), project=None) for trace in others),
        *(export(context, span(PARENT, trace=trace)) for trace in (*others, *others)),
        return_exceptions=True,
    )
    taken = [each for each in exports if isinstance(each, Exported)]
    assert len(taken) == 6
    assert [(each.accepted, each.displaced) for each in taken[:2]] == [(1, 0), (3, 2)]
    assert {each.accepted for each in taken[2:]} == {1}
    assert sum(each.displaced for each in taken[2:]) == len(others)
    found = await calls(context, [derived_id(trace, PARENT) for trace in (T2, *others)])
    assert [call.trace_id for call in found.values()] == [T2, *others]


async def test_children_that_came_first_are_found_one_by_one(context: Context, database_url: str) -> None:
    """On PostgreSQL too before it has statistics, when it would read all calls of a project to join them."""
    ids = [f"{number:016x}" for number in range(1, 200)]
    await export(context, *(span(each, PARENT) for each in ids))
    with executed() as seen:
        await export(context, *(span(each, trace=T2) for each in ids), span(PARENT))
    statements = [each for each in seen if "parents" in each[0]]
    assert len(statements) == 1
    assert ["parent_id" in each.by for each in accesses(database_url, statements) if each.table == "calls"] == [True]
