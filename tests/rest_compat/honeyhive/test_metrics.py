"""Metrics and their versions over HoneyHive's API."""

import json
from typing import Any

import httpx
import pytest

PLAIN = {"type": "PYTHON", "criteria": "def evaluate(event):\n    return 1"}
DEFAULTS = {
    "description": "",
    "return_type": "float",
    "enabled_in_prod": False,
    "needs_ground_truth": False,
    "sampling_percentage": 10,
    "model_provider": None,
    "model_name": None,
    "scale": None,
    "threshold": None,
    "categories": None,
    "child_metrics": None,
    "filters": {"filterArray": []},
}
WHOLE = {
    "name": "Tön \x00😀",
    "type": "LLM",
    "criteria": "Rate {{outputs.content}} \x00",
    "description": "how it sounds",
    "return_type": "categorical",
    "enabled_in_prod": True,
    "needs_ground_truth": True,
    "sampling_percentage": 12.5,
    "model_provider": "openai",
    "model_name": "gpt-4o",
    "scale": 5,
    "threshold": {"passing_categories": ["gut"]},
    "categories": [{"category": "gut", "score": 1.5}, {"category": "schlecht", "score": None}],
    "child_metrics": None,
    "filters": {
        "filterArray": [
            {"field": "event_type", "operator": "is", "value": "model", "type": "string"},
            {"field": "metadata.cost", "operator": "greater than", "value": 0.5, "type": "number"},
            {"field": "metadata.x", "operator": "not exists", "value": None, "type": "string"},
        ]
    },
}


async def sent(client: httpx.AsyncClient, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
    content = None if body is None else json.dumps(body)
    response = await client.request(method, path, content=content, params=query)
    assert response.headers["content-type"] == "application/json"
    return response.status_code, response.json()


async def create(client: httpx.AsyncClient, name: str, **fields: Any) -> str:
    status, answer = await sent(client, "POST", "/v1/metrics", {"name": name, **PLAIN, **fields})
    assert (status, answer.keys(), answer["inserted"]) == (200, {"inserted", "metric_id"}, True), answer
    return str(answer["metric_id"])


async def listed(client: httpx.AsyncClient, **query: Any) -> list[Any]:
    status, answer = await sent(client, "GET", "/v1/metrics", **query)
    assert (status, answer.keys()) == (200, {"metrics"})
    return list(answer["metrics"])


async def read(client: httpx.AsyncClient, metric_id: str) -> Any:
    (item,) = await listed(client, id=metric_id)
    return item


async def versions(client: httpx.AsyncClient, metric_id: str) -> list[Any]:
    status, answer = await sent(client, "GET", f"/v1/metrics/{metric_id}/versions")
    assert (status, answer.keys(), answer["success"]) == (200, {"success", "data"}, True)
    return list(answer["data"])


async def refused(
    client: httpx.AsyncClient, method: str, path: str, body: Any, says: str, status: int = 400, **query: Any
) -> None:
    answered, answer = await sent(client, method, path, body, **query)
    assert (answered, answer.keys()) == (status, {"message", "errorCode"}), answer
    assert says in answer["message"], answer


async def test_what_is_created_is_listed(client: httpx.AsyncClient) -> None:
    assert await listed(client) == []
    first = await create(client, "plain")
    status, answer = await sent(client, "POST", "/v1/metrics", WHOLE)
    assert status == 200, answer
    items = await listed(client)
    times = [item.pop("created_at") for item in items]
    assert times == sorted(times)
    assert items == [
        {"id": first, "name": "plain", **PLAIN, **DEFAULTS, "updated_at": None},
        {"id": answer["metric_id"], **WHOLE, "updated_at": None},
    ]


async def test_the_least_of_each_type_and_return_type_is_taken(client: httpx.AsyncClient) -> None:
    for kind in ("PYTHON", "LLM", "HUMAN", "COMPOSITE"):
        await create(client, kind, type=kind)
    for kind in ("float", "boolean", "string", "categorical"):
        await create(client, kind, return_type=kind)
    assert [item["name"] for item in await listed(client)] == [
        *("PYTHON", "LLM", "HUMAN", "COMPOSITE"),
        *("float", "boolean", "string", "categorical"),
    ]


async def test_lists_are_by_type_and_by_id(client: httpx.AsyncClient) -> None:
    ids = {kind: await create(client, kind, type=kind) for kind in ("PYTHON", "LLM", "HUMAN")}
    for kind, metric_id in ids.items():
        assert [item["id"] for item in await listed(client, type=kind)] == [metric_id]
        assert [item["id"] for item in await listed(client, id=metric_id)] == [metric_id]
        assert [item["id"] for item in await listed(client, id=metric_id, type=kind.lower())] == [metric_id]
    assert await listed(client, type="COMPOSITE") == []
    assert await listed(client, type="other") == []
    assert await listed(client, id="none") == []
    assert await listed(client, id=ids["LLM"], type="HUMAN") == []
    await refused(client, "GET", "/v1/metrics", None, "query.id", id="")


@pytest.mark.parametrize("legacy", [False, True])
async def test_an_update_changes_what_it_names(client: httpx.AsyncClient, legacy: bool) -> None:
    metric_id = (await sent(client, "POST", "/v1/metrics", WHOLE))[1]["metric_id"]
    before = await read(client, metric_id)

    async def update(**changes: Any) -> Any:
        path, extra = ("/v1/metrics", {"id": metric_id}) if legacy else (f"/v1/metrics/{metric_id}", {})
        status, answer = await sent(client, "PUT", path, {**extra, **changes})
        assert (status, answer) == (200, {"updated": True}), answer
        return await read(client, metric_id)

    expected = {**before, "criteria": "Other", "sampling_percentage": 0, "description": None, "scale": None}
    after = await update(criteria="Other", sampling_percentage=0, description=None, scale=None)
    assert after.pop("updated_at") > before["created_at"]
    assert {**after, "updated_at": None} == expected

    # What a new return type has no use for goes with the old one.
    after = await update(return_type="float")
    assert (after["return_type"], after["threshold"], after["categories"]) == ("float", None, None)
    after = await update(threshold={"min": 1}, filters={"filterArray": []}, model_name=None, name="new")
    assert after["threshold"] == {"min": 1}
    assert (after["filters"], after["model_name"], after["name"]) == ({"filterArray": []}, None, "new")

    # What changes nothing makes no version.
    count = len(await versions(client, metric_id))
    assert await update(name="new") == after
    assert await update() == after
    assert len(await versions(client, metric_id)) == count == 4
    if legacy:
        assert (await update(threshold=None))["threshold"] is None
    else:
        for name in ("threshold", "categories", "child_metrics"):
            await refused(client, "PUT", f"/v1/metrics/{metric_id}", {name: None}, name)


@pytest.mark.parametrize("legacy", [False, True])
async def test_what_is_deleted_is_gone(client: httpx.AsyncClient, legacy: bool) -> None:
    kept, gone = await create(client, "kept"), await create(client, "gone")

    async def delete(metric_id: str) -> tuple[int, Any]:
        if legacy:
            return await sent(client, "DELETE", "/v1/metrics", metric_id=metric_id)
        return await sent(client, "DELETE", f"/v1/metrics/{metric_id}")

    assert await delete(gone) == (200, {"deleted": True})
    assert [item["id"] for item in await listed(client)] == [kept]
    status, answer = await delete(gone)
    assert (status, answer["errorCode"], answer["message"][:16]) == (404, "NOT_FOUND", "Metric not found")
    await refused(client, "GET", f"/v1/metrics/{gone}/versions", None, "Metric not found", 404)
    await refused(client, "PUT", f"/v1/metrics/{gone}", {"name": "x"}, "Metric not found", 404)
    await refused(client, "PUT", "/v1/metrics", {"id": gone, "name": "x"}, "Metric not found", 404)
    assert await create(client, "gone") != gone
    await refused(client, "DELETE", "/v1/metrics", None, "query.metric_id")


async def test_filters_have_the_type_that_they_are_compared_as(client: httpx.AsyncClient) -> None:
    values = [(5, "number"), (-0.5, "number"), (True, "boolean"), ("true", "string"), ("", "string"), (None, "string")]
    filters = [{"field": "metadata.x", "operator": "is", "value": value} for value, _ in values]
    metric_id = await create(client, "m", filters={"filterArray": filters})
    found = (await read(client, metric_id))["filters"]["filterArray"]
    assert found == [{**given, "type": kind} for given, (_, kind) in zip(filters, values, strict=True)]


async def test_a_name_is_of_one_metric(client: httpx.AsyncClient) -> None:
    first, second = await create(client, "a"), await create(client, "b")
    await refused(client, "POST", "/v1/metrics", {"name": "a", **PLAIN}, "'a'")
    await refused(client, "PUT", f"/v1/metrics/{second}", {"name": "a"}, "'a'")
    await refused(client, "PUT", "/v1/metrics", {"id": second, "name": "a"}, "'a'")
    await create(client, "A")
    assert await sent(client, "PUT", f"/v1/metrics/{first}", {"name": "c"}) == (200, {"updated": True})
    assert await sent(client, "PUT", f"/v1/metrics/{second}", {"name": "a"}) == (200, {"updated": True})
    assert [item["name"] for item in await listed(client)] == ["c", "a", "A"]


COMPOSITE = {"name": "n", "type": "COMPOSITE", "criteria": "Weighted Average"}
CATEGORIES = [{"category": "a", "score": 1}, {"category": "b", "score": None}]


REFUSED: list[tuple[Any, str]] = [
    ({"type": "PYTHON", "criteria": "1"}, "name"),
    ({"name": "n", "criteria": "1"}, "type"),
    ({"name": "n", "type": "PYTHON"}, "criteria"),
    ({"name": "", **PLAIN}, "name"),
    ({"name": " \t", **PLAIN}, "' \\t'"),
    ({"name": "n" * 201, **PLAIN}, "name"),
    ({"name": "n", "type": "python", "criteria": "1"}, "type"),
    ({"name": "n", "type": "PYTHON", "criteria": ""}, "criteria"),
    ({"name": "n", **PLAIN, "description": None}, "description"),
    ({"name": "n", **PLAIN, "return_type": "int"}, "return_type"),
    ({"name": "n", **PLAIN, "enabled_in_prod": "yes"}, "enabled_in_prod"),
    ({"name": "n", **PLAIN, "sampling_percentage": 101}, "sampling_percentage"),
    ({"name": "n", **PLAIN, "sampling_percentage": -1}, "sampling_percentage"),
    ({"name": "n", **PLAIN, "scale": 0}, "scale"),
    ({"name": "n", **PLAIN, "scale": 1.5}, "scale"),
    ({"name": "n", **PLAIN, "scale": 2**31}, "2147483648"),
    ({"name": "n", **PLAIN, "other": 1}, "other"),
    ({"name": "n", **PLAIN, "threshold": {"least": 1}}, "threshold.least"),
    ({"name": "n", **PLAIN, "threshold": {"min": None}}, "threshold.min"),
    ({"name": "n", **PLAIN, "threshold": {"min": "1"}}, "threshold.min"),
    ({"name": "n", **PLAIN, "threshold": {"passing_categories": []}}, "threshold.passing_categories"),
    ({"name": "n", **PLAIN, "threshold": {"min": 2, "max": 1}}, "2.0 is above 1.0"),
    ({"name": "n", **PLAIN, "scale": 5, "threshold": {"min": 6}}, "6.0 is above 5"),
    ({"name": "n", **PLAIN, "threshold": {"pass_when": True}}, "not true"),
    ({"name": "n", **PLAIN, "threshold": {"passing_categories": ["a"]}}, "passing_categories"),
    ({"name": "n", **PLAIN, "return_type": "boolean", "threshold": {"pass_when": 2}}, "not 2.0"),
    ({"name": "n", **PLAIN, "return_type": "string", "threshold": {"max": 2}}, "return_type is string"),
    ({"name": "n", **PLAIN, "return_type": "categorical", "threshold": {"pass_when": False}}, "pass_when (false)"),
    ({"name": "n", **PLAIN, "return_type": "categorical", "categories": []}, "categories"),
    ({"name": "n", **PLAIN, "return_type": "categorical", "categories": [{"category": "a"}]}, "score"),
    ({"name": "n", **PLAIN, "return_type": "categorical", "categories": [*CATEGORIES, CATEGORIES[0]]}, "'a'"),
    (
        {
            "name": "n",
            **PLAIN,
            "return_type": "categorical",
            "categories": CATEGORIES,
            "threshold": {"passing_categories": ["c"]},
        },
        "'c' is none of the categories: a, b",
    ),
    ({"name": "n", **PLAIN, "categories": CATEGORIES}, "categorical, not float"),
    ({"name": "n", **PLAIN, "child_metrics": [{"name": "a", "weight": 1}]}, "COMPOSITE, not PYTHON"),
    ({**COMPOSITE, "child_metrics": []}, "child_metrics"),
    ({**COMPOSITE, "child_metrics": [{"name": "a"}]}, "weight"),
    ({**COMPOSITE, "child_metrics": [{"name": "a", "weight": "1"}]}, "weight"),
    ({**COMPOSITE, "child_metrics": [{"name": "a", "weight": 1, "scale": 0}]}, "scale"),
    ({**COMPOSITE, "child_metrics": [{"name": "a", "weight": 1}, {"name": "a", "weight": 2}]}, "'a'"),
    ({**COMPOSITE, "child_metrics": [{"id": "x1", "name": "a", "weight": 1}]}, "'x1'"),
    ({**COMPOSITE, "child_metrics": [{"id": "", "name": "a", "weight": 1}]}, "id"),
    ({**COMPOSITE, "child_metrics": [{"name": "a", "weight": 1, "more": 1}]}, "more"),
    ({"name": "n", **PLAIN, "filters": []}, "filters"),
    ({"name": "n", **PLAIN, "filters": {}}, "filterArray"),
    (
        {"name": "n", **PLAIN, "filters": {"filterArray": [{"field": "a", "operator": "like", "value": 1}]}},
        "operator",
    ),
    ({"name": "n", **PLAIN, "filters": {"filterArray": [], "more": 1}}, "more"),
    (
        {"name": "n", **PLAIN, "filters": {"filterArray": [{"field": "nope", "operator": "is", "value": 1}]}},
        "nope",
    ),
    (
        {
            "name": "n",
            **PLAIN,
            "filters": {"filterArray": [{"field": "duration", "operator": "is", "value": "long", "type": "number"}]},
        },
        "long",
    ),
]


async def test_what_cannot_be_is_refused(client: httpx.AsyncClient) -> None:
    for body, says in REFUSED:
        await refused(client, "POST", "/v1/metrics", body, says)
    assert await listed(client) == []


async def test_children_are_by_id_or_by_name(client: httpx.AsyncClient) -> None:
    a = await create(client, "a")
    children = [{"id": a, "name": "a", "weight": 2}, {"name": "of the client", "weight": 0.5, "scale": 5}]
    composite = (await sent(client, "POST", "/v1/metrics", {**COMPOSITE, "child_metrics": children}))[1]["metric_id"]
    assert (await read(client, composite))["child_metrics"] == children
    # What it says goes on where a child is deleted, and is looked at again where its children are changed.
    await sent(client, "DELETE", f"/v1/metrics/{a}")
    path = f"/v1/metrics/{composite}"
    assert await sent(client, "PUT", path, {"description": "x"}) == (200, {"updated": True})
    await refused(client, "PUT", path, {"child_metrics": children[:1]}, repr(a))
    # Of another type it has none.
    assert await sent(client, "PUT", path, {"type": "PYTHON"}) == (200, {"updated": True})
    assert (await read(client, composite))["child_metrics"] is None


async def test_no_metric_is_among_its_own_children(client: httpx.AsyncClient) -> None:
    async def composite(name: str, *children: Any) -> str:
        return await create(client, name, type="COMPOSITE", child_metrics=list(children))

    def child(name: str, **more: Any) -> Any:
        return {"name": name, "weight": 1, **more}

    await refused(client, "POST", "/v1/metrics", {**COMPOSITE, "child_metrics": [child("n")]}, "'n' > 'n'")
    a = await composite("a", child("b"), child("leaf"))
    await refused(
        client, "POST", "/v1/metrics", {**COMPOSITE, "name": "b", "child_metrics": [child("a")]}, "'b' > 'a' > 'b'"
    )
    b = await composite("b", child("leaf"), child("c"))
    c = await composite("c", child("leaf"))
    path = f"/v1/metrics/{c}"
    await refused(client, "PUT", path, {"child_metrics": [child("x", id=a)]}, "'c' > 'a' > 'b' > 'c'")
    await refused(client, "PUT", path, {"child_metrics": [child("y", id=c)]}, "'c' > 'c'")
    await refused(client, "PUT", path, {"name": "leaf", "child_metrics": [child("b")]}, "'leaf' > 'b' > 'leaf'")
    # A diamond is no cycle.
    assert await sent(client, "PUT", f"/v1/metrics/{a}", {"child_metrics": [child("b"), child("c")]}) == (
        200,
        {"updated": True},
    )
    # A name can close one.
    d = await composite("d", child("a"))
    await sent(client, "PUT", path, {"child_metrics": [child("later")]})
    await refused(client, "PUT", f"/v1/metrics/{d}", {"name": "later"}, "'later' > 'a' > 'b' > 'c' > 'later'")
    # So can a version that is deployed again.
    await sent(client, "PUT", path, {"child_metrics": [child("leaf")]})
    assert await sent(client, "PUT", f"/v1/metrics/{d}", {"name": "later"}) == (200, {"updated": True})
    await refused(client, "POST", f"{path}/versions/v2/deploy", None, "'c' > 'later'")
    assert [version["deployed"] for version in await versions(client, c)] == [False, False, True]
    assert b != d


async def test_every_change_makes_a_version(client: httpx.AsyncClient) -> None:
    metric_id = await create(client, "m")
    path = f"/v1/metrics/{metric_id}"
    await sent(client, "PUT", path, {"criteria": "2", "sampling_percentage": 50})
    await sent(client, "PUT", path, {"name": "n"})
    found = await versions(client, metric_id)
    assert [version.keys() for version in found] == [
        {"name", "full_sha", "message", "date", "deployed", "content"},
    ] * 3
    assert [(version["name"], version["message"], version["deployed"]) for version in found] == [
        ("v1", "Created", False),
        ("v2", "Changed criteria, sampling_percentage", False),
        ("v3", "Changed name", True),
    ]
    first = {"name": "m", **PLAIN, **DEFAULTS}
    assert [version["content"] for version in found] == [
        first,
        {**first, "criteria": "2", "sampling_percentage": 50},
        {**first, "criteria": "2", "sampling_percentage": 50, "name": "n"},
    ]
    assert len({version["full_sha"] for version in found}) == 3
    assert all(len(version["full_sha"]) == 64 for version in found)
    assert [version["date"] for version in found] == sorted(version["date"] for version in found)


async def test_versions_are_drafts_until_they_are_deployed(client: httpx.AsyncClient) -> None:
    metric_id = await create(client, "m")
    path = f"/v1/metrics/{metric_id}/versions"
    before = await read(client, metric_id)

    status, draft = await sent(client, "POST", path, {"message": "try", "content": {"name": "d", **PLAIN}})
    assert (status, draft["success"]) == (200, True)
    content = {"name": "d", **PLAIN, **DEFAULTS}
    assert {**draft["data"], "full_sha": "", "date": ""} == {
        "name": "v2",
        "full_sha": "",
        "message": "try",
        "date": "",
        "deployed": False,
        "content": content,
    }
    assert await read(client, metric_id) == before
    assert await versions(client, metric_id) == [(await versions(client, metric_id))[0], draft["data"]]

    status, answer = await sent(client, "POST", f"{path}/v2/deploy")
    assert (status, answer) == (200, {"success": True, "data": {**draft["data"], "deployed": True}})
    after = await read(client, metric_id)
    assert after == {**before, "name": "d", "updated_at": after["updated_at"]}
    assert after["updated_at"] > before["created_at"]
    assert [version["deployed"] for version in await versions(client, metric_id)] == [False, True]
    # Once more changes nothing; the first one can come back; the next update begins with what is deployed.
    assert (await sent(client, "POST", f"{path}/v2/deploy"))[0] == 200
    assert await read(client, metric_id) == after
    await sent(client, "POST", f"{path}/v1/deploy")
    assert (await read(client, metric_id))["name"] == "m"
    await sent(client, "PUT", f"/v1/metrics/{metric_id}", {"description": "x"})
    assert [(version["name"], version["content"]["name"]) for version in await versions(client, metric_id)] == [
        ("v1", "m"),
        ("v2", "d"),
        ("v3", "m"),
    ]

    human = {"name": "h", "type": "HUMAN", "criteria": "How was it?"}
    status, answer = await sent(client, "POST", path, {"message": "", "content": human, "deploy_immediately": True})
    assert (status, answer["data"]["deployed"], answer["data"]["content"]["enabled_in_prod"]) == (200, True, True)
    assert (await read(client, metric_id))["type"] == "HUMAN"


async def test_bad_versions_are_refused(client: httpx.AsyncClient) -> None:
    metric_id = await create(client, "m")
    await create(client, "taken")
    path = f"/v1/metrics/{metric_id}/versions"
    content = {"name": "m", **PLAIN}
    await refused(client, "POST", path, {"content": content}, "message")
    await refused(client, "POST", path, {"message": "x"}, "content")
    await refused(client, "POST", path, {"message": "x" * 10_001, "content": content}, "10001")
    await refused(client, "POST", path, {"message": "x", "content": content, "more": 1}, "more")
    await refused(client, "POST", path, {"message": "x", "content": {**content, "id": "1"}}, "content.id")
    await refused(
        client, "POST", path, {"message": "x", "content": {**content, "threshold": {"min": 2, "max": 1}}}, "2.0"
    )
    clash = {"message": "x", "content": {**content, "name": "taken"}}
    await refused(client, "POST", path, {**clash, "deploy_immediately": True}, "'taken'")
    assert len(await versions(client, metric_id)) == 1
    assert (await sent(client, "POST", path, clash))[0] == 200
    await refused(client, "POST", f"{path}/v2/deploy", None, "'taken'")
    for version in ("v3", "v0", "v01", "2", "v2x", "v²", "v" + "9" * 30):
        await refused(client, "POST", f"{path}/{version}/deploy", None, f"{version!r}", 404)
    await refused(client, "POST", "/v1/metrics/none/versions", {"message": "x", "content": content}, "'none'", 404)
    await refused(client, "POST", "/v1/metrics/none/versions/v1/deploy", None, "'none'", 404)
    assert [version["deployed"] for version in await versions(client, metric_id)] == [True, False]


async def test_all_of_many_metrics_and_versions_are_listed(client: httpx.AsyncClient) -> None:
    create = "mutation($input: MetricCreateInput!) { metricCreate(input: $input) { metricId } }"
    update = "".join(
        f'u{number}: metricUpdate(input: {{project: "default/default", metricId: $id, '
        f'changes: {{description: "{number}"}}}}) {{ metricId }} '
        for number in range(50)
    )
    definition = {"type": "HUMAN", "criteria": "?"}
    for number in range(3):
        given = {"project": "default/default", "definition": {**definition, "name": f"m{number}"}}
        await client.post("/graphql", json={"query": create, "variables": {"input": given}})
    metric_id = (await listed(client))[0]["id"]
    answer = await client.post(
        "/graphql", json={"query": f"mutation($id: String!) {{ {update} }}", "variables": {"id": metric_id}}
    )
    assert "errors" not in answer.json(), answer.text
    assert [version["name"] for version in await versions(client, metric_id)] == [f"v{n}" for n in range(1, 52)]
