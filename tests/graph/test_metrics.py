"""Metrics and their versions in the graph."""

import asyncio
import itertools
import json
from typing import Any

import httpx

from tests.statements import counted

PROJECT = "team/app"

CONTENT = """
  name type criteria description returnType enabledInProd needsGroundTruth samplingPercentage modelProvider modelName
  scale threshold { min max passWhen passingCategories } categories { category score }
  childMetrics { metricId name weight scale metric { metricId name } } filters { field operator value type }
"""
METRIC = f"""
  metricId projectSlug version versionCount createdAt createdBy updatedAt user {{ id }} project {{ slug }} {CONTENT}
"""
ERRORS = "userErrors { code message field }"
CREATE = f"""mutation($input: MetricCreateInput!) {{ metricCreate(input: $input) {{
  metricId metric {{ {METRIC} }} {ERRORS} }} }}"""
UPDATE = f"""mutation($input: MetricUpdateInput!) {{ metricUpdate(input: $input) {{
  metricId metric {{ {METRIC} }} {ERRORS} }} }}"""
DELETE = f"mutation($input: MetricDeleteInput!) {{ metricDelete(input: $input) {{ metricId {ERRORS} }} }}"
DRAFT = f"""mutation($input: MetricVersionCreateInput!) {{ metricVersionCreate(input: $input) {{
  version {{ version isDeployed message }} metric {{ version versionCount name }} {ERRORS} }} }}"""
DEPLOY = f"""mutation($input: MetricVersionDeployInput!) {{ metricVersionDeploy(input: $input) {{
  version {{ version isDeployed }} metric {{ version name }} {ERRORS} }} }}"""

PLAIN: dict[str, Any] = {"name": "plain", "type": "PYTHON", "criteria": "1"}
WHOLE: dict[str, Any] = {
    "name": "Tön \x00\ud800",
    "type": "LLM",
    "criteria": "\udfff\x00 {{outputs}}",
    "description": None,
    "returnType": "CATEGORICAL",
    "enabledInProd": True,
    "needsGroundTruth": True,
    "samplingPercentage": 0.5,
    "modelProvider": "openai",
    "modelName": "gpt",
    "scale": 3,
    "threshold": {"passingCategories": ["gut"]},
    "categories": [{"category": "gut", "score": 1}, {"category": "\ud800"}],
    "filters": [
        {"field": "event_type", "operator": "IS", "value": "model"},
        {"field": "metadata.cost", "operator": "LESS_THAN", "value": 1, "type": "NUMBER"},
    ],
}


async def answer(client: httpx.AsyncClient, document: str, **variables: Any) -> Any:
    body = json.dumps({"query": document, "variables": variables})  # halves of pairs as escapes
    response = (await client.post("/graphql", content=body, headers={"content-type": "application/json"})).json()
    assert "errors" not in response, response
    return response["data"]


async def done(client: httpx.AsyncClient, document: str, **given: Any) -> Any:
    (payload,) = (await answer(client, document, input={"project": PROJECT, **given})).values()
    assert payload["userErrors"] == []
    return payload


async def refused(client: httpx.AsyncClient, document: str, **given: Any) -> Any:
    (payload,) = (await answer(client, document, input={"project": PROJECT, **given})).values()
    (error,) = payload.pop("userErrors")
    assert all(value is None for value in payload.values())
    return error


async def create(client: httpx.AsyncClient, **fields: Any) -> str:
    return str((await done(client, CREATE, definition={**PLAIN, **fields}))["metricId"])


async def test_metrics_are_created_listed_and_found_again(client: httpx.AsyncClient) -> None:
    plain = (await done(client, CREATE, definition=PLAIN))["metric"]
    whole = (await done(client, CREATE, definition=WHOLE, message="first"))["metric"]
    same = {"projectSlug": PROJECT, "version": "v1", "versionCount": 1, "createdBy": "local", "updatedAt": None}
    same |= {"user": {"id": "local"}, "project": {"slug": PROJECT}}
    own = ("metricId", "createdAt")
    assert {name: value for name, value in plain.items() if name not in own} == {
        **same,
        **PLAIN,
        "description": "",
        "returnType": "FLOAT",
        "enabledInProd": False,
        "needsGroundTruth": False,
        "samplingPercentage": 10.0,
        **dict.fromkeys(("modelProvider", "modelName", "scale", "threshold", "categories", "childMetrics")),
        "filters": [],
    }
    assert {name: value for name, value in whole.items() if name not in own} == {
        **same,
        **WHOLE,
        "threshold": {"min": None, "max": None, "passWhen": None, "passingCategories": ["gut"]},
        "categories": [{"category": "gut", "score": 1.0}, {"category": "\ud800", "score": None}],
        "childMetrics": None,
        "filters": [{**WHOLE["filters"][0], "type": None}, WHOLE["filters"][1]],
    }
    document = f"""query($id: String!, $name: String!) {{ project(slug: "team/app") {{
      metrics {{ totalCount nodes {{ {METRIC} }} }}
      newest: metrics(first: 1, orderBy: [{{ field: "createdAt", direction: DESC }}]) {{ nodes {{ metricId }} }}
      named: metrics(orderBy: [{{ field: "name" }}], filter: {{ types: [PYTHON, HUMAN] }}) {{ nodes {{ name }} }}
      live: metrics(filter: {{ enabledInProd: true }}) {{ totalCount nodes {{ metricId }} }}
      texts: metrics(filter: {{ types: [], returnTypes: [STRING] }}) {{ totalCount }}
      both: metrics(filter: {{ names: ["plain", "other"], metricIds: [$id] }}) {{ totalCount }}
      metric(metricId: $id) {{ name }} byName: metric(name: $name) {{ metricId }} missing: metric(name: "x") {{ name }}
    }} }}"""
    found = (await answer(client, document, id=plain["metricId"], name=WHOLE["name"]))["project"]
    assert found == {
        "metrics": {"totalCount": 2, "nodes": [plain, whole]},
        "newest": {"nodes": [{"metricId": whole["metricId"]}]},
        "named": {"nodes": [{"name": "plain"}]},
        "live": {"totalCount": 1, "nodes": [{"metricId": whole["metricId"]}]},
        "texts": {"totalCount": 0},
        "both": {"totalCount": 1},
        "metric": {"name": "plain"},
        "byName": {"metricId": whole["metricId"]},
        "missing": None,
    }
    response = await client.post("/graphql", json={"query": '{ project(slug: "team/app") { metric { name } } }'})
    assert response.json()["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_versions_are_pages(client: httpx.AsyncClient) -> None:
    metric_id = await create(client)
    other = await create(client, name="other")
    for number in range(2, 5):
        await done(client, UPDATE, metricId=metric_id, changes={"criteria": str(number)})
    await done(client, UPDATE, metricId=metric_id, changes={"criteria": "4", "scale": 7, "threshold": {"max": 5}})
    document = """query($after: String) { project(slug: "team/app") { metrics { nodes {
      metricId version versionCount deployedVersion { version number criteria scale changedFields isDeployed }
      versions(first: 2, after: $after) { totalCount nodes { version criteria changedFields isDeployed message }
        pageInfo { hasNextPage endCursor } }
      newest: versions(newestFirst: true, first: 1) { nodes { version metric { metricId } user { id } } }
      last: versions(last: 2) { nodes { version } pageInfo { hasPreviousPage } }
    } } } }"""
    one = """query($id: String!) { project(slug: "team/app") {
      second: metricVersion(metricId: $id, version: "v2") { criteria number }
      metricVersion(metricId: $id, version: "2") {
      criteria } } }"""
    found = (await answer(client, one, id=metric_id))["project"]
    assert found == {"second": {"criteria": "2", "number": 2}, "metricVersion": None}
    first, second = (await answer(client, document))["project"]["metrics"]["nodes"]
    cursor = first["versions"]["pageInfo"].pop("endCursor")
    second["versions"]["pageInfo"].pop("endCursor")
    assert first == {
        "metricId": metric_id,
        "version": "v5",
        "versionCount": 5,
        "deployedVersion": {
            "version": "v5",
            "number": 5,
            "criteria": "4",
            "scale": 7,
            "changedFields": ["scale", "threshold"],
            "isDeployed": True,
        },
        "versions": {
            "totalCount": 5,
            "nodes": [
                {"version": "v1", "criteria": "1", "changedFields": [], "isDeployed": False, "message": "Created"},
                {
                    "version": "v2",
                    "criteria": "2",
                    "changedFields": ["criteria"],
                    "isDeployed": False,
                    "message": "Changed criteria",
                },
            ],
            "pageInfo": {"hasNextPage": True},
        },
        "newest": {"nodes": [{"version": "v5", "metric": {"metricId": metric_id}, "user": {"id": "local"}}]},
        "last": {"nodes": [{"version": "v4"}, {"version": "v5"}], "pageInfo": {"hasPreviousPage": True}},
    }
    assert (second["metricId"], second["versions"]["totalCount"], second["last"]["nodes"]) == (
        other,
        1,
        [{"version": "v1"}],
    )
    found = (await answer(client, document, after=cursor))["project"]["metrics"]["nodes"]
    assert [[each["version"] for each in node["versions"]["nodes"]] for node in found] == [["v3", "v4"], []]


async def test_children_lead_to_their_metrics(client: httpx.AsyncClient) -> None:
    a, b = await create(client, name="a"), await create(client, name="b")
    children: list[dict[str, Any]] = [
        {"metricId": a, "name": "a", "weight": 1.5, "scale": None},
        {"metricId": None, "name": "b", "weight": -2.0, "scale": 5},
        {"metricId": None, "name": "of calls", "weight": 0.0, "scale": None},
    ]
    made = await done(client, CREATE, definition={**PLAIN, "name": "c", "type": "COMPOSITE", "childMetrics": children})
    metrics = [{"metricId": a, "name": "a"}, {"metricId": b, "name": "b"}, None]
    expected = [{**child, "metric": metric} for child, metric in zip(children, metrics, strict=True)]
    assert made["metric"]["childMetrics"] == expected
    # An id counts, a name is of whoever has it.
    await done(client, UPDATE, metricId=a, changes={"name": "b2"})
    await done(client, DELETE, metricId=b)
    document = '{ project(slug: "team/app") { metric(name: "c") { childMetrics { metric { name } } } } }'
    found = (await answer(client, document))["project"]["metric"]["childMetrics"]
    assert [child["metric"] for child in found] == [{"name": "b2"}, None, None]


async def test_refusals_say_what_and_where(client: httpx.AsyncClient) -> None:
    metric_id = await create(client)
    error = await refused(client, CREATE, definition=PLAIN)
    assert (error["code"], error["field"]) == ("CONFLICT", ["definition", "name"])
    assert metric_id in error["message"]
    for changes, field, says in (
        ({"name": None}, ["changes", "name"], "null"),
        ({"filters": None}, ["changes", "filters"], "null"),
        ({"samplingPercentage": 100.5}, ["changes", "samplingPercentage"], "100.5"),
        ({"scale": -3}, ["changes", "scale"], "-3"),
        ({"threshold": {"passWhen": "yes"}}, ["changes", "threshold", "passWhen"], "yes"),
        ({"threshold": {"passWhen": [1]}}, ["changes", "threshold", "passWhen"], "[1]"),
        ({"threshold": {"passingCategories": []}}, ["changes", "threshold", "passingCategories"], "0"),
        ({"criteria": ""}, ["changes", "criteria"], "empty"),
        ({"type": "COMPOSITE", "childMetrics": []}, ["changes", "childMetrics"], "0"),
        (
            {"type": "COMPOSITE", "childMetrics": [{"name": "x", "weight": 1, "metricId": "nope"}]},
            ["changes", "childMetrics", "0", "metricId"],
            "'nope'",
        ),
        ({"filters": [{"field": "nope", "operator": "IS", "value": 1}]}, ["changes", "filters", "0", "field"], "nope"),
    ):
        error = await refused(client, UPDATE, metricId=metric_id, changes=changes)
        assert (error["code"], error["field"]) == ("INVALID_INPUT", field), error
        assert says in error["message"], error
    for document, given in (
        (UPDATE, {"changes": {}}),
        (DELETE, {}),
        (DRAFT, {"definition": PLAIN, "message": ""}),
        (DEPLOY, {"version": "v1"}),
    ):
        error = await refused(client, document, metricId="none", **given)
        assert (error["code"], error["field"]) == ("NOT_FOUND", ["metricId"])
        error = await refused(client, document, project="team/unwritten", metricId=metric_id, **given)
        assert error["code"] == "NOT_FOUND"
    assert (await answer(client, '{ project(slug: "team/unwritten") { slug } }'))["project"] is None
    error = await refused(client, DEPLOY, metricId=metric_id, version="v2")
    assert (error["code"], error["field"]) == ("NOT_FOUND", ["version"])


async def test_several_mutations_of_one_operation_see_each_other(client: httpx.AsyncClient) -> None:
    metric_id = await create(client)
    document = """mutation($id: String!) {
      a: metricUpdate(input: {project: "team/app", metricId: $id, changes: {scale: 2}}) { metric { scale version } }
      b: metricUpdate(input: {project: "team/app", metricId: $id, changes: {scale: null}}) { metric { scale version } }
      c: metricVersionDeploy(input: {project: "team/app", metricId: $id, version: "v2"}) {
        metric { scale version } version { isDeployed } }
      d: metricDelete(input: {project: "team/app", metricId: $id}) { metricId }
    }"""
    assert await answer(client, document, id=metric_id) == {
        "a": {"metric": {"scale": 2, "version": "v2"}},
        "b": {"metric": {"scale": None, "version": "v3"}},
        "c": {"metric": {"scale": 2, "version": "v2"}, "version": {"isDeployed": True}},
        "d": {"metricId": metric_id},
    }


async def test_links_of_metrics_are_read_together(client: httpx.AsyncClient) -> None:
    document = """query($n: Int!) { project(slug: "team/app") { metrics(first: $n) { totalCount nodes {
      id deployedVersion { id } versions(first: 2) { totalCount nodes { id message metric { name } } }
      childMetrics { metric { name } } user { id } project { slug } } } } }"""
    leaf = await create(client, name="leaf")
    for number in range(9):
        children = [{"name": "leaf", "weight": 1}, {"name": f"m{number - 1}", "weight": 1}]
        children.append({"name": "by id", "metricId": leaf, "weight": 2})
        metric_id = await create(client, name=f"m{number}", type="COMPOSITE", childMetrics=children)
        await done(client, UPDATE, metricId=metric_id, changes={"criteria": "2"})
    with counted() as few:
        await answer(client, document, n=3)
    with counted() as many:
        await answer(client, document, n=10)
    assert len(many) == len(few)


async def test_what_is_written_at_once_comes_one_after_another(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(answer(client, CREATE, input={"project": PROJECT, "definition": PLAIN}) for _ in range(8))
    )
    payloads = [each["metricCreate"] for each in answers]
    (metric_id,) = {payload["metricId"] for payload in payloads if payload["metricId"]}
    assert sorted(error["code"] for payload in payloads for error in payload["userErrors"]) == ["CONFLICT"] * 7

    changes = [{"criteria": str(number)} for number in range(2, 6)] + [{"scale": number} for number in range(2, 6)]
    await asyncio.gather(*(done(client, UPDATE, metricId=metric_id, changes=each) for each in changes))
    document = """{ project(slug: "team/app") { metric(name: "plain") { version versionCount
      versions { nodes { version criteria scale changedFields isDeployed } } } } }"""
    found = (await answer(client, document))["project"]["metric"]
    versions = found["versions"]["nodes"]
    assert [each["version"] for each in versions] == [f"v{number}" for number in range(1, 10)]
    assert (found["version"], found["versionCount"]) == ("v9", 9)
    assert [each["isDeployed"] for each in versions] == [False] * 8 + [True]
    # Each begins with the one before it, so none loses what another changed.
    for before, after in itertools.pairwise(versions):
        differing = [name for name in ("criteria", "scale") if before[name] != after[name]]
        assert after["changedFields"] == differing != []
    assert {each["criteria"] for each in versions} == {"1", "2", "3", "4", "5"}
    assert {each["scale"] for each in versions} == {None, 2, 3, 4, 5}
