"""Hearing of commits: across connections, through broken ones, and without hearing more than there is."""

import threading
from collections.abc import Callable, Collection
from typing import Any

import httpx
import psycopg
import pytest

from db.engines import Database
from db.migrate import migrate
from db.projects import lock
from resolvers.context import Context
from tests.live.following import following
from tests.live.writing import start, upsert

SECONDS = 30


class Ear:
    """Remembers what was heard, and lets a test wait for it."""

    def __init__(self) -> None:
        self.heard: list[set[str] | None] = []
        self._more = threading.Condition()

    def __call__(self, projects: Collection[str] | None) -> None:
        with self._more:
            self.heard.append(None if projects is None else set(projects))
            self._more.notify_all()

    def wait(self, wanted: Callable[[list[set[str] | None]], bool]) -> None:
        with self._more:
            assert self._more.wait_for(lambda: wanted(self.heard), SECONDS), self.heard


async def test_a_commit_is_heard_here_and_elsewhere(database_url: str) -> None:
    migrate(database_url)
    here, elsewhere = Database(database_url), Database(database_url)
    near, far = Ear(), Ear()
    for database, ear in ((here, near), (elsewhere, far)):
        database.signals.listen(ear)
        ear.wait(lambda heard: None in heard)  # from here on nothing is missed
    before = len(far.heard)
    await here.write(lambda connection: lock(connection, "team/é\u4e00", 1))
    near.wait(lambda heard: {"team/é\u4e00"} in heard)
    # PostgreSQL says which project; between SQLite processes it may be any.
    far.wait(lambda heard: len(heard) > before)
    if here.dialect == "postgresql":
        far.wait(lambda heard: {"team/é\u4e00"} in heard)
    for database in (here, elsewhere):
        await database.close()
        await database.close()


async def test_what_is_rolled_back_is_not_told(database_url: str) -> None:
    migrate(database_url)
    database = Database(database_url)
    ear = Ear()
    database.signals.listen(ear)

    def failing(connection: Any) -> None:
        lock(connection, "team/gone", 1)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.write(failing)
    await database.write(lambda connection: lock(connection, "team/kept", 1))
    ear.wait(lambda heard: any(each and "team/kept" in each for each in heard))
    if database.dialect == "postgresql":  # on SQLite they may have shared a transaction
        assert not any(each and "team/gone" in each for each in ear.heard)
    await database.close()


async def test_nobody_hears_after_the_end(database_url: str) -> None:
    migrate(database_url)
    database = Database(database_url)
    first, second = Ear(), Ear()
    end = database.signals.listen(first)
    end()
    database.signals.listen(second)
    end()  # of the first alone, however often
    await database.write(lambda connection: lock(connection, "team/app", 1))
    second.wait(lambda heard: {"team/app"} in heard)
    assert {"team/app"} not in first.heard
    await database.close()


async def test_a_broken_connection_to_postgresql_is_made_again(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("db.signals.AGAIN", 0.01)
    migrate(postgres_url)
    here, elsewhere = Database(postgres_url), Database(postgres_url)
    ear = Ear()
    elsewhere.signals.listen(ear)
    ear.wait(lambda heard: None in heard)
    await here.write(lambda connection: lock(connection, "team/one", 1))
    ear.wait(lambda heard: {"team/one"} in heard)
    looked = ear.heard.count(None)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    ear.wait(lambda heard: heard.count(None) > looked)  # what was missed meanwhile is looked for
    while True:  # the pools of readers and writers find their connections gone, too
        try:
            await here.write(lambda connection: lock(connection, "team/two", 1))
        except Exception:  # noqa: BLE001 - whichever way it is told
            continue
        break
    ear.wait(lambda heard: {"team/two"} in heard or heard.count(None) > looked + 1)
    assert "notifications of PostgreSQL are not heard" in caplog.text
    await here.close()
    await elsewhere.close()


async def test_events_come_through_a_pooler_that_drops_notifications(
    client: httpx.AsyncClient, live: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is heard at all: the look that is taken anyway finds the events."""
    signals = live.database.signals
    if live.database.dialect == "postgresql":
        monkeypatch.setattr(signals, "_hear", lambda _driver, listening: listening.stopped.wait(0.01))
    async with following(live) as subscriber:
        await upsert(client, start("a"))
        assert (await subscriber.next())["callId"] == "a"
