"""What queues take by themselves of the calls that ended."""

from collections.abc import Sequence

from sqlalchemy import update

from db.changes import Change
from db.json_text import dump_json
from db.pages import PageRequest
from db.queues.tables import queues
from resolvers.calls.event_filters import EventFilter, EventFilterOperator
from resolvers.calls.events import CallEnd, CallPatch, CallStart
from resolvers.calls.record import delete_calls, record_calls
from resolvers.context import Context
from resolvers.queues.items import ItemList, ItemLists, item_pages
from resolvers.queues.record import NewQueue, QueueChanges, queue_create, queue_update
from resolvers.queues.take import QueueFollower
from tests.statements import counted

PROJECT = "team/app"
EMPTY = dump_json({})


def cost_above(limit: float) -> EventFilter:
    return EventFilter("metadata.cost", EventFilterOperator.GREATER_THAN, limit)


async def record(context: Context, costs: dict[str, float], project: str = PROJECT) -> None:
    """Ended calls with these costs in their metadata."""
    attributes = {call_id: dump_json({"honeyhive": {"metadata": {"cost": cost}}}) for call_id, cost in costs.items()}
    starts = [CallStart(project, each, each, None, "op", 1, attributes[each], EMPTY) for each in costs]
    await record_calls(context, [*starts, *(CallEnd(project, each, 2, EMPTY, EMPTY) for each in costs)])


async def take(context: Context, *call_ids: str, project: str = PROJECT) -> None:
    changes = [Change(0, call_id, 0, 0, 0, None) for call_id in call_ids]
    work = await QueueFollower().handle(context, project, changes)
    if work is not None:
        await context.database.write(work)


async def items(context: Context, queue: str, project: str = PROJECT) -> list[tuple[str, bool]]:
    lists = ItemLists(ItemList(), "queue_id", PageRequest(100), frozenset({"automatic"}))
    (page,) = await item_pages(context, [(project, queue)], lists=lists)
    return [(row.call_id, row.automatic) for row in page.rows]


async def taken(context: Context, queue: str) -> list[str]:
    return [call_id for call_id, automatic in await items(context, queue) if automatic]


async def test_a_queue_takes_what_matches_once(context: Context) -> None:
    queue = await queue_create(context, PROJECT, NewQueue("q", filters=[cost_above(5)], call_ids=["b", "x"]))
    await record(context, {"a": 9, "b": 8, "c": 1, "d": 6})
    for _ in range(2):
        await take(context, "d", "c", "b", "a")
        assert await items(context, queue) == [("b", False), ("x", False), ("d", True), ("a", True)]
    # Whoever takes an item out does not find it there again.
    await queue_update(context, PROJECT, queue, QueueChanges(remove=["d"]))
    await record(context, {"e": 7})
    await take(context, "e")
    assert await items(context, queue) == [("b", False), ("x", False), ("a", True), ("e", True)]


async def test_all_filters_must_hold_and_none_take_nothing(context: Context) -> None:
    both = [cost_above(5), EventFilter("event_name", EventFilterOperator.IS, "other")]
    one = await queue_create(context, PROJECT, NewQueue("one", filters=both))
    none = await queue_create(context, PROJECT, NewQueue("none"))
    off = await queue_create(context, PROJECT, NewQueue("off", filters=[cost_above(0)], enabled=False))
    other = await queue_create(context, "team/site", NewQueue("other", filters=[cost_above(0)]))
    await record(context, {"a": 9})
    await take(context, "a")
    assert [await items(context, queue) for queue in (one, none, off)] == [[], [], []]
    assert await items(context, other, "team/site") == []


async def test_filters_count_from_when_they_are_on(context: Context) -> None:
    await record(context, {"before": 9})
    queue = await queue_create(context, PROJECT, NewQueue("q", filters=[cost_above(5)], enabled=False))
    await record(context, {"while off": 9})
    await queue_update(context, PROJECT, queue, QueueChanges(enabled=True))
    await record(context, {"on": 9, "cheap": 1})
    everything = ["before", "while off", "on", "cheap"]
    await take(context, *everything)
    assert await taken(context, queue) == ["on"]

    # What is no change of them does not begin anew.
    await record(context, {"late": 7})
    await queue_update(context, PROJECT, queue, QueueChanges(name="other", enabled=True, filters=[cost_above(5)]))
    await take(context, "late")
    assert await taken(context, queue) == ["on", "late"]

    await record(context, {"unseen": 7})
    await queue_update(context, PROJECT, queue, QueueChanges(filters=[cost_above(0)]))
    await record(context, {"cheap too": 1})
    await take(context, *everything, "unseen", "cheap too")
    assert await taken(context, queue) == ["on", "late", "cheap too"]

    await queue_update(context, PROJECT, queue, QueueChanges(enabled=False))
    await record(context, {"off again": 9})
    await take(context, "off again")
    assert await taken(context, queue) == ["on", "late", "cheap too"]


async def test_what_comes_later_counts(context: Context) -> None:
    disliked = EventFilter("feedback.rating", EventFilterOperator.IS, "bad")
    await record(context, {"old": 1})
    queue = await queue_create(context, PROJECT, NewQueue("q", filters=[disliked]))
    await record(context, {"new": 1})
    await take(context, "new")
    assert await taken(context, queue) == []
    said = {"feedback": dump_json({"rating": "bad"})}
    await record_calls(context, [CallPatch(PROJECT, each, said) for each in ("old", "new")])
    await take(context, "old", "new")
    assert await taken(context, queue) == ["new"]
    await queue_update(context, PROJECT, queue, QueueChanges(remove=["new"]))
    await take(context, "new")
    assert await items(context, queue) == []
    await queue_update(context, PROJECT, queue, QueueChanges(add=["new"]))
    assert await items(context, queue) == [("new", False)]


async def test_what_never_says_that_it_ends_counts_at_once(context: Context) -> None:
    there = EventFilter("event_id", EventFilterOperator.EXISTS)
    early = CallStart(PROJECT, "early", "t", None, "op", 1, EMPTY, EMPTY, kind="SESSION")
    await record_calls(context, [early])
    queue = await queue_create(context, PROJECT, NewQueue("q", filters=[there]))
    session = CallStart(PROJECT, "session", "t", None, "op", 1, EMPTY, EMPTY, kind="SESSION")
    told = CallStart(PROJECT, "event", "t", None, "op", 1, dump_json({"honeyhive": {"event_type": "tool"}}), EMPTY)
    await record_calls(context, [session, told])
    await take(context, "early", "session", "event")
    assert await taken(context, queue) == ["session", "event"]


async def test_what_runs_or_is_deleted_is_not_taken(context: Context) -> None:
    queue = await queue_create(
        context, PROJECT, NewQueue("q", filters=[EventFilter("event_id", EventFilterOperator.EXISTS)])
    )
    await record_calls(context, [CallStart(PROJECT, "runs", "t", None, "op", 1, EMPTY, EMPTY)])
    await record(context, {"gone": 1, "there": 1})
    await delete_calls(context, PROJECT, ["gone"])
    await take(context, "runs", "gone", "there", "none")
    assert await taken(context, queue) == ["there"]


async def test_a_filter_that_cannot_be_read_any_more_spoils_nothing(context: Context) -> None:
    broken = await queue_create(context, PROJECT, NewQueue("broken", filters=[cost_above(0)]))
    whole = await queue_create(context, PROJECT, NewQueue("whole", filters=[cost_above(0)]))
    bad = update(queues).where(queues.c.id == broken).values(filters='[{"field": "nowhere", "operator": "near"}]')
    await context.database.write(lambda connection: connection.execute(bad).rowcount)
    await record(context, {"a": 1})
    await take(context, "a")
    assert [await taken(context, queue) for queue in (broken, whole)] == [[], ["a"]]


async def test_a_batch_is_a_statement_a_queue(context: Context) -> None:
    for number in range(3):
        await queue_create(context, PROJECT, NewQueue(str(number), filters=[cost_above(number)]))
    sizes = {}
    for size in (1, 50):
        ids: Sequence[str] = [f"{size}-{number}" for number in range(size)]
        await record(context, dict.fromkeys(ids, 9.0))
        with counted() as statements:
            await take(context, *ids)
        sizes[size] = len([each for each in statements if "annotation_queue" in each or "calls" in each])
    assert sizes[1] == sizes[50] == 11, sizes  # the queues, twice; of each of them two reads and a write
