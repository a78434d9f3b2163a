"""What is wrong with the arguments of a list is refused, whatever of the list is selected."""

import httpx
import pytest

from tests.graph.recording import ask, ask_project, call, record, refusal
from tests.statements import counted

LISTS = (
    "calls",
    "traces",
    "sessions",
    "threads",
    "users",
    "feedback",
    "prices",
    "objects",
    "objectVersions",
    "tables",
    "files",
    "threads { nodes { calls",
    "threads { nodes { traces",
    "calls { nodes { children",
    "calls { nodes { feedback",
    "users { nodes { calls",
    "users { nodes { feedback",
)
UNORDERED = (
    "calls { nodes { descendants",
    "calls { nodes { ancestors",
    "users { nodes { traces",
    "tables { nodes { rows",
)


async def fill(client: httpx.AsyncClient) -> None:
    await record(client, [call("a", ended=1, thread_id="t", wb_user_id="ada")])
    rows = {"table": {"project_id": "team/app", "rows": [{"n": 1}]}}
    assert (await client.post("/table/create", json=rows)).status_code == 200


def asked(path: str, arguments: str, selected: str) -> str:
    return f"{path}({arguments}) {{ {selected} }}{' } }' * path.count('nodes')}"


@pytest.mark.parametrize("selected", ["totalCount", "__typename"])
async def test_orders_cursors_and_sizes(client: httpx.AsyncClient, selected: str) -> None:
    await fill(client)
    for path in LISTS:
        message = await refusal(client, asked(path, 'orderBy: [{ field: "nope" }]', selected))
        assert message.startswith("unknown field 'nope'"), path
    for path in (*LISTS, *UNORDERED):
        for name in ("after", "before"):
            message = await refusal(client, asked(path, f'{name}: "x"', selected))
            assert "not a cursor" in message, path
        assert await refusal(client, asked(path, "first: 0", selected)) == "first must be from 1 to 1000, not 0", path
    cursors = await ask_project(client, 'calls(orderBy: [{ field: "cost" }]) { pageInfo { endCursor } }')
    cursor = cursors["calls"]["pageInfo"]["endCursor"]
    message = await refusal(client, asked("calls", f'after: "{cursor}"', selected))
    assert "belongs to another order" in message
    arguments = f'orderBy: [{{ field: "cost" }}], after: "{cursor}"'
    assert await ask_project(client, asked("calls", arguments, selected)) == {
        "calls": {"totalCount": 1} if selected == "totalCount" else {"__typename": "CallConnection"}
    }


async def test_filters_and_queries_where_nothing_is_selected(client: httpx.AsyncClient) -> None:
    await fill(client)
    many = ", ".join(f'"{number}"' for number in range(1001))
    message = await refusal(client, f"calls(filter: {{ callIds: [{many}] }}) {{ __typename }}")
    assert message.startswith("Parameter: 'call_ids' request length is greater than max length (1000).")
    message = await refusal(client, "calls(queryJson: { nope: 1 }) { __typename }")
    assert "nope" in message or "$expr" in message


async def test_arguments_that_are_right_are_checked_without_a_statement(client: httpx.AsyncClient) -> None:
    await fill(client)
    document = """{ project(slug: "team/app") {
        calls(orderBy: [{ field: "cost" }]) { totalCount } traces(orderBy: [{ field: "cost" }]) { totalCount }
        objects(first: 3) { totalCount } } }"""
    with counted() as statements:
        await ask(client, document)
    assert sum("ORDER BY" in statement.upper() for statement in statements) == 0
    assert sum("count(*)" in statement for statement in statements) == 3
