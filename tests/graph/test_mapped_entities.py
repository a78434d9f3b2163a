"""Entities that a setting maps from what calls carry."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import Connection, text

from db.engines import Database
from db.subjects import Subject, select_subjects
from graph.schema import build_schema
from resolvers.subjects.entities import MappingError, parse_mappings
from tests.conftest import running_app
from tests.graph.test_users import APP, LAB, SITE, answer, call, record, refusal
from tests.statements import counted, executed, fewest

ENTITIES = r"Customer.id = attributes.customer.id; Order.number: String = inputs.order\.no"


@pytest.fixture
async def mapping(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that maps entities."""
    async with running_app(database_url, federation_entities=ENTITIES) as client:
        yield client


def of_customer(number: int, customer: Any, project: str = APP, **more: Any) -> dict[str, Any]:
    return call(number, None, project, attributes={"customer": {"id": customer}}, **more)


TOTALS = "id callCount errorCount firstSeen lastSeen"


async def test_a_customer_in_a_project_and_over_all(mapping: httpx.AsyncClient) -> None:
    await record(mapping, [of_customer(1, "a"), of_customer(2, "b"), of_customer(3, "a"), of_customer(4, "a", SITE)])
    await record(mapping, [of_customer(5, "a", LAB), call(6, None)])
    document = f"""{{
        customer(id: "a") {{ {TOTALS} projects {{ nodes {{ slug }} }}
            calls(last: 3) {{ totalCount nodes {{ projectSlug callId }} pageInfo {{ hasPreviousPage }} }}
            traces {{ totalCount }} here: callCount(project: "team/app") }}
        nobody: customer(id: "c") {{ id }}
        project(slug: "team/app") {{
            customer(id: "a") {{ {TOTALS} calls {{ nodes {{ callId }} }} }}
            elsewhere: customer(id: "z") {{ id }}
            customers {{ totalCount nodes {{ id callCount }} }}
            calls {{ nodes {{ callId customer {{ id callCount }} }} }}
        }}
    }}"""
    data = await answer(mapping, document)
    assert data["customer"] == {
        "id": "a",
        "callCount": 4,
        "errorCount": 0,
        "firstSeen": "2026-01-01T00:00:01Z",
        "lastSeen": "2026-01-01T00:00:05Z",
        "projects": {"nodes": [{"slug": LAB}, {"slug": APP}, {"slug": SITE}]},
        "calls": {
            "totalCount": 4,
            "nodes": [
                {"projectSlug": APP, "callId": "call-3"},
                {"projectSlug": SITE, "callId": "call-4"},
                {"projectSlug": LAB, "callId": "call-5"},
            ],
            "pageInfo": {"hasPreviousPage": True},
        },
        "traces": {"totalCount": 4},
        "here": 2,
    }
    assert data["nobody"] is None
    assert data["project"] == {
        "customer": {
            "id": "a",
            "callCount": 2,
            "errorCount": 0,
            "firstSeen": "2026-01-01T00:00:01Z",
            "lastSeen": "2026-01-01T00:00:03Z",
            "calls": {"nodes": [{"callId": "call-1"}, {"callId": "call-3"}]},
        },
        "elsewhere": None,
        "customers": {"totalCount": 2, "nodes": [{"id": "a", "callCount": 2}, {"id": "b", "callCount": 1}]},
        "calls": {
            "nodes": [
                {"callId": "call-1", "customer": {"id": "a", "callCount": 2}},
                {"callId": "call-2", "customer": {"id": "b", "callCount": 1}},
                {"callId": "call-3", "customer": {"id": "a", "callCount": 2}},
                {"callId": "call-6", "customer": None},
            ]
        },
    }


async def test_a_key_of_another_name(mapping: httpx.AsyncClient) -> None:
    await record(mapping, [call(1, None, inputs={"order.no": 17}), call(2, None, inputs={"order": {"no": 17}})])
    document = '{ order(number: "17") { number callCount calls { nodes { callId order { number } } } } }'
    order = {"number": "17", "callCount": 1, "calls": {"nodes": [{"callId": "call-1", "order": {"number": "17"}}]}}
    assert (await answer(mapping, document))["order"] == order
    entities = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Order { number callCount } } }"
    given = [{"__typename": "Order", "number": number} for number in ("17", 17, "18")]
    found = (await answer(mapping, entities, r=given))["_entities"]
    counts = [("17", 1), ("17", 1), ("18", 0)]
    assert found == [{"number": number, "callCount": count} for number, count in counts]
    for bad, said in (({"id": "17"}, "None"), ({"number": True}, "True"), ({"number": ["17"]}, "['17']")):
        message = await refusal(mapping, entities, r=[{"__typename": "Order", **bad}])
        assert message == f"A representation of Order must have a text as its number, not {said}"


# JSON text of a customer's id, and the key that it is.
VALUES: list[tuple[str, str | None]] = [
    ('"plain"', "plain"),
    ("42", "42"),
    ("1.50", "1.50"),
    ("-0", "-0"),
    ("1e3", "1e3"),
    ("12345678901234567890", "12345678901234567890"),
    ('"42 "', "42 "),
    ('"O\'Brien \\"x\\" \\\\"', 'O\'Brien "x" \\'),
    ('"ünïcode \\ud83c\\udf88"', "ünïcode 🎈"),
    ('"a\\u0000b"', "a\x00b"),
    ('"lone \\ud800"', "lone \ud800"),
    (f'"{"long " * 100}"', "long " * 100),
    (f'"{"long " * 100}other"', "long " * 100 + "other"),
    (f'"{"🎈" * 4096}"', "🎈" * 4096),
    (f'"{"x" * 4097}"', None),
    (f'"{"y" * 1_000_000}"', None),
    ('""', None),
    ("null", None),
    ("true", None),
    ("[1]", None),
    ('{"a": 1}', None),
    ("NaN", "NaN"),
]


async def test_any_value_is_found_or_no_key(mapping: httpx.AsyncClient) -> None:
    for number, (value, _) in enumerate(VALUES):
        start = json.dumps(call(number, None)).replace(
            '"attributes": {}', f'"attributes": {{"customer": {{"id": {value}}}}}'
        )
        response = await mapping.post("/call/start", content=f'{{"start": {start}}}')
        assert response.status_code == 200, response.text
    document = '{ project(slug: "team/app") { calls { nodes { customer { id } } } customers { totalCount } } }'
    project = (await answer(mapping, document))["project"]
    keys = [node["customer"] and node["customer"]["id"] for node in project["calls"]["nodes"]]
    assert keys == [key for _, key in VALUES]
    assert project["customers"]["totalCount"] == len([key for key in keys if key is not None])
    document = "query($id: ID!) { customer(id: $id) { id callCount calls { totalCount nodes { callId } } } }"
    for number, (_, key) in enumerate(VALUES):
        if key is not None:
            nodes = {"totalCount": 1, "nodes": [{"callId": f"call-{number}"}]}
            assert (await answer(mapping, document, id=key))["customer"] == {"id": key, "callCount": 1, "calls": nodes}
    for nobody in ("", "x" * 4097, "y" * 1_000_000, "true", "[1]", "long " * 20):
        assert (await answer(mapping, document, id=nobody))["customer"] is None


async def test_entities_and_links_are_read_together(mapping: httpx.AsyncClient) -> None:
    await record(
        mapping, [of_customer(number, f"c{number}", project) for number in range(30) for project in (APP, SITE)]
    )
    fields = (
        "id callCount cost { total } calls(first: 1) { totalCount nodes { callId } } traces(first: 1) { totalCount }"
    )
    entities = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Customer {{ {fields} }} }} }}"
    below = f"calls(first: $n) {{ nodes {{ customer {{ {fields} }} }} }}"
    links = f'query($n: Int!) {{ project(slug: "team/app") {{ {below} }} }}'

    async def of_entities() -> list[int]:
        counts = []
        for size in (3, 30):
            given = [{"__typename": "Customer", "id": f"c{number}"} for number in range(size)]
            with counted() as statements:
                found = (await answer(mapping, entities, r=given))["_entities"]
            assert [each["callCount"] for each in found] == [2] * size
            counts.append(len(statements))
        return counts

    async def of_links() -> list[int]:
        counts = []
        for size in (3, 30):
            with counted() as statements:
                nodes = (await answer(mapping, links, n=size))["project"]["calls"]["nodes"]
            assert [each["customer"]["callCount"] for each in nodes] == [1] * size
            counts.append(len(statements))
        return counts

    for count in (of_entities, of_links):
        few, many = await fewest(count, until=lambda counts: counts[0] == counts[1])
        assert few == many


def plan_of(connection: Connection, statement: str, parameters: Any) -> str:
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    return "\n".join(str(row) for row in connection.exec_driver_sql(explain + statement, parameters))


LOOK_UPS = [
    """{ %s(id: "c7") { callCount calls { nodes { callId } } projects { totalCount } traces { totalCount }
         usage { totalTokens } } }""",
    """{ project(slug: "team/app") { %s(id: "c7") { callCount calls { nodes { callId } } } } }""",
]
INDEXES = {"customer": "ix_calls_subject_", "user": "ix_calls_project_id_wb_user_id_started_at_id"}


@pytest.mark.parametrize("field", INDEXES)
async def test_an_index_finds_them(database_url: str, field: str) -> None:
    async with running_app(database_url, federation_entities=ENTITIES) as client:
        await record(client, [of_customer(number, f"c{number}", wb_user_id=f"c{number}") for number in range(2000)])
        with executed() as statements:
            for document in LOOK_UPS:
                await answer(client, document % field)
        looking_up = [each for each in statements if "c7" in json.dumps(each[1], default=str)]
        assert len(looking_up) >= 6

        def plans(connection: Connection) -> list[str]:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("ANALYZE calls")  # as autovacuum does a minute later
            return [plan_of(connection, *each) for each in looking_up]

        database = Database(database_url)
        try:
            found = await database.read(plans)
        finally:
            await database.close()
        for plan in found:
            assert INDEXES[field] in plan, plan
            assert "SCAN calls" not in plan
            assert "Seq Scan on calls" not in plan


async def index_names(database_url: str) -> set[str]:
    database = Database(database_url)
    sqlite = "SELECT name FROM sqlite_master WHERE type = 'index'"
    postgresql = "SELECT indexname FROM pg_indexes"
    statement = sqlite if database.dialect == "sqlite" else postgresql
    try:
        names = await database.read(lambda connection: list(connection.execute(text(statement)).scalars()))
    finally:
        await database.close()
    return {name for name in names if name.startswith("ix_calls_subject_")}


async def test_indexes_come_and_go_with_the_setting(database_url: str) -> None:
    async with running_app(database_url, federation_entities=ENTITIES):
        both = await index_names(database_url)
        assert len(both) == 2
    async with running_app(database_url, federation_entities=ENTITIES):
        assert await index_names(database_url) == both
    # The same place under another name has the same index.
    async with running_app(database_url, federation_entities="Client.id = attributes.customer.id"):
        one = await index_names(database_url)
        assert len(one) == 1
        assert one < both
    async with running_app(database_url):
        assert await index_names(database_url) == set()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("Customer", "'Customer' is no mapping, expected one like 'Customer.id = attributes.customer.id'"),
        ("Customer.id", "'Customer.id' is no mapping, expected one like 'Customer.id = attributes.customer.id'"),
        ("customer.id = inputs.x", "'customer' in 'customer.id = inputs.x' is no name of a type"),
        ("__A.id = inputs.x", "'__A' in '__A.id = inputs.x' is no name of a type"),
        ("Cüst.id = inputs.x", "'Cüst' in 'Cüst.id = inputs.x' is no name of a type"),
        ("A.Id = inputs.x", "'Id' in 'A.Id = inputs.x' is no name of a field"),
        ("A.id: Int = inputs.x", "'Int' in 'A.id: Int = inputs.x' is no type of a key, which are ID and String"),
        ("A.id = nope.x", "'nope' in 'A.id = nope.x' is nothing that calls carry, which is attributes, inputs, output"),
        ("A.id = inputs", "'inputs' is no path that can be mapped"),
        ("A.id = inputs..x", "'inputs..x' is no path that can be mapped"),
        ("A.id = inputs.'x", '"inputs.\'x" is no path that can be mapped'),
        ("A.id = inputs.ü", "'inputs.ü' is no path that can be mapped"),
        (f"A.id = inputs.{'x' * 200}", f"'inputs.{'x' * 200}' is no path that can be mapped"),
        ("A.id = inputs.x; A.id = inputs.y", "'A' is mapped twice"),
        (";".join(f"A{number}.id = inputs.x" for number in range(21)), "21 entities are mapped, at most 20 can be"),
    ],
)
def test_mappings_that_cannot_be(given: str, message: str) -> None:
    with pytest.raises(MappingError) as caught:
        parse_mappings(given)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("Call.id = inputs.x", "'Call' cannot be mapped: the schema has a type 'Call'"),
        ("User.id = inputs.x", "'User' cannot be mapped: the schema has a type 'User'"),
        ("String.id = inputs.x", "'String' cannot be mapped: the schema has a type 'String'"),
        ("CallEdge.id = inputs.x", "'CallEdge' cannot be mapped: the schema has a type 'CallEdge'"),
        ("Parent.id = inputs.x", "'Parent' cannot be mapped: Call has a field 'parent'"),
        ("Viewer.id = inputs.x", "'Viewer' cannot be mapped: Query has a field 'viewer'"),
        ("A.calls = inputs.x", "'A' cannot be mapped: its key 'calls' is another field of the type"),
        ("Box.id = inputs.x; Boxe.id = inputs.y", "'Boxe' cannot be mapped: Project has a field 'boxes'"),
        ("A.id = inputs.x; AConnection.id = inputs.y", "'AConnection' cannot be mapped: the schema has a type"),
    ],
)
def test_names_that_are_taken(given: str, message: str) -> None:
    with pytest.raises(MappingError) as caught:
        build_schema(mappings=parse_mappings(given))
    assert str(caught.value).startswith(message)


def test_names_of_lists() -> None:
    names = ["Customer", "Company", "Toy", "Box", "Address", "Branch", "LineItem"]
    mappings = parse_mappings(";".join(f"{name}.id = inputs.x" for name in names))
    assert [each.list_field for each in mappings] == [
        "customers",
        "companies",
        "toys",
        "boxes",
        "addresses",
        "branches",
        "lineItems",
    ]
    assert mappings[-1].field == "lineItem"


async def test_the_default_schema_has_no_mapped_types(client: httpx.AsyncClient) -> None:
    message = await refusal(client, '{ customer(id: "a") { id } }')
    assert message.startswith("Cannot query field 'customer' on type 'Query'")
    given = [{"__typename": "Customer", "id": "a"}]
    entities = "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }"
    assert await refusal(client, entities, r=given) == (
        "A representation must name an entity in __typename, not 'Customer'"
    )


async def test_no_value_makes_the_index_fail(postgres_url: str) -> None:
    async with running_app(postgres_url, federation_entities=ENTITIES) as client:
        for number, (value, _) in enumerate(VALUES):
            content = f'{{"start": {json.dumps(call(number, None))}}}'
            content = content.replace('"inputs": {"n"', f'"inputs": {{"order.no": {value}, "n"')
            assert (await client.post("/call/start", content=content)).status_code == 200
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("REINDEX TABLE calls")


async def test_rows_of_what_is_not_there(context: Any) -> None:
    found = await context.database.read(
        lambda connection: select_subjects(connection, APP, ["a", ""], subject=Subject("C", "inputs", ("x",)))
    )
    assert found == {}


async def test_gateways_see_the_mapped_types(database_url: str) -> None:
    prefixes = {"federation_type_prefix": "Trace", "federation_field_prefix": "trace"}
    async with running_app(database_url, federation_entities=ENTITIES, **prefixes) as client:
        sdl = (await answer(client, "{ _service { sdl } }"))["_service"]["sdl"]
        for expected in (
            'type Customer @key(fields: "id")',
            'type Order @key(fields: "number")',
            'type User @key(fields: "id")',
            "  customer: Customer\n",
        ):
            assert expected in sdl, expected
        # Where another subgraph owns the type, looking it up is its own affair (docs/federation.md).
        assert "viewer" not in sdl
        assert "traceCustomer(" not in sdl
        await record(client, [of_customer(1, "a")])
        assert (await answer(client, '{ traceCustomer(id: "a") { callCount } }'))["traceCustomer"] == {"callCount": 1}
