"""Rows that go in by COPY, or by one statement, come out as those that SQLAlchemy inserts."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from db import bulk
from db.bulk import Columns, insert_missing, insert_new, update_rows
from db.calls.tables import calls
from db.engines import Database
from db.tables import table_rows
from db.upsert import insert

pytestmark = pytest.mark.anyio

TEXTS = (
    *("", "a", "\\N", "\\", "\\.", "tab\tline\nreturn\rend", "\"quoted\", 'twice'", "é漢字\U0001f600"),
    *("nul\x00", "half \ud83d", "NULL", "\\x41", "{1,2}", "\u2028", "x" * 70_000),
)


def row(number: int, text: str) -> dict[str, Any]:
    return {
        "project_id": "e/p",
        "id": f"{number}-{text[:9]}",
        "display_name": text,
        "exception": text,
        "renamed": number % 2 == 0,
        "started_at": -number,
        "duration": (1 << 63) - 1,
        "status": "success",
        "start_size": 0,
        "end_size": number,
        "created_at": 1,
        "change_seq": number,
        "inputs": '{"a":"\\\\N\\t\\u0000"}',
    }


async def test_rows_are_set_by_their_keys_within_their_project(database_url: str) -> None:
    database = Database(database_url)
    there = [row(number, "before") for number in range(170)]
    beside = [{**each, "project_id": "e/q"} for each in there]
    await database.write(lambda connection: insert_new(connection, calls, [*there, *beside]))
    texts = [*TEXTS, *map(str, range(150))]
    new = [
        {"id": each["id"], "exception": text, "renamed": True, "duration": None if number % 2 else -number}
        for number, (each, text) in enumerate(zip(there, texts, strict=False))
    ]
    unknown = {"id": "unknown", "exception": "", "renamed": True, "duration": 1}
    await database.write(lambda connection: update_rows(connection, calls, "e/p", "id", [*new, unknown]))
    await database.write(lambda connection: update_rows(connection, calls, "e/p", "id", []))

    columns = (calls.c.project_id, calls.c.id, calls.c.exception, calls.c.renamed, calls.c.duration, calls.c.inputs)
    statement = select(*columns).order_by(calls.c.project_id, calls.c.change_seq)
    found = await database.read(lambda connection: [tuple(each) for each in connection.execute(statement)])
    set_ = {each["id"]: each for each in new}
    assert found == [
        tuple({**each, **(set_.get(each["id"], {}) if each["project_id"] == "e/p" else {})}[c.name] for c in columns)
        for each in (*there, *beside)
    ]
    assert len(set_) == 165
    await database.close()


async def test_values_come_back_as_they_were(database_url: str) -> None:
    database = Database(database_url)
    rows = [row(number, text) for number, text in enumerate(TEXTS)]
    beside = [{**given, "project_id": "e/q"} for given in rows]
    await database.write(lambda connection: insert_new(connection, calls, rows))
    await database.write(lambda connection: connection.execute(insert(connection, calls), beside).rowcount)

    def read(connection: Any, project: str) -> list[dict[str, Any]]:
        found = connection.execute(select(calls).where(calls.c.project_id == project).order_by(calls.c.change_seq))
        return [{**each, "project_id": ""} for each in found.mappings()]

    ours = await database.read(lambda connection: read(connection, "e/p"))
    assert ours == await database.read(lambda connection: read(connection, "e/q"))
    assert [each["exception"] for each in ours] == list(TEXTS)
    assert [each["duration"] for each in ours] == [(1 << 63) - 1] * len(TEXTS)
    assert {each["summary"] for each in ours} == {None}
    await database.close()


async def test_nothing_of_a_failed_batch_is_kept(database_url: str) -> None:
    database = Database(database_url)
    await database.write(lambda connection: insert_new(connection, calls, []))
    twice = [row(1, "a"), row(2, "b"), row(1, "a")]
    with pytest.raises(DBAPIError):
        await database.write(lambda connection: insert_new(connection, calls, twice))
    await database.write(lambda connection: insert_new(connection, calls, [row(2, "b")]))
    found = await database.read(lambda connection: connection.execute(select(calls.c.id)).scalars().all())
    assert found == ["2-b"]
    await database.close()


@pytest.mark.parametrize("looked_up", [2, 5000])
async def test_rows_that_are_there_stay(database_url: str, monkeypatch: pytest.MonkeyPatch, looked_up: int) -> None:
    monkeypatch.setattr(bulk, "LOOKED_UP", looked_up)
    database = Database(database_url)

    async def insert_rows(project: str, vals: dict[str, str]) -> None:
        size = 2 * len(vals)
        columns: Columns = {
            "project_id": [project] * size,
            "digest": [*vals] * 2,
            "size_bytes": [1] * size,
            "val": [*vals.values()] * 2,
        }
        await database.write(lambda connection: insert_missing(connection, table_rows, "digest", columns))

    await insert_rows("e/p", {})
    await insert_rows("e/p", {"a": "1", "nul\x00 \ud83d": "2"})
    await insert_rows("e/p", {"b": "3", "a": "4", "c": "5", "nul\x00 \ud83d": "6", "d": "7"})
    await insert_rows("e/q", {"a": "8"})
    c = table_rows.c
    statement = select(c.project_id, c.digest, c.val).order_by(c.val)
    found = await database.read(lambda connection: [tuple(row) for row in connection.execute(statement)])
    assert found == [
        ("e/p", "a", "1"),
        ("e/p", "nul\x00 \ud83d", "2"),
        ("e/p", "b", "3"),
        ("e/p", "c", "5"),
        ("e/p", "d", "7"),
        ("e/q", "a", "8"),
    ]
    await database.close()
