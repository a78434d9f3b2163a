from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Route

import graph.schema as ours
from graph.errors import presented
from resolvers.context import Context
from rest_compat.wandb import schema
from server.graphql_app import GraphQLApp

# As the SDKs send them: 0.51.59 with its wandb dependency, 0.52.43, 0.54.0, and the TypeScript SDK 0.11.1.
VIEWER = "query DefaultEntity { viewer { username defaultEntity { name } } }"
PROJECT_DETAILS = """
    query ProjectDetails($entity: String, $project: String) {
        model(name: $project, entityName: $entity) { id name repo dockerImage description }
    }"""
PROJECT = """
    query Project($name: String!, $entityName: String!) {
        project(name: $name, entityName: $entityName) { name }
    }"""
UPSERT = """
    mutation UpsertModel($name: String!, $id: String, $entity: String!, $description: String, $repo: String) {
        upsertModel(input: { id: $id, name: $name, entityName: $entity, description: $description, repo: $repo }) {
            model { name description }
        }
    }"""


async def run(context: Context, query: str, **variables: Any) -> Any:
    result = await schema.execute(query, variable_values=variables, context_value=context)
    if result.errors:
        return presented(result.errors, "id", executed=True)
    return result.data


async def test_the_viewer_is_the_caller(context: Context) -> None:
    assert await run(context, VIEWER) == {"viewer": {"username": "local", "defaultEntity": {"name": "local"}}}


async def test_a_project_is_null_until_it_is_made(context: Context) -> None:
    names = {"name": "demo", "entityName": "team"}
    assert await run(context, PROJECT, **names) == {"project": None}
    assert await run(context, PROJECT_DETAILS, project="demo", entity="team") == {"model": None}
    for _ in range(2):
        made = await run(context, UPSERT, name="demo", entity="team", description=None)
        assert made == {"upsertModel": {"model": {"name": "demo", "description": None}}}
    assert await run(context, PROJECT, **names) == {"project": {"name": "demo"}}
    assert await run(context, PROJECT_DETAILS, project="demo", entity="team") == {
        "model": {"id": "team/demo", "name": "demo", "repo": None, "dockerImage": None, "description": None}
    }


@pytest.mark.parametrize(("name", "entity"), [(None, "team"), ("demo", None), ("", "team"), ("a/b", "team")])
async def test_a_name_that_no_project_can_have_is_null(context: Context, name: str | None, entity: str | None) -> None:
    assert await run(context, PROJECT_DETAILS, project=name, entity=entity) == {"model": None}


@pytest.mark.parametrize(
    ("name", "entity", "what", "value"),
    [
        ("", "team", "name", ""),
        ("a/b", "team", "name", "a/b"),
        ("a", "", "entityName", ""),
        ("a", "b/", "entityName", "b/"),
    ],
)
async def test_a_name_that_no_project_can_have_is_not_made(
    context: Context, name: str, entity: str, what: str, value: str
) -> None:
    [error] = await run(context, UPSERT, name=name, entity=entity)
    assert error["message"] == f"Invalid {what} {value!r}: it must not be empty or have a slash"
    assert error["extensions"] == {"code": "INVALID_INPUT", "field": ["input", what]}


async def test_the_documents_run_at_our_own_endpoint(context: Context) -> None:
    async def same_context(_: HTTPConnection) -> Context:
        return context

    app = Starlette(routes=[Route("/graphql", GraphQLApp(ours.schema, same_context, fallback=schema))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tracegraph") as client:

        async def post(query: str, **variables: Any) -> Any:
            response = await client.post("/graphql", json={"query": query, "variables": variables})
            assert response.status_code == 200
            assert "errors" not in response.json()
            return response.json()["data"]

        assert await post(VIEWER) == {"viewer": {"username": "local", "defaultEntity": {"name": "local"}}}
        assert await post(PROJECT, name="demo", entityName="local") == {"project": None}
        await post(UPSERT, name="demo", entity="local")
        assert await post(PROJECT, name="demo", entityName="local") == {"project": {"name": "demo"}}
        document = "query P($slug: String!) { project(slug: $slug) { slug name } }"
        assert await post(document, slug="local/demo") == {"project": {"slug": "local/demo", "name": "demo"}}
