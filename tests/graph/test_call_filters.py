"""The typed filter of calls, their names, and their orders."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from graph.schema import schema

PROJECT = "team/app"
DAY = "2026-01-01"
OP = f"weave:///{PROJECT}/op"


def call(call_id: str, **values: Any) -> dict[str, Any]:
    """A start at second ``second`` of the day, and an end ``ms`` later unless ``ms`` is None."""
    started = values.pop("second", 0)
    ms = values.pop("ms", 1000)
    end = {name: values.pop(name) for name in ("exception", "summary") if name in values}
    start = {
        "project_id": PROJECT,
        "id": call_id,
        "trace_id": "trace",
        "op_name": "op",
        "started_at": f"{DAY}T00:00:{started:02}Z",
        "attributes": {},
        "inputs": {},
        **values,
    }
    if ms is None:
        return {"start": start}
    ended = f"{DAY}T00:00:{started + ms // 1000:02}.{ms % 1000:03}Z"
    return {"start": start, "end": {"project_id": PROJECT, "id": call_id, "ended_at": ended, "summary": {}, **end}}


async def record(client: httpx.AsyncClient, calls: Sequence[Mapping[str, Any]]) -> None:
    batch = [{"mode": mode, "req": {mode: event}} for one in calls for mode, event in one.items()]
    response = await client.post("/call/upsert_batch", content=json.dumps({"batch": batch}))
    assert response.status_code == 200, response.text


async def run(client: httpx.AsyncClient, document: str, **variables: Any) -> Any:
    """The data, or the errors."""
    body = json.dumps({"query": document, "variables": variables})
    response = await client.post("/graphql", content=body, headers={"content-type": "application/json"})
    answer = json.loads(response.text)
    return answer.get("errors") or answer["data"]


LIST = """query List($filter: CallFilterInput, $query: QueryExprInput, $orderBy: [SortByInput!]) {
  project(slug: "team/app") { calls(filter: $filter, query: $query, orderBy: $orderBy) { totalCount nodes { callId } } }
}"""


async def found(client: httpx.AsyncClient, **variables: Any) -> str:
    """The ids of the calls, one letter each."""
    data = await run(client, LIST, **variables)
    assert isinstance(data, dict), data
    calls = data["project"]["calls"]
    assert calls["totalCount"] == len(calls["nodes"])
    return "".join(node["callId"] for node in calls["nodes"])


def used(tokens: int, model: str = "gpt-4o") -> dict[str, Any]:
    return {"usage": {model: {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens}}}


SAMPLE = [
    call("a", op_name=f"{OP}/answer:v1", ms=500, summary=used(10)),
    call("b", op_name=f"{OP}/answer:v2", second=1, parent_id="a", summary=used(30)),
    call("c", op_name=f"{OP}/answer_all:v1", second=2, parent_id="a", display_name="All of it"),
    call("d", op_name="answer", second=3, attributes={"weave": {"kind": "llm"}}, summary=used(20, "claude")),
    call("e", op_name="weave:///other/place/op/answer:v1", second=4, exception="Timeout: 50% DONE", ms=0),
    call("f", op_name="tool", second=5, attributes={"weave": {"kind": "tool"}}, ms=None, thread_id="t", turn_id="f"),
    call("g", op_name="é\x00\ud800", second=6, ms=2500, summary={"status_counts": {"error": 1}}),
]


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({"ops": ["answer"]}, "abde"),
    ({"ops": ["answer", "tool"]}, "abdef"),
    ({"ops": ["answer_all"]}, "c"),
    ({"ops": ["é\x00\ud800"]}, "g"),
    ({"ops": [f"{OP}/answer:v2"]}, "b"),
    ({"ops": ["Answer"]}, ""),
    ({"ops": ["ans"]}, ""),
    ({"ops": ["%"]}, ""),
    ({"ops": ["answer"], "isRoot": True}, "ade"),
    ({"opNames": ["answer"]}, "d"),
    ({"opNames": [f"{OP}/answer:*"]}, "ab"),
    ({"displayNames": ["All of it"]}, "c"),
    ({"statuses": ["ERROR"]}, "e"),
    ({"statuses": ["ERROR", "DESCENDANT_ERROR"]}, "eg"),
    ({"statuses": ["RUNNING"]}, "f"),
    ({"statuses": ["SUCCESS"]}, "abcd"),
    ({"kinds": ["LLM"]}, "d"),
    ({"kinds": ["LLM", "TOOL", "AGENT"]}, "df"),
    ({"models": ["gpt-4o"]}, "ab"),
    ({"startedAfter": f"{DAY}T00:00:03Z"}, "defg"),
    ({"startedAfter": f"{DAY}T00:00:03.000001Z"}, "efg"),
    ({"startedBefore": f"{DAY}T00:00:03Z"}, "abc"),
    ({"startedAfter": f"{DAY}T01:00:01+01:00", "startedBefore": f"{DAY}T00:00:03"}, "bc"),
    ({"startedAfter": "0001-01-01T00:00:00Z", "startedBefore": "9999-12-31T23:59:59Z"}, "abcdefg"),
    ({"endedAfter": f"{DAY}T00:00:04Z"}, "deg"),
    ({"endedBefore": f"{DAY}T00:00:04Z"}, "abc"),
    ({"minLatencyMs": 1000}, "bcdg"),
    ({"maxLatencyMs": 999.5}, "ae"),
    ({"minLatencyMs": 0, "maxLatencyMs": 0}, "e"),
    ({"minLatencyMs": 1e300}, ""),
    ({"minTotalTokens": 20}, "bd"),
    ({"minTotalTokens": 0}, "abd"),
    ({"exceptionContains": "timeout: 50% done"}, "e"),
    ({"exceptionContains": "%e"}, ""),
    ({"exceptionContains": ""}, "e"),
    ({"isRoot": False}, "bc"),
    ({"isRoot": True}, "adefg"),
    ({"traceRootsOnly": False}, "abcdefg"),
    ({"turnsOnly": True}, "f"),
    ({"ops": [], "statuses": [], "models": [], "kinds": [], "displayNames": []}, "abcdefg"),
    ({"ops": None, "statuses": None, "isRoot": None, "startedAfter": None, "minLatencyMs": None}, "abcdefg"),
    ({"callIds": ["a", "b", "none"], "statuses": ["SUCCESS"], "minTotalTokens": 11}, "b"),
]


async def test_filters(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE)
    assert [(chosen, await found(client, filter=chosen)) for chosen, _ in FILTERS] == FILTERS


async def test_many_versions_of_ops_are_walked(client: httpx.AsyncClient) -> None:
    names = [f"op-{number % 40}" for number in range(120)]
    await record(client, [call(str(index), op_name=f"{OP}/{name}:d{index}") for index, name in enumerate(names)])
    chosen = {"ops": ["op-7", *(f"none-{number}" for number in range(999))]}
    data = await run(client, LIST, filter=chosen)
    assert [node["callId"] for node in data["project"]["calls"]["nodes"]] == ["47", "7", "87"]
    [error] = await run(client, LIST, filter={"ops": [*chosen["ops"], "more"]})
    assert (error["extensions"]["field"], "(1000). Actual length: 1001" in error["message"]) == (
        ["filter", "ops"],
        True,
    )


async def test_an_unknown_status_is_refused(client: httpx.AsyncClient) -> None:
    for status in ("SUCCES", "error", 1):
        [error] = await run(client, LIST, filter={"statuses": [status]})
        assert str(status) in error["message"]


async def test_names(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE)
    data = await run(client, '{ project(slug: "team/app") { calls { nodes { name opShortName } } } }')
    assert [(node["name"], node["opShortName"]) for node in data["project"]["calls"]["nodes"]] == [
        ("answer", "answer"),
        ("answer", "answer"),
        ("All of it", "answer_all"),
        ("answer", "answer"),
        ("answer", "answer"),
        ("tool", "tool"),
        ("é\x00\ud800", "é\x00\ud800"),
    ]


ODD = {"WEAVE:///a/b/op/C:d": None, "weaver says :///x:y": "x", f"{OP}/a.b-c:d": "a.b-c", "a/b:c": None, "weave": None}


async def test_short_names_are_the_same_in_answers_filters_and_groups(client: httpx.AsyncClient) -> None:
    await record(client, [call(str(index), op_name=name) for index, name in enumerate(ODD)])
    document = """{ project(slug: "team/app") { calls { nodes { callId opShortName } }
      facets(fields: ["op"]) { values { value } }
      callStats(groupBy: [OP]) { groups { op window { calls } } } } }"""
    project = (await run(client, document))["project"]
    names = {node["callId"]: node["opShortName"] for node in project["calls"]["nodes"]}
    assert list(names.values()) == [short or name for name, short in ODD.items()]
    assert sorted(value["value"] for value in project["facets"][0]["values"]) == sorted(names.values())
    groups = {group["op"]: group["window"]["calls"] for group in project["callStats"]["groups"]}
    assert groups == dict.fromkeys(names.values(), 1)
    for call_id, name in names.items():
        assert (name, await found(client, filter={"ops": [name]})) == (name, call_id)


ORDERS: list[tuple[list[str], str]] = [
    ([], "abcdefg"),
    (["-startedAt"], "gfedcba"),
    (["-started_at"], "gfedcba"),
    (["latencyMs", "-startedAt"], "eadcbgf"),
    (["-latency_ms", "callId"], "gbcdaef"),
    (["-totalTokens", "callId"], "bdacefg"),
    (["usage.totalTokens", "callId"], "adbcefg"),
    (["name", "callId"], "cabdefg"),
    (["opShortName", "-callId"], "edbacfg"),
    (["status", "startedAt"], "gefabcd"),
    (["createdAt", "callId"], "abcdefg"),
    (["inputs.n", "-callId"], "gfedcba"),
]


async def test_orders_take_the_names_of_the_graph(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE)
    for order, ids in ORDERS:
        keys = [{"field": key.lstrip("-"), "direction": "DESC" if key.startswith("-") else "ASC"} for key in order]
        assert (order, await found(client, orderBy=keys)) == (order, ids)


async def test_every_key_that_the_schema_lists_can_be_ordered_and_queried_by(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE)
    argument = schema._schema.type_map["Project"].fields["calls"].args["orderBy"]  # type: ignore[attr-defined]
    keys = re.findall(r"`([a-zA-Z]+)`", argument.description)
    assert {"startedAt", "latencyMs", "status", "totalTokens", "inputs", "wbRunStepEnd"} <= set(keys)
    for key in keys:
        assert len(await found(client, orderBy=[{"field": key}])) == 7
        if key == "cost":  # worked out of prices, beside the database
            continue
        exists = {"convert": {"input": {"getField": key}, "to": "EXISTS"}}
        await found(client, query={"eq": [exists, {"literal": {"value": True}}]})


QUERIES: list[tuple[str, Any, str]] = [
    ("status", "ERROR", "e"),
    ("summary.weave.status", "error", "e"),
    ("latencyMs", 1000, "bcd"),
    ("totalTokens", 30, "b"),
    ("usage.model", "claude", "d"),
    ("startedAt", f"{DAY}T00:00:02Z", "c"),
    ("opShortName", "answer", "abde"),
    ("name", "All of it", "c"),
    ("parentId", "a", "bc"),
    ("callId", "g", "g"),
]


async def test_queries_take_the_names_of_the_graph(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE)
    for field, value, ids in QUERIES:
        query = {"eq": [{"getField": field}, {"literal": {"value": value}}]}
        assert (field, await found(client, query=query)) == (field, ids)


async def test_an_unknown_field_gets_a_suggestion(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE[:1])
    for field, meant in {"startedat": "startedAt", "latency": "latencyMs", "total_token": "totalTokens"}.items():
        [error] = await run(client, LIST, orderBy=[{"field": field}])
        assert error["message"] == f"unknown field {field!r}; did you mean {meant!r}?"
        assert error["extensions"] == {"code": "INVALID_QUERY", "field": ["orderBy", 0, "field"]}
        [error] = await run(client, LIST, query={"eq": [{"getField": field}, {"literal": {"value": 1}}]})
        assert error["message"] == f"unknown field {field!r}; did you mean {meant!r}?"


CONNECTIONS = {
    "calls": "nodes { callId }",
    "traces": "nodes { traceId }",
    "sessions": "nodes { sessionId }",
    "threads": "nodes { threadId }",
    "feedback": "nodes { feedbackId }",
    "objectVersions": "nodes { digest }",
    "ops": "nodes { digest }",
    "prices": "nodes { priceId }",
}


async def test_what_no_page_can_be_is_refused_by_name(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE)
    document = '{ project(slug: "team/app") { calls(first: 1, orderBy: {field: "kind"}) { edges { cursor } } } }'
    cursor = (await run(client, document))["project"]["calls"]["edges"][0]["cursor"]
    refusals = {
        "first: 1, last: 1": "first (1) and last (1) exclude each other",
        "first: -1": "first must be from 1 to 1000, not -1",
        "last: 0": "last must be from 1 to 1000, not 0",
        "first: 1001": "first must be from 1 to 1000, not 1001",
        'after: "?"': "after: not a cursor: '?'",
        'before: ""': "before: not a cursor: ''",
        'after: "bnVsbA"': "after: not a cursor: 'bnVsbA'",
        f'after: "{cursor}"': f"after: the cursor {cursor!r} belongs to another order; start again without it",
    }
    for name, nodes in CONNECTIONS.items():
        for arguments, said in refusals.items():
            document = f'{{ project(slug: "team/app") {{ {name}({arguments}) {{ totalCount {nodes} }} }} }}'
            [error] = await run(client, document)
            assert (name, error["message"]) == (name, said)
            assert error["extensions"]["field"] == ["last" if "exclude" in said else said.split()[0].strip(":")]


async def test_a_cursor_is_good_for_any_spelling_of_its_order(client: httpx.AsyncClient) -> None:
    await record(client, SAMPLE)
    document = """query($field: String!, $after: String) { project(slug: "team/app") {
      calls(first: 2, after: $after, orderBy: [{field: $field, direction: DESC}]) {
        nodes { callId } pageInfo { endCursor } } } }"""
    first = (await run(client, document, field="started_at"))["project"]["calls"]
    assert [node["callId"] for node in first["nodes"]] == ["g", "f"]
    after = first["pageInfo"]["endCursor"]
    second = (await run(client, document, field="startedAt", after=after))["project"]["calls"]
    assert [node["callId"] for node in second["nodes"]] == ["e", "d"]
    [error] = await run(client, document, field="endedAt", after=after)
    assert "belongs to another order" in error["message"]


async def test_queries_that_python_takes_for_equal_are_told_apart(client: httpx.AsyncClient) -> None:
    """Though the condition of a query is kept: 1 is true, and 1.0."""
    texts = {"1": 1, "true": True, "1.5": 1.5, "false": False, "0": 0}
    await record(client, [call(text, inputs={"flag": text}) for text in texts])
    document = """query($query: QueryExprInput) { project(slug: "team/app") {
      calls(query: $query) { nodes { callId } } } }"""
    for _ in range(2):
        for text, value in texts.items():
            written = {"convert": {"input": {"literal": {"value": value}}, "to": "STRING"}}
            data = await run(client, document, query={"eq": [{"getField": "inputs.flag"}, written]})
            assert data["project"]["calls"]["nodes"] == [{"callId": text}]
