"""Calls are found by what they say."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import Connection, func, select

from db.call_texts import call_texts
from db.engines import Database
from db.watchdog import SlowStatementError
from resolvers.callers import LOCAL
from resolvers.context import Context
from resolvers.search import find, index
from resolvers.search.index import TextWriter
from tests.conftest import running_app
from tests.graph.test_call_filters import call, record, run
from tests.statements import executed

SEARCH = """query Search(
  $search: String, $first: Int, $after: String, $orderBy: [SortByInput!], $filter: CallFilterInput
) {
  project(slug: "team/app") {
    calls(search: $search, first: $first, after: $after, orderBy: $orderBy, filter: $filter) {
      totalCount nodes { callId } pageInfo { hasNextPage endCursor }
    }
  }
}"""

Written = Callable[[], Awaitable[None]]

RUN = TextWriter.run
"""Which servers of these tests do not."""


@pytest.fixture
async def searching(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that searches, whose texts are written when the test says so."""

    async def nothing(_self: TextWriter) -> None:
        return

    monkeypatch.setattr(TextWriter, "run", nothing)
    async with running_app(database_url, search="on") as client:
        yield client


@pytest.fixture
async def written(database_url: str) -> AsyncIterator[Written]:
    """Writes all texts that there are to write."""
    database = Database(database_url)

    async def write() -> None:
        while await TextWriter(lambda: Context(database, LOCAL)).catch_up():
            pass

    yield write
    await database.close()


async def found(client: httpx.AsyncClient, search: str, **variables: Any) -> str:
    """The ids of the calls, one letter each."""
    data = await run(client, SEARCH, search=search, **variables)
    assert isinstance(data, dict), data
    listed = data["project"]["calls"]
    assert listed["totalCount"] == len(listed["nodes"])
    return "".join(node["callId"] for node in listed["nodes"])


CALLS = [
    call("a", second=1, op_name="weave:///team/app/op/answer:DIGEST", inputs={"question": "Where is Łódź?"}),
    call("b", second=2, display_name="Straße", inputs={"text": "connection reset by peer", "n": 1.10}),
    call("c", second=3, inputs={"messages": [{"role": "user", "content": "東京タワーの高さは?"}]}),
    call("d", second=4, inputs={"text": "مرحبا بالعالم", "lines": 'first\nsecond "quoted" \\ back'}),
    call("e", second=5, inputs={"emoji": "👩‍💻 at work", "bad": "nul \u0000 and \ud800 lone"}),
    call("f", second=6, ms=None, inputs={"text": "connection was reset"}),
]

CASES = {
    "łódź": "a",
    "ANSWER": "a",
    "DIGEST": "",
    "weave": "",
    "question": "",
    "strasse": "b",
    "connection reset": "fb",
    '"connection reset"': "b",
    "1.1": "b",
    "1.10": "",
    "タワー": "c",
    "東京": "c",
    "高": "c",
    "بالعالم": "d",
    '"first\nsecond"': "d",
    "nnse": "",
    'quoted"': "d",
    "\\": "d",
    "👩‍💻": "e",
    "\u0000": "e",
    "and \ud800": "e",
    '"\u0000 and"': "e",
    "user": "c",
    "": "abcdef",
    "  ": "abcdef",
    "reset nothing": "",
    "u00": "",
}


@pytest.mark.parametrize("indexed", [True, False], ids=["indexed", "unread"])
async def test_words_and_phrases_are_found(searching: httpx.AsyncClient, written: Written, indexed: bool) -> None:
    await record(searching, CALLS)
    if indexed:
        await written()
    for search, ids in CASES.items():
        assert (search, await found(searching, search)) == (search, ids)


async def test_results_come_newest_first_in_pages(searching: httpx.AsyncClient, written: Written) -> None:
    calls = [
        call(letter, second=second, inputs={"text": f"needle {letter}"}) for second, letter in enumerate("abcdefg")
    ]
    await record(searching, calls[:4])
    await written()
    await record(searching, calls[4:])
    pages, after = [], None
    for _ in range(4):
        variables = {"search": "needle", "first": 2, "after": after}
        listed = (await run(searching, SEARCH, **variables))["project"]["calls"]
        assert listed["totalCount"] == 7
        pages.append("".join(node["callId"] for node in listed["nodes"]))
        after = listed["pageInfo"]["endCursor"]
    assert pages == ["gf", "ed", "cb", "a"]
    by_age = [{"field": "startedAt", "direction": "ASC"}]
    assert await found(searching, "needle", orderBy=by_age) == "abcdefg"
    assert await found(searching, "needle", filter={"callIds": ["b", "f"]}) == "fb"


PAGES = """query Pages($search: String, $first: Int, $after: String, $filter: CallFilterInput, $query: JSON) {
  project(slug: "team/app") {
    calls(search: $search, first: $first, after: $after, filter: $filter, queryJson: $query) {
      nodes { callId } pageInfo { hasNextPage endCursor }
    }
  }
}"""


async def all_pages(client: httpx.AsyncClient, size: int, **variables: Any) -> list[str]:
    """The ids of the calls, read page by page."""
    found: list[str] = []
    after = None
    while True:
        data = await run(client, PAGES, first=size, after=after, **variables)
        listed = data["project"]["calls"]
        page = [node["callId"] for node in listed["nodes"]]
        assert len(page) == size or not listed["pageInfo"]["hasNextPage"]
        found += page
        if not listed["pageInfo"]["hasNextPage"]:
            return found
        after = listed["pageInfo"]["endCursor"]


@pytest.mark.parametrize(("at_a_time", "seen"), [(1, 5000), (3, 5000), (3, 20), (200, 5000)])
async def test_pages_of_what_many_say_have_each_call_once(
    searching: httpx.AsyncClient, written: Written, monkeypatch: pytest.MonkeyPatch, at_a_time: int, seen: int
) -> None:
    """Some began at one time, some between others that were recorded before, some before and after all documents."""
    monkeypatch.setattr(find, "FEW_CHANGES", 0)
    monkeypatch.setattr(find, "MOST_SEEN", seen)
    monkeypatch.setattr(find, "MOST_AT_FIRST", at_a_time)
    monkeypatch.setattr(find, "MOST_AT_A_TIME", at_a_time)
    calls = []
    for number in range(60):
        second = number * 7 % 20 if number % 3 else 5
        text = f"common {'rare' if number % 7 == 0 else ''}"
        user = f"u{number % 2}"
        calls.append(call(f"c{number:02}", second=second, inputs={"text": text}, wb_user_id=user))
    calls[3]["start"]["started_at"] = "1969-01-01T00:00:00Z"
    calls[4]["start"]["started_at"] = "2090-01-01T00:00:00Z"
    for number in range(5, 25, 5):
        calls[number]["start"]["started_at"] = f"2090-01-01T00:00:{number % 3:02}Z"
    calls[6]["start"]["inputs"] = {"text": "common " + "long " * 20_000}
    await record(searching, calls[:40])
    await written()
    await record(searching, calls[40:50])
    await written()
    await record(searching, calls[50:])
    starts = {each["start"]["id"]: (each["start"]["started_at"], each["start"]["id"]) for each in calls}
    newest = sorted(starts, key=lambda call_id: starts[call_id], reverse=True)
    assert await all_pages(searching, 7, search="common") == newest
    odd = [call_id for call_id in newest if int(call_id[1:]) % 2]
    assert await all_pages(searching, 4, search="common", filter={"wbUserIds": ["u1"]}) == odd
    assert await all_pages(searching, 1, search="common") == newest
    rare = [call_id for call_id in newest if int(call_id[1:]) % 7 == 0]
    assert await all_pages(searching, 2, search="common rare") == rare
    assert await all_pages(searching, 2, search="common", query=says_in_text("rare")) == rare
    assert await all_pages(searching, 2, search="common", query=says_in_text("nothing")) == []
    narrow = {"wbUserIds": ["u1"], "statuses": ["SUCCESS"], "startedBefore": "2026-01-01T00:00:11Z"}
    early = [call_id for call_id in odd if starts[call_id][0] < narrow["startedBefore"]]
    assert await all_pages(searching, 3, search="common", filter=narrow) == early
    assert await all_pages(searching, 3, search="common", filter={"traceIds": ["none"], "wbUserIds": ["u1"]}) == []


async def test_no_more_calls_are_asked_for_what_no_index_serves_than_are_looked_at(
    database_url: str, searching: httpx.AsyncClient, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database_url.startswith("postgresql"):
        return  # SQLite asks its index first
    monkeypatch.setattr(find, "FEW_CHANGES", 0)
    monkeypatch.setattr(find, "MOST_AT_FIRST", 4)
    await record(
        searching, [call(f"c{n:02}", second=n, inputs={"text": f"common {'rare' * (n == 2)}"}) for n in range(40)]
    )
    await written()
    with executed() as statements:
        assert await all_pages(searching, 1, search="common", query=says_in_text("rare")) == ["c02"]
    looks = [each for each in statements if " AS listed" in each[0]]
    assert looks
    with psycopg.connect(database_url) as connection:
        for scan in ("seqscan", "bitmapscan", "sort"):  # what suits so few calls
            connection.execute(f"SET enable_{scan} = off")
        for text, bound in looks:
            ((plans,),) = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", bound).fetchall()
            (asked,) = [node for node in nodes_of(plans[0]["Plan"]) if node.get("Relation Name") == "calls"]
            assert (asked["Actual Rows"], asked.get("Rows Removed by Filter", 0)) == (4, 0)


def says_in_text(word: str) -> dict[str, Any]:
    """A query that no index serves."""
    return {"$expr": {"$contains": {"input": {"$getField": "inputs.text"}, "substr": {"$literal": word}}}}


def nodes_of(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes of a plan, each with those below it."""
    return [plan, *(node for below in plan.get("Plans", ()) for node in nodes_of(below))]


async def test_what_was_written_is_sorted_into_the_index(
    searching: httpx.AsyncClient, written: Written, database_url: str
) -> None:
    """PostgreSQL keeps it in a list at first, which its planner takes each search to read."""
    await record(searching, [call("a", inputs={"text": "a needle"})])
    await written()
    assert await found(searching, "needle") == "a"
    if database_url.startswith("postgresql"):
        with psycopg.connect(database_url) as connection:
            assert connection.execute("SELECT gin_clean_pending_list('ix_call_texts_grams')").fetchall() == [(0,)]


async def test_the_index_is_sorted_after_what_was_written_alone(
    searching: httpx.AsyncClient, database_url: str, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = 0

    def settle(_connection: Connection) -> None:
        nonlocal settled
        settled += 1
        raise SlowStatementError(30, None)  # which is no failure: what was written is found

    monkeypatch.setattr(index, "settle_index", settle)
    monkeypatch.setattr(index, "END_AWAITED", 3600)
    await record(searching, [call("a", inputs={"text": "needle"})])
    await written()
    assert settled == 1
    await record(searching, [{"start": call("b")["start"]}])
    await written()
    assert settled == 1
    assert await found(searching, "needle") == "a"


async def test_changes_and_deletions_are_followed(searching: httpx.AsyncClient, written: Written) -> None:
    one, two = {"text": "question one"}, {"text": "question two"}
    await record(searching, [call("a", ms=None, inputs=one), call("b", inputs=two)])
    await written()
    end = {"project_id": "team/app", "id": "a", "ended_at": "2026-01-01T00:00:09Z", "summary": {}, "output": "answer"}
    await record(searching, [{"end": end}])
    for _ in range(2):
        assert await found(searching, "answer") == "a"
        assert await found(searching, "question one") == "a"
        await written()
    update = {"project_id": "team/app", "call_id": "a", "display_name": "Renamed"}
    assert (await searching.post("/call/update", json=update)).status_code == 200
    assert await found(searching, "renamed") == "a"
    await written()
    assert await found(searching, "renamed") == "a"
    deleted = await searching.post("/calls/delete", json={"project_id": "team/app", "call_ids": ["a"]})
    assert deleted.status_code == 200
    for _ in range(2):
        assert await found(searching, "question") == "b"
        await written()
    await record(searching, [call("c", second=1, inputs={"text": "question three"})])
    await written()
    assert await found(searching, "question") == "cb"


async def test_common_words_are_found_too(
    searching: httpx.AsyncClient, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "MOST_FOUND", 2)
    await record(
        searching,
        [call(letter, second=n, inputs={"t": [f"common {letter}{letter}x"]}) for n, letter in enumerate("abcd")],
    )
    await written()
    await record(searching, [call("e", second=9, inputs={"t": ["common"]})])
    assert await found(searching, "common") == "edcba"
    assert await found(searching, "common ccx") == "c"


UNSEARCHED = """query Search($search: String) {
  project(slug: "team/app") {
    calls(search: $search, first: 10) {
      unsearchedCount nodes { callId children(search: $search) { unsearchedCount nodes { callId } } }
    }
  }
}"""


async def unsearched(client: httpx.AsyncClient, search: str) -> tuple[str, int]:
    """The ids of the calls that are found, and how many were not looked at."""
    listed = (await run(client, UNSEARCHED, search=search))["project"]["calls"]
    for node in listed["nodes"]:
        assert node["children"] == {"unsearchedCount": listed["unsearchedCount"], "nodes": []}
    return "".join(node["callId"] for node in listed["nodes"]), listed["unsearchedCount"]


async def test_what_cannot_be_looked_at_is_counted(
    searching: httpx.AsyncClient, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "MOST_UNREAD", 3)
    for number, letter in enumerate("abcde"):  # in requests of their own: the last is the one that changed last
        await record(searching, [call(letter, second=number, inputs={"t": ["needle"]})])
    assert await unsearched(searching, "needle") == ("edc", 2)
    assert await unsearched(searching, "") == ("abcde", 0)
    monkeypatch.setattr(find, "MOST_UNREAD_BYTES", 1)  # one is looked at, however large it is
    assert await unsearched(searching, "needle") == ("e", 4)
    monkeypatch.setattr(find, "MOST_COUNTED", 3)
    assert await unsearched(searching, "needle") == ("e", 2)
    await written()
    assert await unsearched(searching, "needle") == ("edcba", 0)


async def test_searches_without_three_characters_are_bounded(
    searching: httpx.AsyncClient, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(searching, [call(letter, second=n, inputs={"t": ["xy", "long"]}) for n, letter in enumerate("abcdef")])
    await written()
    assert await found(searching, "xy") == "fedcba"
    monkeypatch.setattr(find, "MOST_SCANNED", 4)
    assert await found(searching, "xy") == "fedc"
    assert await found(searching, "xy long") == "fedcba"


async def test_lists_of_siblings_and_other_projects(searching: httpx.AsyncClient, written: Written) -> None:
    parents = [call("a", second=1, inputs={"t": ["needle"]}), call("b", second=2)]
    children = [
        call("x", second=3, parent_id="a", inputs={"t": ["needle"]}),
        call("y", second=4, parent_id="a", inputs={"t": ["hay"]}),
        call("z", second=5, parent_id="b", inputs={}),
    ]
    await record(searching, [*parents, *children])
    await record(searching, [call("a", project_id="team/other", inputs={"t": ["needle"]}, ms=None)])
    await written()
    document = """{ project(slug: "team/app") { calls(filter: {callIds: ["a", "b"]}) { nodes {
      callId children(search: "needle") { totalCount nodes { callId } } } } } }"""
    nodes = (await run(searching, document))["project"]["calls"]["nodes"]
    assert [[child["callId"] for child in node["children"]["nodes"]] for node in nodes] == [["x"], []]
    assert [node["children"]["totalCount"] for node in nodes] == [1, 0]
    assert await found(searching, "needle") == "xa"


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (" ".join(f"w{number}" for number in range(21)), "search has 21 words and phrases, of 20 at most"),
        ("x" * 1001, "search has a word or phrase of 1001 characters, of 1000 at most"),
    ],
)
async def test_searches_have_limits(searching: httpx.AsyncClient, search: str, message: str) -> None:
    await record(searching, [call("a")])
    (error,) = await run(searching, SEARCH, search=search)
    assert error["message"].startswith(message)
    assert error["extensions"]["code"] == "INVALID_INPUT"


async def test_search_can_be_off(client: httpx.AsyncClient) -> None:
    await record(client, [call("a", inputs={"t": ["needle"]})])
    (error,) = await run(client, SEARCH, search="needle")
    assert error["extensions"]["code"] == "NOT_CONFIGURED"
    assert await found(client, "") == "a"


async def test_large_values_are_written_bit_by_bit_and_whatever_stops_it(
    searching: httpx.AsyncClient, database_url: str, written: Written
) -> None:
    filler = " ".join(f"word{number}" for number in range(60_000))
    await record(searching, [call("a", second=1, inputs={"text": f"needle at the beginning {filler} and at the end"})])
    await record(searching, [call("b", second=2, inputs={"text": "needle after it"})])
    database = Database(database_url)
    context = Context(database, LOCAL)
    write, writes = database.write, 0

    async def write_some(work: Callable[[Any], Any], *, always: bool = False) -> Any:
        nonlocal writes
        writes += 1
        if writes == 4:
            raise ConnectionError
        return await write(work, always=always)

    database.write = write_some  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        await TextWriter(lambda: context).catch_up()
    assert await found(searching, "needle") == "ba"
    assert await found(searching, '"and at the end"') == "a"
    database.write = write  # type: ignore[method-assign]
    # Two processes at a time do it once.
    await asyncio.gather(*(TextWriter(lambda: context).catch_up() for _ in range(2)))
    await written()
    statement = select(call_texts.c.call_id, func.count(), func.max(call_texts.c.part)).group_by(call_texts.c.call_id)
    found_parts = await database.read(lambda connection: connection.execute(statement).all())
    (_, count, last), other = sorted(tuple(row) for row in found_parts)
    assert (count > 5, last, other) == (True, count - 1, ("b", 1, 0))
    assert await found(searching, "needle") == "ba"
    assert await found(searching, 'beginning "and at the end" word59999') == "a"
    assert await found(searching, "word30000x") == ""
    deleted = await searching.post("/calls/delete", json={"project_id": "team/app", "call_ids": ["a"]})
    assert deleted.status_code == 200
    await written()
    assert await found(searching, "needle") == "b"
    left = await database.read(lambda connection: connection.execute(select(call_texts.c.call_id)).scalars().all())
    assert left == ["b"]
    await database.close()


async def test_the_server_writes_texts_by_itself(database_url: str) -> None:
    async with running_app(database_url, search="on") as client:
        await record(client, [call("a", inputs={"text": "needle"})])
        database = Database(database_url)
        async with asyncio.timeout(60):
            while not await database.read(lambda c: c.execute(select(call_texts.c.call_id)).scalars().all()):  # noqa: ASYNC110 - the server writes them
                await asyncio.sleep(0.05)
        await database.close()
        assert await found(client, "needle") == "a"


async def texts_of(database: Database) -> list[str]:
    """The calls whose texts are written."""
    statement = select(call_texts.c.call_id).distinct().order_by(call_texts.c.call_id)
    return list(await database.read(lambda connection: connection.execute(statement).scalars().all()))


async def test_one_of_two_processes_writes_and_the_other_takes_over(
    searching: httpx.AsyncClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "STOOD", 0)
    ours, theirs = Database(database_url), Database(database_url)
    one, other = (TextWriter(lambda database=database: Context(database, LOCAL)) for database in (ours, theirs))  # type: ignore[misc]
    await record(searching, [call("a")])
    await one.catch_up()
    await record(searching, [call("b")])
    write = ours.write

    async def write_late(work: Callable[[Any], Any], *, always: bool = False) -> Any:
        ours.write = write  # type: ignore[method-assign]
        await other.catch_up()
        await record(searching, [call("c")])
        return await write(work, always=always)

    ours.write = write_late  # type: ignore[method-assign]
    assert not await one.catch_up()  # the other one was faster, and more is left to it
    assert await texts_of(ours) == ["a", "b"]
    running = asyncio.create_task(RUN(one))  # but the other one is gone
    async with asyncio.timeout(60):
        while await texts_of(ours) != ["a", "b", "c"]:  # noqa: ASYNC110 - another task writes them
            await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.wait([running])
    await ours.close()
    await theirs.close()


async def test_the_text_of_a_call_that_runs_is_written_with_its_end_or_some_seconds_later(
    searching: httpx.AsyncClient, database_url: str, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(database_url)
    monkeypatch.setattr(index, "END_AWAITED", 3600)
    whole = call("b", inputs={"text": "needle"}, second=2)
    await record(searching, [call("a", second=1), {"start": whole["start"]}, call("c", second=3)])
    await written()
    assert await texts_of(database) == ["a"]
    assert await found(searching, "needle") == "b"
    monkeypatch.setattr(index, "MOST_AWAITING", 0)
    await written()
    assert await texts_of(database) == ["a", "b", "c"]
    await record(searching, [{"start": call("d", second=4)["start"]}])
    monkeypatch.setattr(index, "MOST_AWAITING", 2000)
    await written()
    assert await texts_of(database) == ["a", "b", "c"]
    monkeypatch.setattr(index, "END_AWAITED", -1)  # its time is over
    await written()
    assert await texts_of(database) == ["a", "b", "c", "d"]
    monkeypatch.setattr(index, "END_AWAITED", 3600)
    await record(searching, [{"start": call("e", second=5)["start"]}, {"start": call("f", second=6)["start"]}])
    await record(searching, [{"end": call("e", second=5)["end"]}])
    await written()
    assert await texts_of(database) == ["a", "b", "c", "d"]  # the end of "e" is behind the start of "f"
    deleted = await searching.post("/calls/delete", json={"project_id": "team/app", "call_ids": ["f"]})
    assert deleted.status_code == 200
    await record(searching, [{"end": {**whole["end"], "output": "thread"}}])
    await written()
    assert await texts_of(database) == ["a", "b", "c", "d", "e"]
    assert (await found(searching, "needle"), await found(searching, "thread")) == ("b", "b")
    await database.close()


async def test_no_end_is_waited_for_where_much_waits_with_it(
    searching: httpx.AsyncClient, database_url: str, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each search reads all that waits."""
    database = Database(database_url)
    monkeypatch.setattr(index, "END_AWAITED", 3600)
    await record(searching, [{"start": call("a", second=1)["start"]}])
    await record(searching, [call(f"b{number:03}", second=2) for number in range(498)])
    await written()
    assert await texts_of(database) == []
    await record(searching, [call("c", second=3)])
    await written()
    assert len(await texts_of(database)) == 500
    await record(searching, [{"start": call("d", second=4)["start"]}])
    await record(searching, [call("e", second=5, inputs={"text": "word " * 350_000})])
    await written()
    assert len(await texts_of(database)) == 500
    await record(searching, [call("f", second=6, inputs={"text": "word " * 70_000})])
    await written()
    assert len(await texts_of(database)) == 503
    await database.close()


async def test_a_text_is_written_at_the_last_change_that_there_is(
    searching: httpx.AsyncClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "BATCH", 2)
    calls = [call(name, inputs={"text": f"needle {name}"}) for name in "abcd"]
    for one in calls:
        await record(searching, [{"start": one["start"]}])
    for one in calls:
        await record(searching, [{"end": one["end"]}])
    database = Database(database_url)
    with executed() as statements:
        assert not await TextWriter(lambda: Context(database, LOCAL)).catch_up()
    assert await texts_of(database) == ["a", "b", "c", "d"]
    assert await found(searching, "needle") == "dcba"
    # Each batch that writes texts removes what there was of their calls: of four batches the two that hold the ends.
    assert len([text for text, _ in statements if text.startswith("DELETE FROM call_texts ")]) == 2
    await database.close()


async def test_what_was_read_before_a_change_is_not_written_after_it(
    searching: httpx.AsyncClient, database_url: str
) -> None:
    filler = " ".join(f"word{number}" for number in range(30_000))  # several transactions, but one batch
    for name, text in (("a", "a secret"), ("b", filler)):
        await record(searching, [call(name, inputs={"text": text})])
    ours, theirs = Database(database_url), Database(database_url)
    one, other = (TextWriter(lambda database=database: Context(database, LOCAL)) for database in (ours, theirs))  # type: ignore[misc]
    write, write_theirs = ours.write, theirs.write
    late: list[Any] = []
    theirs_written = 0

    async def write_late(work: Callable[[Any], Any], *, always: bool = False) -> Any:
        parts = getattr(work, "keywords", {}).get("parts", ())
        if not late and "a" in {part.call_id for part in parts}:
            late.append(work)
            body = {"project_id": "team/app", "call_ids": ["a"]}
            assert (await searching.post("/calls/delete", json=body)).status_code == 200
            await other.catch_up()
            return True
        return await write(work, always=always)

    async def write_between(work: Callable[[Any], Any], *, always: bool = False) -> Any:
        nonlocal theirs_written
        theirs_written += 1
        if theirs_written == 2:  # of several, so that theirs has not moved on yet
            assert await write(late[0], always=True)
        return await write_theirs(work, always=always)

    ours.write = write_late  # type: ignore[method-assign]
    theirs.write = write_between  # type: ignore[method-assign]
    await one.catch_up()
    assert theirs_written > 2
    assert set(await texts_of(ours)) == {"b"}
    await ours.close()
    await theirs.close()


async def test_what_is_found_is_read_by_its_key(
    database_url: str, searching: httpx.AsyncClient, written: Written
) -> None:
    """However many calls the project has that do not say it."""
    if not database_url.startswith("sqlite"):
        return  # PostgreSQL plans by how many rows there are
    await record(searching, [call("a", inputs={"text": "needle"})])
    await written()
    with executed() as statements:
        assert await found(searching, "needle") == "a"
    ((text, bound),) = [each for each in statements if "sort_0" in each[0] and "json_each" in each[0]]
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as connection:
        (plan, *_) = connection.execute(f"EXPLAIN QUERY PLAN {text}", bound).fetchall()
    assert plan[3] == "SEARCH calls USING INDEX sqlite_autoindex_calls_1 (project_id=? AND id=?)"
