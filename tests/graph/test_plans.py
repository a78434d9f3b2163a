"""What the graph sends to the databases is answered through indexes: the plans are read, on both."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from sqlalchemy import insert

from db.calls.tables import calls
from db.engines import engine_for, parse_url, preparing
from db.feedback import feedback
from db.migrate import migrate
from db.objects.tables import objects
from db.path_indexes.changes import add_path_index
from db.path_indexes.paths import EVERY_PROJECT, PathIndex
from db.projects import projects
from db.refs import refs
from tests.conftest import postgres_database, running_app
from tests.graph.recording import ask_project
from tests.plans import Access, accesses, columns_read
from tests.statements import executed

APP = "team/app"
SECOND = 1_000_000
MIDNIGHT = 1_767_225_600 * SECOND
KINDS = ("LLM", "TOOL", "AGENT", "CHAIN", "RETRIEVER")
WATCHED = {"calls", "feedback", "objects", "refs"}


def call_row(number: int, project: str) -> dict[str, Any]:
    """One of many calls: ten a trace, of which one is the root."""
    trace, place = divmod(number, 10)
    ref = f"weave:///{project}/object/model:{number % 50}"
    return {
        "project_id": project,
        "id": f"c{number}",
        "trace_id": f"t{trace}",
        "parent_id": f"c{10 * trace}" if place else None,
        "session_id": f"s{number // 100}",
        "thread_id": f"th{number // 50}" if place == 0 else None,
        "turn_id": f"c{number}" if place == 0 else None,
        "op_name": f"weave:///{project}/op/step{number % 60}:1",
        "kind": KINDS[number % 5] if number % 200 < 20 else None,
        "model": f"model-{number % 90}" if number % 3 == 0 else None,
        "total_tokens": 9 if number % 3 == 0 else None,
        "usage": f'[["model-{number % 90}",0,0,9,1]]' if number % 3 == 0 else None,
        "status": ("error", "running", "descendant_error")[number % 3] if number % 100 == 0 else "success",
        "exception_type": "ValueError" if number % 100 == 0 else None,
        "started_at": MIDNIGHT + number * SECOND,
        "ended_at": MIDNIGHT + (number + 1) * SECOND,
        "wb_user_id": f"u{number % 70}",
        "wb_run_id": f"r{number % 80}",
        "experiment_id": f"e{number // 200}" if number % 4 == 0 else None,
        "dataset_id": f"d{number // 100}" if number % 4 == 0 else None,
        "datapoint_id": f"p{number % 300}" if number % 4 == 0 else None,
        "created_at": MIDNIGHT,
        "change_seq": number + 1,
        "started_seq": number + 1,
        "ended_seq": number + 1,
        "attributes": "{}",
        "inputs": f'{{"model": "{ref}"}}',
        "output": "1",
        "summary": "{}",
    }


def rows_of(project: str, count: int) -> dict[Any, list[dict[str, Any]]]:
    """What is in a project, by table: calls with a ref, feedback on each, and objects."""
    found = [call_row(number, project) for number in range(count)]
    edges = []
    said = []
    for index, row in enumerate(found):
        ref = f"weave:///{project}/object/model:{index % 50}"
        edge = {"source_kind": "call", "role": "inputs", "source_id": row["id"], "target": ref, "base": ref}
        edges.append({"project_id": project, **edge})
        said.append(
            {
                "project_id": project,
                "id": f"f{index}",
                "target_ref": f"weave:///{project}/call/{row['id']}",
                "feedback_type": "note",
                "payload": "{}",
                "wb_user_id": f"u{index % 9}",
                "created_at": row["started_at"],
                "change_seq": index + 1,
            }
        )
    versions = [
        {
            "project_id": project,
            "kind": "object",
            "object_id": name,
            "digest": f"d{number}",
            "version_index": version,
            "is_latest": version == last,
            "size_bytes": 2,
            "created_at": MIDNIGHT + number,
            "published_seq": number + 1,
            "val": "{}",
        }
        for number in range(count)
        for name, version, last in [(f"o{number // 5}", number % 5, 4) if number % 2 else ("often", number, count - 2)]
    ]
    here = [{"project_id": project, "change_seq": count, "created_at": MIDNIGHT}]
    return {projects: here, calls: found, refs: edges, feedback: said, objects: versions}


def fill(url: str) -> None:
    """A busy project and a quiet one, and statistics of them for PostgreSQL's planner."""
    engine = engine_for(parse_url(url), pool_size=1)
    with engine.begin() as connection:
        for project, count in ((APP, 4000), ("team/lab", 1000)):
            for table, rows in rows_of(project, count).items():
                connection.execute(insert(table), rows)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # As autovacuum does: an index alone answers only what is known to be seen by all.
            connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()


@pytest.fixture(scope="module", params=["sqlite", "sqlite, with an index on a path", "postgresql"])
def filled_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with many calls, of each kind in turn."""
    with ExitStack() as stack:
        if request.param != "postgresql":
            url = f"sqlite:///{tmp_path_factory.mktemp('plans') / 'tracegraph.db'}"
            migrate(url)
            if request.param != "sqlite":
                with preparing(url) as engine:
                    add_path_index(engine, PathIndex(EVERY_PROJECT, "inputs.model"))
        else:
            template = request.getfixturevalue("postgres_template")
            url = stack.enter_context(postgres_database(request.getfixturevalue("postgres_server"), template))
        fill(url)
        yield url


@pytest.fixture
async def filled(filled_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server with many calls."""
    async with running_app(filled_url) as client:
        yield client


def filtered(chosen: str) -> str:
    return f"calls(first: 10, filter: {{ {chosen} }}) {{ totalCount nodes {{ callId inputs }} }}"


# What a client asks for, and the column of calls (or of the table named) whose index must find it.
FOUND_BY = {
    "op": (filtered('ops: ["step7"]'), "calls", "op_name"),
    "op name": (filtered('opNames: ["weave:///team/app/op/step7:*"]'), "calls", "op_name"),
    "trace": (filtered('traceIds: ["t17"]'), "calls", "trace_id"),
    "session": (filtered('sessionIds: ["s3"]'), "calls", "session_id"),
    "parent": (filtered('parentIds: ["c20"]'), "calls", "parent_id"),
    "thread": (filtered('threadIds: ["th2"]'), "calls", "thread_id"),
    "turn": (filtered('turnIds: ["c20"]'), "calls", "turn_id"),
    "user": (filtered('wbUserIds: ["u3"]'), "calls", "wb_user_id"),
    "run": (filtered('wbRunIds: ["r3"]'), "calls", "wb_run_id"),
    "kind": (filtered("kinds: [TOOL]"), "calls", "kind"),
    "model": (filtered('models: ["model-3"]'), "calls", "model"),
    "time": (filtered('startedAfter: "2026-01-01T00:01:00Z", startedBefore: "2026-01-01T00:01:30Z"'), "calls", "start"),
    "status": (filtered("statuses: [ERROR, DESCENDANT_ERROR]"), "calls", "status"),
    "running": (filtered("statuses: [RUNNING]"), "calls", "status"),
    "exception": (filtered('exceptionTypes: ["ValueError"]'), "calls", "exception_type"),
    "dataset": (filtered('datasetIds: ["d3"]'), "calls", "dataset_id"),
    "datapoint": (filtered('datapointIds: ["p3"]'), "calls", "datapoint_id"),
    "id": (filtered('callIds: ["c3", "c4"]'), "calls", "id"),
    "ref": (filtered('inputRefs: ["weave:///team/app/object/model:7"]'), "refs", "base"),
    "kind in the query": (
        'calls(query: {eq: [{getField: "kind"}, {literal: {value: "TOOL"}}]}) { totalCount }',
        "calls",
        "kind",
    ),
    "trace node": (
        'trace(traceId: "t17") { callCount root { callId } calls { nodes { callId } } }',
        "calls",
        "trace_id",
    ),
    "tree": (
        'call(callId: "c20") { descendants { totalCount nodes { callId } } children { totalCount } }',
        "calls",
        "parent_id",
    ),
    "session node": ('session(sessionId: "s3") { callCount traces { totalCount } }', "calls", "session_id"),
    "thread node": ('thread(threadId: "th2") { callCount turns { nodes { callId } } }', "calls", "thread_id"),
    "user node": ('user(id: "u3") { callCount calls(first: 2) { nodes { callId } } }', "calls", "wb_user_id"),
    "feedback of a call": ('call(callId: "c20") { feedback { nodes { payload } } }', "feedback", "target_ref"),
    "feedback by user": ('feedback(filter: { wbUserIds: ["u3"] }) { totalCount }', "feedback", "wb_user_id"),
    "use of an object": (
        'calls(filter: { inputRefs: ["weave:///team/app/object/model:7"] }) { totalCount }',
        "refs",
        "base",
    ),
    "versions": ('object(objectId: "o7") { versionCount versions { nodes { digest } } }', "objects", "object_id"),
}


async def asked(client: httpx.AsyncClient, url: str, fields: str) -> list[Access]:
    """The accesses of what is sent for ``fields`` of the project."""
    with executed() as statements:
        await ask_project(client, fields)
    return [each for each in accesses(url, statements) if each.table in WATCHED]


async def test_what_is_filtered_is_found_by_an_index(filled: httpx.AsyncClient, filled_url: str) -> None:
    wrong = {}
    for name, (fields, table, column) in FOUND_BY.items():
        found = await asked(filled, filled_url, fields)
        by = re.compile(rf"\b{column}")
        if any(each.is_scan for each in found) or not any(each.table == table and by.search(each.by) for each in found):
            wrong[name] = found
    assert wrong == {}


NEWEST = 'orderBy: [{field: "startedAt", direction: DESC}]'
ORDERED = {
    "oldest": "calls(first: 10) { nodes { callId inputs } }",
    "newest": f"calls(first: 10, {NEWEST}) {{ nodes {{ callId }} }}",
    "last": "calls(last: 10) { nodes { callId } }",
    "newest of a kind": f"calls(first: 10, filter: {{kinds: [TOOL]}}, {NEWEST}) {{ nodes {{ callId }} }}",
    "newest failures": f"calls(first: 10, filter: {{statuses: [ERROR]}}, {NEWEST}) {{ nodes {{ callId }} }}",
    "newest roots": f"calls(first: 10, filter: {{isRoot: true}}, {NEWEST}) {{ nodes {{ callId }} }}",
    "feedback": "feedback(first: 10) { nodes { feedbackId } }",
}


async def test_pages_are_read_in_their_order(filled: httpx.AsyncClient, filled_url: str) -> None:
    wrong = {}
    for name, fields in ORDERED.items():
        found = await asked(filled, filled_url, fields)
        if not found or any(each.is_scan or each.sorts for each in found):
            wrong[name] = found
    assert wrong == {}


@pytest.mark.parametrize("chosen", ["isRoot: true", "traceRootsOnly: true"])
@pytest.mark.parametrize("page", ["first: 10", "last: 10"])
async def test_roots_are_not_sought_among_all_calls(
    filled: httpx.AsyncClient, filled_url: str, chosen: str, page: str
) -> None:
    """However few of the newest calls have no parent."""
    for order in (NEWEST, 'orderBy: [{field: "startedAt"}]'):
        found = await asked(
            filled, filled_url, f"calls({page}, filter: {{{chosen}}}, {order}) {{ nodes {{ callId }} }}"
        )
        assert ["parent_id" in each.by and not each.sorts for each in found] == [True]


OTHERWISE = [
    "",
    'filter: { opNames: ["weave:///team/app/op/step7:*"] },',
    'filter: { traceIds: ["t1", "t2"] },',
]


@pytest.mark.parametrize("chosen", OTHERWISE)
async def test_payloads_of_a_page_are_read_by_the_ids_of_its_calls(
    filled: httpx.AsyncClient, filled_url: str, chosen: str
) -> None:
    order = NEWEST if chosen else 'orderBy: [{ field: "latencyMs" }]'
    found = await asked(filled, filled_url, f"calls(first: 100, {chosen} {order}) {{ nodes {{ callId inputs }} }}")
    assert re.search(r"\bid\b", found[-1].by), found


@pytest.mark.parametrize("chosen", ["", 'filter: { traceIds: ["t17"] },'])
@pytest.mark.parametrize("page", ["first: 5", "last: 5"])
async def test_payloads_are_read_on_the_way_only_along_an_index(
    filled: httpx.AsyncClient, filled_url: str, chosen: str, page: str
) -> None:
    for order in (NEWEST, 'orderBy: [{ field: "startedAt" }]'):
        for way in (page, f'{page}, after: "CURSOR"'):
            of_ids = f"calls({page}, {chosen} {order}) {{ pageInfo {{ startCursor }} nodes {{ callId }} }}"
            cursor = (await ask_project(filled, of_ids))["calls"]["pageInfo"]["startCursor"]
            listed = f"calls({way.replace('CURSOR', cursor)}, {chosen} {order}) {{ nodes {{ callId inputs }} }}"
            found = await asked(filled, filled_url, listed)
            assert [each for each in found if each.is_scan or each.sorts] == []


async def test_a_page_deep_inside_is_found_by_its_cursor(filled: httpx.AsyncClient, filled_url: str) -> None:
    first = await ask_project(filled, f"calls(first: 1000, {NEWEST}) {{ pageInfo {{ endCursor }} }}")
    cursor = first["calls"]["pageInfo"]["endCursor"]
    found = await asked(filled, filled_url, f'calls(first: 10, {NEWEST}, after: "{cursor}") {{ nodes {{ callId }} }}')
    assert all("started_at" in each.by for each in found)
    assert [each for each in found if each.is_scan or each.sorts] == []


SEVERAL = {
    "versions of an op": ('ops: ["step7"]', "op_name"),
    "ops of a prefix": (f'opNames: ["weave:///{APP}/op/step7:*"]', "op_name"),
    "users": ('wbUserIds: ["u3", "u4"]', "wb_user_id"),
    "kinds": ("kinds: [TOOL, LLM]", "kind"),
    "failures": ("statuses: [ERROR, RUNNING]", "status"),
}


async def test_what_has_one_of_several_values_is_read_in_order_of_each(
    filled: httpx.AsyncClient, filled_url: str
) -> None:
    """Neither all of them are sorted, nor the newest calls walked until there are enough."""
    wrong = {}
    for name, (chosen, column) in SEVERAL.items():
        found = await asked(
            filled, filled_url, f"calls(first: 10, filter: {{ {chosen} }}, {NEWEST}) {{ nodes {{ callId }} }}"
        )
        if any(f"{column} =" not in each.by and f"{column}=" not in each.by for each in found[-1:]):
            wrong[name] = found
    assert wrong == {}


PAYLOADS = {f"{name}{form}" for name in ("attributes", "inputs", "output", "summary") for form in ("", "_query")}
COUNTED = {
    "count": "calls { totalCount }",
    "count of an op": 'calls(filter: {ops: ["step7"]}) { totalCount }',
    "count of failures": "calls(filter: {statuses: [ERROR]}) { totalCount }",
    "count of a time": 'calls(filter: {startedAfter: "2026-01-01T00:01:00Z"}) { totalCount }',
    "count of roots": "calls(filter: {isRoot: true}) { totalCount }",
    "facets": 'facets(fields: ["opName", "status", "model"]) { values { value count } }',
    "statistics": "callStats { window { calls errors latency { p50Ms } } buckets { calls } }",
    "statistics by op": "callStats(groupBy: [OP]) { groups { window { calls errors } } }",
    "sizes": "stats { callCount traceCount traceStorageSizeBytes }",
    "tokens": "callStats { window { totalTokens cost { total } } buckets { inputTokens } }",
    "tokens by op": "callStats(groupBy: [OP, MODEL]) { groups { window { totalTokens cost { total } } } }",
    "tokens of groups": "traces(first: 10) { nodes { usage { totalTokens } session { cost { total } } } }",
    "costliest": 'calls(first: 10, orderBy: [{field: "cost", direction: DESC}]) { nodes { callId } }',
    "traces": "traces(first: 10) { totalCount nodes { traceId callCount durationMs } }",
    "sessions": "sessions(first: 10) { totalCount nodes { sessionId callCount } }",
    "tree": 'call(callId: "c20") { descendants { totalCount edges { depth } } children { totalCount } }',
    "list": f"calls(first: 100, {NEWEST}) {{ nodes {{ callId opName status latencyMs storageSizeBytes }} }}",
}


async def test_what_counts_reads_no_payloads(filled: httpx.AsyncClient, filled_url: str) -> None:
    wrong = {}
    for name, fields in COUNTED.items():
        with executed() as statements:
            await ask_project(filled, fields)
        if found := columns_read(filled_url, statements, "calls") & PAYLOADS:
            wrong[name] = found
    assert wrong == {}


SLOWEST = 'orderBy: [{field: "latencyMs", direction: DESC}]'
NARROW = {
    "facets": 'facets(fields: ["opName", "status", "model", "kind", "latencyMs"]) { values { value count } }',
    "statistics": "callStats { window { calls errors latency { p50Ms } } buckets { calls } }",
    "statistics by op": "callStats(groupBy: [OP, STATUS]) { groups { window { calls errors latency { p50Ms } } } }",
    "tokens": "callStats { window { totalTokens cost { total } } buckets { inputTokens } }",
    "tokens by model": "callStats(groupBy: [MODEL]) { groups { window { totalTokens cost { total } } } }",
    "tokens of a trace": 'trace(traceId: "t17") { usage { totalTokens } cost { total } }',
    "sizes": "stats { callCount traceCount traceStorageSizeBytes }",
    "sizes of traces": "calls { totalCount totalStorageSizeBytes }",
    "sizes of traces by their roots": "calls(filter: {traceRootsOnly: true}) { totalStorageSizeBytes }",
    "successes": "calls(filter: {statuses: [SUCCESS]}) { totalCount }",
    "slowest": f"calls(first: 5, {SLOWEST}) {{ nodes {{ callId name opName status latencyMs }} }}",
    "users": "users(first: 3) { totalCount nodes { id errorCount } }",
    "worst users": 'users(first: 3, orderBy: [{field: "errorCount", direction: DESC}]) { totalCount nodes { id } }',
    "threads": "threads(first: 3) { totalCount nodes { threadId callCount } }",
    "threads by turns": 'threads(first: 3, orderBy: [{field: "lastUpdated"}]) { nodes { threadId callCount } }',
    "sessions": 'sessions(first: 3, orderBy: [{field: "errorCount"}]) { totalCount nodes { sessionId callCount } }',
    "traces": 'traces(first: 3, orderBy: [{field: "callCount"}]) { totalCount nodes { traceId callCount } }',
}
"""What is asked of many calls, and told by an index on SQLite but for the groups of a page."""


async def test_what_is_asked_of_many_calls_is_told_by_an_index(filled: httpx.AsyncClient, filled_url: str) -> None:
    wrong = {}
    for name, fields in NARROW.items():
        found = [each for each in await asked(filled, filled_url, fields) if each.table == "calls"]
        told = [each.covered or re.search(r" AND \w+=\?", each.by) for each in found]
        if filled_url.startswith("sqlite") and not (all(told) and any(each.covered for each in found)):
            wrong[name] = found
    assert wrong == {}


@pytest.mark.parametrize("order", ["latencyMs", "totalTokens", "op"])
async def test_what_no_index_tells_is_read_of_a_page_alone(
    filled: httpx.AsyncClient, filled_url: str, order: str
) -> None:
    fields = f'calls(first: 5, orderBy: [{{field: "{order}"}}]) {{ nodes {{ callId exception wbRunId }} }}'
    found = [each for each in await asked(filled, filled_url, fields) if each.table == "calls"]
    if filled_url.startswith("sqlite"):
        assert [each.covered for each in found] == [True, False]
        assert re.search(r"\bid=", found[-1].by)


async def test_publishing_does_not_look_at_all_versions(filled: httpx.AsyncClient, filled_url: str) -> None:
    with executed() as statements:
        made = {"project_id": APP, "object_id": "often", "val": "new"}
        assert (await filled.post("/obj/create", json={"obj": made})).status_code == 200
    found = [each for each in accesses(filled_url, statements) if each.table == "objects"]
    assert found
    assert [each for each in found if not re.search("digest|is_latest", each.by)] == []


async def test_the_newest_traces_are_found_among_the_newest_calls(filled: httpx.AsyncClient, filled_url: str) -> None:
    found = await asked(filled, filled_url, "traces(first: 10) { nodes { traceId callCount } }")
    assert len(found) > 1
    assert [each for each in found if not re.search("started_at|trace_id", each.by)] == []


async def test_payloads_that_are_read_are_seen(filled: httpx.AsyncClient, filled_url: str) -> None:
    with executed() as statements:
        await ask_project(filled, "calls(first: 1) { nodes { callId inputs } }")
    assert columns_read(filled_url, statements, "calls") & PAYLOADS == {"inputs"}


async def test_calls_are_counted_without_a_look_at_them(filled: httpx.AsyncClient, filled_url: str) -> None:
    """By an index alone: it says which are deleted."""
    for name, fields in COUNTED.items():
        if name.startswith("count"):
            with executed() as statements:
                await ask_project(filled, fields)
            assert {"project_id", "started_at"} < columns_read(filled_url, statements, "calls"), name
            found = [each for each in accesses(filled_url, statements) if each.table == "calls"]
            assert [each for each in found if not each.covered] == [], name
