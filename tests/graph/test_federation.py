"""The schema as one subgraph of many: what gateways are told, and the entities they ask for."""

import json
import re
from typing import Any

import httpx
import pytest
from graphql import ObjectTypeDefinitionNode, build_schema, parse

from graph.naming import Naming
from graph.nodes import NODE_KEYS
from graph.schema import build_schema as build_ours
from graph.schema import schema
from resolvers.ids import encode_id
from resolvers.subjects.entities import parse_mappings
from tests.conftest import running_app
from tests.statements import counted

PROJECTS = ("team/app", "team/ünï-code")
ENTITIES = """query($r: [_Any!]!) { _entities(representations: $r) { __typename
  ... on TracegraphNode { id }
  ... on Project { slug name } ... on Call { callId projectSlug opName } ... on Trace { traceId callCount }
  ... on Session { sessionId } ... on Thread { threadId } ... on ObjectVersion { digest value }
  ... on Table { rowCount } ... on TableRow { value } ... on File { sizeBytes }
  ... on Feedback { payload } ... on Price { model }
} }"""


def types_of(sdl: str) -> dict[str, ObjectTypeDefinitionNode]:
    return {node.name.value: node for node in parse(sdl).definitions if isinstance(node, ObjectTypeDefinitionNode)}


def fields_of(sdl: str, type_: str) -> list[str]:
    return [field.name.value for field in types_of(sdl)[type_].fields or ()]


async def asked(client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    body = json.dumps({"query": query, "variables": variables})  # lone surrogates as escapes
    return (await client.post("/graphql", content=body, headers={"content-type": "application/json"})).json()


async def entities(client: httpx.AsyncClient, *representations: Any) -> Any:
    return await asked(client, ENTITIES, r=representations)


async def posted(client: httpx.AsyncClient, path: str, body: Any) -> Any:
    response = await client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def fill(client: httpx.AsyncClient, project: str, calls: int = 1) -> dict[str, list[dict[str, Any]]]:
    """One node of each type with the digests of this project (more calls); the representations by natural keys."""
    ids = [f"call-{number}" for number in range(calls)]
    batch = [
        {
            "project_id": project,
            "id": each,
            "trace_id": f"trace of {each}",
            "thread_id": "thread",
            "op_name": "op",
            "started_at": "2026-01-01T00:00:00Z",
            "attributes": {"session.id": "session"},
            "inputs": {},
        }
        for each in ids
    ]
    await posted(client, "/call/upsert_batch", {"batch": [{"mode": "start", "req": {"start": each}} for each in batch]})
    value = {"project_id": project, "object_id": "model", "val": {"a": 1}}
    version = (await posted(client, "/obj/create", {"obj": value}))["digest"]
    table = await posted(client, "/table/create", {"table": {"project_id": project, "rows": [{"a": 1}]}})
    upload = await client.post("/file/create", data={"project_id": project}, files={"file": ("a", b"abc")})
    call_ref = f"weave:///{project}/call/call-0"
    given = {"weave_ref": call_ref, "feedback_type": "custom", "payload": {"n": 1}}
    feedback = (await posted(client, "/feedback/create", {"project_id": project, **given}))["id"]
    costs = {"gpt": {"prompt_token_cost": 1, "completion_token_cost": 2}}
    price = (await posted(client, "/cost/create", {"project_id": project, "costs": costs}))["ids"][0][0]
    return {
        "Project": [{"slug": project}],
        "Call": [{"ref": f"weave:///{project}/call/{each}"} for each in ids]
        + [{"projectSlug": project, "callId": each} for each in ids]
        + [{"id": encode_id("Call", project, each)} for each in ids],
        "Trace": [{"projectSlug": project, "traceId": "trace of call-0"}],
        "Thread": [{"projectSlug": project, "threadId": "thread"}],
        "ObjectVersion": [{"ref": f"weave:///{project}/object/model:{version}"}],
        "Table": [{"ref": f"weave:///{project}/table/{table['digest']}"}],
        "TableRow": [{"projectSlug": project, "digest": table["row_digests"][0]}],
        "File": [{"projectSlug": project, "digest": upload.json()["digest"]}],
        "Feedback": [{"projectSlug": project, "feedbackId": feedback}],
        "Price": [{"projectSlug": project, "priceId": price}],
    }


def named(type_: str, representations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"__typename": type_, **each} for each in representations]


async def test_the_view_is_what_the_service_tells(client: httpx.AsyncClient) -> None:
    answer = await asked(client, "{ _service { sdl } }")
    assert answer["data"] == {"_service": {"sdl": schema.subgraph_sdl}}


def test_the_view_is_a_schema_and_leaves_out_what_every_relay_subgraph_has() -> None:
    view = schema.subgraph_sdl
    build_schema(view, assume_valid_sdl=True)
    query = schema._schema.query_type
    assert query is not None
    left_out = {"node", "nodes", "viewer", "user", "_entities", "_service"}
    assert fields_of(view, "Query") == [name for name in query.fields if name not in left_out]
    assert not re.search(r"^(type|scalar|union) _", view, re.MULTILINE)


def test_every_value_type_is_shareable_and_every_node_an_entity_by_id() -> None:
    types = types_of(schema.subgraph_sdl)
    for name, node in types.items():
        directives = [directive.name.value for directive in node.directives or ()]
        if name in NODE_KEYS:
            assert directives.count("key") >= 2, name
            assert {interface.name.value for interface in node.interfaces or ()} >= {"Node", "TracegraphNode"}
        elif name not in {"Query", "Mutation", "Subscription"} and "key" not in directives:
            assert directives == ["shareable"], name


def test_pages_of_users_do_not_collide_with_those_of_the_team_that_has_the_users() -> None:
    names = types_of(schema.subgraph_sdl)
    assert "User" in names
    assert {name for name in names if name.startswith("TracedUser")} == {"TracedUserConnection", "TracedUserEdge"}
    assert not {"UserConnection", "UserEdge"} & set(names)


def test_mapped_entities_do_not_collide_with_those_of_the_team_that_has_them() -> None:
    mapped = build_ours(mappings=parse_mappings("Customer.id = attributes.customer.id"))
    view = mapped.subgraph_sdl
    assert {name for name in types_of(view) if "Customer" in name} == {
        "Customer",
        "TracedCustomerConnection",
        "TracedCustomerEdge",
    }
    assert "customer" not in fields_of(view, "Query")
    assert "customer" in fields_of(view, "Call")
    query = mapped._schema.query_type
    assert query is not None
    assert "customer" in query.fields


def test_fields_and_root_types_can_be_left_out_with_what_only_they_lead_to() -> None:
    naming = Naming(omitted_fields=frozenset({"node", "nodes", "viewer", "Query.ref", "Mutation"}))
    view = build_ours(naming).subgraph_sdl
    assert "project" in fields_of(view, "Query")
    assert "ref" not in fields_of(view, "Query")
    assert "Mutation" not in types_of(view)
    assert "input CallStartInput" not in view
    assert "input CallFilterInput" in view


async def test_prefixed_names_are_told_and_served(database_url: str) -> None:
    settings = {"federation_type_prefix": "Trace", "federation_field_prefix": "trace"}
    async with running_app(database_url, **settings) as client:
        given = await fill(client, "team/app")
        view = (await asked(client, "{ _service { sdl } }"))["data"]["_service"]["sdl"]
        ours = set(types_of(schema.subgraph_sdl))
        shared = {"Query", "Mutation", "Subscription", "PageInfo", "User"}
        assert set(types_of(view)) == {name if name in shared else f"Trace{name}" for name in ours}
        assert "traceProject" in fields_of(view, "Query")
        assert all(name.startswith("trace") for name in fields_of(view, "Mutation"))

        query = """query($id: ID!) { node(id: $id) { id }
          p: traceProject(slug: "team/app") { __typename calls { nodes { __typename callId } } } }"""
        answer = await asked(client, query, id=encode_id("Call", "team/app", "call-0"))
        assert answer["data"] == {
            "p": {"__typename": "TraceProject", "calls": {"nodes": [{"__typename": "TraceCall", "callId": "call-0"}]}},
            "node": {"id": encode_id("Call", "team/app", "call-0")},
        }
        query = "query($r: [_Any!]!) { _entities(representations: $r) { __typename ... on TraceCall { callId } } }"
        node = {"__typename": "TraceTracegraphNode", "id": encode_id("Call", "team/app", "call-0")}
        answer = await asked(client, query, r=[*named("TraceCall", given["Call"]), node])
        assert answer["data"]["_entities"] == [{"__typename": "TraceCall", "callId": "call-0"}] * 4


async def test_documents_in_the_names_without_a_prefix_are_taken_too(database_url: str) -> None:
    settings = {"federation_type_prefix": "Trace", "federation_field_prefix": "trace"}
    async with running_app(database_url, **settings) as client:
        await fill(client, "team/app")
        query = """query($filter: CallFilterInput, $uri: String!) {
          ...Q ref(uri: $uri) { ... on Call { callId } } project(slug: "team/app") { name } }
        fragment Q on Query { p: project(slug: "team/app") { calls(filter: $filter) { nodes { ...C } } } }
        fragment C on Call { callId }"""
        uri = "weave:///team/app/call/call-0"
        answer = await asked(client, query, filter={"callIds": ["call-0"]}, uri=uri)
        assert answer["data"] == {
            "p": {"calls": {"nodes": [{"callId": "call-0"}]}},
            "ref": {"callId": "call-0"},
            "project": {"name": "app"},
        }
        answer = await asked(client, "query($filter: Nothing) { project { __typename } }")
        assert {error["message"].split(".")[0] for error in answer["errors"]} >= {"Unknown type 'Nothing'"}


async def test_every_entity_is_found_by_each_of_its_keys(client: httpx.AsyncClient) -> None:
    given = await fill(client, "team/app")
    for type_, representations in given.items():
        found = (await entities(client, *named(type_, representations)))["data"]["_entities"]
        assert [each["__typename"] for each in found] == [type_] * len(representations)
        node_id = found[0]["id"]
        for type_name in (type_, "TracegraphNode"):
            again = await entities(client, {"__typename": type_name, "id": node_id, "extra": {"key": [1]}})
            assert again["data"]["_entities"] == [found[0]]


def nested(levels: int) -> Any:
    """Lists inside each other."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


async def test_a_bad_representation_is_an_error_of_its_own(client: httpx.AsyncClient) -> None:
    await fill(client, "team/app")
    good = {"__typename": "Call", "ref": "weave:///team/app/call/call-0"}
    project_id = encode_id("Project", "team/app")
    bad: list[tuple[Any, str]] = [
        ("text", "A representation must be an object, not 'text'"),
        (7, "A representation must be an object, not 7"),
        ([good], "A representation must be an object, not"),
        (nested(690), "A representation must be an object, not [[[["),
        ({}, "A representation must name an entity in __typename, not None"),
        ({"__typename": None}, "A representation must name an entity in __typename, not None"),
        ({"__typename": ["Call"]}, "A representation must name an entity in __typename, not ['Call']"),
        ({"__typename": "PageInfo"}, "A representation must name an entity in __typename, not 'PageInfo'"),
        ({"__typename": "Node", "id": project_id}, "A representation must name an entity in __typename, not 'Node'"),
        ({"__typename": "Call"}, "A representation of Call holds none of its keys: ['__typename']"),
        ({"__typename": "Call", "ref": None}, "A representation of Call holds none of its keys: ['__typename', 'ref']"),
        ({"__typename": "Call", "ref": 7}, "A representation of Call holds none of its keys"),
        ({"__typename": "Call", "callId": "call-0"}, "A representation of Call holds none of its keys"),
        ({"__typename": "Call", "ref": "nonsense"}, "Invalid ref 'nonsense'"),
        ({"__typename": "Call", "ref": "weave:///team/app/table/x"}, "'weave:///team/app/table/x' is no ref of a call"),
        ({"__typename": "Call", "id": "nonsense"}, "Invalid node id 'nonsense'"),
        ({"__typename": "Call", "id": project_id}, f"'{project_id}' is the id of a Project, not of a Call"),
        ({"__typename": "TracegraphNode", "slug": "team/app"}, "A representation of TracegraphNode holds none of its"),
        ({"__typename": "TracegraphNode", "id": encode_id("Nothing", "a")}, "is the id of a Nothing"),
    ]
    for representation, message in bad:
        answer = await entities(client, representation, good)
        assert answer["data"]["_entities"][0] is None, representation
        assert answer["data"]["_entities"][1]["callId"] == "call-0"
        [error] = answer["errors"]
        assert message in error["message"]
        assert error["path"] == ["_entities", 0]
        assert error["extensions"]["code"] == "INVALID_INPUT"


async def test_what_is_not_there_is_null_without_an_error(client: httpx.AsyncClient) -> None:
    await fill(client, "team/app")
    missing = [
        {"__typename": "Project", "slug": "team/none"},
        {"__typename": "Project", "slug": ""},
        {"__typename": "Project", "slug": "\ud800\x00"},
        {"__typename": "Call", "ref": "weave:///team/app/call/none"},
        {"__typename": "Call", "projectSlug": "team/app", "callId": "\x00"},
        {"__typename": "Call", "projectSlug": "team/app", "callId": "\ud800"},
        {"__typename": "Call", "projectSlug": "a\x00/b", "callId": "x" * 100_000},
        {"__typename": "Trace", "projectSlug": "team/app", "traceId": "\x00\udfff"},
        {"__typename": "Session", "projectSlug": "team/app", "sessionId": "none"},
        {"__typename": "Thread", "projectSlug": "", "threadId": "thread"},
        {"__typename": "ObjectVersion", "ref": "weave:///team/app/object/model:none"},
        {"__typename": "ObjectVersion", "ref": "weave:///team/app/object/model:\x00"},
        {"__typename": "Table", "ref": "weave:///team/app/table/\x00"},
        {"__typename": "TableRow", "projectSlug": "team/app", "digest": "\x00"},
        {"__typename": "File", "projectSlug": "team/app", "digest": "\ud800"},
        {"__typename": "Feedback", "projectSlug": "team/app", "feedbackId": "\x00"},
        {"__typename": "Price", "projectSlug": "team/app", "priceId": "\ud800"},
        {"__typename": "TracegraphNode", "id": encode_id("Call", "team/app", "none")},
    ]
    assert await entities(client, *missing) == {
        "data": {"_entities": [None] * len(missing)},
        "extensions": (await entities(client, *missing))["extensions"],
    }
    assert (await entities(client))["data"] == {"_entities": []}


@pytest.fixture
async def two_projects(client: httpx.AsyncClient) -> dict[str, dict[str, list[dict[str, Any]]]]:
    return {project: await fill(client, project, 25) for project in PROJECTS}


async def test_representations_cost_one_statement_a_type_and_project(
    client: httpx.AsyncClient, two_projects: dict[str, dict[str, list[dict[str, Any]]]]
) -> None:
    calls = [each for given in two_projects.values() for each in named("Call", given["Call"])]
    nodes = [{**each, "__typename": "TracegraphNode"} for each in calls if "id" in each]
    with counted() as statements:
        found = (await entities(client, *calls, *nodes))["data"]["_entities"]
    assert len(found) == 2 * 25 * 4
    assert {each["__typename"] for each in found} == {"Call"}
    assert [each["callId"] for each in found[:25]] == [f"call-{number}" for number in range(25)]
    assert len(statements) == len(PROJECTS)

    everything = [each for given in two_projects.values() for type_ in given for each in named(type_, given[type_])]
    with counted() as statements:
        found = (await entities(client, *everything))["data"]["_entities"]
    assert [each["__typename"] for each in found] == [each["__typename"] for each in everything]
    types = len(two_projects["team/app"])
    assert len(statements) == types * len(PROJECTS) - 1  # projects are not in one: they are read together


async def test_each_key_is_a_plain_lookup_too(client: httpx.AsyncClient) -> None:
    given = await fill(client, "team/app")
    variables = {
        "call": "call-0",
        "trace": "trace of call-0",
        "thread": "thread",
        "version": given["ObjectVersion"][0]["ref"].rpartition(":")[2],
        "table": given["Table"][0]["ref"].rpartition("/")[2],
        "row": given["TableRow"][0]["digest"],
        "file": given["File"][0]["digest"],
        "feedback": given["Feedback"][0]["feedbackId"],
        "price": given["Price"][0]["priceId"],
        "ref": given["Call"][0]["ref"],
    }
    query = f"""query({", ".join(f"${name}: String!" for name in variables)}) {{
      ref(uri: $ref) {{ __typename }}
      project(slug: "team/app") {{ __typename
        call(callId: $call) {{ __typename }} trace(traceId: $trace) {{ __typename }}
        thread(threadId: $thread) {{ __typename }} session(sessionId: "none") {{ __typename }}
        objectVersion(objectId: "model", version: $version) {{ __typename }} table(digest: $table) {{ __typename }}
        tableRow(digest: $row) {{ __typename value }} file(digest: $file) {{ __typename }}
        feedbackItem(feedbackId: $feedback) {{ __typename payload }} price(priceId: $price) {{ __typename }} }} }}"""
    answer = await asked(client, query, **variables)
    assert answer["data"] == {
        "ref": {"__typename": "Call"},
        "project": {
            "__typename": "Project",
            "call": {"__typename": "Call"},
            "trace": {"__typename": "Trace"},
            "thread": {"__typename": "Thread"},
            "session": None,
            "objectVersion": {"__typename": "ObjectVersion"},
            "table": {"__typename": "Table"},
            "tableRow": {"__typename": "TableRow", "value": {"a": 1}},
            "file": {"__typename": "File"},
            "feedbackItem": {"__typename": "Feedback", "payload": {"n": 1}},
            "price": {"__typename": "Price"},
        },
    }
