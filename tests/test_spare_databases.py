"""Databases that tests get one after another are as if they were new."""

import psycopg

from tests.spare_databases import SpareDatabases

STATE = """SELECT (SELECT count(*) FROM projects), reltuples, pg_relation_size(oid),
(SELECT count(*) FROM pg_statistic WHERE starelid = pg_class.oid) FROM pg_class WHERE oid = 'projects'::regclass"""


def test_the_next_one_is_as_if_it_were_new(spare_databases: SpareDatabases) -> None:
    with spare_databases.one() as url, psycopg.connect(url, autocommit=True) as connection:
        new = connection.execute(STATE).fetchone()
        connection.execute("INSERT INTO projects (project_id, change_seq, created_at) VALUES ('team/app', 1, 1)")
        connection.execute("ANALYZE projects")
        assert connection.execute(STATE).fetchone() != new
    with spare_databases.one() as again, psycopg.connect(again, autocommit=True) as connection:
        assert (again, connection.execute(STATE).fetchone()) == (url, new)


def test_a_connection_that_was_left_is_ended(spare_databases: SpareDatabases) -> None:
    with spare_databases.one() as url:
        left = psycopg.connect(url)
        left.execute("SELECT * FROM projects")  # in a transaction, whose lock would be waited for
        left.execute("INSERT INTO projects (project_id, change_seq, created_at) VALUES ('team/app', 1, 1)")
    with spare_databases.one() as again, psycopg.connect(again) as connection:
        assert connection.execute("SELECT count(*) FROM projects").fetchone() == (0,)
    left.close()


def test_one_with_other_tables_is_not_given_again(spare_databases: SpareDatabases) -> None:
    with spare_databases.one() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE mine (number INTEGER)")
    with spare_databases.one() as other, psycopg.connect(other) as connection:
        assert other != url
        assert connection.execute("SELECT to_regclass('mine')").fetchone() == (None,)
