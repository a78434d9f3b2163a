"""What happens to feedback, as a subscriber in another process is sent it."""

from typing import Any

import httpx
import pytest

from db.changes import START
from resolvers.context import Context
from resolvers.live.cursors import encode_cursor
from tests.live.following import FEEDBACK, following
from tests.live.writing import PROJECT, change_cursor, give, post, purge

REF = f"weave:///{PROJECT}/call/a"


def told(events: list[Any]) -> list[tuple[str, str]]:
    return [(event["type"], event["feedbackId"]) for event in events]


async def test_giving_replacing_and_purging_are_told(client: httpx.AsyncClient, live: Context) -> None:
    async with following(live, FEEDBACK) as subscriber:
        await give(client, "f1")
        given = await subscriber.next()
        assert given == {
            "type": "CREATED",
            "feedbackId": "f1",
            "targetRef": REF,
            "cursor": given["cursor"],
            "occurredAt": given["occurredAt"],
            "feedback": {"feedbackId": "f1", "payload": {"n": 1}},
        }
        await give(client, "f1")  # repeated: nothing happens
        body = {"project_id": PROJECT, "weave_ref": REF, "feedback_type": "custom", "payload": {"n": 2}}
        await post(client, "/feedback/replace", {**body, "feedback_id": "f1", "id": "f2"})
        assert told(await subscriber.take(2)) == [("DELETED", "f1"), ("CREATED", "f2")]
        await give(client, "f3")
        await purge(client, "f2", "f3", "nothing")
        assert told(await subscriber.take(3)) == [("CREATED", "f3"), ("DELETED", "f2"), ("DELETED", "f3")]
        await give(client, "f1")  # an id may be given again
        again = await subscriber.next()
        assert (again["type"], again["feedbackId"], again["feedback"]["payload"]) == ("CREATED", "f1", {"n": 1})


async def test_resuming_tells_of_what_is_gone(client: httpx.AsyncClient, live: Context) -> None:
    before = await change_cursor(client)
    await give(client, "a")
    await give(client, "b")
    await purge(client, "a")
    await give(client, "a")
    expected = [("CREATED", "a"), ("CREATED", "b"), ("DELETED", "a"), ("CREATED", "a")]
    async with following(live, FEEDBACK, after=before) as subscriber:
        events = await subscriber.take(4)
    assert told(events) == expected
    assert events[2]["feedback"] == {"feedbackId": "a", "payload": {"n": 1}}  # as it is now
    for index, event in enumerate(events[:-1]):
        async with following(live, FEEDBACK, after=event["cursor"]) as subscriber:
            assert await subscriber.take(3 - index) == events[index + 1 :]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"feedbackTypes": ["note"]}, [("CREATED", "n"), ("DELETED", "n"), ("CREATED", "n2")]),
        ({"targetRefs": [f"weave:///{PROJECT}/call/b"]}, [("CREATED", "b")]),
        ({"types": ["DELETED"], "feedbackTypes": [], "targetRefs": []}, [("DELETED", "n")]),
        ({"types": ["CREATED"], "feedbackTypes": ["note", "other"]}, [("CREATED", "n"), ("CREATED", "n2")]),
    ],
)
async def test_filters_choose(
    client: httpx.AsyncClient, live: Context, variables: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    async with following(live, FEEDBACK, **variables) as subscriber:
        await give(client, "a")
        await give(client, "n", feedback_type="note")
        await give(client, "b", weave_ref=f"weave:///{PROJECT}/call/b")
        await purge(client, "n")
        await give(client, "n2", feedback_type="note")
        assert told(await subscriber.take(len(expected))) == expected


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"after": encode_cursor("calls", PROJECT, START)}, "is of calls, not of feedback"),
    ({"feedbackTypes": ["x"] * 1001}, "feedbackTypes has 1001 values; the limit is 1000"),
    ({"targetRefs": ["x"] * 1001}, "targetRefs has 1001 values; the limit is 1000"),
    ({"types": []}, "types is empty: nothing would ever be sent"),
]


async def test_what_cannot_be_followed_is_refused(live: Context) -> None:
    for variables, message in REFUSED:
        async with following(live, FEEDBACK, **variables) as subscriber:
            assert message in (await subscriber.result())["errors"][0]


async def test_purging_from_a_project_that_is_not_there_makes_none(client: httpx.AsyncClient) -> None:
    query = {"$expr": {"$eq": [{"$getField": "id"}, {"$literal": "x"}]}}
    await post(client, "/feedback/purge", {"project_id": "no/such", "query": query})
    answer = await post(client, "/graphql", {"query": '{ project(slug: "no/such") { slug } }'})
    assert answer["data"] == {"project": None}
