import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Connection, func, select

from db.json_text import JSONText, dump_json
from db.pages import PageRequest
from db.query.order import Direction
from db.tables import table_chunks, table_parts, table_rows, tables
from resolvers.context import Context
from resolvers.digests import json_digest, table_digest
from resolvers.errors import ConflictError, InvalidInputError, NotFoundError
from resolvers.tables import (
    Append,
    Insert,
    Pop,
    TableCreated,
    TableUpdate,
    table_by_digest,
    table_create,
    table_create_from_digests,
    table_rows_by_digest,
    table_rows_page,
    table_update,
    tables_by_digest,
)
from resolvers.tables.pages import RowLists, TableRowList, table_row_pages

PROJECT = "team/project"

Reads = Callable[[], AbstractContextManager[list[str]]]


def row(number: int) -> JSONText:
    return dump_json({"id": number, "half": number / 2})


async def create(context: Context, numbers: range) -> TableCreated:
    return await table_create(context, PROJECT, [row(number) for number in numbers])


async def page(
    context: Context,
    digest: str,
    *,
    offset: int = 0,
    limit: int = 10_000,
    row_digests: Sequence[str] | None = None,
    sort_by: Sequence[tuple[str, Direction]] = (),
) -> list[tuple[int, str]]:
    chosen = TableRowList(None if row_digests is None else tuple(row_digests), None, sort_by)
    lists = RowLists(chosen, PageRequest(limit, offset=offset), frozenset({"val"}))
    (found,) = await table_row_pages(context, [(PROJECT, digest)], lists=lists)
    return [(row.original_index, row.val) for row in found.rows]


async def counts(context: Context) -> tuple[int, ...]:
    """How many rows, chunks, parts and tables are stored."""

    def count(connection: Connection) -> tuple[int, ...]:
        kinds = (table_rows, table_chunks, table_parts, tables)
        return tuple(connection.execute(select(func.count()).select_from(kind)).scalar_one() for kind in kinds)

    return await context.database.read(count)


async def test_a_table_is_made_of_a_json_list_or_of_rows(context: Context) -> None:
    text = JSONText('[{"b":1.0, "a":"é"},  {"a":"é","b":1.0} ,{"c":{"d":[]}}]')
    made = await table_create(context, PROJECT, text)
    assert made.row_digests == [
        json_digest(JSONText('{"a":"é","b":1.0}')),
        json_digest(JSONText('{"a":"é","b":1.0}')),
        json_digest(JSONText('{"c":{"d":[]}}')),
    ]
    assert made.digest == table_digest(made.row_digests)
    assert (
        await table_create(context, PROJECT, [JSONText('{"a":"é","b":1.0}')] * 2 + [JSONText('{"c":{"d":[]}}')]) == made
    )
    # Two rows of the same content are one, in the text that came last within the table.
    assert await page(context, made.digest) == [
        (0, '{"a":"é","b":1.0}'),
        (1, '{"a":"é","b":1.0}'),
        (2, '{"c":{"d":[]}}'),
    ]
    assert await counts(context) == (2, 1, 1, 1)
    found = await table_by_digest(context, PROJECT, made.digest, columns=frozenset({"row_count", "size_bytes", "ref"}))
    assert (found.row_count, found.size_bytes) == (3, 18 * 2 + 14)
    assert found.ref == f"weave:///team/project/table/{made.digest}"


async def test_the_same_table_made_at_the_same_time_is_made_once(context: Context) -> None:
    made = await asyncio.gather(*(create(context, range(1001)) for _ in range(4)))
    assert {table.digest for table in made} == {table_digest(made[0].row_digests)}
    assert await counts(context) == (1001, 2, 2, 1)


async def test_an_empty_table_is_one(context: Context) -> None:
    made = await table_create(context, PROJECT, JSONText("[]"))
    assert made.digest == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert made.row_digests == []
    assert await page(context, made.digest) == []
    updated = await table_update(context, PROJECT, made.digest, [Insert(0, row(1))])
    assert await page(context, updated.digest) == [(0, row(1))]


@pytest.mark.parametrize(
    ("rows", "message", "field"),
    [
        ("[{},[],1]", "Rows must be objects, but rows.1 is []", ("rows", 1)),
        ('{"a":1}', 'Rows must be a list, not {"a":1}', ("rows",)),
    ],
)
async def test_what_is_no_list_of_objects_is_refused(
    context: Context, rows: str, message: str, field: tuple[str | int, ...]
) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        await table_create(context, PROJECT, JSONText(rows))
    assert (refusal.value.message, refusal.value.field) == (message, field)
    assert await counts(context) == (0, 0, 0, 0)


async def test_an_expected_digest_that_differs_is_a_conflict(context: Context) -> None:
    with pytest.raises(ConflictError) as refusal:
        await table_create(context, PROJECT, JSONText("[]"), expected_digest="wrong")
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert refusal.value.message == f"Expected digest 'wrong' of table of 0 rows, but it is {digest!r}"
    with pytest.raises(ConflictError):
        await table_create_from_digests(context, PROJECT, [], expected_digest="wrong")
    assert await counts(context) == (0, 0, 0, 0)


async def test_a_table_of_known_rows_is_made_from_their_digests(context: Context) -> None:
    made = await create(context, range(3))
    turned = await table_create_from_digests(context, PROJECT, made.row_digests[::-1] + made.row_digests[:1])
    assert [val for _, val in await page(context, turned)] == [row(2), row(1), row(0), row(0)]
    with pytest.raises(NotFoundError) as refusal:
        await table_create_from_digests(context, PROJECT, [made.row_digests[0], *"abcdefg"])
    expected = "Rows not found in project 'team/project': 'a', 'b', 'c', 'd', 'e' and 2 more"
    assert refusal.value.message == expected
    assert await counts(context) == (3, 2, 2, 2)


async def test_pages_read_only_the_chunks_that_hold_them(context: Context, reads: Reads) -> None:
    made = await create(context, range(2500))
    with reads() as seen:
        assert await page(context, made.digest, offset=2498, limit=50) == [(2498, row(2498)), (2499, row(2499))]
    assert len(seen) == 5  # tables, parts, chunks, sizes, rows
    assert await page(context, made.digest, offset=999, limit=2) == [(999, row(999)), (1000, row(1000))]
    with reads() as seen:
        after = await table_rows_page(context, PROJECT, made.digest, after_index=998, limit=2)
    assert [(found.original_index, found.val) for found in after] == [(999, row(999)), (1000, row(1000))]
    assert len(seen) == 3  # parts, chunks, rows
    assert await page(context, made.digest, offset=2500, limit=5) == []
    assert await page(context, made.digest) == [(number, row(number)) for number in range(2500)]
    assert await page(context, "unknown") == []


async def test_pages_by_row_digest_keep_the_tables_order(context: Context) -> None:
    made = await create(context, range(1200))
    wanted = [made.row_digests[1100], made.row_digests[3], "unknown"]
    assert await page(context, made.digest, row_digests=wanted) == [(3, row(3)), (1100, row(1100))]
    assert await page(context, made.digest, row_digests=wanted, offset=1, limit=9) == [(1100, row(1100))]
    assert await page(context, made.digest, row_digests=[]) == []
    assert await page(context, made.digest, row_digests=wanted, sort_by=[("id", "desc")]) == [
        (1100, row(1100)),
        (3, row(3)),
    ]


async def test_pages_sort_by_paths_into_the_values(context: Context) -> None:
    values = [
        '{"a":{"b":2}}',
        '{"a":{"b":"x"}}',
        "{}",
        '{"a":{"b":10}}',
        '{"a":{"b":2},"n":1}',
        '{"a":{"b":"\\u0000"}}',
    ]
    made = await table_create(context, PROJECT, [JSONText(value) for value in values])
    ascending = await page(context, made.digest, sort_by=[("a.b", "asc")])
    assert [index for index, _ in ascending] == [0, 4, 3, 1, 5, 2]
    descending = await page(context, made.digest, sort_by=[("a.b", "desc")], limit=3, offset=1)
    assert descending == [(0, values[0]), (4, values[4]), (5, values[5])]


async def test_an_append_shares_all_chunks_but_the_last(context: Context) -> None:
    made = await create(context, range(2500))
    assert await counts(context) == (2500, 3, 3, 1)
    updated = await table_update(context, PROJECT, made.digest, [Append(row(2500))])
    assert updated.updated_row_digests == [json_digest(row(2500))]
    assert await counts(context) == (2501, 4, 6, 2)
    # The same content made at once is the same table, and nothing is written for it.
    assert (await create(context, range(2501))).digest == updated.digest
    assert await counts(context) == (2501, 4, 6, 2)
    sizes = await tables_by_digest(
        context, [(PROJECT, updated.digest), (PROJECT, "x"), (PROJECT, made.digest)], columns=frozenset({"size_bytes"})
    )
    total = sum(len(row(number)) for number in range(2500))
    assert [found and found.size_bytes for found in sizes] == [total + len(row(2500)), None, total]


async def test_updates_apply_in_their_order(context: Context) -> None:
    made = await create(context, range(3))
    updates: list[TableUpdate] = [Pop(1), Insert(0, row(7)), Append(row(8)), Pop(3), Insert(3, row(9))]
    updated = await table_update(context, PROJECT, made.digest, updates)
    digests = [json_digest(row(number)) for number in (1, 7, 8, 8, 9)]
    assert updated.updated_row_digests == digests
    assert [val for _, val in await page(context, updated.digest)] == [row(7), row(0), row(2), row(9)]
    assert [val for _, val in await page(context, made.digest)] == [row(0), row(1), row(2)]
    found = await table_by_digest(context, PROJECT, updated.digest, columns=frozenset({"size_bytes", "row_count"}))
    assert (found.row_count, found.size_bytes) == (4, sum(len(row(number)) for number in (7, 0, 2, 9)))


@pytest.mark.parametrize(
    ("change", "message", "field"),
    [
        (Pop(2), "Index out of range: cannot pop row 2 of 2", ("updates", 1, "pop", "index")),
        (Pop(-1), "Index out of range: cannot pop row -1 of 2", ("updates", 1, "pop", "index")),
        (Insert(3, row(1)), "Index out of range: cannot insert at 3 into 2 rows", ("updates", 1, "insert", "index")),
        (Insert(-1, row(1)), "Index out of range: cannot insert at -1 into 2 rows", ("updates", 1, "insert", "index")),
        (
            Append(JSONText("[1]")),
            "Rows must be objects, but updates.1.append.row is [1]",
            ("updates", 1, "append", "row"),
        ),
    ],
)
async def test_an_update_that_cannot_be_is_refused_whole(
    context: Context, change: TableUpdate, message: str, field: tuple[str | int, ...]
) -> None:
    made = await create(context, range(1))
    with pytest.raises(InvalidInputError) as refusal:
        await table_update(context, PROJECT, made.digest, [Append(row(1)), change])
    assert (refusal.value.message, refusal.value.field) == (message, field)
    assert await counts(context) == (1, 1, 1, 1)


async def test_an_unknown_table_is_not_found(context: Context) -> None:
    with pytest.raises(NotFoundError) as base:
        await table_update(context, PROJECT, "nowhere", [])
    assert base.value.message == "Table 'nowhere' not found in project 'team/project'"
    with pytest.raises(NotFoundError) as read:
        await table_by_digest(context, PROJECT, "nowhere", columns=frozenset())
    assert read.value.message == "Table 'nowhere' not found in project 'team/project'"


async def test_any_chain_of_updates_is_the_table_that_a_list_would_be(context: Context) -> None:
    choose = random.Random(7)
    expected = [row(number) for number in range(2050)]
    digest = (await table_create(context, PROJECT, expected)).digest
    steps: list[Callable[[], TableUpdate]] = [
        lambda: Pop(choose.randrange(len(expected))),
        lambda: Insert(choose.choice([0, 999, 1000, len(expected)]), row(choose.randrange(10**6))),
        lambda: Append(row(choose.randrange(10**6))),
    ]
    for _ in range(6):
        updates = []
        for _ in range(choose.randrange(1, 40)):
            update = choose.choice(steps)()
            updates.append(update)
            match update:
                case Pop(index):
                    del expected[index]
                case Insert(index, new):
                    expected.insert(index, new)
                case Append(new):
                    expected.append(new)
        digest = (await table_update(context, PROJECT, digest, updates)).digest
        assert digest == table_digest(map(json_digest, expected))
        assert await page(context, digest) == list(enumerate(expected))
        assert await page(context, digest, offset=995, limit=20) == list(enumerate(expected))[995:1015]


async def test_rows_are_read_by_digest_within_their_project(context: Context) -> None:
    made = await create(context, range(2))
    keys = [
        (PROJECT, made.row_digests[1]),
        ("other/project", made.row_digests[0]),
        (PROJECT, "unknown"),
        (PROJECT, made.row_digests[0]),
    ]
    found = await table_rows_by_digest(context, keys, columns=frozenset({"val"}))
    assert [found and found.val for found in found] == [row(1), None, None, row(0)]
