"""Users: inside one project, over all, and as entities of the federation."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest

APP, SITE, LAB = "team/app", "team/site", "lab/bench"


async def answer(client: httpx.AsyncClient, document: str, **variables: Any) -> Any:
    # Not by httpx: it cannot write a lone surrogate.
    content = json.dumps({"query": document, "variables": variables})
    response = await client.post("/graphql", content=content, headers={"content-type": "application/json"})
    body = response.json()
    assert "errors" not in body, body
    return body["data"]


async def refusal(client: httpx.AsyncClient, document: str, **variables: Any) -> str:
    body = (await client.post("/graphql", json={"query": document, "variables": variables})).json()
    return str(body["errors"][0]["message"])


def call(number: int, user: str | None, project: str = APP, **more: Any) -> dict[str, Any]:
    """A call that began ``number`` seconds into the year."""
    return {
        "project_id": project,
        "id": f"call-{number}",
        "trace_id": f"trace-{number // 2}",
        "op_name": "op",
        "started_at": f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z",
        "attributes": {},
        "inputs": {"n": number},
        **({} if user is None else {"wb_user_id": user}),
        **more,
    }


async def record(client: httpx.AsyncClient, calls: Sequence[Mapping[str, Any]]) -> None:
    batch = [{"mode": "start", "req": {"start": start}} for start in calls]
    response = await client.post("/call/upsert_batch", content=json.dumps({"batch": batch}))
    assert response.status_code == 200, response.text


async def end(client: httpx.AsyncClient, project: str, number: int, exception: str | None = None) -> None:
    body = {"project_id": project, "id": f"call-{number}", "ended_at": "2026-01-02T00:00:00Z", "summary": {}}
    response = await client.post("/call/end", json={"end": {**body, "exception": exception}})
    assert response.status_code == 200, response.text


async def comment(client: httpx.AsyncClient, project: str, number: int, user: str) -> str:
    ref = f"weave:///{project}/call/call-{number}"
    body = {"project_id": project, "weave_ref": ref, "feedback_type": "custom", "payload": {"n": number}}
    response = await client.post("/feedback/create", json={**body, "wb_user_id": user})
    assert response.status_code == 200, response.text
    return str(response.json()["id"])


TOTALS = "id callCount errorCount firstSeen lastSeen"


async def test_a_user_inside_a_project_tells_of_that_project(client: httpx.AsyncClient) -> None:
    await record(client, [call(1, "ann"), call(2, "ann"), call(3, "bob"), call(9, "ann", SITE)])
    await end(client, APP, 2, "no")
    document = f"""{{ project(slug: "team/app") {{
        user(id: "ann") {{ {TOTALS} calls {{ totalCount nodes {{ ref }} }} projects {{ totalCount nodes {{ slug }} }} }}
        nobody: user(id: "eve") {{ id }}
        call(callId: "call-3") {{ user {{ {TOTALS} }} }}
    }} }}"""
    project = (await answer(client, document))["project"]
    assert project == {
        "user": {
            "id": "ann",
            "callCount": 2,
            "errorCount": 1,
            "firstSeen": "2026-01-01T00:00:01Z",
            "lastSeen": "2026-01-01T00:00:02Z",
            "calls": {
                "totalCount": 2,
                "nodes": [{"ref": "weave:///team/app/call/call-1"}, {"ref": "weave:///team/app/call/call-2"}],
            },
            "projects": {"totalCount": 1, "nodes": [{"slug": "team/app"}]},
        },
        "nobody": None,
        "call": {
            "user": {
                "id": "bob",
                "callCount": 1,
                "errorCount": 0,
                "firstSeen": "2026-01-01T00:00:03Z",
                "lastSeen": "2026-01-01T00:00:03Z",
            }
        },
    }


async def test_a_user_over_all_projects(client: httpx.AsyncClient) -> None:
    await record(
        client, [call(1, "ann"), call(2, "bob"), call(5, "ann", SITE), call(3, "ann", LAB), call(7, "bob", LAB)]
    )
    await end(client, LAB, 3, "no")
    document = f"""{{ user(id: "ann") {{
        {TOTALS}
        projects(first: 2) {{ totalCount nodes {{ slug }} pageInfo {{ hasNextPage endCursor }} }}
        last: projects(last: 1) {{ nodes {{ slug }} pageInfo {{ hasPreviousPage }} }}
        calls(orderBy: [{{field: "started_at", direction: DESC}}]) {{ totalCount nodes {{ projectSlug callId }} }}
        here: calls(project: "lab/bench") {{ totalCount nodes {{ callId }} }}
        site: callCount(project: "team/site")
        none: callCount(project: "team/other")
    }} }}"""
    user = (await answer(client, document))["user"]
    cursor = user["projects"]["pageInfo"].pop("endCursor")
    assert user == {
        "id": "ann",
        "callCount": 3,
        "errorCount": 1,
        "firstSeen": "2026-01-01T00:00:01Z",
        "lastSeen": "2026-01-01T00:00:05Z",
        "projects": {
            "totalCount": 3,
            "nodes": [{"slug": LAB}, {"slug": APP}],
            "pageInfo": {"hasNextPage": True},
        },
        "last": {"nodes": [{"slug": SITE}], "pageInfo": {"hasPreviousPage": True}},
        "calls": {
            "totalCount": 3,
            "nodes": [
                {"projectSlug": SITE, "callId": "call-5"},
                {"projectSlug": LAB, "callId": "call-3"},
                {"projectSlug": APP, "callId": "call-1"},
            ],
        },
        "here": {"totalCount": 1, "nodes": [{"callId": "call-3"}]},
        "site": 1,
        "none": 0,
    }
    rest = 'query($c: String) { user(id: "ann") { projects(after: $c) { nodes { slug } } } }'
    assert (await answer(client, rest, c=cursor))["user"]["projects"]["nodes"] == [{"slug": SITE}]
    assert (await answer(client, '{ user(id: "eve") { id } }'))["user"] is None


PAGE = """query($first: Int, $after: String, $last: Int, $before: String, $order: [SortByInput!]) { user(id: "ann") {
    calls(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
        totalCount edges { cursor node { ref } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("field", ["started_at", "inputs.n", "op_name", "project_id"])
async def test_pages_over_three_projects(client: httpx.AsyncClient, field: str, direction: str) -> None:
    # The same ids and times in all three, so that the project alone tells calls apart.
    projects = [APP, SITE, LAB]
    await record(client, [call(number, "ann", project) for number in range(4) for project in projects])
    await record(client, [call(number + 10, "bob", project) for number in range(3) for project in projects])
    order = [{"field": field, "direction": direction}]
    whole = (await answer(client, PAGE, first=100, order=order))["user"]["calls"]
    refs = [edge["node"]["ref"] for edge in whole["edges"]]
    assert whole["totalCount"] == len(refs) == len(set(refs)) == 12

    def expected(ref: str) -> tuple[Any, ...]:
        project, number = ref[9:].split("/call/call-")
        keys = {"started_at": int(number), "inputs.n": int(number), "op_name": 0, "project_id": project}
        return keys[field], int(number), project

    assert refs == sorted(refs, key=expected, reverse=direction == "DESC")

    forwards: list[str] = []
    page: dict[str, Any] = {"after": None}
    while True:
        found = (await answer(client, PAGE, first=5, order=order, **page))["user"]["calls"]
        forwards += [edge["node"]["ref"] for edge in found["edges"]]
        assert found["pageInfo"]["hasPreviousPage"] is (page["after"] is not None)
        page = {"after": found["pageInfo"]["endCursor"]}
        if not found["pageInfo"]["hasNextPage"]:
            break
    assert forwards == refs

    backwards: list[str] = []
    page = {"before": None}
    while True:
        found = (await answer(client, PAGE, last=5, order=order, **page))["user"]["calls"]
        backwards = [edge["node"]["ref"] for edge in found["edges"]] + backwards
        assert found["pageInfo"]["hasNextPage"] is (page["before"] is not None)
        page = {"before": found["pageInfo"]["startCursor"]}
        if not found["pageInfo"]["hasPreviousPage"]:
            break
    assert backwards == refs

    between = whole["edges"][2]["cursor"], whole["edges"][9]["cursor"]
    found = (await answer(client, PAGE, first=100, order=order, after=between[0], before=between[1]))["user"]["calls"]
    assert [edge["node"]["ref"] for edge in found["edges"]] == refs[3:9]


async def test_offsets_filters_and_queries_over_projects(client: httpx.AsyncClient) -> None:
    await record(client, [call(number, "ann", project) for number in range(3) for project in (APP, SITE)])
    document = """{ user(id: "ann") {
        calls(first: 2, offset: 3) { nodes { callId projectSlug } pageInfo { hasNextPage hasPreviousPage } }
        filtered: calls(filter: {callIds: ["call-1"]}) { totalCount nodes { projectSlug } totalStorageSizeBytes }
        queried: calls(query: {gt: [{getField: "inputs.n"}, {literal: {value: 1}}]}) { totalCount(limit: 1) }
    } }"""
    user = (await answer(client, document))["user"]
    # {"n":0} and {} are ten bytes, and each trace has two calls.
    assert user == {
        "calls": {
            "nodes": [{"callId": "call-1", "projectSlug": SITE}, {"callId": "call-2", "projectSlug": APP}],
            "pageInfo": {"hasNextPage": True, "hasPreviousPage": True},
        },
        "filtered": {
            "totalCount": 2,
            "nodes": [{"projectSlug": APP}, {"projectSlug": SITE}],
            "totalStorageSizeBytes": 40,
        },
        "queried": {"totalCount": 1},
    }


async def test_traces_sessions_and_threads_are_whole(client: httpx.AsyncClient) -> None:
    await record(
        client,
        [
            call(0, "ann", thread_id="thread"),
            call(1, "bob", thread_id="thread"),
            call(2, "ann", SITE),
            call(3, "ann", SITE),
            call(4, "bob", SITE),
        ],
    )
    document = """{ user(id: "ann") {
        traces { totalCount nodes { projectSlug traceId callCount } }
        newest: traces(first: 1) { nodes { traceId } pageInfo { hasNextPage endCursor } }
        threads { totalCount nodes { threadId callCount } }
        sessions { totalCount nodes { sessionId } }
    } }"""
    user = (await answer(client, document))["user"]
    cursor = user["newest"]["pageInfo"].pop("endCursor")
    assert user == {
        "traces": {
            "totalCount": 2,
            "nodes": [
                {"projectSlug": SITE, "traceId": "trace-1", "callCount": 2},
                {"projectSlug": APP, "traceId": "trace-0", "callCount": 2},
            ],
        },
        "newest": {"nodes": [{"traceId": "trace-1"}], "pageInfo": {"hasNextPage": True}},
        "threads": {"totalCount": 1, "nodes": [{"threadId": "thread", "callCount": 2}]},
        "sessions": {"totalCount": 0, "nodes": []},
    }
    rest = 'query($c: String) { user(id: "ann") { traces(after: $c) { nodes { traceId } } } }'
    assert (await answer(client, rest, c=cursor))["user"]["traces"]["nodes"] == [{"traceId": "trace-0"}]


async def test_feedback_that_a_user_gave(client: httpx.AsyncClient) -> None:
    await record(client, [call(1, "ann"), call(2, "ann", SITE)])
    await comment(client, APP, 1, "bob")
    await comment(client, SITE, 2, "bob")
    await comment(client, SITE, 2, "eve")
    document = """{
        user(id: "bob") { id callCount none: feedback(filter: {feedbackTypes: ["other"]}) { totalCount }
            feedback { totalCount nodes { targetRef user { id } } } }
        project(slug: "team/site") { user(id: "bob") { feedback(last: 1) { totalCount nodes { targetRef } } } }
    }"""
    data = await answer(client, document)
    refs = [f"weave:///{APP}/call/call-1", f"weave:///{SITE}/call/call-2"]
    assert data["user"] == {
        "id": "bob",
        "callCount": 0,
        "none": {"totalCount": 0},
        "feedback": {"totalCount": 2, "nodes": [{"targetRef": ref, "user": {"id": "bob"}} for ref in refs]},
    }
    assert data["project"]["user"]["feedback"] == {"totalCount": 1, "nodes": [{"targetRef": refs[1]}]}


async def test_the_users_of_a_project(client: httpx.AsyncClient) -> None:
    await record(client, [call(1, "ann"), call(2, "bob"), call(3, "eve"), call(4, "ann"), call(5, "eve", SITE)])
    await record(client, [call(6, "ann")])
    document = """query($f: SubjectFilterInput, $o: [SortByInput!], $first: Int, $after: String) {
        project(slug: "team/app") { users(filter: $f, orderBy: $o, first: $first, after: $after) {
            totalCount nodes { id callCount } pageInfo { hasNextPage endCursor } } } }"""

    async def users(**variables: Any) -> Any:
        return (await answer(client, document, **variables))["project"]["users"]

    found = await users()
    assert [(user["id"], user["callCount"]) for user in found["nodes"]] == [("ann", 3), ("eve", 1), ("bob", 1)]
    assert found["totalCount"] == 3
    page = await users(first=2)
    assert page["pageInfo"]["hasNextPage"] is True
    rest = await users(first=2, after=page["pageInfo"]["endCursor"])
    assert [user["id"] for user in rest["nodes"]] == ["bob"]
    by_calls = await users(o=[{"field": "callCount", "direction": "ASC"}, {"field": "id", "direction": "DESC"}])
    assert [user["id"] for user in by_calls["nodes"]] == ["eve", "bob", "ann"]
    filters: list[tuple[dict[str, Any], list[str]]] = [
        ({"ids": ["bob", "nobody", ""]}, ["bob"]),
        ({"ids": []}, []),
        ({"seenAfter": "2026-01-01T00:00:03Z"}, ["ann", "eve"]),
        ({"seenBefore": "2026-01-01T00:00:02Z"}, ["ann"]),
        ({"minCallCount": 2}, ["ann"]),
        ({"minCallCount": 2**53}, []),
    ]
    for chosen, ids in filters:
        found = await users(f=chosen)
        assert ([user["id"] for user in found["nodes"]], found["totalCount"]) == (ids, len(ids)), chosen
    wrong = await refusal(client, document, o=[{"field": "name", "direction": "ASC"}])
    assert wrong.startswith("unknown field 'name'")
    assert await refusal(client, document, f={"ids": ["a"] * 1001}) == "ids has 1001 values, at most 1000 are taken"


IDS = ["a'b\"c", "ünïcode 🎈", "x" * 512, "a\\b%_", "\ud800lone", "null", "1"]


async def test_ids_may_be_any_text(client: httpx.AsyncClient) -> None:
    await record(client, [call(number, user) for number, user in enumerate(IDS)])
    document = """query($id: ID!) { user(id: $id) { id callCount calls { nodes { callId user { id } } } } }"""
    for number, user in enumerate(IDS):
        found = (await answer(client, document, id=user))["user"]
        nodes = [{"callId": f"call-{number}", "user": {"id": user}}]
        assert found == {"id": user, "callCount": 1, "calls": {"nodes": nodes}}
    for nobody in ("", "x" * 513, "y" * 1_000_000, "A'b\"c"):
        assert (await answer(client, document, id=nobody))["user"] is None


async def test_what_names_no_user_is_in_the_name_of_the_caller(client: httpx.AsyncClient) -> None:
    await record(client, [call(1, ""), call(2, None)])
    document = '{ project(slug: "team/app") { calls { nodes { user { id } } } users { totalCount nodes { id } } } }'
    project = (await answer(client, document))["project"]
    assert [each["user"] for each in project["calls"]["nodes"]] == [{"id": "local"}, {"id": "local"}]
    assert project["users"] == {"totalCount": 1, "nodes": [{"id": "local"}]}


async def test_the_viewer_is_the_caller(client: httpx.AsyncClient) -> None:
    assert (await answer(client, "{ viewer { id callCount calls { totalCount nodes { callId } } } }"))["viewer"] == {
        "id": "local",
        "callCount": 0,
        "calls": {"totalCount": 0, "nodes": []},
    }
    body = {"input": {"project": APP, "opName": "op", "startedAt": "2026-01-01T00:00:00Z"}}
    await answer(client, "mutation($input: CallStartInput!) { callStart(input: $input) { call { id } } }", **body)
    assert (await answer(client, "{ viewer { id callCount } }"))["viewer"] == {"id": "local", "callCount": 1}


ENTITIES = (
    "query($r: [_Any!]!) { _entities(representations: $r) { ... on User { id callCount calls { totalCount } } } }"
)


async def test_users_as_entities(client: httpx.AsyncClient) -> None:
    await record(client, [call(1, "ann"), call(2, "ann", SITE), call(3, "bob")])
    users = ["bob", "nobody", "ann", ""]
    found = (await answer(client, ENTITIES, r=[{"__typename": "User", "id": each} for each in users]))["_entities"]
    counts = [1, 0, 2, 0]
    assert found == [
        {"id": user, "callCount": count, "calls": {"totalCount": count}}
        for user, count in zip(users, counts, strict=True)
    ]
    bad = [{"__typename": "User"}, {"__typename": "User", "id": None}, {"__typename": "User", "id": "ann"}]
    body = (await client.post("/graphql", json={"query": ENTITIES, "variables": {"r": bad}})).json()
    assert [entity and entity["id"] for entity in body["data"]["_entities"]] == [None, None, "ann"]
    assert [error["path"] for error in body["errors"]] == [["_entities", 0], ["_entities", 1]]


async def test_a_user_is_no_node(client: httpx.AsyncClient) -> None:
    await record(client, [call(1, "ann")])
    assert (await refusal(client, '{ node(id: "ann") { id } }')) == "Invalid node id 'ann'"


async def test_what_cannot_be_asked(client: httpx.AsyncClient) -> None:
    await record(client, [call(1, "ann")])
    ask = '{ user(id: "ann") { calls(%s) { nodes { callId } } } }'
    assert await refusal(client, ask % 'after: "?"') == "after: not a cursor: '?'"
    assert await refusal(client, ask % "first: 0") == "first must be from 1 to 1000, not 0"
    assert await refusal(client, ask % "first: 1, last: 1") == "first (1) and last (1) exclude each other"
    assert (await refusal(client, ask % 'orderBy: [{field: "nope"}]')).startswith("unknown field 'nope'")
    assert await refusal(client, ask % 'project: "nope"') == "Invalid project id 'nope': expected 'entity/project'"
    absent = '{ viewer { calls(after: "?") { nodes { callId } } } }'
    assert await refusal(client, absent) == "after: not a cursor: '?'"
    order = (await answer(client, '{ user(id: "ann") { calls { pageInfo { endCursor } } } }'))["user"]["calls"]
    other = f'after: "{order["pageInfo"]["endCursor"]}", orderBy: [{{field: "op_name"}}]'
    assert "belongs to another order" in await refusal(client, ask % other)


def ended(number: int, usage: Mapping[str, Mapping[str, int]], project: str = APP) -> dict[str, Any]:
    return {
        "project_id": project,
        "id": f"call-{number}",
        "ended_at": "2026-01-02T00:00:00Z",
        "summary": {"usage": usage},
    }


async def record_ends(client: httpx.AsyncClient, ends: Sequence[Mapping[str, Any]]) -> None:
    batch = [{"mode": "end", "req": {"end": each}} for each in ends]
    assert (await client.post("/call/upsert_batch", json={"batch": batch})).status_code == 200


async def test_usage_and_cost_count_each_token_once(client: httpx.AsyncClient) -> None:
    price = {"m": {"prompt_token_cost": 1, "completion_token_cost": 10}}
    for project, factor in ((APP, 1), (SITE, 2)):
        costs = {"m": {name: cost * factor for name, cost in price["m"].items()}}
        assert (await client.post("/cost/create", json={"project_id": project, "costs": costs})).status_code == 200
    # Ann's root reports what bob's call below it used, and has 3 tokens of her own; eve's trace is hers alone.
    await record(
        client,
        [
            call(0, "ann", trace_id="t"),
            call(1, "bob", trace_id="t", parent_id="call-0"),
            call(2, "ann", trace_id="t", parent_id="call-1"),
            call(3, "ann", SITE, trace_id="t"),
            call(4, "eve"),
        ],
    )
    await record_ends(
        client,
        [
            ended(0, {"m": {"prompt_tokens": 10, "completion_tokens": 3}}),
            ended(1, {"m": {"prompt_tokens": 7, "completion_tokens": 3}}),
            ended(2, {"m": {"prompt_tokens": 5, "completion_tokens": 1}}),
            ended(3, {"m": {"prompt_tokens": 4, "completion_tokens": 0}, "free": {"prompt_tokens": 1}}, SITE),
        ],
    )
    fields = (
        "usage { inputTokens outputTokens totalTokens byModel { model totalTokens } } cost { total unpricedModels }"
    )
    document = f"""query($id: ID!) {{ user(id: $id) {{ {fields} }}
        project(slug: "team/app") {{ user(id: $id) {{ {fields} }} }} }}"""

    def used(incoming: int, outgoing: int, models: Mapping[str, int], cost: float, *unpriced: str) -> dict[str, Any]:
        return {
            "usage": {
                "inputTokens": incoming,
                "outputTokens": outgoing,
                "totalTokens": incoming + outgoing,
                "byModel": [{"model": model, "totalTokens": total} for model, total in models.items()],
            },
            "cost": {"total": cost, "unpricedModels": list(unpriced)},
        }

    ann = await answer(client, document, id="ann")
    assert ann["project"]["user"] == used(10, 3, {"m": 13}, 40.0)
    assert ann["user"] == used(15, 3, {"m": 17, "free": 1}, 48.0, "free")
    bob = used(7, 3, {"m": 10}, 37.0)
    assert await answer(client, document, id="bob") == {"user": bob, "project": {"user": bob}}
    eve = {"usage": None, "cost": None}
    assert await answer(client, document, id="eve") == {"user": eve, "project": {"user": eve}}
    site = '{ user(id: "ann") { cost(project: "team/site") { total } usage(project: "team/site") { totalTokens } } }'
    assert (await answer(client, site))["user"] == {"cost": {"total": 8.0}, "usage": {"totalTokens": 5}}


async def test_usage_of_a_circle_of_calls(client: httpx.AsyncClient) -> None:
    await record(client, [call(0, "ann", trace_id="t", parent_id="call-1")])
    await record(client, [call(1, "ann", trace_id="t", parent_id="call-0")])
    await record_ends(client, [ended(number, {"m": {"prompt_tokens": 5}}) for number in (0, 1)])
    usage = (await answer(client, '{ user(id: "ann") { usage { totalTokens } } }'))["user"]["usage"]
    assert usage == {"totalTokens": 5}


async def test_the_users_of_objects_and_prices(client: httpx.AsyncClient) -> None:
    value = {"project_id": APP, "object_id": "model", "val": {"a": 1}, "wb_user_id": "ann"}
    assert (await client.post("/obj/create", json={"obj": value})).status_code == 200
    price = {"m": {"prompt_token_cost": 1, "completion_token_cost": 2}}
    body = {"project_id": APP, "costs": price, "wb_user_id": "bob"}
    assert (await client.post("/cost/create", json=body)).status_code == 200
    document = """{ project(slug: "team/app") {
        objectVersions { nodes { user { id callCount } } } prices { nodes { createdBy user { id } } } } }"""
    project = (await answer(client, document))["project"]
    assert project["objectVersions"]["nodes"] == [{"user": {"id": "ann", "callCount": 0}}]
    assert project["prices"]["nodes"] == [{"createdBy": "bob", "user": {"id": "bob"}}]
