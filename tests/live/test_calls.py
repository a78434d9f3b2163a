"""What happens to calls, as a subscriber in another process is sent it."""

from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.changes import START
from resolvers.context import Context
from resolvers.live.cursors import encode_cursor, head_cursor
from tests.live.following import following
from tests.live.writing import change_cursor, delete, end, post, rename, start, upsert

RUNS = count()


def told(events: list[Any]) -> list[tuple[str, str]]:
    return [(event["type"], event["callId"]) for event in events]


async def test_each_kind_of_event_comes_once_and_in_order(client: httpx.AsyncClient, live: Context) -> None:
    await upsert(client, start("before"), end("before"))
    async with following(live) as subscriber:
        await upsert(client, start("a"))
        first = await subscriber.next()
        assert first == {
            "type": "STARTED",
            "callId": "a",
            "cursor": first["cursor"],
            "occurredAt": "2026-01-01T00:00:00Z",
            "call": {"callId": "a", "displayName": None, "output": None},
        }
        await upsert(client, end("a", output={"b": [1.0, "é"]}))
        ended = await subscriber.next()
        assert (ended["type"], ended["occurredAt"]) == ("ENDED", "2026-01-01T00:00:01Z")
        assert ended["call"]["output"] == {"b": [1.0, "é"]}
        await rename(client, "a", "ours")
        renamed = await subscriber.next()
        assert (renamed["type"], renamed["call"]["displayName"]) == ("UPDATED", "ours")
        await upsert(client, end("a", output=2))
        again = await subscriber.next()
        assert (again["type"], again["call"]["output"]) == ("UPDATED", 2)
        await delete(client, "a")
        gone = await subscriber.next()
        assert (gone["type"], gone["callId"], gone["call"]) == ("DELETED", "a", None)
        await upsert(client, end("a"), start("a"))  # what comes for a deleted call changes nothing
        await upsert(client, start("b"), end("b"))
        assert told(await subscriber.take(2)) == [("STARTED", "b"), ("ENDED", "b")]


async def test_a_call_that_ended_before_it_started_is_seen_when_it_starts(
    client: httpx.AsyncClient, live: Context
) -> None:
    async with following(live) as subscriber:
        await upsert(client, end("late"))
        await rename(client, "late", "named before")
        await upsert(client, start("late"), start("late"))  # a repeated start changes nothing
        events = await subscriber.take(2)
        assert told(events) == [("STARTED", "late"), ("ENDED", "late")]
        assert events[0]["call"]["displayName"] == "named before"
        await upsert(client, start("late"), start("next"))
        assert told(await subscriber.take(1)) == [("STARTED", "next")]


async def test_a_call_that_never_started_is_never_told_of(client: httpx.AsyncClient, live: Context) -> None:
    async with following(live) as subscriber:
        await upsert(client, end("never"))
        await delete(client, "never")
        await upsert(client, start("never"), start("b"))
        assert told(await subscriber.take(1)) == [("STARTED", "b")]


async def test_deleting_tells_of_every_descendant(client: httpx.AsyncClient, live: Context) -> None:
    await upsert(client, start("root"), start("b", parent_id="root"), start("a", parent_id="b"), start("other"))
    async with following(live) as subscriber:
        await delete(client, "root")
        events = await subscriber.take(3)
        assert told(events) == [("DELETED", "a"), ("DELETED", "b"), ("DELETED", "root")]
        assert len({event["cursor"] for event in events}) == 3
    async with following(live, after=events[0]["cursor"]) as subscriber:
        assert told(await subscriber.take(2)) == [("DELETED", "b"), ("DELETED", "root")]


async def test_a_batch_is_told_in_its_order(client: httpx.AsyncClient, live: Context) -> None:
    async with following(live) as subscriber:
        await upsert(client, start("z"), start("a"), end("z"), start("m"), end("m"))
        assert told(await subscriber.take(5)) == [
            ("STARTED", "z"),
            ("ENDED", "z"),
            ("STARTED", "a"),
            ("STARTED", "m"),
            ("ENDED", "m"),
        ]


async def test_a_project_that_is_not_there_yet_is_followed(client: httpx.AsyncClient, live: Context) -> None:
    async with following(live, project="new/project") as subscriber:
        await upsert(client, start("a", project_id="new/project"))
        assert told(await subscriber.take(1)) == [("STARTED", "a")]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"filter": {"opNames": ["wanted"]}}, ["STARTED b", "ENDED b", "DELETED b"]),
        ({"filter": {"traceRootsOnly": True}}, ["STARTED a", "STARTED b", "ENDED b", "DELETED b"]),
        ({"filter": {"parentIds": ["a"]}}, ["STARTED c"]),
        ({"filter": {"callIds": ["nothing", "c"]}}, ["STARTED c"]),
        ({"filter": {"inputRefs": ["weave:///team/app/object/model:*"]}}, ["STARTED c"]),
        ({"types": ["ENDED", "DELETED"]}, ["ENDED b", "DELETED b"]),
        ({"types": ["STARTED"], "filter": {"opNames": ["wanted"]}}, ["STARTED b"]),
        (
            {"queryJson": {"$expr": {"$eq": [{"$getField": "inputs.n"}, {"$literal": 2}]}}},
            ["STARTED b", "ENDED b", "DELETED b"],
        ),
    ],
)
async def test_filters_look_at_the_call(
    client: httpx.AsyncClient, live: Context, variables: dict[str, Any], expected: list[str]
) -> None:
    async with following(live, **variables) as subscriber:
        ref = "weave:///team/app/object/model:v1"
        await upsert(client, start("a", inputs={"n": 1}), start("b", op_name="wanted", inputs={"n": 2}))
        await upsert(client, start("c", parent_id="a", inputs={"model": ref}), end("b"))
        await delete(client, "b")
        assert [f"{kind} {call_id}" for kind, call_id in told(await subscriber.take(len(expected)))] == expected
        # Nothing more: the next that fits is the next that comes.
        fits = start("z", op_name="wanted", parent_id="a", inputs={"n": 2, "model": ref})
        if "callIds" not in variables.get("filter", {}) and "traceRootsOnly" not in variables.get("filter", {}):
            await upsert(client, fits, end("z"))
            assert (await subscriber.next())["callId"] == "z"


async def test_updates_that_were_not_sent_are_one(client: httpx.AsyncClient, live: Context) -> None:
    await upsert(client, start("a"))
    before = await change_cursor(client)
    for name in ("one", "two", "three"):
        await rename(client, "a", name)
    async with following(live, after=before) as subscriber:
        event = await subscriber.next()
        assert (event["type"], event["call"]["displayName"]) == ("UPDATED", "three")
        await upsert(client, start("b"))
        assert told(await subscriber.take(1)) == [("STARTED", "b")]


async def test_what_was_deleted_meanwhile_is_told_of_in_full(client: httpx.AsyncClient, live: Context) -> None:
    before = await change_cursor(client)
    await upsert(client, start("a"), end("a"))
    await delete(client, "a")
    async with following(live, after=before) as subscriber:
        events = await subscriber.take(3)
    assert told(events) == [("STARTED", "a"), ("ENDED", "a"), ("DELETED", "a")]
    assert [event["call"] for event in events] == [None, None, None]


async def test_a_page_and_what_comes_after_it_meet(client: httpx.AsyncClient, live: Context) -> None:
    await upsert(client, start("a"))
    document = """{ project(slug: "team/app") { calls { nodes { callId } } changeCursor } }"""
    project = (await post(client, "/graphql", {"query": document}))["data"]["project"]
    await upsert(client, start("b"))
    async with following(live, after=project["changeCursor"]) as subscriber:
        await upsert(client, start("c"))
        assert [node["callId"] for node in project["calls"]["nodes"]] == ["a"]
        assert told(await subscriber.take(2)) == [("STARTED", "b"), ("STARTED", "c")]


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["start", "end", "rename", "delete", "batch"]), st.sampled_from("abcd"), st.sampled_from("abcd")
    ),
    max_size=12,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
async def test_resuming_at_every_position_gives_the_same_rest(
    client: httpx.AsyncClient, live: Context, actions: list[tuple[str, str, str]]
) -> None:
    project = f"team/run-{next(RUNS)}"  # examples share a database
    for action, one, other in actions:
        own = {"project_id": project}
        if action == "start":
            await upsert(client, start(one, parent_id=other if other < one else None, **own))
        elif action == "end":
            await upsert(client, end(one, **own))
        elif action == "batch":
            await upsert(client, start(one, **own), end(other, **own), start(other, **own), end(one, **own))
        elif action == "rename":
            await post(client, "/call/update", {**own, "call_id": one, "display_name": other})
        else:
            await post(client, "/calls/delete", {**own, "call_ids": [one]})
    await upsert(client, start("last", project_id=project))
    everything = await until_last(live, project, head_cursor(project, 0))
    seen = told(everything)
    for kind in ("STARTED", "ENDED", "DELETED"):
        calls = [call_id for each, call_id in seen if each == kind]
        assert len(calls) == len(set(calls))
    for _, call_id in seen:
        own_kinds = [kind for kind, each in seen if each == call_id]
        assert own_kinds[0] == "STARTED"
        assert "DELETED" not in own_kinds[:-1]
    for index, event in enumerate(everything[:-1]):
        assert await until_last(live, project, event["cursor"]) == everything[index + 1 :]


async def until_last(live: Context, project: str, after: str) -> list[Any]:
    events: list[Any] = []
    async with following(live, project=project, after=after) as subscriber:
        while not events or events[-1]["callId"] != "last":
            events.append(await subscriber.next())
    return events


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"after": "nonsense"}, "Invalid cursor 'nonsense': not one of a subscription"),
    ({"after": "e\u0301"}, "Invalid cursor 'e\u0301': not one of a subscription"),
    ({"after": ""}, "Invalid cursor '': not one of a subscription"),
    ({"after": encode_cursor("calls", "other/app", START)}, "is of project 'other/app', not 'team/app'"),
    ({"after": encode_cursor("feedback", "team/app", START)}, "is of feedback, not of calls"),
    ({"after": head_cursor("team/app", 10)}, "is ahead of the project, whose last change is number 0"),
    ({"project": "no-slug"}, "Invalid project id 'no-slug': expected 'entity/project'"),
    ({"types": []}, "types is empty: nothing would ever be sent"),
    ({"filter": {"callIds": ["x"] * 1001}}, "request length is greater than max length (1000)"),
    ({"queryJson": {"$expr": {"$eq": [{"$getField": "nothing"}, {"$literal": 1}]}}}, "nothing"),
    ({"queryJson": 1}, "$expr"),
]


async def test_what_cannot_be_followed_is_refused_before_any_event(live: Context) -> None:
    for variables, message in REFUSED:
        async with following(live, **variables) as subscriber:
            answer = await subscriber.result()
            assert "data" not in answer
            assert message in answer["errors"][0]
            with pytest.raises(StopAsyncIteration):
                await subscriber.result()
