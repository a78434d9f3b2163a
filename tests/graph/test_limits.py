from itertools import product
from typing import Any

import pytest
import strawberry
from graphql import FragmentDefinitionNode, OperationDefinitionNode, get_introspection_query, parse

from graph.admission import Admitted, Gate
from graph.cost import cost
from graph.errors import presented
from graph.limits import Documents, Limits
from graph.measure import Size, repetitions, sizes_of


@strawberry.type
class PageInfo:
    has_next_page: bool


@strawberry.type
class Edge:
    node: "Node"


@strawberry.type
class Connection:
    page_info: PageInfo
    edges: list[Edge]
    nodes: list["Node"]
    total_count: int = strawberry.field(metadata=cost(20))


@strawberry.type
class Node:
    id: strawberry.ID
    parent: "Node | None" = None
    tags: list[str] = strawberry.field(default_factory=list)
    links: list["Node"] = strawberry.field(default_factory=list)
    few: list["Node"] = strawberry.field(default_factory=list, metadata=cost(2, list_size=3))

    @strawberry.field
    def children(self, first: int | None = None, last: int | None = None) -> Connection | None:
        return None


@strawberry.type
class Query:
    @strawberry.field
    def node(self) -> Node | None:
        return None

    @strawberry.field
    def nodes(self, ids: list[strawberry.ID]) -> list[Node]:
        return [Node(id=item) for item in ids]

    @strawberry.field
    def pages(self, limit: int = 7) -> Connection | None:
        return None


SCHEMA = strawberry.Schema(Query)


async def run(query: str, variables: Any = None, name: str | None = None, **limits: int) -> Any:
    """The message that refuses the document with its code, or the extensions of the answer."""
    admission = await Gate(SCHEMA, Limits(**limits)).admit(query, variables, name)
    if not isinstance(admission, Admitted):
        [error] = presented(admission.errors or (), "id", executed=False)
        return error["message"], error["extensions"]["code"]
    return (await admission.execute(None)).extensions


async def cost_for(query: str, variables: dict[str, Any] | None = None) -> int:
    extensions = await run(query, variables)
    requested = extensions["cost"]["requested"]
    assert extensions == {"cost": {"requested": requested, "limit": Limits().max_cost}}
    assert isinstance(requested, int)
    return requested


def sizes(query: str) -> list[Size]:
    nodes = parse(query).definitions
    fragments = {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)}
    return sizes_of([node for node in nodes if isinstance(node, OperationDefinitionNode)], fragments)


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("{ a }", Size(1, 1, 0, 1)),
        ("{ a { b { c } } d }", Size(3, 4, 0, 2)),
        ("{ x: a { y: b } }", Size(2, 2, 2, 1)),
        ("{ ... on Query { a { ... { b } } } }", Size(2, 2, 0, 1)),
        ("{ a { ...F } ...G } fragment F on T { x: b { c } } fragment G on Query { d { ...F } }", Size(3, 6, 2, 2)),
        ("{ ...F } fragment F on Query { a ...F }", Size(1, 1, 0, 1)),
        ("{ ...Missing }", Size(0, 0, 0, 0)),
        ("{ __schema { types { fields { name } } } a { b } }", Size(2, 6, 0, 2)),
    ],
)
def test_fragments_count_where_they_are_spread(query: str, size: Size) -> None:
    assert sizes(query) == [size]


def doubling(levels: int) -> str:
    fragments = [f"fragment F{n} on Node {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)]
    return "{ node { ...F0 } } " + " ".join(fragments) + f" fragment F{levels} on Node {{ id }}"


async def test_doubled_fragments_are_measured_once_each() -> None:
    assert sizes(doubling(20)) == [Size(2, 1 + 2**20, 0, 1)]
    assert sizes(doubling(60)) == [Size(2, 10**12, 0, 1)]
    assert await run(doubling(20), max_repetitions=1) == (
        "The operation has 1048577 fields; the limit is 1000.",
        "LIMIT_EXCEEDED",
    )


@pytest.mark.parametrize(
    ("query", "limits", "message"),
    [
        ("{ node { parent { id } } }", {"max_depth": 2}, "The operation nests fields 3 deep; the limit is 2."),
        ("{ node { id parent { id } } }", {"max_fields": 3}, "The operation has 4 fields; the limit is 3."),
        ("{ a: node { id } b: node { id } }", {"max_aliases": 1}, "The operation has 2 aliases; the limit is 1."),
        (
            "query A { node { id } } query B { node { parent { id } } }",
            {"max_depth": 2},
            "The operation nests fields 3 deep; the limit is 2.",
        ),
        (
            "query A { node { id } } query B { __typename }",
            {"max_operations": 1},
            "The document has 2 operations; the limit is 1.",
        ),
        (
            "{ node { id } ...F } fragment F on Query { pages { totalCount } }",
            {"max_root_fields": 1},
            "The operation has 2 fields at its root; the limit is 1.",
        ),
        (
            "{ node { id } node { id } }",
            {"max_repetitions": 1},
            "The operation selects one place of its answer 2 times; the limit is 1.",
        ),
        (
            "{ pages(limit: 100) { nodes { id } } }",
            {"max_cost": 100},
            "The operation costs 101; the limit is 100. Ask for smaller pages.",
        ),
    ],
)
async def test_a_document_past_a_limit_is_refused(query: str, limits: dict[str, int], message: str) -> None:
    name = "A" if query.startswith("query A") else None
    assert await run(query, name=name, **limits) == (message, "LIMIT_EXCEEDED")
    more = {name: value + 1 for name, value in limits.items()}
    assert isinstance(await run(query, name=name, **more), dict)


async def test_every_limit_that_is_passed_is_told_with_what_was_asked_for() -> None:
    gate = Gate(SCHEMA, Limits(max_depth=2, max_aliases=1, max_fields=4, max_root_fields=1))
    refused = await gate.admit("{ a: node { parent { x: id } } b: node { id } }", None, None)
    assert not isinstance(refused, Admitted)
    limits = [
        {"name": "depth", "requested": 3, "limit": 2},
        {"name": "fields", "requested": 5, "limit": 4},
        {"name": "aliases", "requested": 3, "limit": 1},
        {"name": "rootFields", "requested": 2, "limit": 1},
    ]
    errors = presented(refused.errors or (), "id", executed=False)
    assert [error["extensions"] for error in errors] == [{"code": "LIMIT_EXCEEDED", "limit": each} for each in limits]
    assert refused.extensions == {"limits": limits}


async def test_a_cost_that_is_too_high_is_told_beside_the_limit() -> None:
    refused = await Gate(SCHEMA, Limits(max_cost=100)).admit("{ pages(limit: 100) { nodes { id } } }", None, None)
    assert not isinstance(refused, Admitted)
    exceeded = {"name": "cost", "requested": 101, "limit": 100}
    assert refused.extensions == {"cost": {"requested": 101, "limit": 100}, "limits": [exceeded]}


@pytest.mark.parametrize(
    ("query", "most"),
    [
        ("{ a }", 1),
        ("{ a { b } a { b } c: a { b } }", 2),
        ("{ a { b } a { b { c } } a { x: b } a { b { c } } }", 4),
        ("{ ...F ...F ... on Query { ...F a } } fragment F on Query { a }", 2),
        ("{ ...F a { ...G } } fragment F on Query { a { ...G } } fragment G on T { b ... { b } }", 2),
        ("{ a } fragment F on Query { b b b }", 3),
        ("{ ...F } fragment F on Query { a { ...F } b { ...F } }", 0),
    ],
)
def test_repetitions_are_the_most_selections_of_one_place(query: str, most: int) -> None:
    nodes = parse(query).definitions
    fragments = {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)}
    definitions = [node for node in nodes if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)]
    assert repetitions(definitions, fragments, 1000) == most


async def test_the_parser_has_limits_of_its_own() -> None:
    assert await run("{ node { id } }", max_tokens=5) == ("The document has more than 5 tokens.", "LIMIT_EXCEEDED")
    message = "The document has more than 1 comments."
    assert await run("{ node { id } } #1\n#2\n", max_comments=1) == (message, "LIMIT_EXCEEDED")
    message = "The document has 115 characters; the limit is 100."
    assert await run("{ node { id } }" + " " * 100, max_source_length=100) == (message, "LIMIT_EXCEEDED")
    assert isinstance(await run("{ node { id } }", max_tokens=6, max_comments=0, max_source_length=15), dict)


async def test_deep_nesting_is_refused_and_does_not_crash() -> None:
    for depth in (100, 300, 30_000):
        message, code = await run("{ node " * depth + "}" * depth, max_tokens=10**6, max_source_length=10**6)
        assert code in ("LIMIT_EXCEEDED", "GRAPHQL_PARSE_FAILED"), message
    chain = " ".join(f"fragment F{n} on Node {{ ...F{n + 1} }}" for n in range(3000))
    message, code = await run(
        "{ node { ...F0 } }" + chain + "fragment F3000 on Node { id }", max_tokens=10**6, max_source_length=10**6
    )
    assert (message, code) == ("The document's fragments are nested too deeply.", "LIMIT_EXCEEDED")


@pytest.mark.parametrize("type_depth", [7, 9, 13])
async def test_the_introspection_query_passes(type_depth: int) -> None:
    query = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
        type_depth=type_depth,
    )
    assert 1000 < await cost_for(query) < 20_000


async def test_introspection_costs_by_the_size_of_the_schema() -> None:
    types = len(SCHEMA._schema.type_map)
    fields = await cost_for("{ __schema { types { name } } }")
    assert fields == 1 + types
    assert await cost_for('{ __type(name: "Node") { name } }') == 1
    wide = " ".join(f"a{n}: __schema {{ types {{ fields {{ name args {{ name }} }} }} }}" for n in range(50))
    assert await cost_for(f"{{ {wide} }}") > 50 * types


async def test_several_operations_need_a_name() -> None:
    query = "query A { node { id } } query B { pages { nodes { id } } }"
    assert await run(query) == (
        "Must provide operation name if query contains multiple operations.",
        "GRAPHQL_VALIDATION_FAILED",
    )
    assert await run(query, name="A") == {"cost": {"requested": 1, "limit": 500_000}}
    assert await run(query, name="B") == {"cost": {"requested": 8, "limit": 500_000}}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ __typename }", 0),
        ("{ node { id tags } }", 1),
        ("{ node { parent { parent { id } } } }", 3),
        ("{ pages(limit: 5) { totalCount pageInfo { hasNextPage } } }", 1 + 20 + 1),
        ("{ pages(limit: 5) { edges { node { id } } } }", 1 + 5 * (1 + 1)),
        ("{ pages { nodes { id } } }", 1 + 7),
        ("{ pages(limit: 0) { nodes { id } } }", 1 + 1),
        ("{ pages(limit: -3) { nodes { id } } }", 1 + 1),
        ("{ node { children { nodes { id } } } }", 1 + 1 + 100),
        ("{ node { children(first: null) { nodes { id } } } }", 1 + 1 + 100),
        ("{ node { children(first: 2, last: 3) { nodes { id } } } }", 1 + 1 + 3),
        ("{ node { children(first: 2) { nodes { children(last: 3) { nodes { id } } } } } }", 1 + 1 + 2 * (1 + 1 + 3)),
        ("{ node { links { id } } }", 1 + 10),
        ("{ node { few { id } } }", 1 + 3 * 2),
        ('{ nodes(ids: ["a", "b", "c"]) { parent { id } } }', 3 * 2),
        ('{ nodes(ids: "a") { id } }', 1),
        ("{ node { ...F ...F } } fragment F on Node { links { id } }", 1 + 10 + 10),
        ("{ ... on Query { node { ... { id } } } }", 1),
    ],
)
async def test_cost_is_weight_times_size(query: str, expected: int) -> None:
    assert await cost_for(query) == expected


async def test_cost_follows_the_variables() -> None:
    query = "query Q($n: Int = 4) { pages(limit: $n) { nodes { id } } }"
    gate = Gate(SCHEMA, Limits(max_cost=100))
    costs = []
    for variables in ({}, {"n": 9}, {}, {"n": None}, {"n": 100}):
        admission = await gate.admit(query, dict(variables), None)
        if isinstance(admission, Admitted):
            costs.append(admission.cost.total)
        else:
            assert admission.extensions is not None
            costs.append(admission.extensions["cost"]["requested"])
    assert costs == [5, 10, 5, 101, 101]
    ids = "query Q($ids: [ID!]!) { nodes(ids: $ids) { parent { id } } }"
    assert await cost_for(ids, {"ids": ["a"] * 20}) == 40
    assert await cost_for(ids, {"ids": "a"}) == 2


async def test_costs_that_are_remembered_are_those_of_the_same_sizes() -> None:
    query = "query Q($n: Int = 4, $ids: [ID!]!) { pages(limit: $n) { nodes { id } } nodes(ids: $ids) { id } }"
    sizes: list[tuple[Any, int]] = [(1, 1), (True, 100), ([1], 100), ([1, 2, 3], 100), ("3", 100), (3, 3), (3.0, 100)]
    sizes += [(-1, 1), (0, 1), (None, 100), *((number, number) for number in range(1, 101))]
    lists: list[tuple[Any, int]] = [
        ([], 0),
        (["a"], 1),
        (["a", "b"], 2),
        (["c", "d"], 2),
        ("abc", 1),
        (7, 1),
        (None, 1),
    ]
    gate = Gate(SCHEMA, Limits())
    for (n, pages), (ids, nodes) in product(sizes + sizes[::-1], lists):
        admission = await gate.admit(query, {"n": n, "ids": ids}, None)
        assert isinstance(admission, Admitted)
        assert (n, ids, admission.cost.total) == (n, ids, 1 + pages + nodes)
        admission = await gate.admit(query, {"ids": ids}, None)
        assert isinstance(admission, Admitted)
        assert (ids, admission.cost.total) == (ids, 1 + 4 + nodes)


async def test_a_document_is_prepared_once() -> None:
    documents = Documents(SCHEMA, Limits(max_cached_documents=1))
    first = documents.prepare("{ node { id } }")
    assert documents.prepare("{ node { id } }") is first
    documents.prepare("{ __typename }")
    assert documents.prepare("{ node { id } }") is not first
    long = "{ node { id } }" + " " * 20_000
    assert documents.prepare(long) is not documents.prepare(long)


async def test_the_schema_that_is_given_has_no_limits() -> None:
    assert Gate(SCHEMA, Limits(max_depth=1)).schema is not SCHEMA
    result = await SCHEMA.execute("{ node { parent { id } } }")
    assert (result.errors, result.extensions) == (None, {})
