"""Configurations in the graph."""

from typing import Any

import httpx

from tests.graph.test_nodes import answer

PROJECT = "team/app"

CREATE = """mutation($input: ConfigurationCreateInput!) { configurationCreate(input: $input) {
  configurationId userErrors { code message field }
  configuration { name type provider model parameters environments tags userProperties updatedAt }
} }"""
UPDATE = """mutation($input: ConfigurationUpdateInput!) { configurationUpdate(input: $input) {
  configurationId userErrors { code message field }
  configuration { name type provider model environments tags userProperties updatedAt }
} }"""
DELETE = """mutation($input: ConfigurationDeleteInput!) { configurationDelete(input: $input) {
  configurationId userErrors { code message field }
} }"""
NAMES = """query($filter: ConfigurationFilterInput, $order: [SortByInput!]) { project(slug: "team/app") {
  configurations(filter: $filter, orderBy: $order) { totalCount nodes { name } } } }"""


async def create(client: httpx.AsyncClient, name: str, **fields: Any) -> Any:
    given = {"project": PROJECT, "name": name, "provider": "openai", "parameters": {"call_type": "chat", "model": "m"}}
    return (await answer(client, CREATE, input={**given, **fields}))["configurationCreate"]


async def names(client: httpx.AsyncClient, chosen: Any = None, order: Any = None) -> list[str]:
    found = (await answer(client, NAMES, filter=chosen, order=order))["project"]["configurations"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["name"] for node in found["nodes"]]


async def test_a_configuration_is_made_changed_and_deleted(client: httpx.AsyncClient) -> None:
    made = await create(client, "v0", environments=["PROD"], tags=["x", "x"], type="PIPELINE")
    assert made == {
        "configurationId": made["configurationId"],
        "userErrors": [],
        "configuration": {
            "name": "v0",
            "type": "PIPELINE",
            "provider": "openai",
            "model": "m",
            "parameters": {"call_type": "chat", "model": "m"},
            "environments": ["PROD"],
            "tags": ["x"],
            "userProperties": None,
            "updatedAt": None,
        },
    }
    which = {"project": PROJECT, "configurationId": made["configurationId"]}
    changes = {"tags": [], "parameters": {"model": "n", "call_type": "chat"}, "userProperties": {"a": 1}}
    changed = (await answer(client, UPDATE, input={**which, **changes}))["configurationUpdate"]
    assert changed["configuration"].pop("updatedAt") is not None
    assert changed["configuration"] == {
        "name": "v0",
        "type": "PIPELINE",
        "provider": "openai",
        "model": "n",
        "environments": ["PROD"],
        "tags": [],
        "userProperties": {"a": 1},
    }
    changed = (await answer(client, UPDATE, input={**which, "userProperties": None}))["configurationUpdate"]
    assert changed["configuration"]["userProperties"] is None

    gone = (await answer(client, DELETE, input=which))["configurationDelete"]
    assert gone == {"configurationId": made["configurationId"], "userErrors": []}
    missing = {
        "code": "NOT_FOUND",
        "message": f"Configuration not found: {made['configurationId']!r}",
        "field": ["configurationId"],
    }
    gone = (await answer(client, DELETE, input=which))["configurationDelete"]
    assert gone == {"configurationId": None, "userErrors": [missing]}
    changed = (await answer(client, UPDATE, input={**which, "name": "v1"}))["configurationUpdate"]
    assert changed == {"configurationId": None, "configuration": None, "userErrors": [missing]}


async def test_configurations_are_filtered_ordered_and_paged(client: httpx.AsyncClient) -> None:
    for name, tags, environments in (("b", ["x"], ["DEV"]), ("a", ["x", "y"], ["PROD", "DEV"]), ("c", [], [])):
        await create(client, name, tags=tags, environments=environments)
    await create(client, "elsewhere", project="team/site")
    assert await names(client) == ["b", "a", "c"]
    assert await names(client, {"tags": ["y", "x", "y"]}) == ["a"]
    assert await names(client, {"environments": ["DEV"]}) == ["b", "a"]
    assert await names(client, {"names": ["c"], "environments": ["DEV"]}) == []
    assert await names(client, order=[{"field": "name", "direction": "DESC"}]) == ["c", "b", "a"]
    page = """query($after: String) { project(slug: "team/app") { configurations(first: 2, after: $after) {
      nodes { name } pageInfo { hasNextPage endCursor } } } }"""
    first = (await answer(client, page))["project"]["configurations"]
    assert (first["nodes"], first["pageInfo"]["hasNextPage"]) == ([{"name": "b"}, {"name": "a"}], True)
    second = (await answer(client, page, after=first["pageInfo"]["endCursor"]))["project"]["configurations"]
    assert (second["nodes"], second["pageInfo"]["hasNextPage"]) == ([{"name": "c"}], False)


async def test_refusals_name_what_is_wrong_and_write_nothing(client: httpx.AsyncClient) -> None:
    cases: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"name": "n" * 201}, f"name has 201 characters, at most 200 are taken: {'n' * 60!r}...", ["name"]),
        ({"provider": ""}, "provider must have 1 to 500 characters, not 0", ["provider"]),
        ({"parameters": []}, "parameters must be an object, not []", ["parameters"]),
        (
            {"parameters": {"call_type": "chat", "model": 3}},
            "parameters.model must be text that is not empty, not 3",
            ["parameters", "model"],
        ),
        ({"tags": [str(number) for number in range(1001)]}, "at most 1000 tags are taken, not 1001", ["tags"]),
        ({"userProperties": 7}, "userProperties must be a JSON object, not 7", ["userProperties"]),
        ({"project": "app"}, "Invalid project id 'app': expected 'entity/project'", ["project"]),
    ]
    for fields, message, field in cases:
        refused = await create(client, **{"name": "v0", **fields})
        assert refused["configuration"] is None
        assert refused["userErrors"] == [{"code": "INVALID_INPUT", "message": message, "field": field}]
    assert await answer(client, "{ projects { totalCount } }") == {"projects": {"totalCount": 0}}

    made = await create(client, "v0")
    which = {"project": PROJECT, "configurationId": made["configurationId"]}
    refused = (await answer(client, UPDATE, input={**which, "tags": None}))["configurationUpdate"]
    message = "tags cannot be null; leave it out to keep what there is"
    assert refused["userErrors"] == [{"code": "INVALID_INPUT", "message": message, "field": ["tags"]}]
    bad = await client.post(
        "/graphql", json={"query": NAMES, "variables": {"order": [{"field": "parameters"}], "filter": None}}
    )
    assert bad.json()["errors"][0]["message"].startswith("unknown field 'parameters'")


async def test_a_configuration_is_found_by_its_key(client: httpx.AsyncClient) -> None:
    made = (await create(client, "v0"))["configurationId"]
    found = await answer(
        client,
        """query($id: String!, $key: _Any!) {
          project(slug: "team/app") {
            configuration(configurationId: $id) { name project { slug } }
            none: configuration(configurationId: "none") { name }
          }
          _entities(representations: [$key]) { ... on Configuration { name } }
        }""",
        id=made,
        key={"__typename": "Configuration", "projectSlug": PROJECT, "configurationId": made},
    )
    assert found == {
        "project": {"configuration": {"name": "v0", "project": {"slug": PROJECT}}, "none": None},
        "_entities": [{"name": "v0"}],
    }
