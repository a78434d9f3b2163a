"""Variables of clients are what graphql-core makes of them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import execute, parse

from db.engines import Database
from graph.admission import Admitted, Gate
from graph.limits import Limits
from graph.live import LiveExecutor
from graph.schema import schema
from resolvers.callers import LOCAL
from resolvers.context import Context

IDS = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
COUNTS = (
    "query($first: Int = 2, $slug: String!, $kind: ObjectKind = OP, $all: Boolean!) { project(slug: $slug) { "
    'slug name @include(if: $all) objects(first: $first) { totalCount } objectVersion(objectId: "a", kind: $kind) '
    "{ objectId } } }"
)
FILTER = (
    "query($filter: CallFilterInput, $first: Int) "
    '{ project(slug: "team/app") { calls(first: $first, filter: $filter) { totalCount } } }'
)
ANY = "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }"

GIVEN_IDS: list[Any] = [[], "x", ["x", "y"], [1], [1.5], [True], [None], None, [["x"]], {}, [{}]]

CASES: list[tuple[str, dict[str, Any] | None]] = [
    *((IDS, {"ids": ids}) for ids in GIVEN_IDS),
    (IDS, {}),
    (IDS, None),
    (COUNTS, {"slug": "team/app", "all": True}),
    (COUNTS, {"slug": "team/app", "all": False, "first": 1, "kind": "OBJECT", "unknown": 1}),
    (COUNTS, {"slug": "team/app", "all": None}),
    (COUNTS, {"slug": "team/app", "all": True, "first": None, "kind": None}),
    *((COUNTS, {"slug": "team/app", "all": True, "first": first}) for first in (1.0, 1.5, "1", 1 << 31, True, [1])),
    *((COUNTS, {"slug": "team/app", "all": True, "kind": kind}) for kind in ("op", "NONE", 1)),
    *((COUNTS, {"slug": slug, "all": True}) for slug in (1, ["team/app"], "", "\0", "\ud800")),
    (FILTER, {}),
    (FILTER, {"filter": None, "first": 3}),
    (FILTER, {"filter": {"callIds": ["a"]}}),
    (FILTER, {"filter": {"callIds": "a"}}),
    (FILTER, {"filter": {"nothing": 1}}),
    (ANY, {"r": [{"__typename": "Call"}, "text", 1, {"__typename": "Project", "slug": "team/app"}]}),
    (ANY, {"r": {"__typename": "Project", "slug": "team/app"}}),
    (ANY, {"r": [None]}),
]


@pytest.fixture(scope="module")
async def context(module_database_url: str) -> AsyncIterator[Context]:
    """One for all cases, which only read."""
    database = Database(module_database_url)
    yield Context(database, LOCAL)
    await database.close()


@pytest.mark.parametrize(("document", "variables"), CASES)
async def test_variables_are_those_of_graphql_core(
    context: Context, document: str, variables: dict[str, Any] | None
) -> None:
    given: Any = execute(
        schema._schema,
        parse(document),
        variable_values=variables,
        context_value=context.fresh(),
        executor_class=LiveExecutor,
    )
    expected = given if not hasattr(given, "__await__") else await given
    for _ in range(2):  # what is known of the document is kept after the first
        admitted = await Gate(schema, Limits()).admit(document, variables, None)
        assert isinstance(admitted, Admitted)
        result = await admitted.execute(context.fresh())
        assert result.data == expected.data
        assert list(map(str, result.errors or ())) == list(map(str, expected.errors or ()))
