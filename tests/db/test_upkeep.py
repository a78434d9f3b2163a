"""Tables of PostgreSQL looked after by the server itself."""

import asyncio
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, make_url

import db.upkeep
from db.bulk import insert_new
from db.calls.tables import calls
from db.engines import engine_for, parse_url
from db.upkeep import Tables, Upkeep, look_after
from tests.conftest import postgres_database, running_app
from tests.proxies import proxy

PROJECT = "team/app"


@pytest.fixture
def url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """URL of a PostgreSQL database with empty tables."""
    with postgres_database(postgres_server, postgres_template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            # Nobody else shall look after it.
            connection.execute("ALTER TABLE calls SET (autovacuum_enabled = false)")
        yield url


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = engine_for(parse_url(url), pool_size=1, read_only=True)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def write(url: str, numbers: range) -> None:
    """Write calls, and have PostgreSQL count them."""
    engine = engine_for(parse_url(url), pool_size=1)
    with engine.begin() as connection:
        rows = [
            {
                "project_id": PROJECT,
                "id": f"c{number}",
                "trace_id": f"t{number}",
                "started_at": number,
                "status": "running",
                "renamed": False,
                "start_size": 0,
                "end_size": 0,
                "created_at": number,
                "change_seq": number + 1,
            }
            for number in numbers
        ]
        insert_new(connection, calls, rows)
    counted(engine.connect())
    engine.dispose()


def end(url: str) -> None:
    """End all calls."""
    engine = engine_for(parse_url(url), pool_size=1)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE calls SET status = 'success'")
    counted(engine.connect())
    engine.dispose()


def counted(connection: Connection) -> None:
    with connection:
        connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
        connection.commit()
        connection.exec_driver_sql("SELECT 1")
        connection.commit()


def seen(connection: Connection) -> dict[str, Any]:
    """What PostgreSQL knows of calls."""
    row = connection.exec_driver_sql(
        "SELECT reltuples::bigint AS rows, n_dead_tup AS dead, n_mod_since_analyze AS changed,"
        " analyze_count AS analyzed, vacuum_count AS vacuumed,"
        " EXISTS (SELECT 1 FROM pg_stats WHERE tablename = 'calls' AND attname = 'trace_id') AS planned"
        " FROM pg_stat_user_tables JOIN pg_class ON pg_class.oid = relid WHERE pg_class.relname = 'calls'"
    ).one()
    return dict(row._mapping)


def test_the_planner_hears_of_a_bulk(url: str) -> None:
    write(url, range(2000))
    with connected(url) as connection:
        assert seen(connection) == {
            "rows": -1, "dead": 0, "changed": 2000, "analyzed": 0, "vacuumed": 0, "planned": False
        }  # fmt: skip
        assert look_after(connection, Tables())
        assert seen(connection) == {
            "rows": 2000, "dead": 0, "changed": 0, "analyzed": 1, "vacuumed": 0, "planned": True
        }  # fmt: skip


def test_little_is_left_alone(url: str) -> None:
    write(url, range(900))
    with connected(url) as connection:
        assert not look_after(connection, Tables())
        assert seen(connection)["analyzed"] == 0


def test_after_a_bulk_nothing_is_due_until_much_was_written_again(url: str) -> None:
    write(url, range(7000))
    with connected(url) as connection:
        assert look_after(connection, Tables())
        assert not look_after(connection, Tables())
        write(url, range(7000, 9000))  # less than a fifth and a thousand
        assert not look_after(connection, Tables())
        write(url, range(9000, 10_500))
        assert look_after(connection, Tables())
        assert (seen(connection)["analyzed"], seen(connection)["vacuumed"]) == (2, 1)


def test_what_calls_left_behind_when_they_ended_is_vacuumed(url: str) -> None:
    write(url, range(3000))
    end(url)
    with connected(url) as connection:
        assert seen(connection)["dead"] == 3000
        assert look_after(connection, Tables())
        assert (seen(connection)["dead"], seen(connection)["vacuumed"]) == (0, 1)
        # What was free is used again.
        size = "SELECT pg_relation_size('calls')"
        before = connection.exec_driver_sql(size).scalar_one()
        write(url, range(3000, 5500))
        assert connection.exec_driver_sql(size).scalar_one() == before


def test_what_an_old_transaction_keeps_is_not_vacuumed_again_and_again(url: str) -> None:
    write(url, range(3000))
    with psycopg.connect(url) as old:
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT count(*) FROM calls")
        end(url)
        tables = Tables()
        with connected(url) as connection:
            assert look_after(connection, tables)
            assert not look_after(connection, tables)
            assert (seen(connection)["dead"], seen(connection)["vacuumed"]) == (3000, 1)
            end(url)
            assert look_after(connection, tables)
            assert (seen(connection)["dead"], seen(connection)["vacuumed"]) == (6000, 2)
            old.rollback()
            write(url, range(3000, 12_000))  # so many that they are reason enough
            assert look_after(connection, tables)
            assert seen(connection)["dead"] == 0
            assert tables.kept["calls"] == 0


BROKEN = """
CREATE FUNCTION broken(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
  IF current_setting('tracegraph.broken', true) = 'on' THEN RAISE 'it is broken'; END IF;
  RETURN $1;
END $$;
CREATE INDEX ON calls (broken(id));
"""


def test_a_table_that_fails_is_left_alone(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(BROKEN)
    write(url, range(2000))
    with connected(url) as connection, caplog.at_level(logging.WARNING):
        connection.exec_driver_sql("SET tracegraph.broken = 'on'")
        tables = Tables()
        assert look_after(connection, tables)
        assert not look_after(connection, tables)
    assert tables.refused == {"calls"}
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith("calls is left to autovacuum: it is broken")


def test_what_was_inserted_is_counted_by_indexes_alone(url: str) -> None:
    write(url, range(7000))
    with connected(url) as connection:
        assert looked_at(connection) == 7000
        assert look_after(connection, Tables())
        assert looked_at(connection) == 0


def looked_at(connection: Connection) -> int:
    """How many calls are looked at to count all by an index."""
    for other in ("seqscan", "bitmapscan"):
        connection.exec_driver_sql(f"SET enable_{other} = off")
    plan = connection.exec_driver_sql("EXPLAIN (ANALYZE, FORMAT JSON) SELECT count(*) FROM calls").scalar_one()
    found = re.search(r"'Heap Fetches': (\d+)", str(plan))
    assert found is not None
    return int(found[1])


def test_a_table_that_somebody_else_works_on_is_passed_by(url: str) -> None:
    write(url, range(2000))
    tables = Tables()
    with psycopg.connect(url) as other, connected(url) as connection:
        other.execute("LOCK TABLE calls IN SHARE UPDATE EXCLUSIVE MODE")
        assert look_after(connection, tables)
        assert (seen(connection)["analyzed"], tables.refused) == (0, set())
        other.rollback()
        assert look_after(connection, tables)
        assert seen(connection)["analyzed"] == 1


def test_a_role_that_may_not_says_so_once(url: str, caplog: pytest.LogCaptureFixture) -> None:
    write(url, range(2000))
    role = "tracegraph_upkeep_guest"
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(sql.SQL("DROP ROLE IF EXISTS {0}; CREATE ROLE {0} LOGIN").format(sql.Identifier(role)))
        guest = make_url(url).set(username=role).render_as_string(hide_password=False)
        tables = Tables()
        with connected(guest) as connection, caplog.at_level(logging.WARNING):
            for _ in range(2):
                look_after(connection, tables)
        assert tables.refused == {"calls"}
        assert [record.getMessage() for record in caplog.records] == [
            'calls is left to autovacuum: permission denied to analyze "calls", skipping it'
        ]
        with connected(url) as own:
            assert seen(own)["analyzed"] == 0
        owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_it_goes_on_where_the_database_was_away(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looked = threading.Semaphore(0)
    inner = db.upkeep.look_after

    def look(connection: Connection, tables: Tables, **how: Any) -> bool:
        try:
            return inner(connection, tables, **how)
        finally:
            looked.release()

    monkeypatch.setattr(db.upkeep, "look_after", look)
    upkeep = Upkeep(url, pause=0.001)
    try:
        assert looked.acquire(timeout=30)
        with psycopg.connect(url, autocommit=True) as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE application_name = 'tracegraph' AND datname = current_database()"
            ).fetchall()
        assert len(ended) == 1
        for _ in range(3):
            assert looked.acquire(timeout=30)
        write(url, range(2000))
        with connected(url) as own:
            while not seen(own)["analyzed"]:
                assert looked.acquire(timeout=30)
    finally:
        upkeep.close()
    assert sum("tables are not looked after" in record.getMessage() for record in caplog.records) <= 1


def test_what_goes_on_is_ended_when_it_is_closed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def look(connection: Connection, *_: Any, **_how: Any) -> bool:
        begun.set()
        connection.exec_driver_sql("SELECT pg_sleep(600)")
        return True

    monkeypatch.setattr(db.upkeep, "look_after", look)
    upkeep = Upkeep(url, pause=0.001)
    assert begun.wait(30)
    upkeep.close()
    upkeep.close()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%'"
                                  " AND pid <> pg_backend_pid()").fetchone() == (0,)  # fmt: skip


async def test_a_server_looks_after_its_database(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Semaphore(0)
    monkeypatch.setattr(db.upkeep, "LOOK", 0.001)
    monkeypatch.setattr(db.upkeep, "look_after", lambda *_, **_how: looked.release())
    async with running_app(url):
        assert looked.acquire(timeout=30)


async def test_a_pooler_stands_between(url: str) -> None:
    await asyncio.to_thread(write, url, range(7000))
    async with proxy(url, pooling=True) as pooler:

        def look() -> dict[str, Any]:
            with connected(pooler.url) as connection:
                assert look_after(connection, Tables())
                return seen(connection)

        found = await asyncio.to_thread(look)
    assert (found["rows"], found["changed"], found["vacuumed"]) == (7000, 0, 1)
