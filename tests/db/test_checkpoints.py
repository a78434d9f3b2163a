"""The write-ahead log of SQLite is moved into the database beside the commits, and does not grow for ever."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from db import checkpoints
from db.engines import Database
from db.migrate import migrate

pytestmark = pytest.mark.anyio

PAGE = 4096


def add(connection: Connection) -> None:
    connection.execute(text("INSERT INTO things VALUES (zeroblob(40000))"))


def log_of(path: Path) -> int:
    """Bytes of the write-ahead log."""
    return Path(f"{path}-wal").stat().st_size


async def test_the_log_begins_anew(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "EVERY", 1)
    monkeypatch.setattr(checkpoints, "LONG", 100)
    migrate(sqlite_url)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE things (thing BLOB)")
    database = Database(sqlite_url)
    written = 400
    for _ in range(written):
        await database.write(add)
    assert log_of(path) < written * 10 * PAGE / 2
    assert await database.read(lambda c: c.execute(text("SELECT count(*) FROM things")).scalar_one()) == written
    await database.close()


async def test_commits_move_nothing_themselves(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "EVERY", 1 << 40)
    migrate(sqlite_url)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE things (thing BLOB)")
    database = Database(sqlite_url)
    for _ in range(200):
        await database.write(add)
    assert log_of(path) > 200 * 10 * PAGE
    await database.close()
