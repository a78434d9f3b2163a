"""Rows that come in one step are those that come one by one."""

from operator import itemgetter
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, select

from db.bulk import insert_new
from db.calls.tables import calls
from db.calls.writes import RUNNING
from db.engines import Database
from db.gathered import Gathered, gathered
from db.rows import fetch

first = itemgetter(0)

pytestmark = pytest.mark.anyio

TEXTS = ("", "a", 'say "hi"\\n', "tab\tline\nreturn\r\x1f\x7f", "é漢字\U0001f600", "nul\x00", "half \ud83d", "\u2028")
NUMBERS = (0, -1, (1 << 63) - 1, -(1 << 63), 1 << 53, None, 7, 8)
SELECTED = (calls.c.id, calls.c.duration, calls.c.renamed, calls.c.model, (calls.c.status != RUNNING).label("over"))


def row(number: int) -> dict[str, Any]:
    return {
        "project_id": "e/p",
        "id": f"{number}{TEXTS[number]}",
        "model": TEXTS[number] if number % 3 else None,
        "duration": NUMBERS[number],
        "renamed": number % 2 == 0,
        "status": RUNNING if number % 4 else "success",
        "start_size": 0,
        "end_size": 0,
        "created_at": 1,
        "change_seq": number,
    }


@pytest.mark.parametrize("count", [0, 1, len(TEXTS)])
async def test_rows_are_those_that_come_one_by_one(database_url: str, count: int) -> None:
    database = Database(database_url)
    await database.write(lambda connection: insert_new(connection, calls, [row(number) for number in range(count)]))
    statement = select(*SELECTED).where(calls.c.project_id == "e/p")
    bound = Gathered(select(*SELECTED).where(calls.c.project_id == bindparam("project")))

    def read(connection: Connection) -> tuple[list[Any], list[Any], list[Any]]:
        last_first = statement.order_by(calls.c.change_seq.desc()).limit(5)
        plain = [*map(tuple, fetch(connection, "Call", last_first))]
        assert [*map(tuple, gathered(connection, last_first))] == plain
        return plain, bound.fetch(connection, {"project": "e/p"}), bound.fetch(connection, {"project": "e/q"})

    plain, found, none = await database.read(read)
    everything = [
        (each["id"], each["duration"], each["renamed"], each["model"], each["status"] != RUNNING)
        for each in map(row, range(count))
    ]
    assert plain == everything[:-6:-1]
    assert all(type(each[2]) is bool and type(each[4]) is bool for each in plain)
    assert sorted(map(tuple, found), key=first) == sorted(everything, key=first)
    assert none == []
    await database.close()
