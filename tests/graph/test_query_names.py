"""Names and constants in queries: the graph's own names everywhere, and no silent nonsense in the typed input."""

import json
from typing import Any

import httpx

from db.calls.fields import KINDS, STATUSES
from db.feedback_fields import FEEDBACK_FIELDS
from resolvers.calls.kinds import CallKind
from resolvers.calls.read import CallStatus
from resolvers.feedback.kinds import FeedbackKind
from tests.graph.test_call_filters import LIST, PROJECT, call, found, record, run

FEEDBACK = """query List($query: QueryExprInput, $queryJson: JSON, $orderBy: [SortByInput!]) {
  project(slug: "team/app") {
    feedback(query: $query, queryJson: $queryJson, orderBy: $orderBy) { nodes { feedbackId } } } }"""
FEEDBACKS = [
    ("f1", "c1", "wandb.note.1", {"note": "good"}, "ann", "u1"),
    ("f2", "c1", "wandb.reaction.1", {"emoji": "\N{THUMBS UP SIGN}"}, "bob", "u2"),
    ("f3", "c2", "grade", {"value": 7}, "ann", "u1"),
    ("f4", "c2", "wandb.runnable.judge", {"output": {"score": 0.25}}, None, "u3"),
    ("f5", "c3", "custom", {"x": 1}, None, "u3"),
]


def target(call_id: str) -> str:
    return f"weave:///{PROJECT}/call/{call_id}"


async def fill(client: httpx.AsyncClient) -> None:
    for feedback_id, call_id, kind, payload, creator, user in FEEDBACKS:
        body: dict[str, Any] = {
            "id": feedback_id,
            "project_id": PROJECT,
            "weave_ref": target(call_id),
            "feedback_type": kind,
            "payload": payload,
            "creator": creator,
            "wb_user_id": user,
        }
        if kind.startswith("wandb.runnable"):
            body |= {"runnable_ref": f"weave:///{PROJECT}/op/judge:v1", "call_ref": target("c9")}
        response = await client.post("/feedback/create", json=body)
        assert response.status_code == 200, response.text


async def feedback(client: httpx.AsyncClient, **variables: Any) -> str:
    data = await run(client, FEEDBACK, **variables)
    assert isinstance(data, dict), data
    return "".join(node["feedbackId"][1:] for node in data["project"]["feedback"]["nodes"])


def compared(field: str, value: Any, operator: str = "eq") -> dict[str, Any]:
    return {operator: [{"getField": field}, {"literal": {"value": value}}]}


BY_NAME = [
    (compared("targetRef", target("c1")), "12"),
    (compared("feedbackId", "f3"), "3"),
    (compared("feedbackType", "custom"), "5"),
    (compared("kind", "NOTE"), "1"),
    (compared("kind", "other"), "35"),
    (compared("kind", "Scorer"), "4"),
    (compared("note", "good"), "1"),
    (compared("emoji", "\N{THUMBS UP SIGN}"), "2"),
    (compared("value", 5, "gt"), "3"),
    (compared("output.score", 0.5, "lt"), "4"),
    (compared("payload.output.score", 0.25), "4"),
    (compared("details.scorer_tags", None), "12345"),
    (compared("creator", "ann"), "13"),
    (compared("runnableRef", None), "1235"),
    (compared("createdAt", "2000-01-01", "gt"), "12345"),
    (compared("projectSlug", PROJECT), "12345"),
]


async def test_feedback_is_queried_by_the_names_of_the_graph(client: httpx.AsyncClient) -> None:
    await fill(client)
    for query, ids in BY_NAME:
        assert (query, await feedback(client, query=query)) == (query, ids)


async def test_feedback_is_ordered_by_the_names_of_the_graph(client: httpx.AsyncClient) -> None:
    await fill(client)
    by_id = {"field": "feedbackId"}
    assert await feedback(client, orderBy=[{"field": "kind"}, by_id]) == "13524"
    assert await feedback(client, orderBy=[{"field": "targetRef", "direction": "DESC"}, by_id]) == "53412"
    assert await feedback(client, orderBy=[{"field": "value"}, by_id]) == "31245"


MEANT = {
    "targetref": "did you mean 'targetRef'?",
    "feedback_typ": "did you mean 'feedbackType'?",
    "payloads.output.score": "did you mean 'payload.output.score'?",
}


async def test_an_unknown_name_is_answered_in_the_names_of_the_graph(client: httpx.AsyncClient) -> None:
    await fill(client)
    for field, message in MEANT.items():
        for variables in ({"query": compared(field, 1)}, {"orderBy": [{"field": field}]}):
            [error] = await run(client, FEEDBACK, **variables)
            assert error["message"] == f"unknown field {field!r}; {message}"
            assert error["extensions"]["code"] == "INVALID_QUERY"
    [error] = await run(client, FEEDBACK, orderBy=[{"field": "zzz"}])
    names = error["message"].removeprefix("unknown field 'zzz'; known are ").split(", ")
    assert {"feedbackId", "targetRef", "feedbackType", "kind", "note", "details", "user"} <= set(names)
    assert not any("_" in name for name in names)
    assert not {"id", "weaveRef", "projectId"} & set(names)
    rest = {"project_id": PROJECT, "query": {"$expr": {"$eq": [{"$getField": "weave_re"}, {"$literal": 1}]}}}
    response = await client.post("/feedback/query", json=rest)
    assert response.status_code == 400
    assert response.json()["reason"] == "unknown field 'weave_re'; did you mean 'weave_ref'?"


async def test_objects_and_prices_too(client: httpx.AsyncClient) -> None:
    await record(client, [call("a")])
    ask = '{ project(slug: "team/app") { %s { totalCount nodes { __typename } } } }'
    for good in (
        'objectVersions(orderBy: [{field: "baseObjectClass"}, {field: "wbUserId", direction: DESC}])',
        'prices(orderBy: [{field: "effectiveAt"}, {field: "model"}, {field: "cacheReadTokenCost"}])',
        'prices(query: {gt: [{getField: "inputTokenCost"}, {literal: {value: "0.5"}}]})',
        'prices(query: {eq: [{getField: "user"}, {literal: {value: "ann"}}]})',
    ):
        assert "project" in await run(client, ask % good), good
    for bad, message in {
        'objectVersions(orderBy: {field: "size"})': "unknown field 'size'; did you mean 'sizeBytes'?",
        'prices(orderBy: {field: "inputTokenCst"})': "unknown field 'inputTokenCst'; did you mean 'inputTokenCost'?",
        'users(orderBy: {field: "callcount"})': "unknown field 'callcount'; did you mean 'callCount'?",
        'traces(orderBy: {field: "startedat"})': "unknown field 'startedat'; did you mean 'startedAt'?",
    }.items():
        [error] = await run(client, ask % bad)
        assert (error["message"], error["extensions"]["code"]) == (message, "INVALID_QUERY"), bad


def test_enums_are_those_of_the_graph() -> None:
    assert set(STATUSES) == {status.name for status in CallStatus}
    assert set(KINDS) == {kind.value for kind in CallKind}
    assert set(FEEDBACK_FIELDS.resolve("kind").values) == {kind.name for kind in FeedbackKind}


CALLS = [
    call("a", inputs={"score": 0.3, "messages": [{"content": "hi"}, {"content": "bye"}], "o": {"-1": "key"}}),
    call("b", inputs={"score": 0.7, "messages": [{"content": "bye"}]}, exception="x", second=1, ms=9000),
    call("c", inputs={"score": "0.3", "messages": []}, attributes={"weave": {"kind": "llm"}}, second=2),
]
GOOD = [
    (compared("status", "error"), "b"),
    (compared("status", "Success"), "ac"),
    (compared("kind", "llm"), "c"),
    ({"in": {"input": {"getField": "status"}, "values": [{"literal": {"value": "error"}}]}}, "b"),
    ({"not": [compared("status", "error")]}, "ac"),
    (compared("summary.weave.status", "ERROR"), "b"),
    (compared("latencyMs", "5000", "gt"), "b"),
    ({"in": {"input": {"getField": "latencyMs"}, "values": [{"literal": {"value": "9000"}}]}}, "b"),
    ({"lt": [{"literal": {"value": "5e3"}}, {"getField": "latencyMs"}]}, "b"),
    (compared("inputs.score", 0.5, "lt"), "ac"),
    (compared("inputs.score", "0.3"), "c"),
    (compared("inputs.messages.-1.content", "bye"), "ab"),
    (compared("inputs.messages.-2.content", "hi"), "a"),
    (compared("inputs.messages.-1", None), "c"),
    (compared("inputs.o.-1", "key"), "a"),
    (compared("inputs.messages.-01", None), "abc"),
]
BAD = [
    (compared("status", "failed"), "'status' cannot be compared with 'failed': it is one of SUCCESS, ERROR, "),
    (compared("kind", 7), "'kind' cannot be compared with 7: it is one of LLM, TOOL, "),
    (compared("latencyMs", "5s", "gt"), "'latencyMs' cannot be compared with '5s': it is a number and compared"),
    (compared("latencyMs", True), "'latencyMs' cannot be compared with True: it is a number and compared"),
    (compared("totalTokens", None, "gt"), "'totalTokens' cannot be compared with null: null has no order"),
    (compared("opName", ["a"]), "'opName' cannot be compared with ['a']: it is a text"),
    (compared("inputs.score", "0.5", "lt"), "'inputs.score' cannot be compared with '0.5': as a number, write it"),
    (compared("inputs.score", [1], "gte"), "'inputs.score' cannot be compared with [1]: lists and objects have no"),
    (compared("startedAt", "soon"), "startedAt is compared with ISO 8601 text or Unix seconds, not 'soon'"),
    (
        {"in": {"input": {"getField": "status"}, "values": [{"literal": {"value": "x"}}]}},
        "'status' cannot be compared with 'x': it is one of",
    ),
    (
        {"eq": [{"convert": {"input": {"getField": "inputs.n"}, "to": "BOOL"}}, {"literal": {"value": "yes"}}]},
        "'inputs.n' cannot be compared with 'yes': it is compared with true or false",
    ),
]


async def test_constants_in_other_spellings_are_read(client: httpx.AsyncClient) -> None:
    await record(client, CALLS)
    for query, ids in GOOD:
        assert (query, await found(client, query=query)) == (query, ids)


async def test_a_constant_that_fits_no_value_is_refused(client: httpx.AsyncClient) -> None:
    await record(client, CALLS[:1])
    for query, message in BAD:
        [error] = await run(client, LIST, query=query)
        assert error["message"].startswith(message), error
        assert error["extensions"]["code"] == "INVALID_QUERY"


async def test_the_form_of_rest_stays_as_it_is(client: httpx.AsyncClient) -> None:
    await record(client, CALLS)
    for field, value in (("status", "failed"), ("latencyMs", "5s"), ("inputs.messages.-1.content", "bye")):
        ask = 'query Q($q: JSON) { project(slug: "team/app") { calls(queryJson: $q) { totalCount } } }'
        query = json.dumps({"$expr": {"$eq": [{"$getField": field}, {"$literal": value}]}})
        data = await run(client, ask, q=json.loads(query))
        assert data == {"project": {"calls": {"totalCount": 0}}}, field


async def test_values_are_picked_from_the_end_of_lists(client: httpx.AsyncClient) -> None:
    await record(client, [*CALLS, call("d", inputs={"messages": ["\x00", {"content": "\ud800"}]}, second=3)])
    picks = {
        "last": "messages.-1.content",
        "second": "messages.-2",
        "key": "o.-1",
        "none": "messages.-3",
        "zero": "messages.-0",
    }
    fields = " ".join(f'{name}: value(path: "inputs.{path}")' for name, path in picks.items())
    data = await run(client, f'{{ project(slug: "team/app") {{ calls {{ nodes {{ {fields} }} }} }} }}')
    none = dict.fromkeys(picks)
    assert data["project"]["calls"]["nodes"] == [
        {**none, "last": "bye", "second": {"content": "hi"}, "key": "key"},
        {**none, "last": "bye"},
        none,
        {**none, "last": "\ud800", "second": "\x00"},
    ]
