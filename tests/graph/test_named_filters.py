"""What is made by name is listed, filtered, credited and deleted alike, whatever the noun."""

import re
from typing import Any

import httpx
import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType

from graph.schema import schema
from graph.selection import camel
from tests.graph.test_nodes import answer

PROJECT = "team/app"

NOUNS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "Dataset": ("dataset", "datasets", {}),
    "Experiment": ("experiment", "experiments", {}),
    "Metric": ("metric", "metrics", {"type": "PYTHON", "criteria": "1"}),
    "AnnotationQueue": ("queue", "annotationQueues", {}),
    "Configuration": (
        "configuration",
        "configurations",
        {"provider": "p", "parameters": {"call_type": "chat", "model": "m"}},
    ),
}
"""By type: how ids and lists of it are called, and what one has beside its name."""

NAMES = ["Straße 100%", "straße 100", "other"]


def lower(noun: str) -> str:
    return noun[0].lower() + noun[1:]


async def made(client: httpx.AsyncClient, noun: str) -> list[str]:
    """The ids of one of each of NAMES."""
    id_name, _, fields = NOUNS[noun]
    document = f"""mutation($given: {noun}CreateInput!) {{ {lower(noun)}Create(input: $given) {{
        {id_name}Id userErrors {{ message }} {id_name if noun == "AnnotationQueue" else lower(noun)} {{ name }} }} }}"""
    ids = []
    for name in NAMES:
        given: dict[str, Any] = {"name": name, **fields}
        given = {"project": PROJECT, **({"definition": given} if noun == "Metric" else given)}
        payload = (await answer(client, document, given=given))[f"{lower(noun)}Create"]
        assert payload["userErrors"] == []
        ids.append(payload[f"{id_name}Id"])
    return ids


@pytest.mark.parametrize("noun", NOUNS)
async def test_lists_are_filtered_by_ids_names_and_times(client: httpx.AsyncClient, noun: str) -> None:
    id_name, listed, _ = NOUNS[noun]
    ids = await made(client, noun)
    document = f"""query($filter: {noun}FilterInput) {{ project(slug: "{PROJECT}") {{
        {listed}(filter: $filter, orderBy: [{{ field: "createdAt" }}]) {{
          totalCount nodes {{ name createdAt createdBy user {{ id }} }} }} }} }}""".replace(
        "createdBy user { id }", "" if noun == "Configuration" else "createdBy user { id }"
    )

    async def names(**filter_: Any) -> list[str]:
        found = (await answer(client, document, filter=filter_))["project"][listed]
        assert found["totalCount"] == len(found["nodes"])
        return [node["name"] for node in found["nodes"]]

    nodes = (await answer(client, document, filter=None))["project"][listed]["nodes"]
    assert [node["name"] for node in nodes] == NAMES
    if noun != "Configuration":
        assert [(node["createdBy"], node["user"]["id"]) for node in nodes] == [("local", "local")] * 3
    assert await names(**{f"{id_name}Ids": [ids[2], ids[0], "none"]}) == [NAMES[0], NAMES[2]]
    assert await names(names=[NAMES[1], "Other"]) == [NAMES[1]]
    assert await names(names=[], nameContains="STRAßE") == NAMES[:2]
    assert await names(nameContains="0%") == [NAMES[0]]
    assert await names(namePrefix="straße 1") == [NAMES[1]]
    first, last = nodes[0]["createdAt"], nodes[2]["createdAt"]
    assert await names(createdAfter=first, createdBefore=last) == NAMES[:2]
    assert await names(createdAfter=last, nameContains="") == NAMES[2:]
    body = {"query": document, "variables": {"filter": {"names": ["x"] * 1001}}}
    refused = (await client.post("/graphql", json=body)).json()["errors"][0]
    assert refused["message"] == "names takes at most 1000 values, not 1001"
    assert refused["extensions"]["field"] == ["filter", "names"]


@pytest.mark.parametrize("noun", NOUNS)
async def test_a_deletion_says_what_is_gone(client: httpx.AsyncClient, noun: str) -> None:
    id_name = f"{NOUNS[noun][0]}Id"
    gone = (await made(client, noun))[0]
    document = f"""mutation($given: {noun}DeleteInput!) {{ {lower(noun)}Delete(input: $given) {{
        {id_name} userErrors {{ code field }} }} }}"""
    given = {"project": PROJECT, id_name: gone}
    expected: Any
    for expected in ({id_name: gone, "userErrors": []}, None):
        payload = (await answer(client, document, given=given))[f"{lower(noun)}Delete"]
        assert payload == (expected or {id_name: None, "userErrors": [{"code": "NOT_FOUND", "field": [id_name]}]})


def test_inputs_and_payloads_are_called_alike() -> None:
    types = schema._schema.type_map
    for noun, (id_name, _, _) in NOUNS.items():
        filter_ = types[f"{noun}FilterInput"]
        assert isinstance(filter_, GraphQLInputObjectType)
        common = {camel(f"{id_name}_ids"), "names", "nameContains", "namePrefix", "createdAfter", "createdBefore"}
        assert common <= set(filter_.fields), noun
        payload = types[f"{noun}Payload"]
        assert isinstance(payload, GraphQLObjectType)
        assert {camel(f"{id_name}_id"), "userErrors"} <= set(payload.fields), noun


@pytest.mark.parametrize("noun", NOUNS)
async def test_lists_are_ordered_by_what_their_description_names(client: httpx.AsyncClient, noun: str) -> None:
    await made(client, noun)
    listed = NOUNS[noun][1]
    project = schema._schema.type_map["Project"]
    assert isinstance(project, GraphQLObjectType)
    described = project.fields[listed].args["orderBy"].description or ""
    keys = re.findall(r"`(\w+)`", described.partition("Keys are ")[2].partition("paths below")[0])
    assert {"createdAt", "updatedAt", "name"} < set(keys)
    for key in keys:
        for direction in ("ASC", "DESC"):
            document = f"""{{ project(slug: "{PROJECT}") {{
                {listed}(orderBy: [{{ field: "{key}", direction: {direction} }}]) {{ totalCount nodes {{ name }} }}
            }} }}"""
            found = (await answer(client, document))["project"][listed]
            assert (found["totalCount"], sorted(each["name"] for each in found["nodes"])) == (3, sorted(NAMES)), key
            if key == "name":
                assert [each["name"] for each in found["nodes"]] == sorted(NAMES, reverse=direction == "DESC")
