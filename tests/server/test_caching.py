"""Cache-Control of answers: what is addressed by its content is the same for ever, and nothing else is."""

import json
import re
from typing import Any

import httpx
import pytest

from graph.caching import FIXED_FIELDS
from graph.schema import schema
from resolvers.ids import encode_id
from tests.conftest import running_app

PROJECT = "team/app"
KEPT = "private, max-age=31536000, immutable"
JSON = "application/json"


async def posted(client: httpx.AsyncClient, path: str, body: Any) -> Any:
    response = await client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def fill(client: httpx.AsyncClient) -> dict[str, Any]:
    """Variables of the documents below."""
    value = {"project_id": PROJECT, "object_id": "model", "val": {"a": 1}}
    version = (await posted(client, "/obj/create", {"obj": value}))["digest"]
    table = await posted(client, "/table/create", {"table": {"project_id": PROJECT, "rows": [{"a": 1}, {"a": 2}]}})
    upload = await client.post("/file/create", data={"project_id": PROJECT}, files={"file": ("a", b"abc")})
    start = {"project_id": PROJECT, "id": "c", "op_name": "o", "trace_id": "t", "started_at": "2026-01-01T00:00:00Z"}
    await posted(client, "/call/start", {"start": {**start, "attributes": {}, "inputs": {}}})
    file = upload.json()["digest"]
    call = encode_id("Call", PROJECT, "c")
    return {
        "p": PROJECT,
        "version": version,
        "table": table["digest"],
        "row": table["row_digests"][0],
        "file": file,
        "uri": f"weave:///{PROJECT}/object/model:{version}",
        "latest": f"weave:///{PROJECT}/object/model:latest",
        "callUri": f"weave:///{PROJECT}/call/c",
        "fileId": encode_id("File", PROJECT, file),
        "callId": call,
        "latestId": encode_id("ObjectVersion", PROJECT, "object", "model", "latest"),
        "entities": [{"__typename": "File", "projectSlug": PROJECT, "digest": file}],
        "mixed": [
            {"__typename": "File", "projectSlug": PROJECT, "digest": file},
            {"__typename": "Call", "projectSlug": PROJECT, "callId": "c"},
        ],
        "user": [{"__typename": "User", "id": "ada"}],
        "yes": True,
        "no": False,
    }


TYPES = {
    "p": "String!",
    "version": "String!",
    "table": "String!",
    "row": "String!",
    "file": "String!",
    "uri": "String!",
    "latest": "String!",
    "callUri": "String!",
    "fileId": "ID!",
    "callId": "ID!",
    "latestId": "ID!",
    "entities": "[_Any!]!",
    "mixed": "[_Any!]!",
    "user": "[_Any!]!",
    "yes": "Boolean!",
    "no": "Boolean!",
}

FIXED = [
    "project(slug: $p) { name file(digest: $file) { digest content sizeBytes } }",
    "project(slug: $p) { table(digest: $table) { rowCount rows(first: 1) { totalCount nodes { value } } } }",
    "project(slug: $p) { table(digest: $table) { rows { edges { cursor node { table { id } } } } } }",
    'project(slug: $p) { tableRow(digest: $row) { value valueAt(path: "a") originalIndex } }',
    "project(slug: $p) { tablesByDigest(digests: [$table, $table]) { __typename id row(index: 7) { id } } }",
    'project(slug: $p) { objectVersion(objectId: "model", version: $version) { value preview { text } } }',
    "__typename project(slug: $p) { x: file(digest: $file) { ...F } } }  fragment F on File { ... on Node { id }",
    "node(id: $fileId) { id ... on File { digest } ... on Call { status } }",
    "nodes(ids: [$fileId, $fileId]) { ... on TracegraphNode { id } }",
    "ref(uri: $uri) { ... on ObjectVersion { value kind } }",
    "refs(uris: [$uri]) { uri value }",
    "_entities(representations: $entities) { ... on File { name } }",
    "project(slug: $p) { file(digest: $file) { id } createdAt @skip(if: $yes) }",
    "node(id: $fileId) { id } serverInfo @include(if: $no) { __typename }",
]

CHANGING = [
    "__typename",
    "project(slug: $p) { slug name id }",
    "project(slug: $p) { createdAt file(digest: $file) { id } }",
    "project(slug: $p) { calls { totalCount } file(digest: $file) { id } }",
    'project(slug: $p) { file(digest: "none") { id } }',
    'project(slug: "team/none") { file(digest: $file) { id } }',
    "project(slug: $p) { file(digest: $file) { id } createdAt @skip(if: $no) }",
    'project(slug: $p) { tablesByDigest(digests: [$table, "none"]) { id } }',
    'project(slug: $p) { objectVersion(objectId: "model") { value } }',
    'project(slug: $p) { objectVersion(objectId: "model", version: "latest") { value } }',
    'project(slug: $p) { objectVersion(objectId: "model", version: "v0") { value } }',
    'project(slug: $p) { objectVersion(objectId: "model", version: $version) { isLatest } }',
    'project(slug: $p) { objectVersion(objectId: "model", version: $version) { usedBy { totalCount } } }',
    'project(slug: $p) { objectVersion(objectId: "model", version: $version) { refs { uri } } }',
    "project(slug: $p) { tables { nodes { id } } }",
    'project(slug: $p) { object(objectId: "model") { id } }',
    "node(id: $callId) { id }",
    "node(id: $latestId) { id }",
    "nodes(ids: [$fileId, $callId]) { id }",
    "ref(uri: $latest) { id }",
    "ref(uri: $callUri) { id }",
    "refs(uris: [$uri, $latest]) { value }",
    "_entities(representations: $mixed) { ... on File { name } }",
    "_entities(representations: $user) { ... on User { id } }",
    "node(id: $fileId) { id } serverInfo { __typename }",
    "node(id: $fileId) { id } __schema { queryType { name } }",
    "_service { sdl }",
    'node(id: $fileId) { id } other: node(id: "nonsense") { id }',
]


def document_of(selection: str) -> str:
    used = sorted(set(re.findall(r"\$(\w+)", selection)))
    declared = ", ".join(f"${name}: {TYPES[name]}" for name in used)
    return f"query{f'({declared})' if declared else ''} {{ {selection} }}"


async def answers(client: httpx.AsyncClient, selection: str, given: dict[str, Any]) -> list[httpx.Response]:
    """The answers to the document by POST and by GET."""
    query = document_of(selection)
    variables = {name: value for name, value in given.items() if f"${name}:" in query}
    body = {"query": query, "variables": variables}
    return [
        await client.post("/graphql", json=body),
        await client.get("/graphql", params={"query": query, "variables": json.dumps(variables)}),
    ]


async def test_what_is_addressed_by_its_content_is_kept(client: httpx.AsyncClient) -> None:
    given = await fill(client)
    for selection in FIXED:
        for answer in await answers(client, selection, given):
            assert "errors" not in answer.json(), answer.text
            assert answer.headers["cache-control"] == KEPT, selection
            assert answer.headers["vary"] == "Accept, Authorization, Cookie"


async def test_all_else_is_not_kept(client: httpx.AsyncClient) -> None:
    given = await fill(client)
    for selection in CHANGING:
        for answer in await answers(client, selection, given):
            assert answer.json()["data"], answer.text
            assert answer.headers["cache-control"] == "no-store", selection
            assert answer.headers["vary"] == "Accept"


async def test_refusals_and_batches_and_mutations_are_not_kept(client: httpx.AsyncClient) -> None:
    given = await fill(client)
    file = {"query": document_of(FIXED[6]), "variables": {"fileId": given["fileId"]}}
    mutation = 'mutation { objectCreate(input: {project: "team/app", objectId: "m", value: 1}) { digest } }'
    for body in ([file], {"query": "{"}, {"query": "{ none }"}, {"query": mutation}, {**file, "variables": {}}, 7):
        answer = await client.post("/graphql", json=body)
        assert answer.headers["cache-control"] == "no-store", answer.text
    assert (await client.put("/graphql")).headers["cache-control"] == "no-store"


async def test_prefixed_names_are_kept_too(sqlite_url: str) -> None:
    settings = {"federation_type_prefix": "Trace", "federation_field_prefix": "trace"}
    async with running_app(sqlite_url, **settings) as client:
        given = await fill(client)
        query = 'query($file: String!) { traceProject(slug: "team/app") { file(digest: $file) { digest } } }'
        variables = {"file": given["file"]}
        answer = await client.post("/graphql", json={"query": query, "variables": variables})
        assert answer.json()["data"]["traceProject"]["file"] == {"digest": given["file"]}
        assert answer.headers["cache-control"] == KEPT


@pytest.mark.parametrize("noun", FIXED_FIELDS)
def test_what_never_changes_is_there(noun: str) -> None:
    types = [
        type_
        for type_ in schema._schema.type_map.values()
        if getattr((type_.extensions or {}).get("strawberry-definition"), "name", "") == noun
    ]
    assert types
    for type_ in types:
        assert set(type_.fields) >= FIXED_FIELDS[noun]  # type: ignore[attr-defined]
